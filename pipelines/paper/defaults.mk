# The paper's experiment with its own base models: numbers of steps as in the paper, other values as
# PAPER.md says. BASE=DIR has to hold the real weights.

include pipelines/ablation/defaults.mk

TITLE := The paper's base models on Dolly

TRAIN_RECORDS := 0
PREFERENCE_RECORDS := 3200
VALIDATION_RECORDS := 256
HELDOUT_RECORDS := 500

# The longest records decide how much memory a step may need.
MAX_PROMPT_TOKENS := 256
MAX_RESPONSE_TOKENS := 128
NEGATIVE_TOKENS := 96
OUTPUT_TOKENS := 128
negatives.an := an:4
negatives.mixn := bn:2,mn:1,tn:1

# Tables 1 and 2: MLE, PSS, DPO, ANR, AN, MixNR and its ensembles.
SYSTEMS = mle-continued:mle pss:pss $(DPO) an:cpo:an anr:ranked:an mixnr:ranked:mixn
ENSEMBLE := mixnr
JUDGES := embedding likelihood

MLE_STEPS := 1000
MLE_LEARNING_RATE := 2e-5
MLE_WARMUP_STEPS := 20
EVAL_EVERY := 100
SAVE_EVERY := 20

CPO_STEPS := 200
CPO_LEARNING_RATE := 1e-5
CPO_WARMUP_STEPS := 10
