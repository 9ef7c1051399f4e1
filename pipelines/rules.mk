# The stages of a CPO experiment, once, for every profile and base model.
#
# Called by the Makefile as
#     make -f pipelines/rules.mk RUN=DIR PROFILE=NAME smoke experiment
# after RUN/inputs.mk has been written (pipelines/dolly/resolve-inputs.sh). Every target is an
# artefact under RUN; it is rebuilt when its inputs, its flags or its tool have changed. The
# target of a checkpoint is a file `.complete` in it, because training that is interrupted saves a
# checkpoint too, from which the next call goes on.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.SECONDARY:
.SUFFIXES:

BIN := .build/release
ASSETS ?= runs/assets
INPUTS ?= $(RUN)/inputs.mk

include $(INPUTS)
include pipelines/dolly/$(PROFILE).mk

# The tools run several threads themselves. Under `make -j` each gets one.
THREADS ?= $(if $(findstring jobserver,$(MAKEFLAGS)),1,$(shell nproc))
STAGE := @V='$(V)' pipelines/run-stage.sh $(RUN)
COMMON = --seed $(SEED) --threads $(THREADS)

# The systems that are compared: MLE continued for as long as CPO, CPO itself (alpha = 0), blends.
BLENDS := $(addprefix blend-,$(ALPHAS))
SYSTEMS := mle-continued cpo $(BLENDS)
VERDICTS := $(foreach judge,$(JUDGES),$(addsuffix .$(judge),$(SYSTEMS) cpo-vs-mle-continued))

model = $(RUN)/models/$(1)/.complete
stamp = $(RUN)/stamps/$(1)

# Flags of a training run that do not change its result.
training = --threads $(THREADS) --out $(@D) $(if $(SAVE_EVERY),--save-every $(SAVE_EVERY)) \
    $(if $(RESUMABLE),,--no-training-state) \
    --metrics $(RUN)/metrics/$(1).jsonl $$(pipelines/resume-flag.sh $(@D) $^)
# What only a resumed run needs is three times as large as the weights.
complete = @rm -rf $(@D)/training-state && touch $@

.PHONY: experiment smoke FORCE
experiment: $(RUN)/report/report.md
FORCE:

# MARK: Stamps. Two lines a stage: its tool and its flags.

split.tool :=
split.flags = $(TRAIN_RECORDS) $(PREFERENCE_RECORDS) $(VALIDATION_RECORDS) $(HELDOUT_RECORDS)
tokenizer.tool := tokenize
tokenizer.flags = --learn --vocab-size $(MINI_VOCABULARY)
import.tool := import-checkpoint
import.flags :=
tokenize.tool := tokenize
tokenize.flags = --template dolly --on-overlong truncate \
    --max-prompt-tokens $(MAX_PROMPT_TOKENS) --max-response-tokens $(MAX_RESPONSE_TOKENS)
tokenize-heldout.tool := tokenize
tokenize-heldout.flags = --template dolly --on-overlong truncate \
    --max-prompt-tokens $(MAX_PROMPT_TOKENS)
optimizer.flags = --seed $(SEED) --weight-decay $(WEIGHT_DECAY) --clip-norm $(CLIP_NORM)
base.tool := pretrain-mle
base.flags = $(optimizer.flags) --steps $(BASE_STEPS) --batch-size $(BASE_BATCH) \
    --learning-rate $(BASE_LEARNING_RATE) --warmup-steps $(BASE_WARMUP_STEPS) --schedule cosine
mle-reference.tool := pretrain-mle
mle-reference.flags = $(optimizer.flags) --steps $(MLE_STEPS) --batch-size $(MLE_BATCH) \
    --learning-rate $(MLE_LEARNING_RATE) --warmup-steps $(MLE_WARMUP_STEPS) --schedule constant \
    --eval-every $(EVAL_EVERY)
mle-continued.tool := pretrain-mle
mle-continued.flags = $(optimizer.flags) --steps $(CPO_STEPS) --batch-size $(CPO_BATCH) \
    --learning-rate $(MLE_LEARNING_RATE) --warmup-steps $(CPO_WARMUP_STEPS) --schedule constant \
    --eval-every $(EVAL_EVERY)
negatives.tool := gen-negatives
negatives.flags = --seed $(SEED) --kinds $(NEGATIVES) --top-k $(NEGATIVE_TOP_K) \
    --max-new-tokens $(NEGATIVE_TOKENS)
