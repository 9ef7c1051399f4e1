#!/usr/bin/env bash
# Usage: fuzz.sh SECONDS [TARGET...]    fuzzes each target (all of them) for SECONDS of CPU time
#        fuzz.sh minimize [TARGET...]   leaves in the repository's corpora only what adds coverage
#
# Builds the targets of Tests/FuzzTargets with libFuzzer and AddressSanitizer in .build-fuzz. Corpora begin
# with those of the repository and grow in runs/fuzz/TARGET/corpus; what is found is in
# runs/fuzz/TARGET/found, results in runs/fuzz/results.jsonl. Ends with status 1 if anything was found.
#
# JOBS=N     fuzzes N targets at a time
# FUZZ=FILE  a fuzzer that is built already
set -euo pipefail
cd "$(dirname "$0")/../.."

# More than this many finds of one target are likely to be the same over and over.
MOST_FINDS=3
# No input takes longer, even on a machine that has much else to do. Inputs stay below LENGTH; all that may be held is 64 MiB and ten times the
# input, which the targets check themselves. The process holds corpus and coverage besides.
SECONDS_PER_INPUT=20
LENGTH=16384
MEGABYTES=3072

RUNS=runs/fuzz
CORPORA=Tests/FuzzTests/Corpus
PACK=.build/release/fuzz-corpus

# prepare TARGET: the repository's inputs join the corpus.
prepare() {
    local target=$1 file
    mkdir -p "$RUNS/$target/corpus" "$RUNS/$target/found"
    for file in "$CORPORA/$target.jsonl.zst" "$CORPORA/found/$target.jsonl"; do
        if [[ -e $file ]]; then "$PACK" unpack "$file" "$RUNS/$target/corpus"; fi
    done
}

# run_fuzzer TARGET ARGUMENT...
run_fuzzer() {
    local target=$1
    shift
    CPO_FUZZ_TARGET=$target TMPDIR=$scratch SWIFT_BACKTRACE=enable=no \
        ASAN_OPTIONS=detect_leaks=0:malloc_context_size=8:quarantine_size_mb=16 \
        "$FUZZ" -timeout="$SECONDS_PER_INPUT" -rss_limit_mb="$MEGABYTES" -malloc_limit_mb=0 \
        -max_len="$LENGTH" "$@"
}

# fuzz TARGET SECONDS
fuzz() {
    local target=$1 seconds=$2 directory=$RUNS/$1 cpu=0 executions=0 before=-1 finds more began
    prepare "$target"
    began=$(date +%s)
    : >"$directory/log"
    # What earlier calls found is not counted.
    touch "$directory/log.start"
    # The fuzzer counts seconds of the clock, and ends when it finds something.
    while
        finds=$(find "$directory/found" -type f -newer "$directory/log.start" 2>/dev/null | wc -l)
        more=$(awk -v a="$seconds" -v b="$cpu" 'BEGIN { print int(a - b + 0.5) }')
        ((more > 0 && finds < MOST_FINDS && $(date +%s) < began + 6 * seconds + 60))
    do
        # One that ran nothing, and found nothing, would do so for ever.
        ((executions > before || finds > 0)) || break
        before=$executions
        local dictionary=()
        [[ ! -e Tests/Fuzz/Dictionaries/$target.dict ]] ||
            dictionary=(-dict="Tests/Fuzz/Dictionaries/$target.dict")
        {
            TIMEFORMAT='cpu-seconds: %U %S'
            time run_fuzzer "$target" "${dictionary[@]}" -max_total_time="$more" \
                -print_final_stats=1 -print_funcs=0 -artifact_prefix="$directory/found/" \
                -reload=0 "$directory/corpus" || true
        } >"$directory/log.part" 2>&1
        cat "$directory/log.part" >>"$directory/log"
        read -r cpu executions < <(awk '
            /^cpu-seconds:/ { cpu += $2 + $3 }
            /^stat::number_of_executed_units:/ { executions += $2 }
            END { printf "%.1f %d\n", cpu, executions }' "$directory/log")
    done
    jq -nc --arg target "$target" --argjson executions "$executions" --argjson cpu "$cpu" \
        --argjson corpus "$(find "$directory/corpus" -type f | wc -l)" \
        --arg coverage "0$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$directory/log" | tail -n 1)" \
        --arg finds "$finds" --arg date "$(date -u +%Y-%m-%dT%H:%M:%SZ)" \
        '{target: $target, date: $date, executions: $executions, cpu_seconds: $cpu,
          per_second: ($executions / ([$cpu, 0.1] | max) | round), corpus: $corpus,
          coverage: ($coverage | tonumber), found: ($finds | tonumber)}' |
        tee -a "$RUNS/results.jsonl" >"$directory/result.json"
    row "$(cat "$directory/result.json")"
}

row() {
    jq -r '[.target, .executions, .per_second, (.cpu_seconds / 60 * 10 | round / 10), .corpus,
            .coverage, .found] | @tsv' <<<"$1" |
        awk -F '\t' '{ printf "%-18s %12d %8d %8.1f %7d %9d %6d\n", $1, $2, $3, $4, $5, $6, $7 }'
}

# minimize TARGET
minimize() {
    local target=$1 directory=$RUNS/$1
    prepare "$target"
    rm -rf "$directory/minimal"
    mkdir "$directory/minimal"
    run_fuzzer "$target" -merge=1 "$directory/minimal" "$directory/corpus" >"$directory/log.merge" 2>&1
    "$PACK" pack "$directory/minimal" "$CORPORA/$target.jsonl.zst"
    echo "$target: $(find "$directory/minimal" -type f | wc -l) inputs," \
        "$(stat -c %s "$CORPORA/$target.jsonl.zst") bytes"
}

[[ $# -gt 0 && $1 =~ ^([1-9][0-9]*|minimize)$ ]] || {
    sed -n '2,4s/^# //p' "$0" >&2
    exit 64
}
mode=$1
shift
command -v jq >/dev/null || { echo 'fuzz.sh: needs jq' >&2; exit 69; }
# The fuzzer's objects are made otherwise than those of the tools.
if [[ -z ${FUZZ-} ]]; then
    FUZZ=.build-fuzz/release/fuzz
    CPO_FUZZ=1 swift build -c release --scratch-path .build-fuzz --product fuzz
    swift build -c release --product fuzz-corpus
fi
if [[ $# -gt 0 ]]; then targets=("$@"); else mapfile -t targets < <("$PACK" list); fi
mkdir -p "$RUNS"
scratch=$(mktemp -d -p "$([[ -w /dev/shm ]] && echo /dev/shm || echo /tmp)" fuzz.XXXXXX)
trap 'rm -rf "$scratch"' EXIT

if [[ $mode == minimize ]]; then
    for target in "${targets[@]}"; do minimize "$target"; done
    exit
fi
printf '%-18s %12s %8s %8s %7s %9s %6s\n' target executions 1/s CPU-min corpus coverage found
for target in "${targets[@]}"; do
    while (($(jobs -rp | wc -l) >= ${JOBS:-1})); do wait -n; done
    fuzz "$target" "$mode" &
done
wait
found=0
for target in "${targets[@]}"; do
    found=$((found + $(jq .found "$RUNS/$target/result.json")))
    if (($(jq .executions "$RUNS/$target/result.json") == 0)); then
        echo "$target: the fuzzer ran no input, see $RUNS/$target/log" >&2
        found=$((found + 1))
    fi
done
if ((found > 0)); then
    echo "found: $found, see $RUNS/*/found and $RUNS/*/log" >&2
    exit 1
fi
