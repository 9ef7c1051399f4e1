# The paper's experiment with its own base models: numbers of steps as in the paper, other values as
# PAPER.md says. BASE=DIR has to hold the real weights.

include pipelines/ablation/defaults.mk
include pipelines/full.mk

TITLE := The paper's base models on Dolly

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

SAVE_EVERY := 20
