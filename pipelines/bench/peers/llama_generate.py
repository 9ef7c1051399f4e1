"""Generation with llama.cpp, through its server as xllamacpp embeds it, all prompts at the same time.

generate FILE TOKENS TOP_K      TOKENS new tokens for each record's prompt; TOP_K 0 is greedy
"""

import argparse
import time

from protocol import read_records, serve

import xllamacpp

parser = argparse.ArgumentParser()
parser.add_argument("--model", required=True, help="GGUF file")
parser.add_argument("--threads", type=int, required=True)
parser.add_argument("--parallel", type=int, required=True)
parser.add_argument("--context", type=int, default=512, help="tokens of each sequence")
options = parser.parse_args()

parameters = xllamacpp.CommonParams()
parameters.model.path = options.model
parameters.n_parallel = options.parallel
parameters.n_ctx = options.parallel * options.context
parameters.cpuparams.n_threads = options.threads
parameters.cpuparams_batch.n_threads = options.threads
server = xllamacpp.Server(parameters)


def generate(path, tokens, top_k):
    prompts = [record["prompt_ids"] for record in read_records(path)]
    choice = {"temperature": 0.0}
    if int(top_k):
        # The chain is only what is asked for; llama.cpp's default has more samplers.
        choice = {"temperature": 1.0, "top_k": int(top_k), "samplers": ["top_k", "temperature"]}
    request = {
        "prompt": prompts if len(prompts) > 1 else prompts[0],
        "max_tokens": int(tokens),
        "ignore_eos": True,
        "cache_prompt": False,
        "seed": 1,
        **choice,
    }
    start = time.perf_counter()
    answer = server.handle_completions(request)
    seconds = time.perf_counter() - start
    choices = answer["choices"]
    # With ignore_eos every sequence that ends at its limit has all its tokens.
    whole = sum(choice["finish_reason"] == "length" for choice in choices)
    return {
        "value": whole * int(tokens) / seconds,
        "tokens": whole * int(tokens),
        "text": choices[0]["text"],
        "command": f"llama_generate.py: {options.model.rsplit('/', 1)[-1]}, "
        f"{len(prompts)} parallel sequences",
    }


def system():
    flags = xllamacpp.get_system_info().split(":", 1)[-1]
    return {"flags": [flag.split("=")[0].strip() for flag in flags.split("|") if "= 1" in flag]}


serve(generate=generate, system=system)
