# shellcheck shell=bash
#
# Records for the works, made of the data set by the tools themselves.

# shellcheck source=pipelines/bench/measure.sh
source "$(dirname "${BASH_SOURCE[0]}")/measure.sh"

model=${CPO_SMOLLM2_MODEL:-}
# shellcheck disable=SC2034 # for the works
gguf=${CPO_SMOLLM2_GGUF:-} minilm=${CPO_MINILM:-}

# usage: need WHAT PATH
need() {
    [[ -n $2 ]] || {
        complain "needs $1, which cannot be had"
        exit 66
    }
}

raw_records() {
    zstd -dcqf -- "$BENCH_DATASET"
}

# The first COUNT records, tokenized as for training.
# usage: token_records COUNT FILE
token_records() {
    raw_records | awk -v count="$1" 'NR <= count' >"$scratch/raw.jsonl"
    tool tokenize --model "$model" --max-response-tokens 192 --plain -o "$2" "$scratch/raw.jsonl"
}

# The same with four negatives and reference scores: five candidates a prompt.
# usage: candidate_records COUNT FILE
candidate_records() {
    token_records "$1" "$scratch/tokens.jsonl"
    tool gen-negatives --model "$model" --kinds bn:4 --plain -o "$scratch/negatives.jsonl" \
        "$scratch/tokens.jsonl"
    tool score --model "$model" --as reference --plain -o "$2" "$scratch/negatives.jsonl"
}

# Records ROUND·SIZE+1 and following, so that each round has a batch of its own.
# usage: batch FILE SIZE ROUND >FILE
batch() {
    awk -v size="$2" -v round="$3" 'int((NR - 1) / size) == round - 1' "$1"
}
