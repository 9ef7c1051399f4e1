# quick: the default.
#
# Estimate for SmolLM2-135M on two cores with AVX512-BF16, some 12 minutes:
#     smoke pass                              1 min
#     MLE reference, 40 steps of 8            2 min
#     ranking, scores                         2 min
#     CPO, 24 steps of 8 prompts x 5          4 min
#     MLE continued                           1.5 min
#     7 x generation, judge, MAUVE             4 min

include pipelines/wiki/defaults.mk

TRAIN_RECORDS := 0
PREFERENCE_RECORDS := 192
VALIDATION_RECORDS := 64
HELDOUT_RECORDS := 160

# The likelihood judge prefers any model's text to the truth, and takes long.
JUDGES := embedding

CONTINUATION_TOKENS := 64

MLE_STEPS := 40
MLE_BATCH := 8
MLE_LEARNING_RATE := 2e-5
MLE_WARMUP_STEPS := 5
EVAL_EVERY := 25

CPO_STEPS := 24
CPO_BATCH := 8
CPO_LEARNING_RATE := 3e-5
CPO_WARMUP_STEPS := 5

ifeq ($(BASE_KIND),mini)
BASE_STEPS := 400
MLE_LEARNING_RATE := 5e-4
CPO_LEARNING_RATE := 1e-4
endif
