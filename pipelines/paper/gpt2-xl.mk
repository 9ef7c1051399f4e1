# gpt2-xl: GPT-2 XL, 48 layers of width 1600, 1.56 G parameters (gpt2-xl.json).
#
# What it costs, by estimate. A row (a token that is computed, shared prompts once) takes 2 operations
# a parameter forward, 4 backward, 1.6 to recompute; with clipping the last two come twice: 13.2 a
# parameter, 20.6 GFLOP. With 150 rows a record of MLE and 510 a prompt of CPO:
#
#   reference       1000 steps of 16, 2.4 M rows,  49 PFLOP     41 h
#   PSS, MLE         200 steps of  8, 0.2 M rows,   5 PFLOP      4 h each (PSS 1 h more for its passes)
#   CPO, DPO         200 steps of  8, 0.8 M rows,  17 PFLOP     14 h for each system (DPO half)
#
# at 334 GFLOP/s, the rate of one step of 16 records of 150 tokens on two cores with AVX512-BF16: 148 s,
# peak 18.6 GiB (`pipelines/paper/one-step.sh .build/release gpt2-xl 22528 16 150`).
# Generation and judging come on top. Memory: plan layerwise, fp32 weights and moments 17.4 GiB, the
# embedding's and a block's gradients 0.4 GiB, and 0.5 to 4 GiB for the rows of a step. One step of
# 256 rows peaked at 17.7 GiB (estimate 18.3) and took 38 s.

include pipelines/paper/defaults.mk

MEMORY_BUDGET := 22GiB
MLE_BATCH := 16
CPO_BATCH := 8
ALPHAS := 0.5 0.7 0.9
