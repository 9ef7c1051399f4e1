include pipelines/dolly/smoke.mk
include pipelines/decoding/defaults.mk
