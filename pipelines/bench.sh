#!/usr/bin/env bash
# bench.sh BIN ASSETS [DATASET]
#
# Speed of the built tools on SmolLM2-135M and Dolly-like data, as a user would see it: a CPO step
# of 8 prompts with 5 candidates each, an MLE step of 8 records, sampling 32 sequences of 64 tokens,
# embedding. Rates are of real tokens (a shared prompt counts once for each candidate, as in separate
# rows). Where torch and transformers are installed and ../shared/bench/torch_cpo.py is there, the
# same steps in PyTorch follow. THREADS=N sets the number of threads.
set -euo pipefail

bin=$1 assets=$2 dataset=${3:-data/mini-dolly.jsonl.zst}
here=$(dirname "$0")
threads=${THREADS:-$(nproc)}
peer=../shared/bench/torch_cpo.py
steps=6

environment=$("$here/test-environment.sh" "$assets" "$bin")
eval "$environment"
if [[ -z ${CPO_SMOLLM2_MODEL:-} ]]; then
    echo 'bench: needs SmolLM2-135M, which cannot be had' >&2
    exit 66
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
log=$work/log

tool() {
    "$bin/$1" --threads "$threads" "${@:2}" 2>"$log" || {
        cat "$log" >&2
        return 1
    }
}

# Seconds of a command, three decimals.
seconds() {
    local start=$EPOCHREALTIME end
    "$@"
    end=$EPOCHREALTIME
    awk -v start="$start" -v end="$end" 'BEGIN { printf "%.3f", end - start }'
}

# Peak resident memory of the last child that was waited for is not to be had in bash; GNU time has it.
measured=()
if [[ -x /usr/bin/time ]]; then
    measured=(/usr/bin/time -f '%M' -o "$work/memory")
fi

# Median tokens/s over the steps of a metrics file but the first, which pays for warming up.
rate() {
    awk '
        function field(name) {
            match($0, "\"" name "\":[-+0-9.e]+")
            return substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 3)
        }
        NR > 1 { rates[++count] = field("tokens") / field("seconds") }
        END {
            for (i = 2; i <= count; i++)
                for (j = i; j > 1 && rates[j] < rates[j - 1]; j--) {
                    swap = rates[j]; rates[j] = rates[j - 1]; rates[j - 1] = swap
                }
            printf "%.0f", rates[int((count + 1) / 2)]
        }' "$1"
}

declare -A ours
train() {
    local name=$1
    shift
    "${measured[@]}" "$bin/$1" "${@:2}" --threads "$threads" --model "$CPO_SMOLLM2_MODEL" \
        --out "$work/$name" --metrics "$work/$name.jsonl" --steps "$steps" --batch-size 8 \
        --learning-rate 1e-5 --no-shuffle 2>"$log" || {
        cat "$log" >&2
        return 1
    }
    ours[$name]=$(rate "$work/$name.jsonl")
    printf '%-36s %6s tokens/s' "$name" "${ours[$name]}"
    [[ ! -e $work/memory ]] || awk '{ printf "  %5.2f GiB", $1 / 1048576 }' "$work/memory"
    printf '\n'
    rm -rf "${work:?}/$name" "$work/memory"
}

zstd -dcqf -- "$dataset" | awk 'NR <= 64' >"$work/raw.jsonl"
tool tokenize --model "$CPO_SMOLLM2_MODEL" --max-response-tokens 192 \
    -o "$work/tokens.jsonl" "$work/raw.jsonl"
tool gen-negatives --model "$CPO_SMOLLM2_MODEL" --kinds bn:4 \
    -o "$work/negatives.jsonl" "$work/tokens.jsonl"
embedder=${CPO_MINILM:-$CPO_SMOLLM2_MODEL}
embedding=$(seconds tool rank-by-embedding --embedder "$embedder" \
    -o "$work/ranked.jsonl" "$work/negatives.jsonl")
tool score --model "$CPO_SMOLLM2_MODEL" --as reference \
    -o "$work/scored.jsonl" "$work/ranked.jsonl"

echo "SmolLM2-135M, $dataset, $threads threads, $(awk -F': ' '/^model name/ { print $2; exit }' /proc/cpuinfo)"
train 'CPO 8 x 5' train-cpo --beta 0.1 --ranking "$work/scored.jsonl"
train 'MLE 8' pretrain-mle "$work/tokens.jsonl"

awk 'NR <= 32' "$work/tokens.jsonl" >"$work/prompts.jsonl"
sampling=$(seconds tool generate --model "$CPO_SMOLLM2_MODEL" --decode sample --top-k 50 \
    --max-new-tokens 64 --ignore-eos -o "$work/samples.jsonl" "$work/prompts.jsonl")
cp "$log" "$work/sampling.log"
awk -v s="$sampling" 'BEGIN { printf "%-36s %6.0f tokens/s\n", "sampling 32 x 64, start included", 2048 / s }'
sed -n 's/.*, \([0-9.]*\) tokens\/s.*/\1/p' "$work/sampling.log" |
    awk '{ printf "%-36s %6.0f tokens/s\n", "sampling 32 x 64, start not included", $1 }'
awk -v s="$embedding" 'BEGIN { printf "%-36s %6.0f texts/s\n", "embedding, start included", 64 * 5 / s }'

if [[ -e $peer ]] && python3 -c 'import torch, transformers' 2>/dev/null; then
    echo 'PyTorch:'
    for mode in cpo mle; do
        [[ $mode == cpo ]] && name='CPO 8 x 5' || name='MLE 8'
        line=$(python3 "$peer" fp32 "$mode" "$((steps - 2))" 1 "$CPO_SMOLLM2_MODEL" \
            "$work/raw.jsonl" 2>/dev/null | tail -n 1)
        echo "$line"
        sed -n 's/.*real tok\/s \([0-9.]*\).*/\1/p' <<<"$line" |
            awk -v name="$name" -v ours="${ours[$name]}" \
                '{ printf "%-36s %6.2f times PyTorch fp32\n", name, ours / $1 }'
    done
fi
