#!/usr/bin/env bash
# Greedy decoding of one sequence, where reading the weights is all the work, against transformers
# and llama.cpp with weights of 4 and of 8 bits.
# shellcheck source=pipelines/bench/generation.sh
source "$(dirname "$0")/../generation.sh"
need SmolLM2-135M "$model"

length=128
prompt=$scratch/prompts.jsonl
token_records 1 "$prompt"

begin greedy 'greedy decoding, 1 sequence of 128 tokens' tokens/s higher
own_sides "$prompt" "$length" --decode greedy

our_round "$prompt" "$length" --decode greedy 1 >/dev/null
check tokens "$(jq '.output_ids | length' "$scratch/output.jsonl")" "$length" 0
if have_python torch transformers; then
    start_transformers fp32
    if theirs=$(ask_peer torch-fp32 "generate $prompt 32 0" | jq -c .ids); then
        # Rounding may tip a near-tie after a while, and everything behind it.
        check 'first 16 tokens that agree' "$(jq --argjson theirs "$theirs" '
            [.output_ids[:16], $theirs[:16]] | transpose | map(select(.[0] == .[1])) | length' \
            "$scratch/output.jsonl")" 16 0
        transformers_side fp32 "$prompt" "$length" 0
        start_transformers bf16
        transformers_side bf16 "$prompt" "$length" 0
    else
        give_up torch-fp32
    fi
else
    without transformers
fi
if have_python xllamacpp; then
    llama_side llama-q4 'llama.cpp, Q4_1' "$gguf" 1 "$prompt" "$length" 0
    if have_python gguf && "$python" "$bench/peers/gguf_q8.py" "$gguf" "$scratch/q8_0.gguf" \
        2>"$scratch/gguf.log"; then
        llama_side llama-q8 'llama.cpp, Q8_0' "$scratch/q8_0.gguf" 1 "$prompt" "$length" 0
    else
        remark 'llama.cpp with Q8_0 not measured: the file cannot be written without the module gguf'
    fi
else
    without llama.cpp
fi
time_sides
stop_peers
finish null
