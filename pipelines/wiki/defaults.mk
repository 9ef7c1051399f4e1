# Continuations of running text (the paper's tables 3 and 4 and figure 2): a prefix of a fixed number
# of tokens, which the model goes on from; ranked batch negatives, four as in the paper; ensembles.

include pipelines/dolly/defaults.mk

TITLE := CPO on running text
DATA := wiki
PRECISION := bf16

# The paper's lengths are lost.
PREFIX_TOKENS := 32
CONTINUATION_TOKENS := 128
OUTPUT_TOKENS = $(CONTINUATION_TOKENS)

negatives.bn := bn:4
SYSTEMS := mle-continued:mle bnr:ranked:bn
DIRECT := bnr-vs-mle-continued
ENSEMBLE := bnr
ALPHAS := 0.1 0.3 0.5 0.7 0.9