rank.tool := rank-by-embedding
rank.flags :=
score-reference.tool := score
score-reference.flags := --as reference
cpo.tool := train-cpo
cpo.flags = $(optimizer.flags) --ranking --objective cpo --beta $(CPO_BETA) --steps $(CPO_STEPS) \
    --batch-size $(CPO_BATCH) --learning-rate $(CPO_LEARNING_RATE) \
    --warmup-steps $(CPO_WARMUP_STEPS) --schedule constant
blend.tool := blend-weights
blend.flags :=
generate.tool := generate
generate.flags = --seed $(SEED) --decode greedy --max-new-tokens $(OUTPUT_TOKENS)
judge.tool := judge
judge.flags = --seed $(SEED) --template dolly
mauve.tool := mauve
# Human texts are cut to the length of the outputs, or length would be all that is measured.
mauve.flags = --seed $(SEED) --p-field response --q-field output --max-tokens $(OUTPUT_TOKENS) \
    --force
report.tool := report
report.flags :=

$(RUN)/stamps/%: FORCE
	@pipelines/stamp.sh $@ '$($*.flags)' $(if $($*.tool),$(BIN)/$($*.tool))

# MARK: Base model and tokenizer

ifeq ($(BASE_KIND),mini)
BASE_DIR := $(RUN)/models/base
BASE_FILE := $(call model,base)
TOKENIZER_DIR := $(RUN)/tokenizer
TOKENIZER := $(TOKENIZER_DIR)/tokenizer.json
BASE_STAGES := tokenizer base

$(TOKENIZER): $(RUN)/data/learn.jsonl $(call stamp,tokenizer)
	$(STAGE) tokenizer $(BIN)/tokenize $(tokenizer.flags) --out $(TOKENIZER_DIR) $<
	@touch $@

$(call model,base): pipelines/dolly/mini-llama.json $(TOKENIZER) $(RUN)/tokens/learn.jsonl.zst \
        $(call stamp,base)
	@mkdir -p $(RUN)/metrics
	$(STAGE) base $(BIN)/pretrain-mle $(base.flags) $(call training,base) --init $< \
	    --tokenizer $(TOKENIZER_DIR) $(RUN)/tokens/learn.jsonl.zst
	$(complete)
endif

ifeq ($(BASE_KIND),smollm2)
BASE_DIR := $(ASSETS)/smollm2-135m-instruct
BASE_STAGES := import

$(BASE_DIR)/config.json: $(BASE_SOURCE) $(ASSETS)/stamps/import
	$(STAGE) import $(BIN)/import-checkpoint $< --out $(@D)
	@touch $@

$(ASSETS)/stamps/import: FORCE
	@pipelines/stamp.sh $@ '' $(BIN)/import-checkpoint
endif

ifeq ($(BASE_KIND),directory)
BASE_DIR := $(BASE_SOURCE)
endif

BASE_FILE ?= $(BASE_DIR)/config.json
TOKENIZER_DIR ?= $(BASE_DIR)
TOKENIZER ?= $(BASE_FILE)

# MARK: Data

SPLITS := learn train preference validation heldout

$(SPLITS:%=$(RUN)/data/%.jsonl) &: $(DATASET_FILE) $(call stamp,split)
	$(STAGE) split pipelines/split.sh $(DATASET_FILE) $(RUN)/data $(split.flags)

$(RUN)/tokens/%.jsonl.zst: $(RUN)/data/%.jsonl $(TOKENIZER) $(call stamp,tokenize)
	@mkdir -p $(@D)
	$(STAGE) tokenize-$* $(BIN)/tokenize $(tokenize.flags) --threads $(THREADS) \
	    --model $(TOKENIZER_DIR) -o $@ $<

# The responses that outputs are judged against stay whole.
$(RUN)/tokens/heldout.jsonl.zst: $(RUN)/data/heldout.jsonl $(TOKENIZER) $(call stamp,tokenize-heldout)
	@mkdir -p $(@D)
	$(STAGE) tokenize-heldout $(BIN)/tokenize $(tokenize-heldout.flags) --threads $(THREADS) \
	    --model $(TOKENIZER_DIR) -o $@ $<

# MARK: Maximum likelihood: the reference, and the baseline that goes on from it

