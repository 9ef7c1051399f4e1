#!/usr/bin/env bash
# resolve-inputs.sh EXPERIMENT RUN ASSETS [BASE [DATASET [EMBEDDER [WIKI_DETOKENIZE]]]]
#
# Decides which base model, data and sentence embedder an experiment uses, fetches what it can, and
# writes the answer to RUN/inputs.mk. Empty arguments mean the defaults. Wherever something else
# than the default has to be taken, it says so on stderr and in RUN/warnings.txt, which goes into
# the report.
set -euo pipefail

experiment=$1 run=$2 assets=$3 base=${4:-} dataset=${5:-} embedder=${6:-} detokenize=${7:-auto}
here=$(dirname "$0")
mkdir -p "$run" "$assets"
"$here/lock-run.sh" "$run" true
# What a killed call left is written over.
warnings=$run/.warnings errors=$run/.errors
: >"$warnings"
: >"$errors"
trap 'rm -f "$warnings" "$errors"' EXIT

# Says something loudly, and keeps it for the report.
warn() {
    printf '%s\n' "$*" >>"$warnings"
    printf '\n*** %s\n\n' "$*" >&2
}

die() {
    echo "$experiment: $*" >&2
    exit 66
}

# Runs one of the fetch scripts and prints the path that it found.
fetch() {
    local status=0
    "$@" 2>"$errors" || status=$?
    cat "$errors" >&2
    return "$status"
}

# Why the last fetch failed.
reason() {
    local last
    last=$(tail -n 1 "$errors")
    printf '%s' "${last#*: }"
}

base_source=
if [[ -z $base || $base == smollm2 ]]; then
    if base_source=$(fetch "$here/fetch-assets.sh" smollm2 "$assets"); then
        base=smollm2
    elif [[ $base == smollm2 ]]; then
        die "BASE=smollm2 cannot be had: $(reason)"
    else
        base=mini base_source=
        warn "The base model SmolLM2-135M-Instruct cannot be had ($(reason)):" \
            "a small Llama is trained from nothing instead (BASE=mini). Its numbers say little."
    fi
fi
case $base in
smollm2)
    base_kind=smollm2
    base_note='SmolLM2-135M-Instruct (Q4_1 file, dequantised to float32)'
    ;;
qwen-0.5b | gemma3-270m)
    base_source=$(fetch "$here/fetch-assets.sh" "$base" "$assets") ||
        die "BASE=$base cannot be had: $(reason)"
    base_kind=$base
    case $base in
    qwen-0.5b) base_note='Qwen2.5-Coder-0.5B-Instruct' ;;
    gemma3-270m) base_note='Gemma 3 270M' ;;
    esac
    base_note+=' (Q4_K_M file, dequantised to float32)'
    ;;
mini)
    base_kind=mini
    base_note='a small Llama and its tokenizer, trained from nothing on the training half'
    ;;
*)
    [[ -e $base/config.json ]] ||
        die "$base: not a checkpoint directory (no config.json in it)," \
            "nor smollm2, qwen-0.5b, gemma3-270m or mini"
    base_kind=directory base_source=$base
    base_note="the checkpoint $base"
    ;;
esac

if [[ -n $dataset ]]; then
    [[ -e $dataset ]] || die "$dataset: no such data set"
    dataset_note="the file $dataset"
elif [[ $experiment == wiki ]]; then
    dataset=data/mini-wiki.txt
    dataset_note='the embedded sample mini-wiki'
    warn "No text was given (WIKI=FILE): the embedded sample $dataset is used." \
        "It is far too small for more than a look; held-out texts are few."
elif dataset=$(fetch "$here/fetch-dolly.sh" "$assets"); then
    dataset_note='databricks-dolly-15k (CC BY-SA 3.0, Databricks), pinned revision'
else
    dataset=data/mini-dolly.jsonl.zst
    dataset_note='the embedded sample mini-dolly'
    warn "The data set databricks-dolly-15k cannot be had ($(reason)):" \
        "the embedded sample $dataset is used instead. It is generated from templates."
    [[ -e $dataset ]] || die "$dataset: no such data set"
fi

if [[ -n $embedder ]]; then
    [[ -e $embedder/config.json ]] ||
        die "$embedder: not an embedder directory (no config.json in it)"
    embedder_note="the embedder $embedder"
elif embedder=$(fetch "$here/fetch-assets.sh" minilm "$assets"); then
    embedder_note='all-MiniLM-L6-v2'
else
    embedder=
    embedder_note='the hidden states of the reference model'
    warn "The sentence embedder all-MiniLM-L6-v2 cannot be had ($(reason)):" \
        "negatives are ranked by the hidden states of the reference model instead."
fi

# Whether a text has WikiText's ` @-@ `, in its first megabytes.
has_wikitext_spacing() (
    set +o pipefail
    zstd -dcqf -- "$1" | head -c 4000000 | grep -qF ' @-@ '
)

if [[ $experiment == wiki ]]; then
    case $detokenize in
    yes | no) ;;
    auto) if has_wikitext_spacing "$dataset"; then detokenize=yes; else detokenize=no; fi ;;
    *) die "WIKI_DETOKENIZE=$detokenize (expected auto, yes or no)" ;;
    esac
    [[ $detokenize == no ]] || dataset_note+=", the spacing of WikiText undone"
fi

for path in "$base_source" "$dataset" "$embedder" "$run"; do
    if [[ $path == *[[:space:]\#\$:\'\"]* ]]; then
        die "'$path': file names with spaces or any of # \$ : ' \" cannot be used with make"
    fi
done

cat >"$run/.inputs.mk" <<END
BASE_KIND := $base_kind
BASE_SOURCE := $base_source
BASE_NOTE := $base_note
DATASET_FILE := $dataset
DATASET_NOTE := $dataset_note
EMBEDDER_DIR := $embedder
EMBEDDER_NOTE := $embedder_note
override WIKI_DETOKENIZE := $detokenize
END

# Only a change makes anything depend on these newer.
keep_or_replace() {
    if cmp -s "$1" "$2"; then rm -f "$1"; else mv "$1" "$2"; fi
}
keep_or_replace "$run/.inputs.mk" "$run/inputs.mk"
keep_or_replace "$warnings" "$run/warnings.txt"

printf '%-10s %s\n' base: "$base_note" data: "$dataset_note" embedder: "$embedder_note" >&2
