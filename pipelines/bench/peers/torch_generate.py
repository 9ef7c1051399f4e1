"""Generation as a user of transformers writes it: prompts padded on the left, one call of generate.

ranks FILE TOP_K                the share of output_ids that are among the TOP_K most probable tokens
generate FILE TOKENS TOP_K      TOKENS new tokens for each record's prompt; TOP_K 0 is greedy
"""

import argparse
import time

from protocol import read_records, serve

import torch
from transformers import AutoModelForCausalLM

parser = argparse.ArgumentParser()
parser.add_argument("--precision", choices=["fp32", "bf16"], required=True)
parser.add_argument("--model", required=True)
parser.add_argument("--threads", type=int, required=True)
options = parser.parse_args()

torch.set_num_threads(options.threads)
torch.manual_seed(0)
dtype = torch.float32 if options.precision == "fp32" else torch.bfloat16
model = AutoModelForCausalLM.from_pretrained(options.model, dtype=dtype).eval()


@torch.inference_mode()
def ranks(path, top_k):
    inside = total = 0
    for record in read_records(path):
        prompt, output = record["prompt_ids"], record["output_ids"]
        logits = model(torch.tensor([prompt + output])).logits[0, len(prompt) - 1 : -1]
        chosen = logits.gather(1, torch.tensor(output)[:, None])
        inside += ((logits > chosen).sum(-1) < int(top_k)).sum().item()
        total += len(output)
    return {"share": inside / total, "tokens": total}


@torch.inference_mode()
def generate(path, tokens, top_k):
    prompts = [record["prompt_ids"] for record in read_records(path)]
    longest = max(map(len, prompts))
    ids = torch.zeros(len(prompts), longest, dtype=torch.long)
    attention = torch.zeros_like(ids)
    for row, prompt in enumerate(prompts):
        ids[row, longest - len(prompt) :] = torch.tensor(prompt)
        attention[row, longest - len(prompt) :] = 1
    choice = {"do_sample": True, "top_k": int(top_k)} if int(top_k) else {"do_sample": False}
    start = time.perf_counter()
    output = model.generate(
        input_ids=ids,
        attention_mask=attention,
        max_new_tokens=int(tokens),
        min_new_tokens=int(tokens),
        pad_token_id=0,
        **choice,
    )
    seconds = time.perf_counter() - start
    new = output[:, longest:]
    return {
        "value": new.numel() / seconds,
        "tokens": new.numel(),
        "ids": new[0].tolist(),
        "command": f"torch_generate.py --precision {options.precision}: model.generate of {len(prompts)} rows",
    }


serve(ranks=ranks, generate=generate)
