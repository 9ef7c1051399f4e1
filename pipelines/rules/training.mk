# The reference, the negatives with their ranking and the reference's scores, and every system that
# is trained from them.
#
# The target of a checkpoint NAME is a file NAME.complete beside it, because training that is
# interrupted saves a checkpoint too, from which the next call goes on.

optimizer.flags = --seed $(SEED) --precision $(PRECISION) --weight-decay $(WEIGHT_DECAY) \
    --clip-norm $(CLIP_NORM) $(if $(MEMORY_BUDGET),--memory-budget $(MEMORY_BUDGET))

# Flags of a training run that do not change its result.
training = --threads $(THREADS) --out $(checkpoint) $(if $(SAVE_EVERY),--save-every $(SAVE_EVERY)) \
    $(if $(RESUMABLE),,--no-training-state) \
    --metrics $(RUN)/metrics/$(1).jsonl $$(pipelines/resume-flag.sh $(checkpoint) $^)
begin = @mkdir -p $(RUN)/metrics && rm -f $@
# What only a resumed run needs is three times as large as the weights. Its first file goes first, so
# that half of a state is none.
complete = @rm -f $(checkpoint)/training-state/state.json && \
    rm -rf $(checkpoint)/training-state && touch $@

# MARK: The reference

mle-reference.tool := pretrain-mle
mle-reference.flags = $(optimizer.flags) --steps $(MLE_STEPS) --batch-size $(MLE_BATCH) \
    --learning-rate $(MLE_LEARNING_RATE) --warmup-steps $(MLE_WARMUP_STEPS) --schedule constant \
    --eval-every $(EVAL_EVERY)
STAMPED += mle-reference

$(call model,reference): $(BASE_FILE) $(RUN)/tokens/train.jsonl.zst $(RUN)/tokens/validation.jsonl.zst \
        $(call stamp,mle-reference)
	$(begin)
	$(STAGE) mle-reference $(BIN)/pretrain-mle $(mle-reference.flags) \
	    $(call training,mle-reference) --model $(BASE_DIR) \
	    --eval $(RUN)/tokens/validation.jsonl.zst $(RUN)/tokens/train.jsonl.zst
	$(complete)

# MARK: Negatives, their ranking, the reference's scores: once for each set

rank.tool := rank-by-embedding
rank.flags = --precision $(PRECISION)
score-reference.tool := score
score-reference.flags = --as reference --precision $(PRECISION)
STAMPED += rank score-reference $(NEGATIVE_SETS:%=negatives-%)

# Without a sentence embedder the reference model's hidden states stand in.
EMBEDDER := $(or $(EMBEDDER_DIR),$(RUN)/models/reference)
EMBEDDER_FILE := $(if $(EMBEDDER_DIR),$(EMBEDDER_DIR)/config.json,$(call model,reference))

# $(call negative-set,SET)
define negative-set
negatives-$(1).tool := gen-negatives
negatives-$(1).flags = --seed $(SEED) --precision $(PRECISION) --kinds $(negatives.$(1)) \
    --top-k $(NEGATIVE_TOP_K) --max-new-tokens $(NEGATIVE_TOKENS) $(negatives.$(1).flags)

$(RUN)/negatives/$(1).jsonl.zst: $(RUN)/tokens/preference.jsonl.zst $(call model,reference) \
        $(call stamp,negatives-$(1))
	@mkdir -p $$(@D)
	$(STAGE) negatives-$(1) $(BIN)/gen-negatives $$(negatives-$(1).flags) --threads $(THREADS) \
	    --model $(RUN)/models/reference -o $$@ $$<
endef
$(foreach set,$(NEGATIVE_SETS),$(eval $(call negative-set,$(set))))

$(RUN)/ranked/%.jsonl.zst: $(RUN)/negatives/%.jsonl.zst $(EMBEDDER_FILE) $(call stamp,rank)
	@mkdir -p $(@D)
	$(STAGE) rank-$* $(BIN)/rank-by-embedding $(rank.flags) --threads $(THREADS) \
	    --embedder $(EMBEDDER) -o $@ $<

$(RUN)/scored/%.jsonl.zst: $(RUN)/ranked/%.jsonl.zst $(call model,reference) \
        $(call stamp,score-reference)
	@mkdir -p $(@D)
	$(STAGE) score-reference-$* $(BIN)/score $(score-reference.flags) --threads $(THREADS) \
	    --model $(RUN)/models/reference -o $@ $<

# MARK: Systems: all from the reference, on the same prompts, for as many steps

method.mle.tool := pretrain-mle
method.mle.flags = $(optimizer.flags) --steps $(CPO_STEPS) --batch-size $(CPO_BATCH) \
    --learning-rate $(CONTINUED_LEARNING_RATE) --warmup-steps $(CPO_WARMUP_STEPS) --schedule constant \
    --eval-every $(EVAL_EVERY)
