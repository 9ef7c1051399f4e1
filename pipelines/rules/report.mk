# run.json, which says what the run was, and the report on it.

report.tool := report
report.flags :=
STAMPED += report

# One system after the other, so that weights which are not kept can go early.
results = $(foreach t,$(call texts,$(1)),$(RUN)/mauve/$(t).json \
    $(foreach j,$(JUDGES),$(RUN)/judge/$(t).$(j).json)) \
    $(if $(filter $(SPENT),$(1)),$(RUN)/models/$(1).spent)
RESULTS := $(foreach s,$(COMPARED),$(call results,$(s))) \
    $(foreach j,$(JUDGES),$(DIRECT:%=$(RUN)/judge/%.$(j).json))

STAGES := $(DATA_STAGES) split $(BASE_STAGES) $(SPLITS:%=tokenize-%) mle-reference \
    $(foreach n,$(NEGATIVE_SETS),negatives-$(n) rank-$(n) score-reference-$(n)) $(TRAINED) \
    $(BLENDS:%=blend-%) $(TEXTS:%=generate-%) \
    $(foreach j,$(JUDGES),$(foreach t,$(TEXTS) $(DIRECT),judge-$(t).$(j))) $(TEXTS:%=mauve-%)

CONFIGURATION := SEED PRECISION SYSTEMS TRAIN_RECORDS PREFERENCE_RECORDS VALIDATION_RECORDS \
    HELDOUT_RECORDS \
    $(if $(filter wiki,$(DATA)),PREFIX_TOKENS CONTINUATION_TOKENS WIKI_DETOKENIZE, \
        MAX_PROMPT_TOKENS MAX_RESPONSE_TOKENS) \
    $(if $(filter mini,$(BASE_KIND)),MINI_VOCABULARY BASE_STEPS BASE_BATCH BASE_LEARNING_RATE) \
    WEIGHT_DECAY CLIP_NORM MLE_STEPS MLE_BATCH MLE_LEARNING_RATE CONTINUED_LEARNING_RATE NEGATIVE_TOP_K \
    NEGATIVE_TOKENS CPO_STEPS CPO_BATCH CPO_LEARNING_RATE CPO_BETA \
    $(if $(findstring :pss,$(SYSTEMS)),PSS_PROBABILITY PSS_PASSES) \
    $(if $(findstring unhelpful,$(NEGATIVE_SETS)),DPO_MODEL) \
    ENSEMBLE ALPHAS DECODINGS OUTPUT_TOKENS JUDGES

# What belongs to the run; earlier settings may have left more in its directory.
SCORES := $(patsubst $(RUN)/%.json,%,$(filter %.json,$(RESULTS)))
BELONGING := metrics/base metrics/mle-reference $(TRAINED:%=metrics/%) $(TEXTS:%=outputs/%) \
    $(SCORES) $(patsubst judge/%,verdicts/%,$(filter judge/%,$(SCORES)))

lower_case = $(shell tr '[:upper:]' '[:lower:]' <<<'$(1)')

run.flags = $(foreach v,$(CONFIGURATION),$(v)=$($(v))) $(BELONGING)

$(RUN)/run.json: $(RESULTS) $(INPUTS) $(wildcard $(dir $(INPUTS))warnings.txt) $(call stamp,run)
	@[[ $(dir $(INPUTS)) == $(@D)/ ]] || cp $(dir $(INPUTS))warnings.txt $(@D)/
	@pipelines/write-run-json.sh $(RUN) $@ \
	    --top title='$(TITLE): $(PROFILE), $(BASE_KIND)' experiment='$(EXPERIMENT)' \
	        data='$(DATA)' profile='$(PROFILE)' base='$(BASE_KIND)' base_note='$(BASE_NOTE)' \
	        dataset='$(DATASET_FILE)' dataset_note='$(DATASET_NOTE)' \
	        embedder='$(EMBEDDER_NOTE)' seed='$(SEED)' \
	    --stages $(STAGES) \
	    --configuration $(foreach v,$(CONFIGURATION),$(call lower_case,$(v))='$($(v))') \
	        $(foreach n,$(NEGATIVE_SETS),negatives.$(n)='$(negatives.$(n))') \
	    --results $(BELONGING) \
	    --files dataset=$(DATASET_FILE) base=$(BASE_DIR) \
	        $(foreach m,reference $(TRAINED),$(m)=$(RUN)/models/$(m))

$(RUN)/report/report.md: $(RUN)/run.json $(call stamp,report)
	$(STAGE) report $(BIN)/report $(RUN) -o $(@D)
