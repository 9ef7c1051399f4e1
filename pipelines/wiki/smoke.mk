include pipelines/wiki/defaults.mk
include pipelines/smoke.mk

override PREFIX_TOKENS := 8
override CONTINUATION_TOKENS := 8
override negatives.bn := bn:2
