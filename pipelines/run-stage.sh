#!/usr/bin/env bash
# run-stage.sh RUN STAGE [--stdout FILE] COMMAND [ARGUMENT...]
#
# Runs one stage of an experiment: stderr goes to RUN/logs/STAGE.log, wall time in seconds to
# RUN/stages/STAGE, stdout, when asked for, to FILE (whole or not at all). When the command fails,
# the end of its log is shown and its exit status returned.
set -euo pipefail

run=$1 stage=$2
shift 2
output=
if [[ $1 == --stdout ]]; then
    output=$2
    shift 2
fi
mkdir -p "$run/logs" "$run/stages"
log=$run/logs/$stage.log

printf -- '--> %s: %s\n' "${run#runs/}" "$stage"
[[ -z ${V:-} ]] || printf '    %s\n' "$*"
{
    printf '$'
    printf ' %q' "$@"
    printf '\n'
} >"$log"

start=$EPOCHREALTIME
status=0
if [[ -n $output ]]; then
    "$@" >"$output.tmp" 2>>"$log" || status=$?
else
    "$@" 2>>"$log" >>"$log" || status=$?
fi
end=$EPOCHREALTIME

if [[ $status -ne 0 ]]; then
    [[ -z $output ]] || rm -f "$output.tmp"
    {
        echo "stage $stage failed with exit status $status; the end of $log:"
        head -n 1 "$log"
        tail -n +2 "$log" | tail -n 15
    } >&2
    exit "$status"
fi
[[ -z $output ]] || mv "$output.tmp" "$output"

# EPOCHREALTIME has six decimals; its decimal sign follows the locale.
milliseconds=$(((${end/[.,]/} - ${start/[.,]/}) / 1000))
printf '%d.%03d\n' $((milliseconds / 1000)) $((milliseconds % 1000)) >"$run/stages/$stage"
printf '    %s: %d.%d s  %s\n' "$stage" $((milliseconds / 1000)) $((milliseconds % 1000 / 100)) \
    "$(tail -n +2 "$log" | tail -n 1)"
