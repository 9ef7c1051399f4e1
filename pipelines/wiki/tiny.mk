# tiny: 2 minutes on two cores with BASE=mini.

include pipelines/wiki/defaults.mk
include pipelines/tiny.mk

HELDOUT_RECORDS := 100

PREFIX_TOKENS := 16
CONTINUATION_TOKENS := 32