$(call model,reference): $(BASE_FILE) $(RUN)/tokens/train.jsonl.zst $(RUN)/tokens/validation.jsonl.zst \
        $(call stamp,mle-reference)
	@mkdir -p $(RUN)/metrics
	$(STAGE) mle-reference $(BIN)/pretrain-mle $(mle-reference.flags) \
	    $(call training,mle-reference) --model $(BASE_DIR) \
	    --eval $(RUN)/tokens/validation.jsonl.zst $(RUN)/tokens/train.jsonl.zst
	$(complete)

$(call model,mle-continued): $(call model,reference) $(RUN)/tokens/preference.jsonl.zst \
        $(RUN)/tokens/validation.jsonl.zst $(call stamp,mle-continued)
	$(STAGE) mle-continued $(BIN)/pretrain-mle $(mle-continued.flags) \
	    $(call training,mle-continued) --model $(RUN)/models/reference \
	    --eval $(RUN)/tokens/validation.jsonl.zst $(RUN)/tokens/preference.jsonl.zst
	$(complete)

# MARK: Negatives, their ranking, the reference's scores, CPO

$(RUN)/negatives.jsonl.zst: $(RUN)/tokens/preference.jsonl.zst $(call model,reference) \
        $(call stamp,negatives)
	$(STAGE) negatives $(BIN)/gen-negatives $(negatives.flags) --threads $(THREADS) \
	    --model $(RUN)/models/reference -o $@ $<

# Without a sentence embedder the reference model's hidden states stand in.
EMBEDDER := $(or $(EMBEDDER_DIR),$(RUN)/models/reference)
EMBEDDER_FILE := $(if $(EMBEDDER_DIR),$(EMBEDDER_DIR)/config.json,$(call model,reference))

$(RUN)/ranked.jsonl.zst: $(RUN)/negatives.jsonl.zst $(EMBEDDER_FILE) $(call stamp,rank)
	$(STAGE) rank $(BIN)/rank-by-embedding --threads $(THREADS) --embedder $(EMBEDDER) -o $@ $<

$(RUN)/scored.jsonl.zst: $(RUN)/ranked.jsonl.zst $(call model,reference) \
        $(call stamp,score-reference)
	$(STAGE) score-reference $(BIN)/score $(score-reference.flags) --threads $(THREADS) \
	    --model $(RUN)/models/reference -o $@ $<

$(call model,cpo): $(RUN)/scored.jsonl.zst $(call model,reference) $(call stamp,cpo)
	$(STAGE) cpo $(BIN)/train-cpo $(cpo.flags) $(call training,cpo) \
	    --model $(RUN)/models/reference $<
	$(complete)

$(foreach b,$(BLENDS),$(call model,$(b))): $(call model,blend-%): \
        $(call model,cpo) $(call model,mle-continued) $(call stamp,blend)
	$(STAGE) blend-$* $(BIN)/blend-weights --alpha $* --cpo $(RUN)/models/cpo \
	    --mle $(RUN)/models/mle-continued --out $(@D)
	@touch $@

# MARK: Evaluation

$(SYSTEMS:%=$(RUN)/outputs/%.jsonl.zst): $(RUN)/outputs/%.jsonl.zst: \
        $(RUN)/tokens/heldout.jsonl.zst $(call model,%) $(call stamp,generate)
	@mkdir -p $(@D)
	$(STAGE) generate-$* $(BIN)/generate $(generate.flags) --threads $(THREADS) \
	    --model $(RUN)/models/$* -o $@ $<

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

# $(call judging,JUDGE): verdicts of every system against the ground truth, and of CPO against MLE.
define judging
$(SYSTEMS:%=$(RUN)/judge/%.$(1).json): $(RUN)/judge/%.$(1).json: $(RUN)/outputs/%.jsonl.zst \
        $(JUDGE_FILE.$(1)) $(call stamp,judge)
	@mkdir -p $(RUN)/judge $(RUN)/verdicts
	$(STAGE) judge-$$*.$(1) $(BIN)/judge $(judge.flags) --threads $$(THREADS) --judge $(1) \
	    --model $(JUDGE_MODEL.$(1)) --a $$< \
	    --summary $$@ -o $(RUN)/verdicts/$$*.$(1).jsonl.zst

