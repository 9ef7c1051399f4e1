#!/usr/bin/env bash
# test-environment.sh ASSETS BIN
#
# Prints the shell assignments that tell the tests where the pretrained models are:
#   CPO_SMOLLM2_GGUF   SmolLM2-135M-Instruct as a GGUF file
#   CPO_SMOLLM2_MODEL  the same as a checkpoint directory, imported by BIN/import-checkpoint
#   CPO_QWEN_GGUF, CPO_QWEN_MODEL      Qwen2.5-Coder-0.5B-Instruct likewise
#   CPO_GEMMA3_GGUF, CPO_GEMMA3_MODEL  Gemma 3 270M likewise
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

stamp=$assets/stamps/import
"$here/stamp.sh" "$stamp" '' "$bin/import-checkpoint"

# provide_model VARIABLE ASSET DIRECTORY NAME
#
# Sets VARIABLE_GGUF and VARIABLE_MODEL.
provide_model() {
    local gguf_variable=$1_GGUF model_variable=$1_MODEL gguf model
    gguf=${!gguf_variable:-}
    if [[ -z $gguf ]] && ! gguf=$("$here/fetch-assets.sh" "$2" "$assets"); then
        echo "*** $4 cannot be had: the tests that need it are skipped" >&2
        return
    fi
    set_variable "$gguf_variable" "$gguf"
    model=${!model_variable:-}
    if [[ -z $model ]]; then
        model=$assets/$3
        if [[ ! $model/config.json -nt $stamp ]]; then
            if ! "$bin/import-checkpoint" -q "$gguf" --out "$model"; then
                echo "*** $4 cannot be imported" >&2
                exit 1
            fi
            touch "$model/config.json"
        fi
    fi
    set_variable "$model_variable" "$model"
}

provide_model CPO_SMOLLM2 smollm2 smollm2-135m-instruct SmolLM2-135M
provide_model CPO_QWEN qwen-0.5b qwen2.5-coder-0.5b-instruct Qwen2.5-Coder-0.5B
provide_model CPO_GEMMA3 gemma3-270m gemma-3-270m 'Gemma 3 270M'

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
