# smoke: 8 records through every stage before the experiment proper, so that an error comes in the
# first minute.

include pipelines/dolly/defaults.mk
include pipelines/smoke.mk

override NEGATIVES := an:2
