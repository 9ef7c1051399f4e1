#!/usr/bin/env bash
# kills.sh BIN DIR [SCENARIO...]
#
# Kills tools (SIGKILL) at random moments, KILLS times in all, starts each again with the same command
# until it ends, and compares what it wrote with an undisturbed run, byte for byte (of metrics and
# logs all but times). Nothing may be left beside the results but what is named in `leftovers`.
# Works in DIR; prints a line for each scenario and exits with 1 if anything differed.
#
# SCENARIO: pretrain-mle, train-cpo-{full,recompute,layerwise,compact}, gen-negatives, generate, judge,
# experiment; without any, all. KILLS (200) and SEED (0) come from the environment.
# shellcheck disable=SC2317 # the commands are called by name
set -euo pipefail

bin=$(realpath "$1") work=$2
shift 2
here=$(dirname "$(realpath "$0")")
root=$(realpath "$here/../..")
scenarios=("$@")
((${#scenarios[@]})) || scenarios=(pretrain-mle train-cpo-full train-cpo-recompute
    train-cpo-layerwise train-cpo-compact gen-negatives generate judge experiment)
kills=${KILLS:-200}
RANDOM=${SEED:-0}
mkdir -p "$work"
work=$(realpath "$work")
fixture=$work/fixture

# MARK: What the scenarios work on

prepare() {
    [[ -e $fixture/ready ]] && return
    rm -rf "$fixture" && mkdir -p "$fixture"
    local quiet=(-q --threads 2)
    "$bin/tokenize" -q --learn --vocab-size 1024 --out "$fixture/tokenizer" \
        "$root/data/mini-dolly.jsonl.zst"
    "$bin/tokenize" "${quiet[@]}" --model "$fixture/tokenizer" --max-response-tokens 48 \
        --shard 0/4 -o "$fixture/tokens.jsonl.zst" "$root/data/mini-dolly.jsonl.zst"
    "$bin/tokenize" "${quiet[@]}" --model "$fixture/tokenizer" --max-response-tokens 48 \
        --shard 1/32 -o "$fixture/eval.jsonl.zst" "$root/data/mini-dolly.jsonl.zst"
    "$bin/pretrain-mle" "${quiet[@]}" --init "$root/pipelines/dolly/mini-llama.json" \
        --tokenizer "$fixture/tokenizer" --out "$fixture/model" --steps 10 --batch-size 8 \
        --learning-rate 2e-3 "$fixture/tokens.jsonl.zst"
    "$bin/gen-negatives" "${quiet[@]}" --shard 0/4 --model "$fixture/model" --kinds an:2,tn:1 \
        --max-new-tokens 24 "$fixture/tokens.jsonl.zst" |
        "$bin/rank-by-embedding" "${quiet[@]}" --embedder "$fixture/model" |
        "$bin/score" "${quiet[@]}" --model "$fixture/model" --as reference \
            -o "$fixture/scored.jsonl.zst"
    "$bin/generate" "${quiet[@]}" --shard 0/4 --model "$fixture/model" --decode greedy \
        --max-new-tokens 16 -o "$fixture/outputs.jsonl.zst" "$fixture/tokens.jsonl.zst"
    touch "$fixture/ready"
}

# The budget under which train-cpo chooses a plan: what it says that plan needs.
budget() {
    ("$bin/train-cpo" -q --model "$fixture/model" --out "$work/none" --steps 1 --batch-size 4 \
        --memory-budget 1MB "$fixture/scored.jsonl.zst" 2>&1 || true) |
        grep -oE "[0-9.]+ MiB for $1" | awk '{ print int(($1 + 0.1) * 1024) "KiB" }'
}

# MARK: Commands: each writes into $out, and goes on where an earlier call stopped

training=(--threads 2 --batch-size 4 --save-every 3 --resume)

run_pretrain-mle() {
    "$bin/pretrain-mle" -q "${training[@]}" --model "$fixture/model" --out "$out/model" --steps 30 \
        --eval "$fixture/eval.jsonl.zst" --eval-every 7 --metrics "$out/metrics.jsonl" \
        "$fixture/tokens.jsonl.zst"
}

run_train-cpo() {
    "$bin/train-cpo" -q "${training[@]}" --model "$fixture/model" --out "$out/model" --steps 24 \
        --memory-budget "$1" --metrics "$out/metrics.jsonl" "$fixture/scored.jsonl.zst"
}

run_train-cpo-full() { run_train-cpo "$plan_budget"; }
run_train-cpo-recompute() { run_train-cpo "$plan_budget"; }
run_train-cpo-layerwise() { run_train-cpo "$plan_budget"; }
run_train-cpo-compact() { run_train-cpo "$plan_budget"; }

run_gen-negatives() {
    "$bin/gen-negatives" -q --threads 2 --resume --model "$fixture/model" --kinds an:2,bn:1,mn:1 \
        --max-new-tokens 32 -o "$out/negatives.jsonl.zst" "$fixture/tokens.jsonl.zst"
}

run_generate() {
    "$bin/generate" -q --threads 2 --resume --model "$fixture/model" --decode sample --top-k 50 \
        --max-new-tokens 48 -o "$out/outputs.jsonl.zst" "$fixture/tokens.jsonl.zst"
}

run_judge() {
    "$bin/judge" -q --threads 2 --judge endpoint --base-url "http://127.0.0.1:$port/v1" \
        --judge-model hash --concurrency 2 --a "$fixture/outputs.jsonl.zst" \
        --summary "$out/judge.json" -o "$out/verdicts.jsonl.zst"
}

run_experiment() {
    make -C "$root" --no-print-directory dolly-experiment BASE=mini PROFILE=tiny RUN="$out/run" \
        DATASET="$root/data/mini-dolly.jsonl.zst" BASE_STEPS=20 MLE_STEPS=10 CPO_STEPS=10 \
        SAVE_EVERY=3 EVAL_EVERY=5 JUDGES=embedding ALPHAS=0.5 >"$out/make.log" 2>&1
}

# MARK: Comparing

# Files whose names are said to stay: locks, and what make keeps beside results.
leftovers=(-name .lock -o -name '*.calls.jsonl')

# Checksums of everything that a scenario wrote, times left out.
contents() {
    local directory=$1 file
    (
        cd "$directory"
        find . -type f ! -path './run/logs/*' ! -path './run/stages/*' ! -path './run/report/*' \
            ! -path './run/stamps/*' ! -path './run/smoke/*' ! -name run.json ! -name make.log \
            ! \( "${leftovers[@]}" \) -print0 | sort -z | while IFS= read -rd '' file; do
            case $file in
            */metrics.jsonl | */metrics/*.jsonl)
                printf '%s  %s\n' "$(jq -Sc 'del(.seconds, .stages)' "$file" | sha256sum)" "$file"
                ;;
            # How many answers came from the calls kept before is the run's business.
            ./judge.json) printf '%s  %s\n' "$(jq -Sc 'del(.endpoint)' "$file" | sha256sum)" "$file" ;;
            *) sha256sum "$file" ;;
            esac
        done
    )
}

# MARK: Killing

# usage: undisturbed SCENARIO: sets $duration, in milliseconds
undisturbed() {
    rm -rf "$out" && mkdir -p "$out"
    local start=${EPOCHREALTIME/[.,]/}
    "run_$1"
    duration=$(((${EPOCHREALTIME/[.,]/} - start) / 1000))
}

# usage: disturb SCENARIO MILLISECONDS: whether it was killed; fails if it ended with another error
disturb() {
    set -m
    (trap - EXIT && "run_$1") 2>"$out.errors" &
    local process=$! status=0
    set +m
    sleep "$(printf '%d.%03d' $(($2 / 1000)) $(($2 % 1000)))"
    # Its own process group: the command and all that it started.
    kill -KILL -- "-$process" 2>/dev/null || true
    wait "$process" 2>/dev/null || status=$?
    ((status == 137)) && return 0
    ((status == 0)) && return 1
    echo "$1: exit status $status after a kill:" >&2
    tail -n 5 "$out.errors" >&2
    return 2
}

failed=0
# usage: torture SCENARIO KILLS
torture() {
    local scenario=$1 wanted=$2 done=0 rounds=0 wrong=0 result expected
    # Paths stand in some results, so all runs write to the same.
    out=$work/$1
    undisturbed "$scenario"
    expected=$(contents "$out")
    rm -rf "$out.undisturbed" && mv "$out" "$out.undisturbed"
    # Several kills a run: each start gets on by a third of the whole, on average.
    while ((done < wanted)); do
        rm -rf "$out" && mkdir -p "$out"
        while :; do
            if ((done >= wanted)); then
                "run_$scenario" 2>"$out.errors" || { wrong=$((wrong + 1)); tail -n 5 "$out.errors" >&2; }
                break
            fi
            result=0
            disturb "$scenario" $((20 + RANDOM % (duration * 2 / 3 + 1))) || result=$?
            case $result in
            0) done=$((done + 1)) ;;
            1) break ;;
            *) wrong=$((wrong + 1)) && break ;;
            esac
        done
        rounds=$((rounds + 1))
        if ! diff <(printf '%s\n' "$expected") <(contents "$out") >"$out.diff"; then
            wrong=$((wrong + 1))
            echo "$scenario: not the bytes of an undisturbed run, or something was left:" >&2
            head -n 20 "$out.diff" >&2
        fi
    done
    printf '%-22s %4d kills  %3d rounds  %s\n' "$scenario" "$done" "$rounds" \
        "$( ((wrong)) && echo "$wrong WRONG" || echo 'the same bytes, nothing left')"
    ((wrong == 0)) || failed=1
}

prepare
coproc SERVER { exec python3 "$here/chat-server.py"; }
trap '[[ -z ${SERVER_PID:-} ]] || kill "$SERVER_PID" 2>/dev/null || true' EXIT
read -r port <&"${SERVER[0]}"

share=$((kills / ${#scenarios[@]}))
rest=$((kills % ${#scenarios[@]}))
for scenario in "${scenarios[@]}"; do
    plan_budget=
    [[ $scenario != train-cpo-* ]] || plan_budget=$(budget "${scenario#train-cpo-}")
    torture "$scenario" $((share + (rest > 0 ? 1 : 0)))
    rest=$((rest > 0 ? rest - 1 : 0))
done
exit "$failed"
