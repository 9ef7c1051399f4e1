"""MAUVE with mauve-text on features in a safetensors file: mauve_text.py FILE

score SEEDS     the mean of so many seeds' scores
time            seconds of one score, reading the features included
"""

import sys
import time

from protocol import serve

import mauve
from safetensors.numpy import load_file


def score(seed):
    features = load_file(sys.argv[1])
    return mauve.compute_mauve(
        p_features=features["p"], q_features=features["q"], seed=seed, verbose=False
    ).mauve


def mean_score(seeds):
    scores = [float(score(seed)) for seed in range(1, int(seeds) + 1)]
    return {"mauve": sum(scores) / len(scores)}


def timed():
    start = time.perf_counter()
    score(1)
    seconds = time.perf_counter() - start
    return {"value": seconds, "command": "mauve.compute_mauve(p_features, q_features)"}


serve(score=mean_score, time=timed)
