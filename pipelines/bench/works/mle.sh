#!/usr/bin/env bash
# An MLE step of 8 sequences, SmolLM2-135M, against transformers and PyTorch.
# shellcheck source=pipelines/bench/training.sh
source "$(dirname "$0")/../training.sh"
need SmolLM2-135M "$model"

size=8
records=$scratch/records.jsonl
token_records $((size * runs)) "$records"
offered=$(precisions pretrain-mle)

for precision in fp32 bf16; do
    grep -qx "$precision" <<<"$offered" || have_python torch transformers || continue
    begin "mle-$precision" "MLE step, 8 sequences, $precision" tokens/s higher
    used=$(grep -x "$precision" <<<"$offered" || echo fp32)
    flags=(--model "$model" --precision "$used")
    side ours ours "pretrain-mle, $used" train_round pretrain-mle 4 "$size" "$records" "${flags[@]}"
    if have_python torch transformers; then
        start_torch torch mle "$precision" "$model" "$records" "$size"
        tolerance=$([[ $precision == fp32 ]] && echo 1e-3 || echo 2e-2)
        validate_training torch "$tolerance" "$records" pretrain-mle "${flags[@]}"
    else
        without PyTorch
    fi
    if has_peer torch; then
        side peer torch/8 "PyTorch $precision, 8 rows at a time" torch_round torch 8
        side peer torch/1 "PyTorch $precision, 1 row at a time" torch_round torch 1
    fi
    time_sides
    stop_peers
    finish "$(roof pretrain-mle "$used" 4 "$size" "$records" "${flags[@]}")"
done
