"""Embedding with sentence-transformers.

similarities FILE       the cosine of response and negative of each record
encode FILE SIZE        embeds response and negative of all records, SIZE texts at a time
"""

import argparse
import time

from protocol import read_records, serve

import torch
from sentence_transformers import SentenceTransformer

parser = argparse.ArgumentParser()
parser.add_argument("--model", required=True)
parser.add_argument("--threads", type=int, required=True)
options = parser.parse_args()

torch.set_num_threads(options.threads)
model = SentenceTransformer(options.model, device="cpu")


def texts(path):
    return [t for r in read_records(path) for t in (r["response"], r["negatives"][0]["text"])]


def similarities(path):
    vectors = model.encode(texts(path), normalize_embeddings=True)
    return {"similarities": (vectors[0::2] * vectors[1::2]).sum(axis=1).tolist()}


def encode(path, size):
    batch = texts(path)
    start = time.perf_counter()
    model.encode(batch, batch_size=int(size), normalize_embeddings=True)
    seconds = time.perf_counter() - start
    return {"value": len(batch) / seconds, "command": f"SentenceTransformer.encode, batch_size={size}"}


serve(similarities=similarities, encode=encode)
