#!/usr/bin/env bash
# one-step.sh BIN NAME MEBIBYTES [RECORDS [TOKENS]]
#
# Makes one optimizer step of pipelines/paper/NAME.json from random weights within MEBIBYTES, on a few
# records of TOKENS tokens, and prints the plan, the peak of memory and the time of the step. Stops before
# it begins if there is less free memory than that.
set -euo pipefail

bin=$1 name=$2 budget=$3 records=${4:-2} tokens=${5:-128}
here=$(dirname "$0")
scratch=$(mktemp -d "${TMPDIR:-/tmp}/one-step.XXXXXX")
trap 'rm -rf "$scratch"' EXIT

available=$(awk '$1 == "MemAvailable:" { print int($2 / 1024) }' /proc/meminfo)
if ((available < budget)); then
    echo "one-step: too little free memory (got $available MiB, expected $budget MiB)" >&2
    exit 69
fi

jq -cn --argjson count "$records" --argjson length "$tokens" 'range($count) as $i
    | {id: "\($i)", prompt_ids: [1], response_ids:
        [range($length) | ($i * 7919 + . * 104729 + . * . * 31) % 30000 + 3]}' >"$scratch/records.jsonl"

/usr/bin/time -f '%M %e' -o "$scratch/time" "$bin/pretrain-mle" \
    --init "$here/$name.json" --memory-budget "${budget}MiB" --precision bf16 --steps 1 \
    --batch-size "$records" --no-training-state --metrics "$scratch/metrics.jsonl" \
    --out "$scratch/model" "$scratch/records.jsonl"

read -r peak elapsed <"$scratch/time"
jq -r --arg name "$name" --argjson peak "$peak" --arg elapsed "$elapsed" '
    "\($name): plan \(.memory_plan), peak \($peak / 10485.76 | round / 100) GiB, "
    + "step \(.seconds * 10 | round / 10) s for \(.rows) rows, loss \(.loss * 1000 | round / 1000), "
    + "gradient norm \(.grad_norm * 1000 | round / 1000), \($elapsed) s in all"' \
    "$scratch/metrics.jsonl"
