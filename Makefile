# cpo-tools: `make help` lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := build

SWIFT ?= swift
SWIFT_FLAGS ?=
PREFIX ?= /usr/local
DESTDIR ?=

BIN := .build/release
ASSETS := runs/assets
TOOLS := tokenize pretrain-mle gen-negatives rank-by-embedding train-cpo blend-weights judge mauve \
    generate score import-checkpoint export-checkpoint report
SHELLS := bash zsh fish

# What the build links against, what the tests and the experiment call besides.
BUILD_PACKAGES := libzstd-dev
TEST_PACKAGES := zstd gnuplot-nox jq
EXPERIMENT_PACKAGES := zstd gnuplot-nox jq
BENCH_PACKAGES := zstd gnuplot-nox jq time
FETCH_PACKAGES := curl ca-certificates python3-pip unzip

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-18s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# MARK: Building and testing

.PHONY: build packages
build: packages ## Build all tools in .build/release (installs missing system packages)
	$(SWIFT) build -c release $(SWIFT_FLAGS)

packages:
	@pipelines/install-packages.sh $(BUILD_PACKAGES)

.PHONY: test build-tests test-packages
test: lint build-tests test-assets ## Lint, build everything, run all tests
	@source $(ASSETS)/environment && $(SWIFT) test -c release $(SWIFT_FLAGS) --skip-build --disable-xctest

build-tests: build test-packages
	$(SWIFT) build -c release $(SWIFT_FLAGS) --build-tests

test-packages:
	@pipelines/install-packages.sh $(TEST_PACKAGES)

# The tests that need a pretrained model are told by the environment where it is, and are skipped,
# visibly, where it could not be had.
.PHONY: test-assets
test-assets: build fetch-packages
	@mkdir -p $(ASSETS)
	@pipelines/test-environment.sh $(ASSETS) $(BIN) >$(ASSETS)/environment

.PHONY: torture
torture: build-tests test-assets ## Run the long suites: hostile input, many seeds, 200 kills, 5 GB of records
	@source $(ASSETS)/environment && CPO_TORTURE=1 $(SWIFT) test -c release $(SWIFT_FLAGS) \
	    --skip-build --disable-xctest
	@pipelines/torture/kills.sh $(BIN) runs/torture
	@pipelines/torture/constant-memory.sh $(BIN)

# FUZZ_SECONDS of CPU time for each target; FUZZ_TARGETS="gguf verdict" fuzzes some only, JOBS=N that
# many at a time.
FUZZ_SECONDS ?= 600
FUZZ_TARGETS ?=

.PHONY: fuzz
fuzz: packages ## Fuzz everything that reads what others wrote: FUZZ_SECONDS= FUZZ_TARGETS= JOBS=
	@pipelines/install-packages.sh jq
	@pipelines/torture/fuzz.sh '$(FUZZ_SECONDS)' $(FUZZ_TARGETS)

.PHONY: tsan
tsan: packages ## Run the suites that compute on threads under the thread sanitizer: TSAN_SUITES=
	@pipelines/torture/thread-sanitizer.sh $(TSAN_SUITES)

.PHONY: lint format
lint: ## Check formatting and style (swift format, shellcheck)
	@git ls-files -z '*.swift' | xargs -0 $(SWIFT) format lint --strict --parallel
	@if command -v shellcheck >/dev/null; then \
	    git ls-files -z '*.sh' .ci/run | xargs -0 shellcheck; \
	else echo 'lint: no shellcheck, scripts not checked' >&2; fi

format: ## Format all Swift sources in place
	git ls-files -z '*.swift' | xargs -0 $(SWIFT) format --in-place --parallel

# WORKS="cpo sampling" measures some works only; RUNS=N rounds, THREADS=N, DATASET=FILE,
# BENCH_PYTHON=FILE a Python that has the peers (else that of bench-peers, else python3).
BENCH := runs/bench
WORKS ?=
RUNS ?= 3

.PHONY: bench bench-peers
bench: build bench-packages fetch-packages ## Validate and measure everything, beside the peers that are installed
	@status=0; \
	DATASET='$(DATASET)' RUNS='$(RUNS)' \
	    pipelines/bench/run.sh $(BIN) $(ASSETS) $(BENCH) $(WORKS) || status=$$?; \
	[[ -e $(BENCH)/bench.json ]] || exit $$status; \
	$(BIN)/report -q $(BENCH) -o $(BENCH)/report; \
	echo "results: $(BENCH)/bench.json, $(BENCH)/report/report.md and report.html"; \
	exit $$status

bench-peers: ## Install what the benchmarks compare with in runs/bench/venv (BENCH_PYTHON=: on top of that)
	@pipelines/install-packages.sh --optional python3-venv
	@mkdir -p $(BENCH)
	@pipelines/bench/peers/install.sh $(BENCH)/venv

bench-packages:
	@pipelines/install-packages.sh $(BENCH_PACKAGES)

# MARK: The experiment
#
# BASE=smollm2|qwen-0.5b|gemma3-270m|mini|DIR, DATASET=FILE (WIKI=FILE), EMBEDDER=DIR, PROFILE=quick|full|tuned|tiny, RUN=DIR,
# THREADS=N and any variable of pipelines/EXPERIMENT/*.mk.

BASE ?=
DATASET ?=
WIKI ?=
WIKI_DETOKENIZE ?= auto
EMBEDDER ?=
PROFILE ?= quick
# Which experiment `make smoke` is about: dolly, ablation, decoding or wiki.
EXPERIMENT ?= dolly
RUN ?= runs/$(EXPERIMENT)-$(PROFILE)$(if $(BASE),-$(notdir $(BASE:/=)))

