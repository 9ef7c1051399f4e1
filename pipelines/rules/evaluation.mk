# Texts of every system, verdicts on them, MAUVE.

generate.tool := generate
generate.flags = --seed $(SEED) --precision $(PRECISION) --max-new-tokens $(OUTPUT_TOKENS)
judge.tool := judge
judge.flags = --seed $(SEED) --template $(DATA)
mauve.tool := mauve
# Human texts are cut to the length of the outputs, or length would be all that is measured.
mauve.flags = --seed $(SEED) --p-field response --q-field output --max-tokens $(OUTPUT_TOKENS) \
    --force
STAMPED += judge mauve $(DECODINGS:%=generate-%)

decoding.greedy := --decode greedy
decoding.top-k := --decode sample --top-k 50
decoding.top-p := --decode sample --top-p 0.9
decoding.beam := --decode beam --beams 4

# $(call decoding,NAME)
define decoding
generate-$(1).tool := generate
generate-$(1).flags = $$(generate.flags) $(decoding.$(1))
endef
$(foreach d,$(DECODINGS),$(if $(decoding.$(d)),,$(error DECODINGS: $(d): no such decoding)) \
    $(eval $(call decoding,$(d))))

# $(call generating,SYSTEM,DECODING,TEXTS)
define generating
$(RUN)/outputs/$(3).jsonl.zst: $(RUN)/tokens/heldout.jsonl.zst $(call model,$(1)) \
        $(call stamp,generate-$(2))
	@mkdir -p $$(@D)
	@$$(call ensure-weights,$(1))
	$(STAGE) generate-$(3) $(BIN)/generate $$(generate-$(2).flags) --threads $(THREADS) \
	    --model $(RUN)/models/$(1) -o $$@ $$<
endef
$(foreach s,$(COMPARED),$(foreach d,$(DECODINGS), \
    $(eval $(call generating,$(s),$(d),$(s)$(if $(filter-out greedy,$(d)),@$(d))))))

# The likelihood judge reads with the base model, or, where that was trained from nothing, with the
# reference; neither is one of the systems compared.
ifeq ($(BASE_KIND),mini)
JUDGE_MODEL.likelihood := $(RUN)/models/reference
JUDGE_FILE.likelihood := $(call model,reference)
else
JUDGE_MODEL.likelihood := $(BASE_DIR)
JUDGE_FILE.likelihood := $(BASE_FILE)
endif
JUDGE_MODEL.embedding := $(EMBEDDER)
JUDGE_FILE.embedding := $(EMBEDDER_FILE)

# $(call judging,JUDGE): every system's texts against the ground truth.
define judging
$(TEXTS:%=$(RUN)/judge/%.$(1).json): $(RUN)/judge/%.$(1).json: $(RUN)/outputs/%.jsonl.zst \
        $(JUDGE_FILE.$(1)) $(call stamp,judge)
	@mkdir -p $(RUN)/judge $(RUN)/verdicts
	$(STAGE) judge-$$*.$(1) $(BIN)/judge $(judge.flags) --threads $$(THREADS) --judge $(1) \
	    --model $(JUDGE_MODEL.$(1)) --a $$< \
	    --summary $$@ -o $(RUN)/verdicts/$$*.$(1).jsonl.zst
endef
$(foreach judge,$(JUDGES),$(eval $(call judging,$(judge))))

# $(call judging-pair,JUDGE,A,B): the texts of two systems against each other.
define judging-pair
$(RUN)/judge/$(2)-vs-$(3).$(1).json: $(RUN)/outputs/$(2).jsonl.zst $(RUN)/outputs/$(3).jsonl.zst \
        $(JUDGE_FILE.$(1)) $(call stamp,judge)
	@mkdir -p $(RUN)/judge $(RUN)/verdicts
	$(STAGE) judge-$(2)-vs-$(3).$(1) $(BIN)/judge $(judge.flags) --threads $(THREADS) \
	    --judge $(1) --model $(JUDGE_MODEL.$(1)) --a $$< --b $(RUN)/outputs/$(3).jsonl.zst \
	    --summary $$@ -o $(RUN)/verdicts/$(2)-vs-$(3).$(1).jsonl.zst
endef
$(foreach judge,$(JUDGES),$(foreach pair,$(DIRECT),$(eval $(call \
    judging-pair,$(judge),$(word 1,$(subst -vs-, ,$(pair))),$(word 2,$(subst -vs-, ,$(pair)))))))

$(TEXTS:%=$(RUN)/mauve/%.json): $(RUN)/mauve/%.json: $(RUN)/outputs/%.jsonl.zst \
        $(JUDGE_FILE.likelihood) $(call stamp,mauve)
	@mkdir -p $(@D)
	$(STAGE) mauve-$* --stdout $@ $(BIN)/mauve $(mauve.flags) --threads $(THREADS) \
	    --p $< --q $< --model $(JUDGE_MODEL.likelihood)
