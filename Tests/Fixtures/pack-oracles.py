#!/usr/bin/env python3
"""Packs a folder of numerical oracles into the fixtures of the tests.

usage: pack-oracles.py ORACLES [OUT]        (OUT: the folder oracles beside this script)

README.md beside the result says what each file holds. Needs Python's standard library and zstd.
"""
import array
import json
import math
import os
import shutil
import struct
import subprocess
import sys

MODELS = ["tiny-gpt2", "tiny-llama-gqa", "tiny-openllama"]
TOKENIZERS = ["llama3", "qwen2", "o200k", "smollm", "gemma", "llama2"]
FAMILIES = [
    "tiny-llama3-rope",
    "tiny-llama-bias-headdim",
    "tiny-qwen2",
    "tiny-qwen3",
    "tiny-gemma3",
    "tiny-mistral-window",
    "tiny-smollm3",
    "tiny-granite",
    "tiny-olmo2",
    "tiny-phi3",
]
GRADIENTS = ["mle", "cpo_beta1.0", "cpo_ranked_beta0.1", "dpo_beta0.1"]
JSON = [f"{model}.json" for model in MODELS + FAMILIES] + [
    "losses.json",
    "samplers.json",
    "mauve_features.json",
    "mauve_histograms.json",
    "sentencepiece_bpe.json",
    "sentencepiece_unigram.json",
] + [f"tokenizers/{kind}{suffix}.json" for kind in TOKENIZERS for suffix in ["", ".cases"]]
# A tenth of the tests' tolerances: of a gradient, relative to its norm; of a weight after ten steps.
GRADIENT_BOUND = 1e-5
SKETCHED = ["mle", "cpo_ranked_beta0.1"]
SIGNS = 8
WEIGHT_BOUND = 2e-6


def read_tensors(path):
    """The float32 tensors of a safetensors file: {name: (shape, bits)}."""
    with open(path, "rb") as file:
        data = file.read()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        assert entry["dtype"] == "F32", name
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        tensors[name] = (entry["shape"], array.array("I", data[begin:end]))
    return tensors


def floats(bits):
    return array.array("f", bits.tobytes())


def narrowed(bits):
    """Floats rounded to 24 bits: sign, exponent, 15 bits of the significand."""
    return array.array("I", [(value + 0x80) >> 8 for value in bits])


def widened(narrow):
    return floats(array.array("I", [value << 8 for value in narrow]))


def planes(narrow):
    """The three bytes of each number, all first ones first; the sign last, so that these are exponents."""
    turned = [(value << 1 | value >> 23) & 0xFFFFFF for value in narrow]
    return b"".join(bytes(value >> shift & 0xFF for value in turned) for shift in (16, 8, 0))


def compress(data, path):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    subprocess.run(["zstd", "-q", "-19", "-f", "-o", path], input=data, check=True)


def write_narrow(tensors, path):
    """Header length (8 bytes), header {name: [shape, offset]}, and for each tensor its planes."""
    header, body = {}, b""
    for name, (shape, narrow) in tensors.items():
        header[name] = {"shape": shape, "offset": len(body)}
        body += planes(narrow)
    text = json.dumps(header, separators=(",", ":")).encode()
    compress(struct.pack("<Q", len(text)) + text + body, path)


def pack_gradients(source, target):
    tensors = {}
    for name, (shape, bits) in read_tensors(source).items():
        narrow = narrowed(bits)
        pairs = list(zip(floats(bits), widened(narrow)))
        norm = math.sqrt(sum(a * a for a, _ in pairs))
        error = math.sqrt(sum((a - b) ** 2 for a, b in pairs))
        assert error <= GRADIENT_BOUND * norm, (source, name, error, norm)
        tensors[name] = (shape, narrow)
    write_narrow(tensors, target)


def pack_steps(before, after, target):
    tensors = {}
    start = read_tensors(before)
    for name, (shape, bits) in read_tensors(after).items():
        old, new = floats(start[name][1]), floats(bits)
        change = array.array("f", [b - a for a, b in zip(old, new)])
        narrow = narrowed(array.array("I", change.tobytes()))
        error = max(abs(a + d - b) for a, b, d in zip(old, new, widened(narrow)))
        assert error <= WEIGHT_BOUND, (after, name, error)
        tensors[name] = (shape, narrow)
    write_narrow(tensors, target)


def signs(index):
    """SIGNS random signs that belong to the element with this index: bits of SplitMix64."""
    z = (index + 1) * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
    z = (z ^ z >> 27) * 0x94D049BB133111EB & 0xFFFFFFFFFFFFFFFF
    z ^= z >> 31
    return [1 if z >> bit & 1 else -1 for bit in range(SIGNS)]


def sketch(values, table):
    """The norm of a tensor, and its sums under SIGNS choices of signs."""
    sums = [0.0] * SIGNS
    square = 0.0
    for index, value in enumerate(values):
        square += value * value
        for number, sign in enumerate(table[index]):
            sums[number] += sign * value
    return [math.sqrt(square)] + sums


def pack_sketches(source, target):
    """Of gradients too many to keep: enough to tell whether another one is the same."""
    start = {name: floats(bits) for name, (_, bits) in read_tensors(f"{source}/model.safetensors").items()}
    table = [signs(index) for index in range(max(len(values) for values in start.values()))]
    result = {}
    for name in SKETCHED:
        gradients = read_tensors(f"{source}/{name}_grads.safetensors")
        result[name] = {key: sketch(floats(bits), table) for key, (_, bits) in gradients.items()}
    after = read_tensors(f"{source}/after_10_steps.safetensors")
    result["ten_steps"] = {
        key: sketch([b - a for a, b in zip(start[key], floats(bits))], table)
        for key, (_, bits) in after.items()
    }
    compress(json.dumps(result, separators=(",", ":")).encode(), target)


def main():
    source = sys.argv[1]
    beside = os.path.join(os.path.dirname(os.path.abspath(__file__)), "oracles")
    target = sys.argv[2] if len(sys.argv) > 2 else beside
    for name in JSON:
        with open(f"{source}/{name}", encoding="utf-8") as file:
            value = json.load(file)
        text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
        compress(text.encode(), f"{target}/{name}.zst")
    with open(f"{source}/mauve_features.safetensors", "rb") as file:
        compress(file.read(), f"{target}/mauve_features.safetensors.zst")
    for kind in ["bpe", "unigram"]:
        name = f"sentencepiece_{kind}.model"
        shutil.copyfile(f"{source}/{name}", f"{target}/{name}")
    for model in MODELS:
        for folder in [model, f"{model}/reference"]:
            os.makedirs(f"{target}/{folder}", exist_ok=True)
            for name in ["config.json", "generation_config.json", "model.safetensors"]:
                shutil.copyfile(f"{source}/{folder}/{name}", f"{target}/{folder}/{name}")
        for name in GRADIENTS:
            pack_gradients(
                f"{source}/{model}/{name}_grads.safetensors",
                f"{target}/{model}/gradients/{name}.f24.zst",
            )
        pack_steps(
            f"{source}/{model}/model.safetensors",
            f"{source}/{model}/after_10_steps.safetensors",
            f"{target}/{model}/gradients/ten_steps.f24.zst",
        )
    for model in FAMILIES:
        os.makedirs(f"{target}/{model}", exist_ok=True)
        for name in ["config.json", "generation_config.json", "model.safetensors"]:
            shutil.copyfile(f"{source}/{model}/{name}", f"{target}/{model}/{name}")
        pack_sketches(f"{source}/{model}", f"{target}/{model}/sketches.json.zst")


if __name__ == "__main__":
    main()
