# What the full profiles share: the paper's numbers of steps (1000 of MLE, then 200 of CPO or MLE), and
# a held-out set large enough for narrow intervals.

TRAIN_RECORDS := 0
PREFERENCE_RECORDS := 3200
VALIDATION_RECORDS := 256
HELDOUT_RECORDS := 500

MLE_STEPS := 1000
MLE_BATCH := 16
MLE_LEARNING_RATE := 2e-5
MLE_WARMUP_STEPS := 20
EVAL_EVERY := 100
SAVE_EVERY := 50

CPO_STEPS := 200
CPO_BATCH := 16
CPO_LEARNING_RATE := 1e-5
CPO_WARMUP_STEPS := 10

ifeq ($(BASE_KIND),mini)
BASE_STEPS := 4000
MLE_LEARNING_RATE := 5e-4
CPO_LEARNING_RATE := 1e-4
endif
