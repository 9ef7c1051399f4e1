#!/usr/bin/env bash
# drop-weights.sh DIR
#
# Deletes the weights in a checkpoint directory and keeps their hashes in SHA256SUMS.
set -euo pipefail

cd "$1"
compgen -G '*.safetensors' >/dev/null || exit 0
sha256sum -- *.safetensors >SHA256SUMS.tmp
mv SHA256SUMS.tmp SHA256SUMS
rm -- *.safetensors
