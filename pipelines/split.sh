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
#
# Records with a number in "article" (pipelines/wiki/records.sh) stay together: no article is in two
# parts. Within a part the articles take turns, so that the first records, and the negatives that a
# record gets from its neighbours, are of many.
set -euo pipefail

dataset=$1 directory=$2
mkdir -p "$directory"

# Plain text goes through `zstd -dcf` as it is.
zstd -dcqf -- "$dataset" | awk -v dataset="$dataset" -v directory="$directory" \
    -v train="$3" -v preference="$4" -v validation="$5" -v heldout="$6" '
    function fail(what, got, expected) {
        printf "%s: %s (got %s, expected %s)\n", dataset, what, got, expected > "/dev/stderr"
        exit 65
    }
    # Writes lines first to last, at most `limit` unless that is 0: as they are, or by turns.
    function out(name, first, last, limit,    file, written, turn, i, more) {
        file = directory "/" name ".jsonl.tmp"
        printf "" > file
        turn = 0
        do {
            turn++
            more = 0
            for (i = first; i <= last; i++) {
                if (place[i] > turn) more = 1
                if (place[i] && place[i] != turn) continue
                if (limit > 0 && written >= limit) break
                print line[i] > file
                written++
            }
        } while (more && !(limit > 0 && written >= limit))
        close(file)
        return written + 0
    }
    NF {
        line[++count] = $0
        if (match($0, /"article":[0-9]+/)) {
            article[count] = substr($0, RSTART + 10, RLENGTH - 10)
            place[count] = ++size[article[count]]
        }
    }
    END {
        if (count < 16) fail("too small to split", count " records", "at least 16")
        half = int(count / 2)
        while (place[half + 1] > 1) half++
        if (validation > half / 2) validation = int(half / 2)
        learn = half - validation
        while (place[learn + 1] > 1) learn--
        if (half == count || learn == 0) fail("too few articles to split", article[count], "at least 3")
        out("learn", 1, learn, 0)
        printf "%d records: %d train, %d preference, %d validation, %d held-out\n", count, \
            out("train", 1, learn, train), out("preference", 1, learn, preference), \
            out("validation", learn + 1, half, validation), \
            out("heldout", half + 1, count, heldout) > "/dev/stderr"
    }'

for name in learn train preference validation heldout; do
    mv "$directory/$name.jsonl.tmp" "$directory/$name.jsonl"
done
