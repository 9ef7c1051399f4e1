# smoke: one system of each method, all kinds of negatives, one ensemble.

include pipelines/ablation/defaults.mk
include pipelines/smoke.mk

override negatives.an := an:2
override STRATEGIES := an mixn
override SYSTEMS = mle-continued:mle pss:pss $(DPO) an:cpo:an anr:ranked:an mixnr:ranked:mixn
override ENSEMBLE := anr
