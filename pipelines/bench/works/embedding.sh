#!/usr/bin/env bash
# Embedding responses with all-MiniLM-L6-v2, against sentence-transformers. Ours is the whole tool,
# its start and JSON in and out included; theirs is the call of encode alone.
# shellcheck source=pipelines/bench/inputs.sh
source "$(dirname "$0")/../inputs.sh"
need all-MiniLM-L6-v2 "$minilm"

count=512
pairs=$scratch/pairs.jsonl
# Each text once: two neighbouring responses make a record.
raw_records | jq -r '.response | select(test("[[:alnum:]]")) | tojson' | awk -v n="$count" 'NR <= n' |
    jq -sc '[range(0; length - 1; 2) as $i
        | {id: "\($i)", response: .[$i], negatives: [{text: .[$i + 1]}]}][]' >"$pairs"
count=$(($(wc -l <"$pairs") * 2))

# usage: our_round PRECISION ROUND
our_round() {
    tool rank-by-embedding --precision "$1" --embedder "$minilm" --plain -o "$scratch/ranked.jsonl" "$pairs"
    tool_result "$(awk -v n="$count" -v s="$tool_seconds" 'BEGIN { print n / s }')" \
        "whole tool, seconds=$tool_seconds"
}

their_round() {
    ask_peer sentence "encode $pairs $1"
}

begin embedding "embedding, all-MiniLM-L6-v2, $count responses" texts/s higher
for precision in $(precisions rank-by-embedding); do
    side ours "ours-$precision" "rank-by-embedding, $precision" our_round "$precision"
done
if have_python sentence_transformers; then
    start_peer sentence sentence_embed.py --model "$minilm" --threads "$threads"
    if answer=$(ask_peer sentence "similarities $pairs"); then
        our_round fp32 1 >/dev/null
        check 'largest difference of a cosine' "$(jq -s --argjson theirs "$answer" '
            [map(.negatives[0].similarity), $theirs.similarities] | transpose
            | map(.[0] - .[1] | fabs) | max' "$scratch/ranked.jsonl")" 0 1e-4 absolute
        for size in 32 8; do
            side peer "sentence/$size" "sentence-transformers, batches of $size" their_round "$size"
        done
    else
        give_up sentence
    fi
else
    without sentence-transformers
fi
time_sides
stop_peers
finish null
