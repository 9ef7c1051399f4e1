#!/usr/bin/env bash
# A CPO step of 8 prompts with 5 candidates each, SmolLM2-135M, against transformers and PyTorch:
# the same tokens in padded rows with repeated prompts. A round is a batch.
# shellcheck source=pipelines/bench/training.sh
source "$(dirname "$0")/../training.sh"
need SmolLM2-135M "$model"

size=8
candidates=$scratch/scored.jsonl
candidate_records $((size * runs)) "$candidates"
offered=$(precisions train-cpo)

for precision in fp32 bf16; do
    grep -qx "$precision" <<<"$offered" || have_python torch transformers || continue
    begin "cpo-$precision" "CPO step, 8 prompts x 5 candidates, $precision" tokens/s higher
    used=$(grep -x "$precision" <<<"$offered" || echo fp32)
    flags=(--model "$model" --no-ranking --beta 0.1 --precision "$used")
    # Policy and reference must be the same function at the first step.
    records=$scratch/scored-$used.jsonl
    tool score --model "$model" --as reference --precision "$used" --plain -o "$records" \
        "$candidates"
    side ours ours "train-cpo, $used" train_round train-cpo 3 "$size" "$records" "${flags[@]}"
    if have_python torch transformers; then
        start_torch torch cpo "$precision" "$model" "$records" "$size"
        tolerance=$([[ $precision == fp32 ]] && echo 1e-3 || echo 2e-2)
        validate_training torch "$tolerance" "$records" train-cpo "${flags[@]}"
    else
        without PyTorch
    fi
    if has_peer torch; then
        side peer torch/1 "PyTorch $precision, micro-batches of 1 prompt" torch_round torch 1
        if enough_memory 14; then
            side peer torch/8 "PyTorch $precision, micro-batch of 8 prompts" torch_round torch 8
        else
            remark 'micro-batch of 8 prompts in PyTorch left out: needs 14 GiB of free memory'
        fi
    fi
    time_sides
    stop_peers
    finish "$(roof train-cpo "$used" 3 "$size" "$records" "${flags[@]}")"
done
