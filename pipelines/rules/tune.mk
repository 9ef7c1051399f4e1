# A search on the validation split; the held-out split is not read.

TUNE_GRID := pipelines/dolly/grid.txt
TUNE_STEPS := 32
# What all settings of the grid share.
tune.flags = $(optimizer.flags) --steps $(TUNE_STEPS) --batch-size $(CPO_BATCH) \
    --warmup-steps $(CPO_WARMUP_STEPS) --schedule constant

.PHONY: tune
tune: $(RUN)/scored/cpo.jsonl.zst $(RUN)/tokens/validation.jsonl.zst
	@pipelines/tune.sh $(RUN) $(BIN) $(EMBEDDER) $(TUNE_GRID) $(THREADS) \
	    --precision $(PRECISION) --max-new-tokens $(OUTPUT_TOKENS) -- $(tune.flags)
