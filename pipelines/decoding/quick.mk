include pipelines/dolly/quick.mk
include pipelines/decoding/defaults.mk
