# quick: the default. One pass over 96 prompts for every system.
#
# Estimate for SmolLM2-135M on two cores with AVX512-BF16, some 24 minutes:
#     smoke pass                                    2 min
#     MLE reference, 40 steps                       1.5 min
#     negatives, ranking, scores, five sets         3 min
#     10 x CPO, 12 steps, 4 candidates a prompt     10 min
#     MLE, PSS, DPO, 12 steps each                  2 min
#     18 x generation, judge, MAUVE; 17 pairs       5 min

include pipelines/ablation/defaults.mk
include pipelines/quick.mk

PREFERENCE_RECORDS := 96
VALIDATION_RECORDS := 32
HELDOUT_RECORDS := 100

MAX_PROMPT_TOKENS := 128
MAX_RESPONSE_TOKENS := 64
NEGATIVE_TOKENS := 48
OUTPUT_TOKENS := 48

MLE_STEPS := 40
CPO_STEPS := 12
CPO_WARMUP_STEPS := 2