$(RUN)/judge/cpo-vs-mle-continued.$(1).json: $(RUN)/outputs/cpo.jsonl.zst \
        $(RUN)/outputs/mle-continued.jsonl.zst $(JUDGE_FILE.$(1)) $(call stamp,judge)
	@mkdir -p $(RUN)/judge $(RUN)/verdicts
	$(STAGE) judge-cpo-vs-mle-continued.$(1) $(BIN)/judge $(judge.flags) --threads $$(THREADS) \
	    --judge $(1) --model $(JUDGE_MODEL.$(1)) --a $$< --b $(RUN)/outputs/mle-continued.jsonl.zst \
	    --summary $$@ -o $(RUN)/verdicts/cpo-vs-mle-continued.$(1).jsonl.zst
endef
$(foreach judge,$(JUDGES),$(eval $(call judging,$(judge))))

$(SYSTEMS:%=$(RUN)/mauve/%.json): $(RUN)/mauve/%.json: $(RUN)/outputs/%.jsonl.zst \
        $(JUDGE_FILE.likelihood) $(call stamp,mauve)
	@mkdir -p $(@D)
	$(STAGE) mauve-$* --stdout $@ $(BIN)/mauve $(mauve.flags) --threads $(THREADS) \
	    --p $< --q $< --model $(JUDGE_MODEL.likelihood)

# MARK: Report

RESULTS := $(VERDICTS:%=$(RUN)/judge/%.json) $(SYSTEMS:%=$(RUN)/mauve/%.json)

STAGES := split $(BASE_STAGES) $(SPLITS:%=tokenize-%) mle-reference mle-continued negatives rank \
    score-reference cpo $(BLENDS) $(SYSTEMS:%=generate-%) $(VERDICTS:%=judge-%) \
    $(SYSTEMS:%=mauve-%)

CONFIGURATION := SEED TRAIN_RECORDS PREFERENCE_RECORDS VALIDATION_RECORDS HELDOUT_RECORDS \
    MAX_PROMPT_TOKENS MAX_RESPONSE_TOKENS \
    $(if $(filter mini,$(BASE_KIND)),MINI_VOCABULARY BASE_STEPS BASE_BATCH BASE_LEARNING_RATE) \
    WEIGHT_DECAY CLIP_NORM MLE_STEPS MLE_BATCH MLE_LEARNING_RATE NEGATIVES NEGATIVE_TOP_K \
    NEGATIVE_TOKENS CPO_STEPS CPO_BATCH CPO_LEARNING_RATE CPO_BETA ALPHAS OUTPUT_TOKENS JUDGES

lower_case = $(shell tr '[:upper:]' '[:lower:]' <<<'$(1)')

$(RUN)/run.json: $(RESULTS) $(INPUTS) $(wildcard $(dir $(INPUTS))warnings.txt)
	@[[ $(dir $(INPUTS)) == $(@D)/ ]] || cp $(dir $(INPUTS))warnings.txt $(@D)/
	@pipelines/write-run-json.sh $(RUN) $@ \
	    --top title='CPO on Dolly: $(PROFILE), $(BASE_KIND)' profile='$(PROFILE)' \
	        base='$(BASE_KIND)' base_note='$(BASE_NOTE)' dataset='$(DATASET_FILE)' \
	        dataset_note='$(DATASET_NOTE)' embedder='$(EMBEDDER_NOTE)' seed='$(SEED)' \
	    --stages $(STAGES) \
	    --configuration $(foreach v,$(CONFIGURATION),$(call lower_case,$(v))='$($(v))') \
	    --files dataset=$(DATASET_FILE) base=$(BASE_DIR)/model.safetensors \
	        reference=$(RUN)/models/reference/model.safetensors \
	        cpo=$(RUN)/models/cpo/model.safetensors

$(RUN)/report/report.md: $(RUN)/run.json $(call stamp,report)
	$(STAGE) report $(BIN)/report $(RUN) -o $(@D)

# MARK: Smoke: 8 records through every stage, in its own directory, its checkpoints not kept

smoke: $(RUN)/smoke/passed

STAMPED := split tokenizer tokenize tokenize-heldout base mle-reference mle-continued negatives rank \
    score-reference cpo blend generate judge mauve report

$(RUN)/smoke/passed: $(INPUTS) $(DATASET_FILE) $(foreach s,$(STAMPED),$(call stamp,$(s)))
	@echo 'smoke pass: 8 records through every stage'
	@rm -rf $(RUN)/smoke
	@$(MAKE) --no-print-directory -f pipelines/rules.mk RUN=$(RUN)/smoke PROFILE=smoke \
	    INPUTS=$(INPUTS) experiment
	@rm -rf $(RUN)/smoke/models
	@touch $@
	@echo 'smoke pass: done'
