# shellcheck shell=bash
#
# How works are measured; every script in works/ sources this, or one of the files that add to it. A
# work has sides: the fastest of ours is compared with all others. A side is a function that does the
# work once and prints one JSON object: `value` in the work's unit, and, where known,
# `memory_mib`, `inner` (other numbers by name) and `command`. Sides take turns, so that all of them
# see the same state of the machine. The variants of one peer have names GROUP/VARIANT; one that is
# far behind its group's best in the first round is not run again.
#
# From run.sh: BENCH_BIN, BENCH_SCRATCH, BENCH_PYTHON, BENCH_RUNS, BENCH_THREADS, BENCH_DATASET.
set -euo pipefail

bench=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bin=$BENCH_BIN python=$BENCH_PYTHON runs=$BENCH_RUNS threads=$BENCH_THREADS
scratch=$(mktemp -d "$BENCH_SCRATCH/work.XXXXXX")
trap 'stop_peers; rm -rf "$scratch"' EXIT

complain() {
    printf 'bench: %s\n' "$*" >&2
}

# MARK: Running our tools

# Runs one of our tools. Its messages are in $scratch/log, its time and memory in tool_seconds and
# tool_mib, the command, with paths shortened, in tool_command.
tool() {
    local start=$EPOCHREALTIME word
    tool_command=$1
    for word in "${@:2}"; do
        [[ $word != /* ]] || word=${word##*/}
        tool_command+=" $word"
    done
    /usr/bin/time -f %M -o "$scratch/memory" \
        "$bin/$1" --threads "$threads" "${@:2}" 2>"$scratch/log" || {
        tail -n 5 "$scratch/log" >&2
        return 1
    }
    # shellcheck disable=SC2034 # for the works
    tool_seconds=$(awk -v from="$start" -v to="$EPOCHREALTIME" 'BEGIN { printf "%.4f", to - from }')
    tool_mib=$(awk 'END { printf "%.0f", $1 / 1024 }' "$scratch/memory")
}

# Prints the object of a side that ran one of our tools. With a RATE, that is the value and the
# whole tool's seconds are an inner number.
# usage: tool_result VALUE [NAME=NUMBER...]
tool_result() {
    local value=$1
    shift
    jq -cn --argjson value "$value" --argjson memory "$tool_mib" --arg command "$tool_command" '
        {value: $value, memory_mib: $memory, command: $command, inner:
            ($ARGS.positional | map(split("=") | {key: .[0], value: (.[1] | tonumber)}) | from_entries)}
        ' --args "$@"
}

# Whether the help of a tool lists a flag.
offers() {
    "$bin/$1" --help | grep -E -- "(^ +|/)$2([ /]|\$)" >/dev/null
}

# The precisions that a tool offers, one a line; fp32 if it has no such flag.
precisions() {
    local text
    text=$("$bin/$1" --help | tr -s ' \n' ' ')
    if [[ $text =~ --precision\ [^\(]*\(values:\ ([^\;\)]*) ]]; then
        tr -s ', ' '\n' <<<"${BASH_REMATCH[1]}"
    else
        echo fp32
    fi
}

# MARK: Peers

declare -A peer_pid=() peer_in=() peer_out=()

# Whether the peers' Python has these modules.
have_python() {
    [[ -n $python ]] && "$python" - "$@" <<'PYTHON' 2>/dev/null
import importlib.util, sys
sys.exit(any(importlib.util.find_spec(name) is None for name in sys.argv[1:]))
PYTHON
}

# Starts a Python script that answers commands (see peers/protocol.py).
# usage: start_peer NAME SCRIPT [ARGUMENT...]
start_peer() {
    local name=$1 script=$2 pipe=$scratch/$1
    shift 2
    mkfifo "$pipe.in" "$pipe.out"
    OMP_NUM_THREADS=$threads RAYON_NUM_THREADS=$threads TOKENIZERS_PARALLELISM=true \
        HF_HUB_OFFLINE=1 "$python" "$bench/peers/$script" "$@" \
        <"$pipe.in" >"$pipe.out" 2>"$pipe.log" &
    peer_pid[$name]=$!
    local in out
    exec {in}>"$pipe.in" {out}<"$pipe.out"
    peer_in[$name]=$in peer_out[$name]=$out
}

# Sends a command to a peer and prints its answer.
ask_peer() {
    local name=$1 answer
    shift
    printf '%s\n' "$*" >&"${peer_in[$name]}"
    if ! IFS= read -r -u "${peer_out[$name]}" answer; then
        complain "$name gave no answer to '$*': $(tail -n 1 "$scratch/$name.log")"
        return 1
    fi
    printf '%s\n' "$answer"
}

stop_peer() {
    local in=${peer_in[$1]} out=${peer_out[$1]}
    # Closing the pipe would not do: peers that were started later have it open too. One that has
    # ended on its own must not end us.
    (printf 'quit\n' >&"$in") 2>/dev/null || true
    exec {in}>&- {out}<&-
    wait "${peer_pid[$1]}" 2>/dev/null || true
    rm -f "$scratch/$1".{in,out}
    unset "peer_pid[$1]" "peer_in[$1]" "peer_out[$1]"
}

# Whether a peer was started and has not been given up.
has_peer() {
    [[ -n ${peer_pid[$1]:-} ]]
}

give_up() {
    remark "$1 cannot do this: $(tail -n 1 "$scratch/$1.log")"
    stop_peer "$1"
}

stop_peers() {
    local name
    for name in "${!peer_pid[@]}"; do stop_peer "$name"; done
}

# MARK: A work

# usage: begin NAME TITLE UNIT higher|lower   (which values are better)
begin() {
    work=$1 title=$2 unit=$3 better=$4
    sides=() checks=() remarks=()
    declare -gA side_kind=() side_label=() side_call=()
    rm -f "$scratch"/side-*
    printf '\n%s\n' "$title"
}

# usage: side ours|peer NAME LABEL FUNCTION [ARGUMENT...]
# The function gets the number of the round, from 1, as its last argument.
side() {
    sides+=("$2")
    side_kind[$2]=$1 side_label[$2]=$3
    side_call[$2]=$(printf '%q ' "${@:4}")
}

remark() {
    remarks+=("$*")
    printf '  (%s)\n' "$*"
}

# Says that a peer cannot be measured, and why.
without() {
    remark "$1 not measured: not installed (make bench-peers installs it)"
}

short() {
    awk -v value="$1" 'BEGIN { printf value == "" ? "nothing" : "%.6g", value }'
}

# Holds a result against the peer's. The tolerance is relative, with a fifth argument absolute.
# usage: check NAME OURS PEER TOLERANCE [absolute]
check() {
    local passed
    passed=$(awk -v a="$2" -v b="$3" -v tolerance="$4" -v kind="${5:-relative}" 'BEGIN {
        difference = a > b ? a - b : b - a
        size = kind == "absolute" ? 1 : (b < 0 ? -b : b)
        print (a != "" && b != "" && difference <= tolerance * size) ? "true" : "false" }')
    checks+=("$(jq -cn --arg name "$1" --arg ours "$2" --arg peer "$3" --arg tolerance "$4" \
        --argjson passed "$passed" '{name: $name, ours: ($ours | tonumber? // null),
            peer: ($peer | tonumber? // null), tolerance: ($tolerance | tonumber), passed: $passed}')")
    printf '  %-9s %s: %s, expected %s (tolerance %s)\n' \
        "$([[ $passed == true ]] && echo valid || echo INVALID)" "$1" "$(short "$2")" "$(short "$3")" "$4"
    [[ $passed == true ]]
}

# Runs all sides in turn. A peer that fails is left out from then on; ours must not fail.
time_sides() {
    local round name answer status
    for ((round = 1; round <= runs; round++)); do
        for name in "${sides[@]}"; do
            [[ ! -e $(side_file "$name").stopped ]] || continue
            # In a condition, bash would go on after errors inside.
            set +e
            answer=$(set -e && eval "${side_call[$name]} $round")
            status=$?
            set -e
            if [[ $status -eq 0 ]]; then
                printf '%s\n' "$answer" >>"$(side_file "$name")"
            elif [[ ${side_kind[$name]} == peer ]]; then
                remark "${side_label[$name]} failed in round $round"
                touch "$(side_file "$name").stopped"
            else
                return 1
            fi
        done
        [[ $round -ne 1 ]] || stop_slow_variants
    done
}

side_file() {
    printf '%s' "$scratch/side-${1//\//-}"
}

# Variants more than a tenth behind the best of their group are not run again.
stop_slow_variants() {
    local name group
    for name in "${sides[@]}"; do
        [[ $name == */* && -s $(side_file "$name") ]] || continue
        group=${name%%/*}
        if cat "$scratch/side-$group"-* | jq -se --arg better "$better" \
            --slurpfile this "$(side_file "$name")" '
            map(.value) | if $better == "higher" then $this[0].value < 0.9 * max
                          else $this[0].value > 1.1 * min end' >/dev/null; then
            touch "$(side_file "$name").stopped"
        fi
    done
}

# Writes the work's results and prints them.
# usage: finish ROOF_OBJECT|null
finish() {
    local name
    for name in "${sides[@]}"; do
        [[ -s $(side_file "$name") ]] || continue
        jq -cs --arg name "${side_label[$name]}" --arg kind "${side_kind[$name]}" \
            --arg group "${name%%/*}" -f "$bench/side.jq" "$(side_file "$name")"
    done | jq -s --arg name "$work" --arg title "$title" --arg unit "$unit" \
        --arg better "$better" --argjson roof "$1" \
        --argjson checks "$(printf '%s\n' "${checks[@]}" | jq -cs .)" \
        --argjson remarks "$(printf '%s\n' "${remarks[@]}" | jq -cRs 'split("\n") | map(select(. != ""))')" \
        -f "$bench/work.jq" >"$scratch/result.json"
    jq -r -f "$bench/lines.jq" "$scratch/result.json"
    mv "$scratch/result.json" "$BENCH_SCRATCH/results/$(date +%s%N)-$work.json"
}

# Whether so many GiB of memory are free.
enough_memory() {
    awk -v gib="$1" '/^MemAvailable/ { exit $2 < gib * 1048576 }' /proc/meminfo
}
