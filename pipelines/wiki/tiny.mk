# tiny: for continuous integration with BASE=mini; its numbers say nothing about the method.
# Aim: 2 minutes on two cores.

include pipelines/wiki/defaults.mk

TRAIN_RECORDS := 400
PREFERENCE_RECORDS := 64
VALIDATION_RECORDS := 32
HELDOUT_RECORDS := 100

PREFIX_TOKENS := 16
CONTINUATION_TOKENS := 32
BASE_STEPS := 100

MLE_STEPS := 20
MLE_BATCH := 8
MLE_LEARNING_RATE := 5e-4
MLE_WARMUP_STEPS := 5
EVAL_EVERY := 10

CPO_STEPS := 20
CPO_BATCH := 8
CPO_LEARNING_RATE := 1e-4
CPO_WARMUP_STEPS := 5
