#!/usr/bin/env bash
# write-run-json.sh RUN OUTPUT SECTION [NAME=VALUE...] [SECTION [NAME=VALUE...]]...
#
# Writes what is known about a run as one JSON object, for `report`. Sections:
#   --top             strings at the top level
#   --stages          names; their seconds come from RUN/stages/NAME
#   --configuration   numbers or strings
#   --results         PART/NAME of the files in RUN that belong to the run; what else an earlier setting left
#                     there does not go into the report
#   --files           NAME=PATH: the SHA-256 of a file, or of a checkpoint's weights, under "hashes"
# The machine and the lines of RUN/warnings.txt are added.
set -euo pipefail

run=$1 output=$2
shift 2

json_string() {
    local text=$1
    text=${text//\\/\\\\}
    text=${text//\"/\\\"}
    text=${text//$'\t'/\\t}
    text=${text//$'\n'/\\n}
    printf '"%s"' "${text//[[:cntrl:]]/}"
}

# A number stays a number.
json_scalar() {
    if [[ $1 =~ ^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$ ]]; then
        printf '%s' "$1"
    else
        json_string "$1"
    fi
}

top=() stages=() configuration=() results=() files=()
section=
for argument in "$@"; do
    case $argument in
    --top | --stages | --configuration | --results | --files) section=${argument#--} ;;
    *)
        case $section in
        top) top+=("$argument") ;;
        stages) stages+=("$argument") ;;
        configuration) configuration+=("$argument") ;;
        results) results+=("$argument") ;;
        files) files+=("$argument") ;;
        *)
            echo "write-run-json.sh: '$argument' is in no section" >&2
            exit 64
            ;;
        esac
        ;;
    esac
done

# The output of sha256sum for a file, or for the weights in a checkpoint directory; where these were
# let go (drop-weights.sh), what was noted then.
hashes() {
    if [[ ! -d $1 ]]; then
        sha256sum -- "$1"
    elif compgen -G "$1/*.safetensors" >/dev/null; then
        sha256sum -- "$1"/*.safetensors
    else
        cat -- "$1.sha256"
    fi
}

separator=
comma() {
    printf '%s' "$separator"
    separator=', '
}

{
    printf '{\n'
    for pair in "${top[@]}"; do
        printf '"%s": %s,\n' "${pair%%=*}" "$(json_scalar "${pair#*=}")"
    done

    cpu=$(awk -F': ' '/^model name/ { print $2; exit }' /proc/cpuinfo)
    memory=$(awk '/^MemTotal/ { printf "%.1f", $2 / 1048576 }' /proc/meminfo)
    printf '"machine": {"cpu": %s, "cores": %d, "memory_gib": %s},\n' \
        "$(json_string "$cpu")" "$(nproc)" "$memory"

    printf '"stages": ['
    separator=
    for stage in "${stages[@]}"; do
        [[ -e $run/stages/$stage ]] || continue
        comma
        printf '{"name": "%s", "seconds": %s}' "$stage" "$(<"$run/stages/$stage")"
    done
    printf '],\n"configuration": {'
    separator=
    for pair in "${configuration[@]}"; do
        comma
        printf '"%s": %s' "${pair%%=*}" "$(json_scalar "${pair#*=}")"
    done
    printf '},\n"results": ['
    separator=
    for result in "${results[@]}"; do
        comma
        json_string "$result"
    done
    printf '],\n"hashes": {'
    separator=
    for pair in "${files[@]}"; do
        while read -r hash file; do
            comma
            # The shards of a large checkpoint have a hash each.
            name=${pair%%=*} file=${file##*/}
            [[ $file != model-* ]] || name+=/$file
            printf '"%s": "%s"' "$name" "$hash"
        done < <(hashes "${pair#*=}")
    done
    printf '},\n"warnings": ['
    separator=
    if [[ -e $run/warnings.txt ]]; then
        while IFS= read -r warning; do
            comma
            json_string "$warning"
        done <"$run/warnings.txt"
    fi
    printf ']\n}\n'
} >"$output.tmp"
mv "$output.tmp" "$output"
