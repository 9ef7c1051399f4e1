# What the smoke profiles of all experiments share: little of everything. `override`, because what is
# given on make's command line is meant for the experiment.

override TRAIN_RECORDS := 8
override PREFERENCE_RECORDS := 8
override VALIDATION_RECORDS := 8
override HELDOUT_RECORDS := 8

override MAX_PROMPT_TOKENS := 64
override MAX_RESPONSE_TOKENS := 16
override NEGATIVE_TOKENS := 8
override OUTPUT_TOKENS := 8
override ALPHAS := 0.5
override BASE_STEPS := 2

override MLE_STEPS := 2
override MLE_BATCH := 4
override MLE_LEARNING_RATE := 1e-5
override MLE_WARMUP_STEPS := 0
override EVAL_EVERY := 2

override SAVE_EVERY :=
override RESUMABLE :=

override CPO_STEPS := 2
override CPO_BATCH := 4
override CPO_LEARNING_RATE := 1e-5
override CPO_WARMUP_STEPS := 0
