#!/usr/bin/env bash
# test-environment.sh ASSETS BIN
#
# Prints the shell assignments that tell the tests where the pretrained models are:
#   CPO_SMOLLM2_GGUF   SmolLM2-135M-Instruct as a GGUF file
#   CPO_SMOLLM2_MODEL  the same as a checkpoint directory, imported by BIN/import-checkpoint
#   CPO_MINILM         all-MiniLM-L6-v2
#   CPO_CHAT_SERVER    the Python package xllamacpp, a chat server; or the address of one that runs
# What is set already is kept. What cannot be had is left out, and stderr says so: the tests that
# need it are then skipped.
set -euo pipefail

assets=$1 bin=$2
here=$(dirname "$0")
mkdir -p "$assets"

set_variable() {
    printf 'export %s=%q\n' "$1" "$(realpath "$2")"
}

gguf=${CPO_SMOLLM2_GGUF:-}
if [[ -n $gguf ]] || gguf=$("$here/fetch-assets.sh" smollm2 "$assets"); then
    set_variable CPO_SMOLLM2_GGUF "$gguf"
    model=${CPO_SMOLLM2_MODEL:-}
    if [[ -z $model ]]; then
        model=$assets/smollm2-135m-instruct
        stamp=$assets/stamps/import
        "$here/stamp.sh" "$stamp" '' "$bin/import-checkpoint"
        if [[ ! $model/config.json -nt $stamp ]]; then
            "$bin/import-checkpoint" -q "$gguf" --out "$model"
            touch "$model/config.json"
        fi
    fi
    set_variable CPO_SMOLLM2_MODEL "$model"
else
    echo '*** SmolLM2-135M cannot be had: the tests that need it are skipped' >&2
fi

minilm=${CPO_MINILM:-}
if [[ -n $minilm ]] || minilm=$("$here/fetch-assets.sh" minilm "$assets"); then
    set_variable CPO_MINILM "$minilm"
else
    echo '*** all-MiniLM-L6-v2 cannot be had: the tests that need it are skipped' >&2
fi

# With a server that runs there is nothing to look for.
if [[ -n ${CPO_CHAT_SERVER:-} ]]; then
    printf 'export CPO_CHAT_SERVER=%q\n' "$CPO_CHAT_SERVER"
elif chat=$("$here/fetch-assets.sh" xllamacpp "$assets") &&
    PYTHONPATH=$chat python3 -c 'import xllamacpp' >&2; then
    set_variable CPO_CHAT_SERVER "$chat"
else
    echo '*** xllamacpp cannot be had: the tests that need a chat server are skipped' >&2
fi
