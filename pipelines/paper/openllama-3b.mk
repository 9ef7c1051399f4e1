# openllama-3b: OpenLlama-3B, 26 layers of width 3200, 3.43 G parameters (openllama-3b.json).
#
# What it costs, by estimate (see gpt2-xl.mk; 45 GFLOP a row):
#
#   reference       1000 steps, 2.4 M rows, 108 PFLOP    123 h
#   PSS, MLE         200 steps, 0.5 M rows,  22 PFLOP     25 h each (PSS 8 h more for its passes)
#   CPO              200 steps, 1.6 M rows,  74 PFLOP     84 h for each set of negatives
#
# Memory: plan compact, weights and moments in bfloat16, 19.2 GiB, a block's floats and gradients
# 0.9 GiB, the head's gradient 0.4 GiB, and what rows need. Batches of 8 keep that below 23 GiB.

include pipelines/paper/defaults.mk

MEMORY_BUDGET := 23GiB
MLE_BATCH := 8
CPO_BATCH := 4
ALPHAS := 0.5 0.7 0.9
