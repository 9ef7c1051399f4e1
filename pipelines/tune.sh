#!/usr/bin/env bash
# tune.sh RUN BIN EMBEDDER GRID THREADS GENERATE_FLAG... -- TRAINING_FLAG...
#
# Tries the settings of GRID on the validation split of an experiment whose reference, negatives and
# scores stand in RUN, and prints how near the greedy outputs of each come to the ground truth. The
# held-out split is not read. A line of GRID is
#   NAME mle|cpo NEGATIVES FLAG...
# (NEGATIVES: how many of a record's are used; 0: all). The first line of kind mle is what the others
# are compared with. A setting is tried again only when its flags, its inputs or the tools have changed.
# RUN/tune/results.jsonl has it all.
set -euo pipefail

here=$(dirname "$0")
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
mkdir -p "$tune"

# usage: is_newer FILE PREREQUISITE...
is_newer() {
    local file=$1 prerequisite
    shift
    for prerequisite in "$@"; do
        [[ $file -nt $prerequisite ]] || return 1
    done
}

# The records that CPO learns from, with the first NEGATIVES negatives of each and what was said of them,
# without the hashes, which are of all of them.
with_negatives() {
    if (($1 == 0)); then
        cat "$run/scored/cpo.jsonl.zst"
    else
        zstd -dcq "$run/scored/cpo.jsonl.zst" | jq -c --argjson n "$1" '.negatives |= .[:$n]
            | .ranking |= map(select(. <= $n)) | .reference.negatives |= .[:$n]
            | del(.ranking_candidates, .reference.candidates)'
    fi
}

# usage: logged NAME COMMAND...: its messages go to the setting's log, which is shown if it fails
logged() {
    local log=$tune/$1/log
    shift
    "$@" 2>>"$log" || { cat "$log" >&2; return 1; }
}

# usage: try_out NAME KIND NEGATIVES FLAG...
try_out() {
    local name=$1 kind=$2 negatives=$3
    local directory=$tune/$name trainer=pretrain-mle records=$run/tokens/preference.jsonl.zst
    shift 3
    if [[ $kind == cpo ]]; then
        trainer=train-cpo records=$run/scored/cpo.jsonl.zst
    fi
    mkdir -p "$directory"
    "$here/stamp.sh" "$directory/stamp" \
        "$kind $negatives ${shared[*]} $* -- ${generating[*]}" "$bin/$trainer" "$bin/generate"
    is_newer "$directory/outputs.jsonl.zst" "$directory/stamp" "$records" \
        "$run/models/reference.complete" "$run/tokens/validation.jsonl.zst" && return

    local training=(--threads "$threads" --no-training-state --out "$directory/model"
        --model "$run/models/reference" --metrics "$directory/metrics.jsonl" "${shared[@]}" "$@")
    rm -rf "$directory/model" "$directory/log"
    if [[ $kind == mle ]]; then
        logged "$name" "$bin/pretrain-mle" "${training[@]}" "$records"
    else
        with_negatives "$negatives" |
            logged "$name" "$bin/train-cpo" --ranking "${training[@]}"
    fi
    logged "$name" "$bin/generate" --seed 0 --threads "$threads" "${generating[@]}" \
        --model "$directory/model" -o "$directory/outputs.jsonl.zst" \
        "$run/tokens/validation.jsonl.zst"
    rm -rf "$directory/model"
}

# usage: judge NAME LABEL FLAG...: writes LABEL.json, LABEL.jsonl.zst
judge() {
    local name=$1 summary=$tune/$1/$2.json verdicts=$tune/$1/$2.jsonl.zst
    shift 2
    logged "$name" "$bin/judge" --judge embedding --seed 0 --threads "$threads" --model "$embedder" \
        --a "$tune/$name/outputs.jsonl.zst" "$@" --summary "$summary" -o "$verdicts"
}

# usage: compare NAME BASELINE FLAGS: writes against-BASELINE.json
compare() {
    local directory=$tune/$1 result=$tune/$1/against-$2.json
    is_newer "$result" "$directory/outputs.jsonl.zst" "$tune/$2/outputs.jsonl.zst" \
        "$bin/judge" "$embedder/config.json" "$0" && return
    judge "$1" truth
    judge "$1" baseline --b "$tune/$2/outputs.jsonl.zst"
    zstd -dcq "$directory/baseline.jsonl.zst" |
        jq -sc --arg name "$1" --arg against "$2" --arg flags "$3" \
            --slurpfile truth "$directory/truth.json" --slurpfile direct "$directory/baseline.json" \
            --slurpfile outputs <(zstd -dcq "$directory/outputs.jsonl.zst" | jq -c .finish) \
            --slurpfile steps "$directory/metrics.jsonl" '
            def mean: add / length;
            map(.a_value - .b_value) as $differences | ($differences | mean) as $mean
            | {name: $name, flags: $flags, against: $against, n: length,
               similarity: (map(.a_value) | mean), difference: $mean,
               half_interval: (1.96 * (($differences | map(. - $mean | . * .) | mean) / length | sqrt)),
               win_rate_truth: $truth[0].win_rate, win_rate_baseline: $direct[0].win_rate,
               mean_tokens: $direct[0].mean_length_a,
               cut: ($outputs | map(if . == "length" then 1 else 0 end) | mean),
               loss: ($steps[-10:] | map(.loss) | mean)}' >"$result"
}

printf '%-20s %10s  %-17s %8s %11s %6s %5s %6s\n' \
    setting similarity difference 'vs truth' 'vs baseline' tokens cut loss
baseline=
results=()
while read -r name kind negatives flags; do
    [[ -n $name && $name != \#* ]] || continue
    [[ -n $baseline || $kind != mle ]] || baseline=$name
    # shellcheck disable=SC2086 # flags are words
    try_out "$name" "$kind" "$negatives" $flags </dev/null
    against=${baseline:-$name}
    compare "$name" "$against" "$kind negatives=$negatives $flags" </dev/null
    results+=("$tune/$name/against-$against.json")
    jq -r '[.name, .similarity, .difference, .half_interval, .win_rate_truth, .win_rate_baseline,
        .mean_tokens, 100 * .cut, .loss] | @tsv' "${results[-1]}" |
        awk -F '\t' '{ printf "%-20s %10.4f  %+.4f ± %.4f  %8.3f %11.3f %6.1f %4.0f%% %6.3f\n",
            $1, $2, $3, $4, $5, $6, $7, $8, $9 }'
done <"$grid"
cat "${results[@]}" >"$tune/results.jsonl"
