# full: the paper's numbers of steps. About half a day with SmolLM2-135M on two cores.

include pipelines/ablation/defaults.mk

TRAIN_RECORDS := 0
PREFERENCE_RECORDS := 3200
VALIDATION_RECORDS := 256
HELDOUT_RECORDS := 500

MAX_PROMPT_TOKENS := 512
MAX_RESPONSE_TOKENS := 256
NEGATIVE_TOKENS := 128
OUTPUT_TOKENS := 128
negatives.an := an:4
negatives.bn := bn:4
negatives.mn := mn:4
negatives.tn := tn:4
negatives.mixn := bn:2,mn:1,tn:1
JUDGES := embedding likelihood

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
