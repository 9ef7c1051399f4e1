# What the tiny profiles share. They are for continuous integration with BASE=mini: every stage does
# real work on little data, and the numbers say nothing about the method.

TRAIN_RECORDS := 400
PREFERENCE_RECORDS := 64
VALIDATION_RECORDS := 32
HELDOUT_RECORDS := 32

NEGATIVE_TOKENS := 32
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
