include pipelines/dolly/tiny.mk
include pipelines/decoding/defaults.mk
