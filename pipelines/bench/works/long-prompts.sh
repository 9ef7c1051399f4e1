#!/usr/bin/env bash
# A CPO step on a prompt of 512 tokens with 8 candidates of 64, SmolLM2-135M: the prompt once for
# all candidates, as train-cpo does it, against every candidate as a row of its own.
# shellcheck source=pipelines/bench/training.sh
source "$(dirname "$0")/../training.sh"
need SmolLM2-135M "$model"

prompt=512 candidates=8 length=64
# Prompts and candidates are cut out of the responses, one behind the other.
token_records 1000 "$scratch/tokens.jsonl"
jq -c .response_ids "$scratch/tokens.jsonl" | jq -sc --argjson count "$runs" \
    --argjson prompt "$prompt" --argjson k "$candidates" --argjson length "$length" '
    add as $ids | ($prompt + $k * $length) as $stride
    | if ($ids | length) < $count * $stride then error("too few tokens in the data set") else . end
    | range($count) | $ids[. * $stride:(. + 1) * $stride] as $own
    | [range($k) | $own[$prompt + . * $length:$prompt + (. + 1) * $length]] as $parts
    | {id: "\(.)", prompt_ids: $own[:$prompt], response_ids: $parts[0],
       negatives: [$parts[1:][] | {kind: "given", ids: .}]}' >"$scratch/long.jsonl"
records=$scratch/records.jsonl
tool score --model "$model" --as reference --plain -o "$records" "$scratch/long.jsonl"
flags=(--model "$model" --no-ranking --beta 0.1)

begin long-prompts "CPO step, prompt of $prompt tokens, $candidates candidates of $length" tokens/s higher
side ours ours 'train-cpo, shared prompt' train_round train-cpo 3 1 "$records" "${flags[@]}"
if offers train-cpo --no-shared-prefix; then
    head -n 1 "$records" >"$scratch/batch.jsonl"
    train train-cpo 1 1 "$scratch/batch.jsonl" "${flags[@]}" >/dev/null
    ours=$(<"$scratch/metrics.jsonl")
    # All rows in one micro-batch: in parts, their forward pass would be made twice.
    whole=(--micro-batch-tokens $((candidates * (prompt + length))))
    train train-cpo 1 1 "$scratch/batch.jsonl" "${flags[@]}" --no-shared-prefix "${whole[@]}" \
        >/dev/null
    for field in tokens loss logprob_chosen grad_norm; do
        check "$field" "$(jq ".$field" <<<"$ours")" "$(jq ".$field" "$scratch/metrics.jsonl")" 1e-3
    done
    side ours separate 'train-cpo, separate rows' \
        train_round train-cpo 2 1 "$records" "${flags[@]}" --no-shared-prefix "${whole[@]}"
else
    # The same rows and targets cost the same under another loss.
    jq -c '. as $r | [.response_ids, .negatives[].ids] | to_entries[]
        | {id: "\($r.id)-\(.key)", prompt_ids: $r.prompt_ids, response_ids: .value}' \
        "$records" >"$scratch/rows.jsonl"
    side ours separate 'the same rows, separate, in pretrain-mle' \
        train_round pretrain-mle 2 "$candidates" "$scratch/rows.jsonl" --model "$model"
    remark 'separate rows are measured with pretrain-mle: train-cpo has no --no-shared-prefix'
fi
time_sides
finish null
