# tuned: the settings that `make dolly-tune` found best on the validation split, and a held-out set that
# is large enough to see a small difference. The search reads this profile too, for everything that it
# does not vary.

include pipelines/dolly/defaults.mk

PRECISION := bf16

TRAIN_RECORDS := 0
PREFERENCE_RECORDS := 960
VALIDATION_RECORDS := 160
HELDOUT_RECORDS := 400

MAX_PROMPT_TOKENS := 128
MAX_RESPONSE_TOKENS := 64
NEGATIVE_TOKENS := 64
OUTPUT_TOKENS := 64

MLE_STEPS := 60
MLE_BATCH := 8
MLE_LEARNING_RATE := 2e-5
MLE_WARMUP_STEPS := 5
EVAL_EVERY := 20

CPO_STEPS := 80
CPO_BATCH := 8
CPO_LEARNING_RATE := 3e-5
CONTINUED_LEARNING_RATE := 5e-5
CPO_WARMUP_STEPS := 5

ALPHAS := 0.5
# The likelihood judge prefers any model's text to the truth, and takes long.
JUDGES := embedding
KEEP_MODELS :=
