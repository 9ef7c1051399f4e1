# quick: the default. Enough steps to see the loss fall and the margins grow.
# Aim: 20 minutes on two cores with SmolLM2-135M, 5 with BASE=mini.

include pipelines/dolly/defaults.mk

TRAIN_RECORDS := 0
PREFERENCE_RECORDS := 240
VALIDATION_RECORDS := 64
HELDOUT_RECORDS := 100

MLE_STEPS := 50
MLE_BATCH := 8
MLE_LEARNING_RATE := 2e-5
MLE_WARMUP_STEPS := 5
EVAL_EVERY := 20

CPO_STEPS := 30
CPO_BATCH := 8
CPO_LEARNING_RATE := 1e-5
CPO_WARMUP_STEPS := 5

ifeq ($(BASE_KIND),mini)
BASE_STEPS := 400
MLE_LEARNING_RATE := 5e-4
CPO_LEARNING_RATE := 1e-4
endif
