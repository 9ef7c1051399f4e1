#!/usr/bin/env bash
# tune.sh RUN BIN EMBEDDER GRID THREADS GENERATE_FLAG... -- TRAINING_FLAG...
#
# Tries the settings of GRID on the validation split of an experiment whose reference, negatives and
# scores stand in RUN, and prints how near the greedy outputs of each come to the ground truth. The
# held-out split is not read. A line of GRID is
#   NAME mle|cpo NEGATIVES FLAG...
# (NEGATIVES: how many of a record's are used; 0: all). The first line of kind mle is what the others
# are compared with. What has been tried already is not tried again; RUN/tune/results.jsonl has it all.
set -euo pipefail

run=$1 bin=$2 embedder=$3 grid=$4 threads=$5
shift 5
generating=()
while [[ $1 != -- ]]; do
    generating+=("$1")
    shift
done
shift
shared=("$@")
tune=$run/tune
baseline=
mkdir -p "$tune"

# The first NEGATIVES negatives of each record, and what was said of them.
with_negatives() {
    zstd -dcq "$run/scored/cpo.jsonl.zst" | jq -c --argjson n "$1" 'if $n == 0 then . else
        .negatives |= .[:$n] | .ranking |= map(select(. <= $n)) | .reference.negatives |= .[:$n] end'
}

# usage: try_out NAME KIND NEGATIVES FLAG...
try_out() {
    local name=$1 kind=$2 negatives=$3
    local directory=$tune/$name
    shift 3
    [[ -e $directory/result.json ]] && return
    mkdir -p "$directory"
    local training=(--threads "$threads" --no-training-state --out "$directory/model"
        --model "$run/models/reference" --metrics "$directory/metrics.jsonl" "${shared[@]}" "$@")
    rm -rf "$directory/model"
    if [[ $kind == mle ]]; then
        "$bin/pretrain-mle" "${training[@]}" "$run/tokens/preference.jsonl.zst"
    else
        with_negatives "$negatives" | "$bin/train-cpo" --ranking "${training[@]}"
    fi 2>"$directory/log" || { cat "$directory/log" >&2; return 1; }
    "$bin/generate" --seed 0 --threads "$threads" "${generating[@]}" \
        --model "$directory/model" -o "$directory/outputs.jsonl.zst" \
        "$run/tokens/validation.jsonl.zst" 2>>"$directory/log"
    rm -rf "$directory/model"
    zstd -dcq "$directory/outputs.jsonl.zst" |
        jq -c '{id, response, negatives: [{kind: "given", text: (.output | if test("\\S") then . else "-" end)}]}' |
        "$bin/rank-by-embedding" --threads "$threads" --embedder "$embedder" --plain 2>>"$directory/log" |
        jq -c '{id, similarity: .negatives[0].similarity}' >"$directory/similarity.jsonl"
    local against=${baseline:-$name}
    paste "$directory/similarity.jsonl" "$tune/$against/similarity.jsonl" |
        jq -sc --arg name "$name" --arg against "$against" --arg flags "$kind negatives=$negatives $*" \
            --slurpfile steps "$directory/metrics.jsonl" '
            def mean: add / length;
            [range(0; length; 2) as $i | [.[$i].similarity, .[$i + 1].similarity]] as $pairs
            | ($pairs | map(.[0] - .[1])) as $differences
            | ($differences | mean) as $mean
            | {name: $name, flags: $flags, against: $against, n: ($pairs | length),
               similarity: ($pairs | map(.[0]) | mean), difference: $mean,
               half_interval: (1.96 * (($differences | map(. - $mean | . * .) | mean)
                   / ($pairs | length) | sqrt)),
               win_rate: ($differences | map(if . > 0 then 1 elif . == 0 then 0.5 else 0 end) | mean),
               reward_accuracy: ($steps[-10:] | map(.reward_accuracy // empty)
                   | if length > 0 then mean else null end),
               loss: ($steps[-10:] | map(.loss) | mean)}' >"$directory/result.json"
}

printf '%-22s %10s  %-18s %8s %9s %7s\n' setting similarity difference 'win rate' accuracy loss
while read -r name kind negatives flags; do
    [[ -n $name && $name != \#* ]] || continue
    # shellcheck disable=SC2086 # flags are words
    try_out "$name" "$kind" "$negatives" $flags </dev/null
    [[ -n $baseline || $kind != mle ]] || baseline=$name
    jq -r '[.name, .similarity, .difference, .half_interval, .win_rate, .reward_accuracy // "-", .loss]
        | @tsv' "$tune/$name/result.json" |
        awk -F '\t' '{ printf "%-22s %10.4f  %+.4f ± %.4f   %8.3f %9s %7.3f\n", $1, $2, $3, $4, $5,
            ($6 == "-" ? "-" : sprintf("%.3f", $6)), $7 }'
done <"$grid"
cat "$tune"/*/result.json >"$tune/results.jsonl"
