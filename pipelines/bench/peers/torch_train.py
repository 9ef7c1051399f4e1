"""Training steps as a user of transformers writes them: padded rows, repeated prompts.

validate ROWS      one step on the first ROWS records, with what it computed
step ROUND ROWS    one timed step on the batch of the round, ROWS prompts a micro-batch
"""

import argparse
import contextlib
import time

from protocol import read_records, serve

import torch
from torch.nn.functional import log_softmax
from transformers import AutoModelForCausalLM

parser = argparse.ArgumentParser()
parser.add_argument("--objective", choices=["cpo", "mle"], required=True)
parser.add_argument("--precision", choices=["fp32", "bf16"], required=True)
parser.add_argument("--model", required=True)
parser.add_argument("--records", required=True)
parser.add_argument("--batch-size", type=int, required=True)
parser.add_argument("--threads", type=int, required=True)
parser.add_argument("--beta", type=float, default=0.1)
options = parser.parse_args()

torch.set_num_threads(options.threads)
records = read_records(options.records)
# Evaluation mode only switches dropout off, which our tools do not have.
model = AutoModelForCausalLM.from_pretrained(options.model, dtype=torch.float32).eval()
parameters = list(model.parameters())
optimizer = torch.optim.AdamW(
    [
        {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": 0.05},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ],
    lr=1e-5,
)


def precision():
    if options.precision == "bf16":
        return torch.autocast("cpu", dtype=torch.bfloat16)
    return contextlib.nullcontext()


def continuations(record):
    negatives = record["negatives"] if options.objective == "cpo" else []
    return [record["response_ids"]] + [negative["ids"] for negative in negatives]


def log_probabilities(rows):
    """Sums over the continuation of each (prompt, continuation)."""
    longest = max(len(prompt) + len(rest) for prompt, rest in rows)
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    attention = torch.zeros_like(ids)
    targets = torch.zeros(len(rows), longest, dtype=torch.bool)
    for index, (prompt, rest) in enumerate(rows):
        length = len(prompt) + len(rest)
        ids[index, :length] = torch.tensor(prompt + rest)
        attention[index, :length] = 1
        targets[index, len(prompt) : length] = True
    with precision():
        logits = model(input_ids=ids, attention_mask=attention, use_cache=False).logits
    log_p = log_softmax(logits[:, :-1].float(), dim=-1)
    chosen = log_p.gather(2, ids[:, 1:, None]).squeeze(-1)
    return (chosen * targets[:, 1:]).sum(-1), ids.numel()


def preference_loss(record, log_p):
    reference = record["reference"]
    scores = torch.tensor([reference["response"], *reference["negatives"]])
    return -log_softmax(options.beta * (log_p - scores), dim=-1)[0]


def step(batch, prompts_at_once):
    """One optimizer step on `batch`, `prompts_at_once` prompts a micro-batch."""
    targets = sum(len(record["response_ids"]) for record in batch)
    real = padded = 0
    loss = truth = 0.0
    optimizer.zero_grad()
    for start in range(0, len(batch), prompts_at_once):
        part = batch[start : start + prompts_at_once]
        rows = [(r["prompt_ids"], rest) for r in part for rest in continuations(r)]
        log_p, size = log_probabilities(rows)
        real += sum(len(prompt) + len(rest) for prompt, rest in rows)
        padded += size
        if options.objective == "cpo":
            groups = log_p.split([len(continuations(record)) for record in part])
            losses = [preference_loss(r, group) for r, group in zip(part, groups)]
            part_loss = torch.stack(losses).sum() / len(batch)
            truth += sum(group[0].item() for group in groups) / len(batch)
        else:
            part_loss = -log_p.sum() / targets
        part_loss.backward()
        loss += part_loss.item()
    norm = torch.nn.utils.clip_grad_norm_(parameters, 1.0).item()
    optimizer.step()
    return {"tokens": real, "padded": padded, "loss": loss, "grad_norm": norm, "logprob_chosen": truth}


def timed_step(round_number, prompts_at_once):
    first = (int(round_number) - 1) * options.batch_size
    batch = records[first : first + options.batch_size]
    start = time.perf_counter()
    done = step(batch, int(prompts_at_once))
    seconds = time.perf_counter() - start
    return {
        "value": done["tokens"] / seconds,
        "inner": {"rows after padding, for each real one": done["padded"] / done["tokens"]},
        "command": f"torch_train.py --objective {options.objective} --precision {options.precision}",
    }


serve(validate=lambda rows: step(records[: int(rows)], 1), step=timed_step)
