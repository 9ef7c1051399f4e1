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

# The records that CPO learns from, with the first NEGATIVES negatives of each and what was said of them.
with_negatives() {
    if (($1 == 0)); then
        cat "$run/scored/cpo.jsonl.zst"
    else
        zstd -dcq "$run/scored/cpo.jsonl.zst" | jq -c --argjson n "$1" '.negatives |= .[:$n]
            | .ranking |= map(select(. <= $n)) | .reference.negatives |= .[:$n]'
    fi
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
        "$run/models/reference/.complete" "$run/tokens/validation.jsonl.zst" && return

    local training=(--threads "$threads" --no-training-state --out "$directory/model"
        --model "$run/models/reference" --metrics "$directory/metrics.jsonl" "${shared[@]}" "$@")
    rm -rf "$directory/model"
    if [[ $kind == mle ]]; then
        "$bin/pretrain-mle" "${training[@]}" "$records"
    else
        with_negatives "$negatives" | "$bin/train-cpo" --ranking "${training[@]}"
    fi 2>"$directory/log" || { cat "$directory/log" >&2; return 1; }
    "$bin/generate" --seed 0 --threads "$threads" "${generating[@]}" \
        --model "$directory/model" -o "$directory/outputs.jsonl.zst" \
        "$run/tokens/validation.jsonl.zst" 2>>"$directory/log" ||
        { cat "$directory/log" >&2; return 1; }
    rm -rf "$directory/model"
}

# usage: judge NAME LABEL FLAG...: writes LABEL.json, LABEL.jsonl.zst
judge() {
    local name=$1 summary=$tune/$1/$2.json verdicts=$tune/$1/$2.jsonl.zst
    shift 2
    "$bin/judge" --judge embedding --seed 0 --threads "$threads" --model "$embedder" \
        --a "$tune/$name/outputs.jsonl.zst" "$@" --summary "$summary" -o "$verdicts" \
        2>>"$tune/$name/log" || { cat "$tune/$name/log" >&2; return 1; }
}

# usage: compare NAME BASELINE FLAGS
compare() {
    local directory=$tune/$1
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
               loss: ($steps[-10:] | map(.loss) | mean)}' >"$directory/result.json"
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
    compare "$name" "${baseline:-$name}" "$kind negatives=$negatives $flags" </dev/null
    results+=("$tune/$name/result.json")
    jq -r '[.name, .similarity, .difference, .half_interval, .win_rate_truth, .win_rate_baseline,
        .mean_tokens, 100 * .cut, .loss] | @tsv' "${results[-1]}" |
        awk -F '\t' '{ printf "%-20s %10.4f  %+.4f ± %.4f  %8.3f %11.3f %6.1f %4.0f%% %6.3f\n",
            $1, $2, $3, $4, $5, $6, $7, $8, $9 }'
done <"$grid"
cat "${results[@]}" >"$tune/results.jsonl"
