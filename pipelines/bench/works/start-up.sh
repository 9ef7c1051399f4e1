#!/usr/bin/env bash
# What it costs to start: --help, and jobs of one record, whole processes, against Python scripts
# that do the same with the peers.
# shellcheck source=pipelines/bench/inputs.sh
source "$(dirname "$0")/../inputs.sh"
need SmolLM2-135M "$model"

echo '{"id": "0", "prompt": "One record.", "response": "Yes."}' >"$scratch/raw.jsonl"
token_records 1 "$scratch/tokens.jsonl"

# usage: our_round TIMES COMMAND... ROUND
our_round() {
    local count seconds=()
    for ((count = 0; count < $1; count++)); do
        tool "${@:2:$#-2}" >/dev/null
        seconds+=("$tool_seconds")
    done
    tool_result "$(printf '%s\n' "${seconds[@]}" | awk '{ sum += $1 } END { print 1000 * sum / NR }')"
}

# usage: their_round COMMAND... ROUND
their_round() {
    local start=$EPOCHREALTIME
    HF_HUB_OFFLINE=1 "$python" "$bench/peers/one_record.py" "${@:1:$#-1}" >/dev/null 2>&1
    awk -v from="$start" -v to="$EPOCHREALTIME" 'BEGIN { print 1000 * (to - from) }' |
        jq -c --arg command "one_record.py $1" '{value: ., command: $command}'
}

begin start-help 'tokenize --help' ms lower
side ours ours 'tokenize --help' our_round 10 tokenize --help
time_sides
finish null

begin start-tokenize 'tokenizing one record' ms lower
side ours ours tokenize our_round 10 tokenize --model "$model" --plain "$scratch/raw.jsonl"
if have_python tokenizers; then
    side peer tokenizers 'Python with tokenizers' their_round tokenize "$model"
else
    without tokenizers
fi
time_sides
finish null

begin start-generate 'generating one token, SmolLM2-135M' ms lower
side ours ours generate our_round 3 generate --model "$model" --max-new-tokens 1 --plain \
    "$scratch/tokens.jsonl"
if have_python torch transformers; then
    side peer transformers 'Python with transformers' their_round generate "$model"
else
    without transformers
fi
time_sides
finish null