STAGES = pipelines/lock-run.sh $(RUN) \
    $(MAKE) --no-print-directory -f pipelines/rules.mk EXPERIMENT=$(EXPERIMENT) RUN=$(RUN) \
    PROFILE=$(PROFILE) ASSETS=$(ASSETS)

.PHONY: dolly-experiment dolly-tune dolly-ablation dolly-decoding wiki-experiment
dolly-experiment: ## Run the Dolly experiment: BASE= DATASET= EMBEDDER= PROFILE= RUN=
	+@$(MAKE) --no-print-directory experiment EXPERIMENT=dolly

dolly-tune: ## Search settings on the validation split: TUNE_GRID=FILE TUNE_STEPS=N
	+@$(MAKE) --no-print-directory search EXPERIMENT=dolly PROFILE=tuned

dolly-ablation: ## Compare kinds of negatives, PSS, DPO, ensembles: ENSEMBLE=anr DPO_BASE_URL=
	+@$(MAKE) --no-print-directory experiment EXPERIMENT=ablation

dolly-decoding: ## Compare MLE and CPO under greedy, top-k, top-p and beam decoding
	+@$(MAKE) --no-print-directory experiment EXPERIMENT=decoding

wiki-experiment: ## Train on running text: WIKI=FILE WIKI_DETOKENIZE=auto|yes|no
	+@$(MAKE) --no-print-directory experiment EXPERIMENT=wiki

# The paper's own base models, whose weights BASE=DIR has to hold; hours to days, see
# pipelines/paper/*.mk. One step of each from random weights needs nothing.
ONE_STEP = pipelines/paper/one-step.sh $(BIN)

.PHONY: paper-gpt2-xl paper-openllama-3b paper-step-gpt2-xl paper-step-openllama-3b
paper-gpt2-xl paper-openllama-3b: paper-%: ## Run the paper's experiment with its base model: BASE=DIR
	@[[ -d '$(BASE)' ]] || { echo "$@: BASE=DIR has to hold the weights of $*" >&2; exit 64; }
	+@$(MAKE) --no-print-directory experiment EXPERIMENT=paper PROFILE=$*

paper-step-gpt2-xl: build bench-packages ## Make one step of GPT-2 XL from random weights, show its peak
	@$(ONE_STEP) gpt2-xl 19456

paper-step-openllama-3b: build bench-packages ## Make one step of OpenLlama-3B from random weights
	@$(ONE_STEP) openllama-3b 21600

.PHONY: experiment search smoke inputs experiment-packages fetch-packages
experiment: smoke
	+@$(STAGES) experiment
	@echo && echo "report: $(RUN)/report/report.md and report.html"

search: inputs
	+@$(STAGES) tune

smoke: inputs ## Take a few records through every stage of EXPERIMENT=dolly|ablation|decoding|wiki
	+@$(STAGES) smoke

inputs: build experiment-packages fetch-packages
	@[[ -e pipelines/$(EXPERIMENT)/$(PROFILE).mk ]] || { \
	    echo "PROFILE=$(PROFILE): no such profile of the experiment $(EXPERIMENT)" >&2; exit 64; }
	@pipelines/resolve-inputs.sh $(EXPERIMENT) $(RUN) $(ASSETS) '$(BASE)' \
	    '$(if $(filter wiki,$(EXPERIMENT)),$(WIKI),$(DATASET))' '$(EMBEDDER)' \
	    '$(WIKI_DETOKENIZE)'

experiment-packages:
	@pipelines/install-packages.sh $(EXPERIMENT_PACKAGES)

# Only for downloads, and every download has a fallback.
fetch-packages:
	@pipelines/install-packages.sh --optional $(FETCH_PACKAGES)

# MARK: Installing

.PHONY: man completions install
man: build ## Make the man pages in .build/man
	$(SWIFT) package $(SWIFT_FLAGS) generate-manual
	@rm -rf .build/man && mkdir -p .build/man
	@for tool in $(TOOLS); do \
	    install -m 644 .build/plugins/GenerateManual/outputs/$$tool/$$tool.1 .build/man/; done

completions: build ## Make the shell completions in .build/completions
	@for shell in $(SHELLS); do \
	    mkdir -p .build/completions/$$shell; \
	    for tool in $(TOOLS); do \
	        $(BIN)/$$tool --generate-completion-script $$shell >.build/completions/$$shell/$$tool; \
	    done; done

install: build man completions ## Install tools, man pages and completions under PREFIX
	@to='$(DESTDIR)$(PREFIX)'; \
	install -d "$$to"/bin "$$to"/share/man/man1 "$$to"/share/bash-completion/completions \
	    "$$to"/share/zsh/site-functions "$$to"/share/fish/vendor_completions.d; \
	for tool in $(TOOLS); do \
	    install -s -m 755 $(BIN)/$$tool "$$to"/bin/; \
	    install -m 644 .build/man/$$tool.1 "$$to"/share/man/man1/; \
	    install -m 644 .build/completions/bash/$$tool "$$to"/share/bash-completion/completions/; \
	    install -m 644 .build/completions/zsh/$$tool "$$to"/share/zsh/site-functions/_$$tool; \
	    install -m 644 .build/completions/fish/$$tool \
	        "$$to"/share/fish/vendor_completions.d/$$tool.fish; \
	done; \
	echo "installed under $$to"

# MARK: Cleaning

.PHONY: clean distclean
clean: ## Remove what was built
	rm -rf .build

distclean: clean ## Remove what was built, downloaded and run
	rm -rf runs .swiftpm Package.resolved
