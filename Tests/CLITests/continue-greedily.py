"""continue-greedily.py MODEL.gguf RECORDS.jsonl

Has llama.cpp (the Python package xllamacpp) continue every record's prompt_ids by as many tokens as
output_ids has, the most probable each time, and prints one line a record: "same", or where the two part.
A last line says how many prompts llama.cpp turns into the same ids.
"""

import json
import os
import sys
import urllib.request

import xllamacpp

parameters = xllamacpp.CommonParams()
parameters.model.path = sys.argv[1]
parameters.n_ctx = 1024
parameters.n_parallel = 1
parameters.cpuparams.n_threads = 2
parameters.hostnames = ["127.0.0.1"]
parameters.port = 0
server = xllamacpp.Server(parameters)


def post(path, body):
    request = urllib.request.Request(
        server.listening_address + path,
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as response:
        return json.load(response)


same_ids = 0
with open(sys.argv[2], encoding="utf-8") as records:
    for line in records:
        record = json.loads(line)
        expected = record["output_ids"]
        body = {
            "prompt": record["prompt_ids"],
            "n_predict": len(expected),
            "temperature": 0,
            "return_tokens": True,
        }
        got = post("/completion", body)["tokens"]
        # The token that ends a text is in one list and not in the other.
        length = min(len(got), len(expected))
        parted = [i for i in range(length) if got[i] != expected[i]]
        if abs(len(got) - len(expected)) > 1 or parted:
            print(f"differs: got {got}, expected {expected}")
        else:
            print("same")
        body = {"content": record["prompt"], "add_special": False}
        same_ids += post("/tokenize", body)["tokens"] == record["prompt_ids"]
print(f"{same_ids} prompts", flush=True)
# The server's threads would go on.
os._exit(0)
