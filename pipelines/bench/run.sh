#!/usr/bin/env bash
# run.sh BIN ASSETS OUT [WORK...]
#
# Measures the built tools on works/*.sh, or on those named, beside whatever peers the Python of the
# environment has, and writes OUT/bench.json, which `report OUT -o DIR` draws. Every work validates
# results before it times anything. Variables:
#   DATASET       JSONL in Dolly's schema, plain or zstd (data/mini-dolly.jsonl.zst)
#   RUNS          rounds of every work (3)
#   THREADS       threads of each side (all processors)
#   BENCH_PYTHON  a Python that has the peers (OUT/venv, else python3)
# Exit status 1 when a work failed or its results were wrong.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
BENCH_BIN=$(realpath "$1") assets=$2 out=$3
shift 3
all=(start-up tokenizing mauve embedding sampling greedy mle cpo long-prompts gpt2 size)
works=("$@")
[[ ${#works[@]} -gt 0 ]] || works=("${all[@]}")
for work in "${works[@]}"; do
    [[ -x $here/works/$work.sh ]] || {
        echo "bench: no such work '$work' (expected some of: ${all[*]})" >&2
        exit 64
    }
done

mkdir -p "$out"
out=$(realpath "$out")
BENCH_DATASET=$(realpath "${DATASET:-data/mini-dolly.jsonl.zst}")
BENCH_RUNS=${RUNS:-3} BENCH_THREADS=${THREADS:-$(nproc)}
if [[ -n ${BENCH_PYTHON:-} ]]; then
    BENCH_PYTHON=$(command -v "$BENCH_PYTHON")
elif [[ -x $out/venv/bin/python ]]; then
    BENCH_PYTHON=$out/venv/bin/python
else
    BENCH_PYTHON=$(command -v python3 || true)
fi
BENCH_SCRATCH=$(mktemp -d "$out/run.XXXXXX.tmp")
trap 'rm -rf "$BENCH_SCRATCH"' EXIT
mkdir "$BENCH_SCRATCH/results"
rm -f "$out/bench.json"
export BENCH_BIN BENCH_DATASET BENCH_RUNS BENCH_THREADS BENCH_PYTHON BENCH_SCRATCH

environment=$("$here/../test-environment.sh" "$assets" "$BENCH_BIN")
eval "$environment"
"$here/describe.sh" >"$BENCH_SCRATCH/description.json"
jq -r '"\(.machine.cpu), \(.threads) threads, \(.dataset.name)\npeers: \(.versions | to_entries
    | map("\(.key) \(.value)") | join(", "))"' "$BENCH_SCRATCH/description.json"

failed=()
for work in "${works[@]}"; do
    started=$SECONDS
    "$here/works/$work.sh" || failed+=("$work")
    echo "  $work: $((SECONDS - started)) s"
    # After every work, so that what was measured is there when a later one is interrupted.
    results=("$BENCH_SCRATCH"/results/*.json)
    [[ -e ${results[0]} ]] || continue
    cat "${results[@]}" | jq -s --slurpfile description "$BENCH_SCRATCH/description.json" \
        -f "$here/bench.jq" --args "${failed[@]}" >"$out/bench.json.tmp"
    mv "$out/bench.json.tmp" "$out/bench.json"
done

if [[ ${#failed[@]} -gt 0 ]]; then
    echo "bench: failed: ${failed[*]}" >&2
    exit 1
fi
