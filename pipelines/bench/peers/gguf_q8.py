"""Writes a GGUF file with its quantized matrices as Q8_0: gguf_q8.py IN OUT"""

import sys

from gguf import GGMLQuantizationType, GGUFReader, GGUFValueType, GGUFWriter
from gguf.quants import dequantize, quantize

source, target = sys.argv[1:]
reader = GGUFReader(source)
writer = GGUFWriter(target, reader.fields["general.architecture"].contents())
for name, field in reader.fields.items():
    if name.startswith("GGUF.") or name in ("general.architecture", "general.file_type"):
        continue
    inner = field.types[-1] if field.types[0] == GGUFValueType.ARRAY else None
    writer.add_key_value(name, field.contents(), field.types[0], inner)
writer.add_file_type(7)  # mostly Q8_0
for tensor in reader.tensors:
    values = dequantize(tensor.data, tensor.tensor_type)
    if values.ndim == 1:
        writer.add_tensor(tensor.name, values)
    else:
        kind = GGMLQuantizationType.Q8_0
        writer.add_tensor(tensor.name, quantize(values, kind), raw_dtype=kind)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
