#!/usr/bin/env bash
# MAUVE of 2 x 2,000 synthetic features of 768 dimensions, one seed of k-means with five restarts,
# against mauve-text. Ours is the whole tool with its start.
# shellcheck source=pipelines/bench/measure.sh
source "$(dirname "$0")/../measure.sh"

[[ -n $python ]] || {
    complain 'mauve needs Python, which makes the features'
    exit 66
}
features=$scratch/features.safetensors
"$python" "$bench/peers/make_features.py" "$features" 2000 768

our_round() {
    tool mauve --seeds 1 --restarts 5 --p-features "$features:p" --q-features "$features:q" \
        -o "$scratch/mauve.json"
    tool_result "$tool_seconds"
}

their_round() {
    ask_peer mauve time
}

begin mauve 'MAUVE, 2 x 2000 features of 768 dimensions' s lower
side ours ours mauve our_round
if have_python mauve faiss safetensors; then
    start_peer mauve mauve_text.py "$features"
    if theirs=$(ask_peer mauve "score 5" | jq .mauve); then
        # k-means starts at random: one seed differs from another by about 0.01.
        tool mauve --seeds 5 --restarts 5 --p-features "$features:p" --q-features "$features:q" \
            -o "$scratch/mauve.json"
        check 'MAUVE, mean of 5 seeds' "$(jq .mauve "$scratch/mauve.json")" "$theirs" 2e-2 absolute
        side peer mauve 'mauve-text' their_round
    else
        give_up mauve
    fi
else
    without mauve-text
fi
time_sides
stop_peers
finish null
