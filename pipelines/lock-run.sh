#!/usr/bin/env bash
# lock-run.sh RUN COMMAND [ARGUMENT...]
#
# Runs the command while nobody else works in the directory RUN; exit status 73 if somebody does. The
# lock goes with the last process that the command started, so that stages which outlive a killed
# make keep others out.
set -euo pipefail

run=$1
shift
mkdir -p "$run"
exec {lock}>"$run/.lock"
if ! flock --nonblock "$lock"; then
    echo "$run: another call of make works in it, or a stage that a killed one left" >&2
    echo "hint: wait for it to end, or name another directory: RUN=DIR" >&2
    exit 73
fi
exec "$@"
