# The strategies of the paper's tables 1 and 2, on Dolly. N: the ground truth against all negatives
# (eq. 1); NR: the whole ranking (eq. 2). N and NR of a kind share negatives and reference scores.

include pipelines/dolly/defaults.mk

TITLE := Strategies on Dolly
PRECISION := bf16

# Sets of negatives, named like the strategy without ranking.
negatives.an := an:3
negatives.bn := bn:3
negatives.mn := mn:3
negatives.tn := tn:3
negatives.mixn := bn:1,mn:1,tn:1

# The paper's DPO learns from unhelpful answers of a chat model. Without a server, DPO_BASE_URL=, its
# place is taken by DPO with one autoregressive negative, which has a name of its own.
DPO_BASE_URL :=
DPO_MODEL :=
negatives.unhelpful := unhelpful:1
negatives.unhelpful.flags = --base-url $(DPO_BASE_URL) \
    $(if $(DPO_MODEL),--endpoint-model $(DPO_MODEL))
DPO = $(if $(DPO_BASE_URL),dpo:dpo:unhelpful,dpo-an:dpo:an)

# The paper's digits are lost; it samples three sequences for each record.
PSS_PROBABILITY := 0.25
PSS_PASSES := 3

STRATEGIES := an bn mn tn mixn
SYSTEMS = mle-continued:mle pss:pss $(DPO) \
    $(foreach kind,$(STRATEGIES),$(kind):cpo:$(kind) $(kind)r:ranked:$(kind))
# Every system against the baseline, and ranking against none.
DIRECT = $(foreach s,$(filter-out mle-continued,$(TRAINED)),$(s)-vs-mle-continued) \
    $(foreach kind,$(filter $(STRATEGIES),$(TRAINED)), \
        $(if $(filter $(kind)r,$(TRAINED)),$(kind)r-vs-$(kind)))

ENSEMBLE := anr
ALPHAS := 0.1 0.3 0.5 0.7 0.9
JUDGES := embedding
# Each is a whole copy of the model.
KEEP_MODELS :=
