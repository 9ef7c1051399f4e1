#!/usr/bin/env bash
# describe.sh
#
# Prints what the numbers depend on, as one JSON object: machine, versions, data set, date.
set -euo pipefail

peers='{}'
if [[ -n $BENCH_PYTHON ]]; then
    peers=$("$BENCH_PYTHON" - <<'PYTHON' 2>/dev/null || echo '{}'
import json, platform
from importlib import metadata

names = ["torch", "transformers", "tokenizers", "sentence-transformers", "xllamacpp", "mauve-text"]
found = {"Python": platform.python_version()}
for name in names:
    try:
        found[name] = metadata.version(name)
    except metadata.PackageNotFoundError:
        pass
print(json.dumps(found))
PYTHON
    )
fi
hash=$(sha256sum "$BENCH_DATASET")

jq -n \
    --arg date "$(date -u +%Y-%m-%dT%H:%M:%SZ)" \
    --arg cpu "$(awk -F': ' '/^model name/ { print $2; exit }' /proc/cpuinfo)" \
    --argjson cores "$(nproc)" \
    --argjson memory "$(awk '/^MemTotal/ { printf "%.1f", $2 / 1048576 }' /proc/meminfo)" \
    --argjson threads "$BENCH_THREADS" --argjson runs "$BENCH_RUNS" \
    --arg dataset "${BENCH_DATASET##*/}" --arg sha256 "${hash%% *}" \
    --arg tools "$("$BENCH_BIN/train-cpo" --version | sed 's/.*(cpo-tools \(.*\))$/\1/')" \
    --arg commit "$(git describe --always --dirty 2>/dev/null || true)" \
    --argjson peers "$peers" '
    {date: $date, machine: {cpu: $cpu, cores: $cores, memory_gib: $memory},
     threads: $threads, rounds: $runs, dataset: {name: $dataset, sha256: $sha256},
     versions: ({"cpo-tools": ($tools + (if $commit == "" then "" else " (\($commit))" end))} + $peers)}'
