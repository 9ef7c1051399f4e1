# quick: the default. Enough steps to see the loss fall and the margins grow.
# Aim: 20 minutes on two cores with SmolLM2-135M, 5 with BASE=mini.

include pipelines/dolly/defaults.mk
include pipelines/quick.mk

PREFERENCE_RECORDS := 240
VALIDATION_RECORDS := 64
HELDOUT_RECORDS := 100

MLE_STEPS := 50
CPO_STEPS := 30
