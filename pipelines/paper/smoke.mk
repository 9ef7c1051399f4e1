# smoke: one system of each method, within the memory of the larger model.

include pipelines/paper/defaults.mk
include pipelines/smoke.mk

override negatives.an := an:2
override MEMORY_BUDGET := 22GiB
