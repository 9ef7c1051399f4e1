"""Tokenizing with Hugging Face's tokenizers.

ids FILE                the ids of every record's text, and a digest of all
encode FILE batch|each  encodes all texts, as one batch on all threads or one by one
"""

import hashlib
import sys
import time

from protocol import read_records, serve

from tokenizers import Tokenizer

tokenizer = Tokenizer.from_file(sys.argv[1])


def texts(path):
    return [record["text"] for record in read_records(path)]


def ids(path):
    encodings = tokenizer.encode_batch(texts(path), add_special_tokens=False)
    lines = "".join(" ".join(map(str, encoding.ids)) + "\n" for encoding in encodings)
    return {"sha256": hashlib.sha256(lines.encode()).hexdigest(),
            "tokens": sum(len(encoding.ids) for encoding in encodings)}


def encode(path, how):
    batch = texts(path)
    size = sum(len(text.encode()) for text in batch)
    start = time.perf_counter()
    if how == "batch":
        tokenizer.encode_batch(batch, add_special_tokens=False)
    else:
        for text in batch:
            tokenizer.encode(text, add_special_tokens=False)
    seconds = time.perf_counter() - start
    return {"value": size / 1e6 / seconds, "command": f"tokenizers_encode.py: encode, {how}"}


serve(ids=ids, encode=encode)
