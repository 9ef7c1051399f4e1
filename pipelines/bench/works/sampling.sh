#!/usr/bin/env bash
# Sampling with top-k 50, 32 sequences of 64 tokens, SmolLM2-135M, start of the program not counted,
# against transformers and llama.cpp.
# shellcheck source=pipelines/bench/generation.sh
source "$(dirname "$0")/../generation.sh"
need SmolLM2-135M "$model"

count=32 length=64 top_k=50
prompts=$scratch/prompts.jsonl
token_records "$count" "$prompts"

begin sampling 'sampling, top-k 50, 32 sequences x 64 tokens' tokens/s higher
own_sides "$prompts" "$length" --decode sample --top-k "$top_k"

our_round "$prompts" "$length" --decode sample --top-k "$top_k" 1 >/dev/null
check 'tokens' "$(jq -s 'map(.output_ids | length) | add' "$scratch/output.jsonl")" \
    $((count * length)) 0
if have_python torch transformers; then
    start_transformers fp32
    # Near-ties at the edge of the fifty may fall to either side.
    if share=$(ask_peer torch-fp32 "ranks $scratch/output.jsonl $top_k" | jq .share); then
        check 'tokens among the 50 most probable' "$share" 1 2e-3
        transformers_side fp32 "$prompts" "$length" "$top_k"
        start_transformers bf16
        transformers_side bf16 "$prompts" "$length" "$top_k"
    else
        give_up torch-fp32
    fi
else
    without transformers
fi
if have_python xllamacpp; then
    llama_side llama-q4 "llama.cpp, Q4_1, $count parallel" "$gguf" "$count" "$prompts" "$length" "$top_k"
else
    without llama.cpp
fi
time_sides
stop_peers
finish null
