# full: hours with SmolLM2-135M on two cores.

include pipelines/wiki/defaults.mk
include pipelines/full.mk
