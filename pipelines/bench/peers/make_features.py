"""Writes synthetic features for MAUVE, two sets p and q of clusters with different weights, as a
safetensors file. Needs nothing but Python's own library.

usage: make_features.py FILE COUNT WIDTH
"""

import array
import json
import random
import struct
import sys

path, count, width = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
random.seed(1)
centres = [[random.gauss(0, 1) for _ in range(width)] for _ in range(20)]


def features(weights):
    values = array.array("f")
    for _ in range(count):
        centre = random.choices(centres, weights)[0]
        values.extend(random.gauss(value, 0.5) for value in centre)
    return values.tobytes()


falling = [20 - index for index in range(20)]
sets = {"p": features(falling), "q": features(falling[5:] + falling[:5])}
header, offset = {}, 0
for name, data in sets.items():
    end = offset + len(data)
    header[name] = {"dtype": "F32", "shape": [count, width], "data_offsets": [offset, end]}
    offset = end
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
with open(path, "wb") as file:
    file.write(struct.pack("<Q", len(text)) + text + b"".join(sets.values()))
