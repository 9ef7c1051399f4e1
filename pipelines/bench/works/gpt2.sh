#!/usr/bin/env bash
# A step of GPT-2 124M with random weights on 4 sequences with 64 targets each, the loss on all of
# them, as llm.c measures its CPU build, against transformers and PyTorch.
# shellcheck source=pipelines/bench/training.sh
source "$(dirname "$0")/../training.sh"

size=4 length=64
gpt2=$scratch/gpt2
records=$scratch/records.jsonl
# Any tokens do; a prompt of one token makes a target of every other.
jq -cn --argjson count $((size * runs)) --argjson length "$length" 'range($count) as $i
    | {id: "\($i)", prompt_ids: [50256],
       response_ids: [range($length) | ($i * 7919 + . * 104729 + . * . * 31) % 50000]}' >"$records"
tool pretrain-mle --init "$bench/gpt2-124m.json" --steps 0 --batch-size 1 --no-training-state \
    --out "$gpt2" "$records"
offered=$(precisions pretrain-mle)

for precision in fp32 bf16; do
    grep -qx "$precision" <<<"$offered" || have_python torch transformers || continue
    begin "gpt2-$precision" "GPT-2 124M, 4 sequences x 64 targets, $precision" tokens/s higher
    used=$(grep -x "$precision" <<<"$offered" || echo fp32)
    flags=(--model "$gpt2" --precision "$used")
    side ours ours "pretrain-mle, $used" train_round pretrain-mle 5 "$size" "$records" "${flags[@]}"
    if have_python torch transformers; then
        start_torch torch mle "$precision" "$gpt2" "$records" "$size"
        tolerance=$([[ $precision == fp32 ]] && echo 1e-3 || echo 2e-2)
        validate_training torch "$tolerance" "$records" pretrain-mle "${flags[@]}"
    else
        without PyTorch
    fi
    if has_peer torch; then
        side peer torch/4 "PyTorch $precision, 4 rows at a time" torch_round torch 4
        side peer torch/1 "PyTorch $precision, 1 row at a time" torch_round torch 1
    fi
    remark 'not measured here: 75 tokens/s, published for the CPU build of llm.c on a machine of this class'
    remark 'the first token of a sequence counts here and not there: 260 tokens a step, there 256'
    time_sides
    stop_peers
    finish "$(roof pretrain-mle "$used" 5 "$size" "$records" "${flags[@]}")"
done
