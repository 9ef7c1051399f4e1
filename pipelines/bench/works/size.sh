#!/usr/bin/env bash
# What a CPO step costs against the number of candidates, the prompt's length, the batch and the
# size of the model: small random Llamas, median of the steps, one thing varied at a time.
# shellcheck source=pipelines/bench/training.sh
source "$(dirname "$0")/../training.sh"

vocabulary=4096 layers=4 response=64
printf '\ncost of a CPO step against size\n'

# A random model of this width; prints its directory.
model_of_width() {
    local directory=$scratch/width-$1
    if [[ ! -e $directory ]]; then
        jq --argjson width "$1" --argjson vocabulary "$vocabulary" --argjson layers "$layers" '
            .vocab_size = $vocabulary | .hidden_size = $width | .intermediate_size = 3 * $width
            | .num_hidden_layers = $layers | .num_attention_heads = $width / 32
            | .num_key_value_heads = $width / 32 | .max_position_embeddings = 4096' \
            "$bench/../dolly/mini-llama.json" >"$scratch/config.json"
        echo '{"id": "0", "prompt_ids": [1], "response_ids": [2]}' |
            tool pretrain-mle --init "$scratch/config.json" --steps 0 --no-training-state \
                --out "$directory" -
    fi
    echo "$directory"
}

# The median seconds of a step, the first left out.
# usage: step_seconds CANDIDATES PROMPT BATCH WIDTH
step_seconds() {
    local directory
    directory=$(model_of_width "$4")
    jq -cn --argjson k "$1" --argjson prompt "$2" --argjson batch "$3" --argjson length "$response" \
        --argjson vocabulary "$vocabulary" '
        def ids($seed; $count): [range($count) | ($seed * 7919 + . * 104729 + . * . * 31) % $vocabulary];
        range($batch) as $i
        | {id: "\($i)", prompt_ids: ids($i; $prompt), response_ids: ids($i + 0.5 | . * 1000; $length),
           negatives: [range($k - 1) | {kind: "given", ids: ids($i * 100 + .; $length)}]}' \
        >"$scratch/batch.jsonl"
    train train-cpo $((2 * runs + 1)) "$3" "$scratch/batch.jsonl" --model "$directory" >/dev/null
    jq -s '.[1:] | map(.seconds) | sort | .[(length - 1) / 2 | floor]' "$scratch/metrics.jsonl"
}

# Weights of a model: what its step should cost in proportion to.
weights() {
    echo $(($1 * vocabulary + layers * 13 * $1 * $1))
}

# usage: series NAME X_LABEL (X CANDIDATES PROMPT BATCH WIDTH)...
series() {
    local name=$1 label=$2
    shift 2
    while [[ $# -gt 0 ]]; do
        jq -cn --argjson x "$1" --argjson seconds "$(step_seconds "${@:2:4}")" \
            '{x: $x, seconds: $seconds}'
        shift 5
    done | jq -s --arg name "$name" --arg unit "$label" -f "$bench/fit.jq" >>"$scratch/series"
    jq -rs 'last | "  \(.name): "
        + (.points | map("\(.x): \(.seconds * 1000 | round) ms") | join(", "))
        + "; line \(.slope * 1e3 | . * 1e6 | round / 1e6) ms each, R² \(.r_squared * 1000 | round / 1000)"' \
        "$scratch/series"
}

series 'candidates' 'candidates of a prompt' \
    2 2 64 4 256 4 4 64 4 256 8 8 64 4 256 16 16 64 4 256
series 'prompt length' 'tokens of a prompt' \
    32 4 32 4 256 128 4 128 4 256 512 4 512 4 256 1024 4 1024 4 256
series 'batch size' 'prompts of a step' \
    2 4 64 2 256 4 4 64 4 256 8 4 64 8 256 16 4 64 16 256
widths=()
for width in 128 256 512 768; do
    widths+=("$(weights "$width" | awk '{ print $1 / 1e6 }')" 4 64 4 "$width")
done
series 'model size' 'millions of weights' "${widths[@]}"
jq -s '{scaling: .}' "$scratch/series" >"$scratch/result.json"
mv "$scratch/result.json" "$BENCH_SCRATCH/results/$(date +%s%N)-size.json"
