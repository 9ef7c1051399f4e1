# What the quick profiles share. The learning rate of CPO is what the search on the validation split
# found (pipelines/dolly/RESULTS.md).

TRAIN_RECORDS := 0

MLE_BATCH := 8
MLE_LEARNING_RATE := 2e-5
MLE_WARMUP_STEPS := 5
EVAL_EVERY := 20

CPO_BATCH := 8
CPO_LEARNING_RATE := 3e-5
CPO_WARMUP_STEPS := 5

ifeq ($(BASE_KIND),mini)
BASE_STEPS := 400
MLE_LEARNING_RATE := 5e-4
CPO_LEARNING_RATE := 1e-4
endif

# Models of more than SmolLM2's size, so that they too are done within the hour.
ifneq ($(filter qwen-0.5b gemma3-270m,$(BASE_KIND)),)
PRECISION := bf16
endif
