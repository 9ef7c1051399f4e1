"""One record from start to end, as a script that a user would write: what starting a peer costs.

usage: one_record.py tokenize|generate MODEL_DIR
"""

import sys

job, directory = sys.argv[1:]
if job == "tokenize":
    from tokenizers import Tokenizer

    print(Tokenizer.from_file(directory + "/tokenizer.json").encode("One record.").ids)
else:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(directory)
    model = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32)
    ids = tokenizer("One record.", return_tensors="pt")
    print(model.generate(**ids, max_new_tokens=1, do_sample=False, pad_token_id=0))
