# shellcheck shell=bash
#
# What the works that generate have in common.

# shellcheck source=pipelines/bench/inputs.sh
source "$(dirname "${BASH_SOURCE[0]}")/inputs.sh"

# Generates for the prompts of a file and prints the side's object. The outputs stay in
# $scratch/output.jsonl.
# usage: our_round FILE TOKENS FLAG... ROUND
our_round() {
    tool generate --model "$model" --max-new-tokens "$2" --ignore-eos --plain \
        -o "$scratch/output.jsonl" "${@:3:$#-3}" "$1"
    tool_result "$(sed -n 's/.* \([0-9.]*\) tokens\/s.*/\1/p' "$scratch/log" | tail -n 1)" \
        "whole tool, seconds=$tool_seconds"
}

# A side for each kind of arithmetic that `generate` offers.
# usage: own_sides FILE TOKENS FLAG...
own_sides() {
    local precision
    while IFS= read -r precision; do
        if offers generate --precision; then
            side ours "ours-$precision" "generate, $precision" our_round "$@" --precision "$precision"
        else
            side ours ours 'generate, fp32' our_round "$@"
        fi
    done < <(precisions generate)
}

# usage: start_transformers PRECISION
start_transformers() {
    start_peer "torch-$1" torch_generate.py --precision "$1" --model "$model" --threads "$threads"
}

# usage: transformers_side PRECISION FILE TOKENS TOP_K
transformers_side() {
    side peer "torch-$1" "transformers, $1" ask_round "torch-$1" "generate ${*:2}"
}

# usage: llama_side NAME LABEL GGUF PARALLEL FILE TOKENS TOP_K
llama_side() {
    local name=$1 tokens answer
    start_peer "$name" llama_generate.py --model "$3" --threads "$threads" --parallel "$4"
    if answer=$(ask_peer "$name" "generate ${*:5}"); then
        tokens=$(jq .tokens <<<"$answer")
        check "tokens of $2" "$(jq -s "length * $6" "$5")" "$tokens" 0
        side peer "$name" "$2" ask_round "$name" "generate ${*:5}"
        [[ $name != llama-q4 ]] ||
            remark "llama.cpp uses $(ask_peer "$name" system | jq -r '.flags | join(", ")')"
    else
        give_up "$name"
    fi
}

# A side: a command to a peer that does not depend on the round.
# usage: ask_round PEER COMMAND ROUND
ask_round() {
    ask_peer "$1" "$2"
}
