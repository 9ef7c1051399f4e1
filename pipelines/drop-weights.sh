#!/usr/bin/env bash
# drop-weights.sh DIR
#
# Deletes the weights in a checkpoint directory and keeps their hashes in DIR.sha256.
set -euo pipefail

compgen -G "$1/*.safetensors" >/dev/null || exit 0
sha256sum -- "$1"/*.safetensors >"$1.sha256.tmp"
mv "$1.sha256.tmp" "$1.sha256"
rm -- "$1"/*.safetensors