method.pss.tool := pretrain-mle
method.pss.flags = $(method.mle.flags) --scheduled-sampling $(PSS_PROBABILITY) \
    --passes $(PSS_PASSES)
method.preference.flags = $(optimizer.flags) --beta $(CPO_BETA) --steps $(CPO_STEPS) \
    --batch-size $(CPO_BATCH) --learning-rate $(CPO_LEARNING_RATE) \
    --warmup-steps $(CPO_WARMUP_STEPS) --schedule constant
method.cpo.tool := train-cpo
method.cpo.flags = $(method.preference.flags) --objective cpo --no-ranking
method.ranked.tool := train-cpo
method.ranked.flags = $(method.preference.flags) --objective cpo --ranking
method.dpo.tool := train-cpo
method.dpo.flags = $(method.preference.flags) --objective dpo --no-ranking

# $(call system,NAME,METHOD,NEGATIVES): what learns from negatives reads them scored, the rest the
# records that the negatives were made for. A response of one token cannot be truncated, so there may
# be records without negatives; they are left out and counted.
define system
train-$(1).tool := $(method.$(2).tool)
train-$(1).flags = $$(method.$(2).flags)

$(call model,$(1)): $(if $(3),$(RUN)/scored/$(3).jsonl.zst,$(RUN)/tokens/preference.jsonl.zst) \
        $(call model,reference) $(if $(3),,$(RUN)/tokens/validation.jsonl.zst) \
        $(call stamp,train-$(1))
	$$(begin)
	$(STAGE) $(1) $(BIN)/$(method.$(2).tool) $$(train-$(1).flags) $$(call training,$(1)) \
	    --model $(RUN)/models/reference \
	    $(if $(3),--skip-bad,--eval $(RUN)/tokens/validation.jsonl.zst) $$<
	$$(complete)
endef
$(foreach s,$(SYSTEMS),$(if $(method.$(call field,2,$(s)).tool),, \
    $(error SYSTEMS: $(s): no such method (expected NAME:METHOD[:NEGATIVES], METHOD one of mle, pss, cpo, ranked, dpo))))
$(foreach s,$(SYSTEMS), \
    $(eval $(call system,$(call field,1,$(s)),$(call field,2,$(s)),$(call field,3,$(s)))))
STAMPED += $(TRAINED:%=train-%)

# MARK: Ensembles: no training, weights of a system and of MLE continued

blend.tool := blend-weights
blend.flags :=
$(if $(BLENDS),$(eval STAMPED += blend))

# $(call ensemble,SYSTEM)
define ensemble
$(foreach a,$(filter-out 0,$(ALPHAS)),$(call model,$(1)-alpha$(a))): $(call model,$(1)-alpha%): \
        $(call model,$(1)) $(call model,mle-continued) $(call stamp,blend)
	@$$(call ensure-weights,$(1))
	@$$(call ensure-weights,mle-continued)
	$(STAGE) blend-$(1)-alpha$$* $(BIN)/blend-weights --alpha $$* --cpo $(RUN)/models/$(1) \
	    --mle $(RUN)/models/mle-continued --out $$(checkpoint)
	@touch $$@
endef
$(foreach s,$(filter-out $(TRAINED),$(ENSEMBLE) $(if $(BLENDS),mle-continued)), \
    $(error ENSEMBLE: $(s) is not among the systems $(TRAINED)))
$(foreach s,$(ENSEMBLE),$(eval $(call ensemble,$(s))))

# MARK: Letting go of weights that have done their work
#
# With KEEP_MODELS empty a system's weights go once its texts are there; what remains of the
# checkpoint is its configuration, NAME.complete and NAME.sha256. Where a later call needs the weights it
# trains the system again, which gives the same bytes, and NAME.complete keeps its time.

KEPT := $(if $(KEEP_MODELS),$(COMPARED),$(if $(BLENDS),mle-continued $(ENSEMBLE)))
SPENT := $(filter-out $(KEPT),$(COMPARED))

# Training does nothing while NAME.complete is there.
ensure-weights = pipelines/ensure-weights.sh $(RUN)/models/$(1) \
    $(MAKE) --no-print-directory -f pipelines/rules.mk $(call model,$(1))

# $(call spent,SYSTEM)
define spent
$(RUN)/models/$(1).spent: $(foreach t,$(call texts,$(1)),$(RUN)/outputs/$(t).jsonl.zst)
	@pipelines/drop-weights.sh $$(checkpoint)
	@touch $$@
endef
$(foreach s,$(SPENT),$(eval $(call spent,$(s))))
