# openllama-3b: OpenLlama-3B, 26 layers of width 3200, 3.43 G parameters (openllama-3b.json).
#
# What it costs, by estimate (see gpt2-xl.mk; 45 GFLOP a row):
#
#   reference       1000 steps of 4, 0.6 M rows,  27 PFLOP     31 h
#   PSS, MLE         200 steps of 2, 0.1 M rows,   3 PFLOP      3 h each (PSS 1 h more for its passes)
#   CPO, DPO         200 steps of 2, 0.2 M rows,   9 PFLOP     10 h for each system (DPO half)
#
# Memory: plan compact, weights and moments in bfloat16 19.2 GiB, a block's floats and gradients
# 0.9 GiB, the head's gradient 0.4 GiB, and 0.5 to 2 GiB for the rows of a step. Hence the small batches.
# One step of 256 rows peaked at 19.9 GiB (estimate 21.0) and took 95 s; one of 4 records of 150 tokens
# 20.2 GiB (21.5) and 109 s, 248 GFLOP/s, the rate that the hours above are reckoned with
# (`pipelines/paper/one-step.sh .build/release openllama-3b 22528 4 150`).

include pipelines/paper/defaults.mk

MEMORY_BUDGET := 23GiB
MLE_BATCH := 4
CPO_BATCH := 2
ALPHAS := 0.5 0.7 0.9
