"""serve-chat.py MODEL.gguf

Serves a model with llama.cpp (the Python package xllamacpp) on a free port of this machine, prints
the address and stays until standard input ends.
"""

import sys

import xllamacpp

parameters = xllamacpp.CommonParams()
parameters.model.path = sys.argv[1]
parameters.n_ctx = 4096
parameters.n_parallel = 2
parameters.cpuparams.n_threads = 2
parameters.hostnames = ["127.0.0.1"]
parameters.port = 0
server = xllamacpp.Server(parameters)
print(server.listening_address, flush=True)
sys.stdin.read()
