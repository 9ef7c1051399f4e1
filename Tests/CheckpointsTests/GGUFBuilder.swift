/// Makes GGUF files for tests.
struct GGUFBuilder {
    var version: UInt32 = 3
    var alignment = 32
    var keys: [(name: String, type: UInt32, value: [UInt8])] = []
    var tensors: [Tensor] = []
    var tensorCount: UInt64?
    var keyCount: UInt64?

    struct Tensor {
        var name: String
        /// As in the file: the contiguous dimension first.
        var dimensions: [UInt64]
        var type: UInt32
        var data: [UInt8]
        /// nil for the next aligned place.
        var offset: UInt64?
    }

    static func string(_ text: String) -> [UInt8] {
        bytes([UInt64(text.utf8.count)]) + Array(text.utf8)
    }

    mutating func set(_ name: String, _ value: String) {
        keys.append((name, 8, Self.string(value)))
    }

    mutating func set(_ name: String, _ value: UInt32) { keys.append((name, 4, bytes([value]))) }

    mutating func set(_ name: String, _ value: Float) { keys.append((name, 6, bytes([value]))) }

    mutating func set(_ name: String, _ value: Bool) { keys.append((name, 7, [value ? 1 : 0])) }

    mutating func set(_ name: String, _ values: [String]) {
        let content = values.flatMap(Self.string)
        keys.append((name, 9, bytes([UInt32(8)]) + bytes([UInt64(values.count)]) + content))
    }

    mutating func set(_ name: String, _ values: [Int32]) {
        keys.append(
            (name, 9, bytes([UInt32(5)]) + bytes([UInt64(values.count)]) + bytes(values)))
    }

    mutating func add(
        _ name: String, _ dimensions: [UInt64], type: UInt32 = 0, _ data: [UInt8],
        offset: UInt64? = nil
    ) {
        tensors.append(
            Tensor(name: name, dimensions: dimensions, type: type, data: data, offset: offset))
    }

    /// The file's bytes.
    func build() -> [UInt8] {
        var file = Array("GGUF".utf8) + bytes([version])
        file += bytes([tensorCount ?? UInt64(tensors.count), keyCount ?? UInt64(keys.count)])
        for key in keys { file += Self.string(key.name) + bytes([key.type]) + key.value }
        var data: [UInt8] = []
        for tensor in tensors {
            while data.count % alignment != 0 { data.append(0) }
            let offset = tensor.offset ?? UInt64(data.count)
            file += Self.string(tensor.name) + bytes([UInt32(tensor.dimensions.count)])
            file += bytes(tensor.dimensions) + bytes([tensor.type]) + bytes([offset])
            data += tensor.data
        }
        if !tensors.isEmpty { while file.count % alignment != 0 { file.append(0) } }
        return file + data
    }

    /// A Llama of one layer, width 4, two heads of width 2 and one key-value head of that width,
    /// with vocabulary 3. Elements count up from 1 within every tensor.
    static func tinyLlama() -> GGUFBuilder {
        var builder = GGUFBuilder()
        builder.set("general.architecture", "llama")
        builder.set("llama.block_count", UInt32(1))
        builder.set("llama.context_length", UInt32(16))
        builder.set("llama.embedding_length", UInt32(8))
        builder.set("llama.feed_forward_length", UInt32(6))
        builder.set("llama.attention.head_count", UInt32(2))
        builder.set("llama.attention.head_count_kv", UInt32(1))
        builder.set("llama.attention.layer_norm_rms_epsilon", Float(1e-5))
        builder.set("llama.rope.freq_base", Float(50_000))
        builder.set("llama.rope.dimension_count", UInt32(4))
        let shapes: [(String, [UInt64])] = [
            ("token_embd.weight", [8, 3]), ("blk.0.attn_norm.weight", [8]),
            ("blk.0.attn_q.weight", [8, 8]), ("blk.0.attn_k.weight", [8, 4]),
            ("blk.0.attn_v.weight", [8, 4]), ("blk.0.attn_output.weight", [8, 8]),
            ("blk.0.ffn_norm.weight", [8]), ("blk.0.ffn_gate.weight", [8, 6]),
            ("blk.0.ffn_up.weight", [8, 6]), ("blk.0.ffn_down.weight", [6, 8]),
            ("output_norm.weight", [8]),
        ]
        for (name, dimensions) in shapes {
            let count = dimensions.reduce(1, *)
            builder.add(name, dimensions, bytes((1...count).map { Float($0) }))
        }
        return builder
    }

    /// The same with the tokenizer of three tokens.
    static func tinyLlamaWithTokenizer() -> GGUFBuilder {
        var builder = tinyLlama()
        builder.set("tokenizer.ggml.model", "gpt2")
        builder.set("tokenizer.ggml.pre", "smollm")
        builder.set("tokenizer.ggml.tokens", ["<|end|>", "a", "b"])
        builder.set("tokenizer.ggml.token_type", [Int32(3), 1, 1])
        builder.set("tokenizer.ggml.merges", [String]())
        builder.set("tokenizer.ggml.eos_token_id", UInt32(0))
        builder.set("tokenizer.ggml.bos_token_id", UInt32(1))
        builder.set("tokenizer.ggml.padding_token_id", UInt32(2))
        builder.set("tokenizer.ggml.add_bos_token", false)
        builder.set("tokenizer.chat_template", "{{ x }}")
        return builder
    }

    mutating func replace(_ name: String, _ change: (inout Tensor) -> Void) {
        for index in tensors.indices where tensors[index].name == name { change(&tensors[index]) }
    }
}
