# The decoding study (the paper's figure 1): the plain experiment's two systems under four ways of
# generating.

TITLE := Decoding on Dolly
PRECISION := bf16
DECODINGS := greedy top-k top-p beam
DIRECT = $(foreach t,$(call texts,cpo),$(t)-vs-$(t:cpo%=mle-continued%))
ALPHAS :=
ENSEMBLE :=
