#!/usr/bin/env bash
# resume-flag.sh DIR PREREQUISITE...
#
# Prints --resume when training into the checkpoint directory DIR was interrupted and can go on: it is
# not complete, and its state was saved, by this version of the tools, after the last change of
# everything that it depends on.
set -euo pipefail

directory=$1
shift
state=$directory/training-state/state.json
[[ -e $state && ! -e $directory.complete ]] || exit 0
grep -q '"format":2' "$state" || exit 0
for prerequisite in "$@"; do
    [[ $state -nt $prerequisite ]] || exit 0
done
echo --resume
