# tuned: the settings that `make dolly-tune` found best on the validation split, and a held-out set that
# is large enough to see a small difference. The search reads this profile too, for everything that it
# does not vary.

include pipelines/dolly/defaults.mk
include pipelines/quick.mk

PRECISION := bf16

PREFERENCE_RECORDS := 960
VALIDATION_RECORDS := 160
HELDOUT_RECORDS := 400

MAX_PROMPT_TOKENS := 128
MAX_RESPONSE_TOKENS := 64
NEGATIVE_TOKENS := 64
OUTPUT_TOKENS := 64

MLE_STEPS := 60
CPO_STEPS := 32
CPO_BETA := 0.02
CONTINUED_LEARNING_RATE := 5e-5

ALPHAS := 0.5
# The likelihood judge prefers any model's text to the truth, and takes long.
JUDGES := embedding
KEEP_MODELS :=
