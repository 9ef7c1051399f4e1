# shellcheck shell=bash
# Fills the current directory with what cases need, by the tools themselves:
#   raw.jsonl      8 records in Dolly's schema
#   tokenizer/     a byte-level BPE learned from them
#   model/         a Llama with a handful of parameters, trained for two steps; base of
#   other/         a second model
#   tokens.jsonl   negatives.jsonl   ranked.jsonl   scored.jsonl   outputs.jsonl

cat >raw.jsonl <<'END'
{"category":"open_qa","context":"","instruction":"What is the capital of France?","response":"The capital of France is Paris."}
{"category":"open_qa","context":"","instruction":"How many legs has a spider?","response":"A spider has eight legs."}
{"category":"closed_qa","context":"The tower is 330 metres tall.","instruction":"How tall is the tower?","response":"It is 330 metres tall."}
{"category":"brainstorming","context":"","instruction":"Name three colours.","response":"Red, green and blue."}
{"category":"open_qa","context":"","instruction":"Which metal is liquid at room temperature?","response":"Mercury is liquid at room temperature."}
{"category":"classification","context":"","instruction":"Is a whale a fish or a mammal?","response":"A whale is a mammal."}
{"category":"open_qa","context":"","instruction":"What do bees make?","response":"Bees make honey and wax."}
{"category":"general_qa","context":"","instruction":"Why is the sky blue?","response":"Air scatters blue light more than red light."}
END

cat >llama.json <<'END'
{"architectures":["LlamaForCausalLM"],"model_type":"llama","vocab_size":320,"hidden_size":24,
"intermediate_size":40,"num_hidden_layers":2,"num_attention_heads":6,"num_key_value_heads":2,
"head_dim":4,"hidden_act":"silu","max_position_embeddings":256,"rms_norm_eps":1e-05,
"rope_theta":10000.0,"bos_token_id":0,"eos_token_id":0,"tie_word_embeddings":true,"initializer_range":0.02}
END

tokenize -q --learn --vocab-size 320 --out tokenizer raw.jsonl
tokenize -q --model tokenizer -o tokens.jsonl raw.jsonl
pretrain-mle -q --init llama.json --tokenizer tokenizer --out model --steps 2 --batch-size 4 \
    --learning-rate 1e-2 tokens.jsonl
pretrain-mle -q --model model --out other --steps 2 --batch-size 4 --learning-rate 1e-2 tokens.jsonl
gen-negatives -q --model model --kinds an:1,bn:1 --max-new-tokens 8 -o negatives.jsonl tokens.jsonl
rank-by-embedding -q --embedder model -o ranked.jsonl negatives.jsonl
score -q --model model --as reference -o scored.jsonl ranked.jsonl
generate -q --model model --decode greedy --max-new-tokens 8 -o outputs.jsonl tokens.jsonl
