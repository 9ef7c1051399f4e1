# full: about half a day with SmolLM2-135M on two cores.

include pipelines/ablation/defaults.mk
include pipelines/full.mk

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
