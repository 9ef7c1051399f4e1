# From the data set to token records.

split.flags = $(TRAIN_RECORDS) $(PREFERENCE_RECORDS) $(VALIDATION_RECORDS) $(HELDOUT_RECORDS)
STAMPED += split tokenize tokenize-heldout

SPLITS := learn train preference validation heldout

tokenize.tool := tokenize
tokenize-heldout.tool := tokenize

ifeq ($(DATA),wiki)
RECORDS := $(RUN)/data/records.jsonl
DATA_STAGES := records
STAMPED += records

# Long enough for a prompt and a continuation, whatever the vocabulary.
records.flags = $(shell echo $$((5 * ($(PREFIX_TOKENS) + $(CONTINUATION_TOKENS))))) \
    $(WIKI_DETOKENIZE)
tokenize.flags = --prefix-tokens $(PREFIX_TOKENS) --continuation-tokens $(CONTINUATION_TOKENS)
tokenize-heldout.flags = $(tokenize.flags)

$(RECORDS): $(DATASET_FILE) $(call stamp,records)
	@mkdir -p $(@D)
	$(STAGE) records pipelines/wiki/records.sh $< $@ $(records.flags)
else
RECORDS := $(DATASET_FILE)
tokenize.flags = --template dolly --on-overlong truncate \
    --max-prompt-tokens $(MAX_PROMPT_TOKENS) --max-response-tokens $(MAX_RESPONSE_TOKENS)
# The responses that outputs are judged against stay whole.
tokenize-heldout.flags = --template dolly --on-overlong truncate \
    --max-prompt-tokens $(MAX_PROMPT_TOKENS)
endif

$(SPLITS:%=$(RUN)/data/%.jsonl) &: $(RECORDS) $(call stamp,split)
	$(STAGE) split pipelines/split.sh $(RECORDS) $(RUN)/data $(split.flags)

$(RUN)/tokens/%.jsonl.zst: $(RUN)/data/%.jsonl $(TOKENIZER) $(call stamp,tokenize)
	@mkdir -p $(@D)
	$(STAGE) tokenize-$* $(BIN)/tokenize $(tokenize.flags) --threads $(THREADS) \
	    --model $(TOKENIZER_DIR) -o $@ $<

$(RUN)/tokens/heldout.jsonl.zst: $(RUN)/data/heldout.jsonl $(TOKENIZER) $(call stamp,tokenize-heldout)
	@mkdir -p $(@D)
	$(STAGE) tokenize-heldout $(BIN)/tokenize $(tokenize-heldout.flags) --threads $(THREADS) \
	    --model $(TOKENIZER_DIR) -o $@ $<
