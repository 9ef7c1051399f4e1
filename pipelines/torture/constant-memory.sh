#!/usr/bin/env bash
# usage: constant-memory.sh BINARIES [MEGABYTES] [LIMIT_MIB]
# Streams generated records, 5000 MB of them by default, through every tool that turns records into
# records, and fails if one ever holds more than LIMIT_MIB (400) of memory.
set -euo pipefail

binaries=$(realpath "$1")
megabytes=${2:-5000}
limit=${3:-400}
package=$(realpath "$(dirname "$0")/../..")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export PATH=$binaries:$PATH

mkdir fixture
(cd fixture && bash -eu "$package/Tests/CLITests/Cases/fixture.sh")

# usage: records FILE: its records again and again, each with a field of 256 KiB that no tool knows and
# without an id, which is then the number of the line.
records() {
    local padding line
    padding=$(head -c 262144 /dev/zero | tr '\0' 0)
    sed 's/"id":"[^"]*",//' "$1" | while IFS= read -r line; do
        # An argument of another command could not be that long.
        printf '{"zz":"%s",%s\n' "$padding" "${line#\{}"
    done >block.jsonl
    local size count
    size=$(stat -c %s block.jsonl)
    count=$((megabytes * 1000000 / size + 1))
    while ((count-- > 0)); do cat block.jsonl; done
}

# usage: try_out NAME INPUT COMMAND...: prints the most memory that the command had
try_out() {
    local name=$1 input=$2 tool peak=0 now
    shift 2
    mkfifo pipe
    records "fixture/$input" >pipe &
    "$@" -q --plain <pipe >/dev/null &
    tool=$!
    # The high-water mark of a process is gone with it, so it is read all the time.
    while now=$(awk '/^VmHWM/ { print $2 }' "/proc/$tool/status" 2>/dev/null) && [[ $now ]]; do
        peak=$now
        sleep 0.2
    done
    wait "$tool"
    rm pipe
    printf '%-20s %6d MB of records, at most %4d MiB of memory\n' "$name" "$megabytes" $((peak / 1024))
    ((peak <= limit * 1024)) || {
        echo "$name: more than $limit MiB" >&2
        exit 1
    }
}

model=fixture/model
try_out tokenize raw.jsonl tokenize --model fixture/tokenizer
try_out gen-negatives tokens.jsonl gen-negatives --model $model --kinds an:1,bn:1,mn:1,tn:1 \
    --max-new-tokens 4
try_out rank-by-embedding negatives.jsonl rank-by-embedding --embedder $model
try_out score ranked.jsonl score --model $model
try_out generate tokens.jsonl generate --model $model --max-new-tokens 4
