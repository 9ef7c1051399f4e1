#!/usr/bin/env bash
# split.sh DATASET DIR TRAIN PREFERENCE VALIDATION HELDOUT
#
# Splits a JSONL file, plain or zstd, by the order of its records: the first half is for training,
# the second for testing, as in the paper. Writes into DIR
#   learn.jsonl       the training half without the validation records
#   train.jsonl       its first TRAIN records, for maximum likelihood
#   preference.jsonl  its first PREFERENCE records, for negatives and CPO
#   validation.jsonl  the last VALIDATION records of the training half
#   heldout.jsonl     the first HELDOUT records of the test half
# TRAIN, PREFERENCE and HELDOUT may be 0: all there are.
set -euo pipefail

dataset=$1 directory=$2
lines=$(mktemp "$directory.XXXXXX")
trap 'rm -f "$lines"' EXIT
mkdir -p "$directory"

# Plain text goes through `zstd -dcf` as it is.
zstd -dcqf -- "$dataset" | awk 'NF' >"$lines"
count=$(wc -l <"$lines")
if [[ $count -lt 16 ]]; then
    echo "$dataset: too small to split (got $count records, expected at least 16)" >&2
    exit 65
fi

awk -v directory="$directory" -v count="$count" \
    -v train="$3" -v preference="$4" -v validation="$5" -v heldout="$6" '
    function out(name, limit, index_) {
        written[name] += 0
        if (limit == 0 || index_ <= limit) {
            print > (directory "/" name ".jsonl.tmp")
            written[name]++
        }
    }
    BEGIN {
        half = int(count / 2)
        if (validation > half / 2) validation = int(half / 2)
        learn = half - validation
    }
    NR <= learn {
        out("learn", 0, NR)
        out("train", train, NR)
        out("preference", preference, NR)
        next
    }
    NR <= half { out("validation", 0, NR); next }
    { out("heldout", heldout, NR - half) }
    END {
        printf "%d records: %d train, %d preference, %d validation, %d held-out\n", count, \
            written["train"], written["preference"], written["validation"], \
            written["heldout"] > "/dev/stderr"
    }' "$lines"

for name in learn train preference validation heldout; do
    mv "$directory/$name.jsonl.tmp" "$directory/$name.jsonl"
done
