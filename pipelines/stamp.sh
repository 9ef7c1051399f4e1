#!/usr/bin/env bash
# stamp.sh FILE TEXT [PROGRAM...]
#
# Writes TEXT and the checksums of the programs to FILE, but only if FILE does not hold them already:
# a target that depends on FILE is rebuilt when its flags or a program change, and only then.
set -euo pipefail

file=$1 text=$2
shift 2
content=$text
if (($#)); then
    content+=$'\n'$(sha256sum "$@")
fi
[[ -e $file && $(<"$file") == "$content" ]] && exit 0
mkdir -p "$(dirname "$file")"
printf '%s\n' "$content" >"$file"
