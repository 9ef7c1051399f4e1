# The stages of the experiments, once, for every profile and base model.
#
# Called by the Makefile as
#     make -f pipelines/rules.mk EXPERIMENT=NAME PROFILE=NAME RUN=DIR smoke experiment
# after RUN/inputs.mk has been written (pipelines/resolve-inputs.sh). Every target is an artefact
# under RUN; it is rebuilt when its inputs, its flags or its tool have changed.
#
# An experiment is what its profile says (pipelines/EXPERIMENT/PROFILE.mk):
#   DATA       dolly (instructions) or wiki (continuations of running text)
#   SYSTEMS    what is trained from the reference and compared: NAME:METHOD[:NEGATIVES], METHOD one
#              of mle, pss, cpo, ranked, dpo
#   negatives.SET   the kinds of negatives of a set; made, ranked and scored once for all systems
#   ENSEMBLE, ALPHAS   systems that are blended with mle-continued, and the weights of the latter
#   DECODINGS  how texts are generated; names of decoding.NAME
#   DIRECT     pairs of outputs that are judged against each other, A-vs-B
#   JUDGES     offline judges

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.SECONDARY:
.SUFFIXES:

BIN := .build/release
ASSETS ?= runs/assets
EXPERIMENT ?= dolly
INPUTS ?= $(RUN)/inputs.mk

include $(INPUTS)
include pipelines/$(EXPERIMENT)/$(PROFILE).mk

# The tools run several threads themselves. Under `make -j` each gets one.
THREADS ?= $(if $(findstring jobserver,$(MAKEFLAGS)),1,$(shell nproc))
STAGE := @V='$(V)' pipelines/run-stage.sh $(RUN)

# What says that a checkpoint is finished stands beside it: what is in it is the tools' own.
model = $(RUN)/models/$(1).complete
checkpoint = $(basename $@)
stamp = $(RUN)/stamps/$(1)
field = $(word $(1),$(subst :, ,$(2)))

TRAINED := $(foreach s,$(SYSTEMS),$(call field,1,$(s)))
NEGATIVE_SETS := $(sort $(foreach s,$(SYSTEMS),$(call field,3,$(s))))
# Weight 0 is the system itself.
BLENDS := $(foreach s,$(ENSEMBLE),$(addprefix $(s)-alpha,$(filter-out 0,$(ALPHAS))))
COMPARED := $(TRAINED) $(BLENDS)
# The texts of a system: its name for greedy decoding, NAME@DECODING for the others.
texts = $(foreach d,$(DECODINGS),$(1)$(if $(filter-out greedy,$(d)),@$(d)))
TEXTS := $(foreach s,$(COMPARED),$(call texts,$(s)))

.PHONY: experiment smoke FORCE
experiment: $(RUN)/report/report.md
FORCE:

# A stage has NAME.tool and NAME.flags; its stamp changes when they do.
STAMPED :=
$(RUN)/stamps/%: FORCE
	@pipelines/stamp.sh $@ '$($*.flags)' $(if $($*.tool),$(BIN)/$($*.tool))

include pipelines/rules/base.mk
include pipelines/rules/data.mk
include pipelines/rules/training.mk
include pipelines/rules/evaluation.mk
include pipelines/rules/report.mk
include pipelines/rules/tune.mk

# MARK: Smoke: a few records through every stage, in its own directory, its checkpoints not kept

smoke: $(RUN)/smoke/passed

$(RUN)/smoke/passed: $(INPUTS) $(DATASET_FILE) $(foreach s,$(STAMPED),$(call stamp,$(s)))
	@echo 'smoke pass: a few records through every stage'
	@rm -rf $(RUN)/smoke
	@$(MAKE) --no-print-directory -f pipelines/rules.mk RUN=$(RUN)/smoke PROFILE=smoke \
	    INPUTS=$(INPUTS) experiment
	@rm -rf $(RUN)/smoke/models
	@touch $@
	@echo 'smoke pass: done'
