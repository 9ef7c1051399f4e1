#!/usr/bin/env bash
# stamp.sh FILE TEXT [PROGRAM]
#
# Writes TEXT and the checksum of PROGRAM to FILE, but only if FILE does not hold them already:
# a target that depends on FILE is rebuilt when its flags or its program change, and only then.
set -euo pipefail

file=$1 text=$2 program=${3:-}
content=$text
if [[ -n $program ]]; then
    content+=$'\n'$(sha256sum "$program")
fi
[[ -e $file && $(<"$file") == "$content" ]] && exit 0
mkdir -p "$(dirname "$file")"
printf '%s\n' "$content" >"$file"
