include pipelines/dolly/full.mk
include pipelines/decoding/defaults.mk
