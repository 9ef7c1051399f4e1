# full: hours with SmolLM2-135M on two cores.

include pipelines/dolly/defaults.mk
include pipelines/full.mk

MAX_PROMPT_TOKENS := 512
MAX_RESPONSE_TOKENS := 256
NEGATIVE_TOKENS := 128
OUTPUT_TOKENS := 128
ALPHAS := 0.1 0.3 0.5 0.7 0.9
