# tiny: 2 minutes on two cores with BASE=mini.

include pipelines/dolly/defaults.mk
include pipelines/tiny.mk

MAX_RESPONSE_TOKENS := 64
OUTPUT_TOKENS := 32
