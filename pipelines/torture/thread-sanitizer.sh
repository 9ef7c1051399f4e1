#!/usr/bin/env bash
# Usage: thread-sanitizer.sh [SUITE...]    runs suites (those that compute on threads) under the thread sanitizer
#
# Builds in .build-tsan. Ends with status 1 if a test fails, the sanitizer reports anything, or nothing was run.
# What it said is in runs/tsan/SUITE.log.
set -euo pipefail
cd "$(dirname "$0")/../.."

suites=("$@")
[[ $# -gt 0 ]] || suites=(StreamIOTests KernelsTests TokenizationTests TransformerTests SamplingTests
    TrainingTests EmbeddingTests EvaluationTests ChatEndpointTests)
CPO_THREAD_SANITIZER=1 swift build -c release --sanitize=thread --scratch-path .build-tsan --build-tests
bundle=$(find -L .build-tsan/release -maxdepth 1 -name '*.xctest' | head -n 1)
runs=runs/tsan
mkdir -p "$runs"
printf '%-20s %7s %8s %8s\n' suite tests reports seconds
failed=0
for suite in "${suites[@]}"; do
    began=$SECONDS
    status=0
    TSAN_OPTIONS=exitcode=0 \
        "$bundle" --testing-library swift-testing --filter "$suite" >"$runs/$suite.log" 2>&1 || status=$?
    reports=$(grep -c 'WARNING: ThreadSanitizer' "$runs/$suite.log" || true)
    tests=$(sed -n 's/.*Test run with \([0-9]*\) tests\{0,1\}.*/\1/p' "$runs/$suite.log")
    printf '%-20s %7s %8s %8s\n' "$suite" "${tests:-none}" "$reports" "$((SECONDS - began))"
    [[ $status == 0 && $reports == 0 && ${tests:-0} != 0 ]] || failed=1
done
exit "$failed"
