# gpt2-xl: GPT-2 XL, 48 layers of width 1600, 1.56 G parameters (gpt2-xl.json).
#
# What it costs, by estimate. A row (a token that is computed, shared prompts once) takes 2 operations
# a parameter forward, 4 backward, 1.6 to recompute; with clipping the last two come twice: 13.2 a
# parameter, 20.6 GFLOP. With 150 rows a record of MLE and 510 a prompt of CPO, batches of 16:
#
#   reference       1000 steps, 2.4 M rows,  49 PFLOP     56 h
#   PSS, MLE         200 steps, 0.5 M rows,  10 PFLOP     11 h each (PSS 4 h more for its passes)
#   CPO              200 steps, 1.6 M rows,  34 PFLOP     38 h for each set of negatives
#
# at 245 GFLOP/s: 57 % of the 430 GFLOP/s that two cores with AVX512-BF16 reach in CPO's products.
# Generation and judging come on top. Memory: plan layerwise, fp32 weights and moments, 17.4 GiB, and
# what rows need, about 1 GiB; at 16 prompts of CPO 3 GiB more, for which it takes 22 GiB.

include pipelines/paper/defaults.mk

MEMORY_BUDGET := 22GiB
ALPHAS := 0.5 0.7 0.9
