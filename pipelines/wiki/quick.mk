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
include pipelines/quick.mk

PREFERENCE_RECORDS := 192
VALIDATION_RECORDS := 64
HELDOUT_RECORDS := 160

# The likelihood judge prefers any model's text to the truth, and takes long.
JUDGES := embedding

CONTINUATION_TOKENS := 64

MLE_STEPS := 40
CPO_STEPS := 24
