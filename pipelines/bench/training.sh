# shellcheck shell=bash
#
# What the works that train have in common.

# shellcheck source=pipelines/bench/inputs.sh
source "$(dirname "${BASH_SOURCE[0]}")/inputs.sh"

# Trains for some steps on the records of a file and prints the side's object: tokens a second, the
# median over all steps but the first. The metrics stay in $scratch/metrics.jsonl.
# usage: train TOOL STEPS BATCH_SIZE FILE FLAG...
train() {
    local name=$1 steps=$2 size=$3 file=$4
    tool "$name" --steps "$steps" --batch-size "$size" --out "$scratch/trained" \
        --metrics "$scratch/metrics.jsonl" --no-training-state --no-shuffle \
        --learning-rate 1e-5 "${@:5}" "$file"
    rm -rf "$scratch/trained"
    local rate
    rate=$(jq -s '.[1:] | map(.tokens / .seconds) | sort | .[(length - 1) / 2 | floor]' \
        "$scratch/metrics.jsonl")
    tool_result "$rate" "whole tool, $steps steps, seconds=$tool_seconds"
}

# A side: our tool on the round's batch.
# usage: train_round TOOL STEPS BATCH_SIZE FILE FLAG... ROUND
train_round() {
    local round=${!#}
    batch "$4" "$3" "$round" >"$scratch/batch.jsonl"
    train "$1" "$2" "$3" "$scratch/batch.jsonl" "${@:5:$#-5}"
}

# A side: PyTorch on the same batch.
# usage: torch_round PEER ROWS ROUND
torch_round() {
    ask_peer "$1" "step $3 $2"
}

# usage: start_torch PEER cpo|mle PRECISION MODEL FILE BATCH_SIZE
start_torch() {
    start_peer "$1" torch_train.py --objective "$2" --precision "$3" --model "$4" --records "$5" \
        --batch-size "$6" --threads "$threads"
}

# Both sides make one step on the first two records: loss, log-probabilities, gradient and number of
# tokens must agree before anything is timed. A peer that cannot do it is given up.
# usage: validate_training PEER TOLERANCE FILE TOOL FLAG...
validate_training() {
    local peer=$1 tolerance=$2 name=$4 theirs
    head -n 2 "$3" >"$scratch/batch.jsonl"
    train "$name" 1 2 "$scratch/batch.jsonl" "${@:5}" >/dev/null
    theirs=$(ask_peer "$peer" "validate 2") || {
        give_up "$peer"
        return 0
    }
    field() { jq -r ".$1 // empty" <<<"$2"; }
    local ours
    ours=$(<"$scratch/metrics.jsonl")
    check tokens "$(field tokens "$ours")" "$(field tokens "$theirs")" 0
    check loss "$(field loss "$ours")" "$(field loss "$theirs")" "$tolerance"
    if [[ $name == train-cpo ]]; then
        check 'log-probability of the truth' "$(field logprob_chosen "$ours")" \
            "$(field logprob_chosen "$theirs")" "$tolerance"
    fi
    check 'gradient norm' "$(field grad_norm "$ours")" "$(field grad_norm "$theirs")" \
        "$(awk -v t="$tolerance" 'BEGIN { print 5 * t }')"
}

# How near our passes come to the fastest matrix product of this machine, if the tool measures it:
# prints an object, or null.
# usage: roof TOOL PRECISION STEPS BATCH_SIZE FILE FLAG...
roof() {
    if ! offers "$1" --profile-stages; then
        echo null
        return
    fi
    train "$1" "$3" "$4" "$5" --profile-stages "${@:6}" >/dev/null
    jq -s --arg precision "$2" --rawfile log "$scratch/log" -f "$bench/roof.jq" \
        "$scratch/metrics.jsonl"
}
