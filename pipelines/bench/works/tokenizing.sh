#!/usr/bin/env bash
# Tokenizing responses with SmolLM2's vocabulary, against Hugging Face's tokenizers. Ours is the
# whole tool, its start and JSON in and out included; theirs is the call of encode alone.
# shellcheck source=pipelines/bench/inputs.sh
source "$(dirname "$0")/../inputs.sh"
need SmolLM2-135M "$model"

# The same responses in different surroundings, so that there is enough to do.
texts=$scratch/texts.jsonl
raw_records | jq -c .response >"$scratch/responses"
for copy in {1..24}; do
    jq -c --arg copy "$copy" '{id: "\($copy)-\(input_line_number)", text: .}' "$scratch/responses"
done >"$texts"
megabytes=$(jq -r .text "$texts" | wc -c | awk '{ print $1 / 1e6 }')

our_round() {
    tool tokenize --model "$model" --field text --plain -o "$scratch/ids.jsonl" "$texts"
    tool_result "$(awk -v n="$megabytes" -v s="$tool_seconds" 'BEGIN { print n / s }')" \
        "whole tool, seconds=$tool_seconds"
}

their_round() {
    ask_peer tokenizers "encode $texts $1"
}

begin tokenizing "tokenizing $megabytes MB" MB/s higher
side ours ours tokenize our_round
if have_python tokenizers; then
    start_peer tokenizers tokenizers_encode.py "$model/tokenizer.json"
    if answer=$(ask_peer tokenizers "ids $texts"); then
        our_round 1 >/dev/null
        check tokens "$(jq '.ids | length' "$scratch/ids.jsonl" | awk '{ n += $1 } END { print n }')" \
            "$(jq .tokens <<<"$answer")" 0
        ours=$(jq -r '.ids | map(tostring) | join(" ")' "$scratch/ids.jsonl" | sha256sum)
        check 'every id is the same' "$([[ ${ours%% *} == "$(jq -r .sha256 <<<"$answer")" ]] && echo 1 || echo 0)" 1 0
        side peer tokenizers/batch "tokenizers, encode_batch" their_round batch
        side peer tokenizers/each "tokenizers, one text at a time" their_round each
    else
        give_up tokenizers
    fi
else
    without tokenizers
fi
time_sides
stop_peers
finish null
