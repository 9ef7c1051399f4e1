# The base model and its tokenizer.

tokenizer.tool := tokenize
tokenizer.flags = --learn --vocab-size $(MINI_VOCABULARY)
base.tool := pretrain-mle
base.flags = $(optimizer.flags) --steps $(BASE_STEPS) --batch-size $(BASE_BATCH) \
    --learning-rate $(BASE_LEARNING_RATE) --warmup-steps $(BASE_WARMUP_STEPS) --schedule cosine

ifeq ($(BASE_KIND),mini)
BASE_DIR := $(RUN)/models/base
BASE_FILE := $(call model,base)
TOKENIZER_DIR := $(RUN)/tokenizer
TOKENIZER := $(TOKENIZER_DIR)/tokenizer.json
BASE_STAGES := tokenizer base
STAMPED += tokenizer base

$(TOKENIZER): $(RUN)/data/learn.jsonl $(call stamp,tokenizer)
	$(STAGE) tokenizer $(BIN)/tokenize $(tokenizer.flags) --out $(TOKENIZER_DIR) $<
	@touch $@

$(call model,base): pipelines/dolly/mini-llama.json $(TOKENIZER) $(RUN)/tokens/learn.jsonl.zst \
        $(call stamp,base)
	$(begin)
	$(STAGE) base $(BIN)/pretrain-mle $(base.flags) $(call training,base) --init $< \
	    --tokenizer $(TOKENIZER_DIR) $(RUN)/tokens/learn.jsonl.zst
	$(complete)
endif

# Models that come as GGUF files, and the directories of the checkpoints that they become.
imported.smollm2 := smollm2-135m-instruct
imported.qwen-0.5b := qwen2.5-coder-0.5b-instruct
imported.gemma3-270m := gemma-3-270m

ifdef imported.$(BASE_KIND)
BASE_DIR := $(ASSETS)/$(imported.$(BASE_KIND))
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
