#!/usr/bin/env bash
# fetch-dolly.sh DIR
#
# Downloads databricks-dolly-15k (15,011 records, 13 MB, CC BY-SA 3.0, Databricks) at a pinned
# revision, checks its SHA-256 and prints the path of the file. DOLLY_URL names another place that
# has the same file. Exit status 1 when it cannot be had.
set -euo pipefail

revision=bdd27f4d94b9c1f951818a7da7fd7aeea5dbff1a
sha256=2df9083338b4abd6bceb5635764dab5d833b393b55759dffb0959b6fcbf794ec
name=databricks-dolly-15k.jsonl
url=${DOLLY_URL:-https://huggingface.co/datasets/databricks/databricks-dolly-15k/resolve/$revision/$name}
file=$1/$name

if [[ -e $file ]]; then
    echo "$file"
    exit 0
fi

fail() {
    echo "databricks-dolly-15k: $*" >&2
    exit 1
}

command -v curl >/dev/null || fail "there is no curl"
mkdir -p "$1"
download=$(mktemp "$1/.dolly.XXXXXX")
trap 'rm -f "$download"' EXIT

echo "fetching databricks-dolly-15k ..." >&2
message=$(curl --fail --silent --show-error --location --retry 2 --connect-timeout 15 --max-time 300 \
    --output "$download" "$url" 2>&1) || fail "cannot be downloaded (${message##*$'\n'})"
actual=$(sha256sum "$download")
actual=${actual%% *}
[[ $actual == "$sha256" ]] || fail "wrong checksum (got $actual, expected $sha256)"
chmod 644 "$download"
mv "$download" "$file"
echo "$file"
