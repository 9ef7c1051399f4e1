# tiny: 3 minutes on two cores with BASE=mini.

include pipelines/ablation/defaults.mk
include pipelines/tiny.mk

MAX_PROMPT_TOKENS := 128
MAX_RESPONSE_TOKENS := 48
OUTPUT_TOKENS := 32

CPO_STEPS := 8
CPO_WARMUP_STEPS := 2
