# What all profiles share. Values of the paper where it gives them; elsewhere our choice.
# Any of these can be given to make, e.g. `make dolly-experiment CPO_BETA=0.2`.

SEED := 0

# The template's prompts, and responses, longer than this are truncated.
MAX_PROMPT_TOKENS := 256
MAX_RESPONSE_TOKENS := 96

# AdamW (section 4 of the paper; digits lost, ours)
WEIGHT_DECAY := 0.05
CLIP_NORM := 1.0
# Memory that training may take, e.g. 24GiB; none: as much as it wants.
MEMORY_BUDGET :=

# Steps between saved checkpoints, from which an interrupted run goes on; none: only at the end and
# when interrupted. RESUMABLE empty: never.
SAVE_EVERY :=
RESUMABLE := yes

# fp32, or bf16 where the processor multiplies such numbers
PRECISION := fp32

# What is compared, see pipelines/rules.mk: by default maximum likelihood that goes on for as long as
# CPO, and CPO with ranked autoregressive negatives ("ANR").
TITLE := CPO on Dolly
DATA := dolly
SYSTEMS := mle-continued:mle cpo:ranked:cpo
DIRECT := cpo-vs-mle-continued
DECODINGS := greedy

# Kinds of negatives and how many of each: an, bn, mn, tn
NEGATIVES := an:4
negatives.cpo = $(NEGATIVES)
NEGATIVE_TOP_K := 50
NEGATIVE_TOKENS := 64

CPO_BETA := 0.1
# Of maximum likelihood that goes on from the reference.
CONTINUED_LEARNING_RATE = $(MLE_LEARNING_RATE)
# The systems that are blended with mle-continued, and the weights of the latter; 0 is the system
# itself and always there.
ENSEMBLE := cpo
ALPHAS := 0.3 0.5 0.7

OUTPUT_TOKENS := 64
JUDGES := embedding likelihood

# Empty: a system's weights go once its texts are there.
KEEP_MODELS := yes

# BASE=mini only: the Llama that is trained from nothing (mini-llama.json)
MINI_VOCABULARY := 2048
BASE_STEPS := 0
BASE_BATCH := 16
BASE_LEARNING_RATE := 2e-3
BASE_WARMUP_STEPS := 20
