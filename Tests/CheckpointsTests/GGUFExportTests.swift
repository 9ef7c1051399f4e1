import Checkpoints
import Foundation
import StreamIO
import TestSupport
import Testing
import Transformer

/// Checkpoints as GGUF files.
@Suite struct GGUFExportTests {
    private static let llama = Oracles.path("tiny-llama-gqa")
    private static let gpt2 = Oracles.path("tiny-gpt2")

    private func export(
        _ directory: String, _ type: GGUFWeightType, to path: String,
        tokenizer: [GGUFEntry] = [GGUFEntry("tokenizer.ggml.model", .string("no_vocab"))]
    ) throws -> GGUFFile {
        try GGUFExport(directory: directory, as: type)
            .write(to: path, tokenizer: tokenizer, tool: "test 1")
        return try GGUFFile(path: path)
    }

    @Test(arguments: ["tiny-llama-gqa", "tiny-openllama"])
    func importingBringsTheSameBitsBack(_ name: String) throws {
        let directory = try TemporaryDirectory()
        let source = Oracles.path(name)
        let file = try export(source, .f32, to: directory.file("x.gguf"))
        let model = try CheckpointImport(source: file.path)
        #expect(model.tokenizer == nil)
        let out = directory.file("out")
        try model.write(to: out, tool: "test 1")
        #expect(try tensorBytes(out) == tensorBytes(source))
        let (a, b) = (
            try Checkpoint.configuration(directory: source),
            model.checkpoint.configuration
        )
        #expect(a.attention == b.attention)
        #expect(a.normEpsilon == b.normEpsilon)
        #expect(a.maximumPositions == b.maximumPositions)
        #expect(a.tiedHead == b.tiedHead)
    }

    @Test func metadataSayWhatTheModelIs() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("x.gguf")
        try GGUFExport(directory: Self.gpt2, as: .f16)
            .write(to: path, name: "Tiny", tokenizer: [], tool: "test 1")
        let file = try GGUFFile(path: path)
        let c = try Checkpoint.configuration(directory: Self.gpt2)
        #expect(file.version == 3)
        #expect(file.metadata["general.architecture"] == .string("gpt2"))
        #expect(file.metadata["general.name"] == .string("Tiny"))
        #expect(file.metadata["general.file_type"] == .integer(1))
        #expect(file.metadata["general.quantization_version"] == .integer(2))
        #expect(file.metadata["cpo_tools.tool"] == .string("test 1"))
        #expect(
            file.metadata["cpo_tools.source_sha256"]
                == .string(try WeightFiles.digest(directory: Self.gpt2)))
        #expect(file.metadata["gpt2.block_count"] == .integer(Int64(c.layerCount)))
        #expect(
            file.metadata["gpt2.attention.layer_norm_epsilon"]
                == .number(Double(c.normEpsilon)))
    }

    /// GPT-2's matrices are (in, out) in the checkpoint and (out, in) in the file; vectors and the table of
    /// positions stay in single precision.
    @Test func matricesOfGPT2AreTurned() throws {
        let directory = try TemporaryDirectory()
        let file = try export(Self.gpt2, .f32, to: directory.file("x.gguf"))
        let source = try TensorSource(directory: Self.gpt2)
        let stored = try source.floats("transformer.h.0.mlp.c_fc.weight")
        let shape = try #require(source["transformer.h.0.mlp.c_fc.weight"]).shape
        #expect(file["blk.0.ffn_up.weight"]?.shape == shape.reversed())
        let turned = try file.floats("blk.0.ffn_up.weight")
        for (row, column) in [(0, 0), (1, 0), (0, 1), (5, 3), (shape[1] - 1, shape[0] - 1)] {
            #expect(turned[row * shape[0] + column] == stored[column * shape[1] + row])
        }
        #expect(
            try file.floats("token_embd.weight") == source.floats("transformer.wte.weight"))
        #expect(
            try file.floats("blk.1.attn_qkv.bias")
                == source.floats("transformer.h.1.attn.c_attn.bias"))
        #expect(
            try export(Self.gpt2, .f16, to: directory.file("y.gguf"))["position_embd.weight"]?.type
                == .f32)
    }

    @Test func rowsOfQueriesAndKeysGoInPairs() throws {
        let directory = try TemporaryDirectory()
        let file = try export(Self.llama, .f32, to: directory.file("x.gguf"))
        let c = try Checkpoint.configuration(directory: Self.llama)
        let source = try TensorSource(directory: Self.llama)
        let stored = try source.floats("model.layers.0.self_attn.k_proj.weight")
        let pairs = try file.floats("blk.0.attn_k.weight")
        func row(_ values: [Float], _ index: Int) -> ArraySlice<Float> {
            values[index * c.width..<(index + 1) * c.width]
        }
        let half = c.headWidth / 2
        #expect(row(pairs, 0).elementsEqual(row(stored, 0)))
        #expect(row(pairs, 1).elementsEqual(row(stored, half)))
        #expect(row(pairs, 2).elementsEqual(row(stored, 1)))
        #expect(row(pairs, c.headWidth + 1).elementsEqual(row(stored, c.headWidth + half)))
    }

    /// What a type is used for, and what keeps another.
    @Test func typesOfTensors() throws {
        let directory = try TemporaryDirectory()
        func types(_ source: String, _ type: GGUFWeightType) throws -> [String: String] {
            let file = try export(source, type, to: directory.file("\(type).gguf"))
            return Dictionary(
                uniqueKeysWithValues: file.tensors.map { ($0.name, $0.type.name) })
        }
        let wide = try wideLlama(in: directory, tied: true)
        var quantised = try types(wide, .q4x0)
        #expect(quantised["token_embd.weight"] == "Q8_0")
        #expect(quantised["blk.0.attn_q.weight"] == "Q4_0")
        #expect(quantised["blk.0.attn_norm.weight"] == "F32")
        // Its rows have 48 elements.
        #expect(quantised["blk.0.ffn_down.weight"] == "F16")
        quantised = try types(try wideLlama(in: directory, tied: false), .q4x0)
        #expect(quantised["token_embd.weight"] == "Q4_0")
        #expect(quantised["output.weight"] == "Q8_0")
        #expect(try types(wide, .q8x0)["blk.0.attn_q.weight"] == "Q8_0")
        #expect(try types(wide, .bf16)["blk.0.attn_q.weight"] == "BF16")
        #expect(try types(wide, .bf16)["output_norm.weight"] == "F32")
    }

    /// Quantising moves no weight by more than a step of its block.
    @Test(arguments: [(GGUFWeightType.q8x0, Float(1) / 254), (.q4x0, 1 / 15.9)])
    func quantisedWeightsAreNear(_ type: GGUFWeightType, bound: Float) throws {
        let directory = try TemporaryDirectory()
        let source = try wideLlama(in: directory, tied: true)
        let file = try export(source, type, to: directory.file("x.gguf"))
        let exact = try TensorSource(directory: source).floats("model.layers.0.mlp.up_proj.weight")
        let values = try file.floats("blk.0.ffn_up.weight")
        for block in stride(from: 0, to: exact.count, by: 32) {
            let largest = exact[block..<block + 32].map(\.magnitude).max() ?? 0
            for i in block..<block + 32 {
                // Half precision of the scale adds a little.
                #expect((values[i] - exact[i]).magnitude <= largest * (bound * 2 + 1e-3))
            }
        }
    }

    @Test func sameInputSameBytes() throws {
        let directory = try TemporaryDirectory()
        let first = try export(Self.llama, .q8x0, to: directory.file("a.gguf"))
        let second = try export(Self.llama, .q8x0, to: directory.file("b.gguf"))
        #expect(try Checkpoints.readFile(first.path) == Checkpoints.readFile(second.path))
        #expect(try Checkpoints.readFile(first.path).count % 32 == 0)
    }

    // MARK: Refusals

    private func failure(_ source: String, _ type: GGUFWeightType) throws -> CheckpointError? {
        let directory = try TemporaryDirectory()
        let path = directory.file("x.gguf")
        do {
            try GGUFExport(directory: source, as: type).write(to: path, tokenizer: [], tool: "t")
            return nil
        } catch {
            #expect(!FileManager.default.fileExists(atPath: path))
            return error as? CheckpointError
        }
    }

    @Test func whatATypeCannotHoldIsRefused() throws {
        let directory = try TemporaryDirectory()
        let source = try wideLlama(in: directory, tied: true, largest: 1e6)
        #expect(
            try failure(source, .f16)?.description
                == "model.layers.0.mlp.up_proj.weight: element 77 is too large for float16")
        #expect(try failure(source, .bf16) == nil)
        #expect(try failure(source, .q8x0) == nil)
        let larger = try wideLlama(in: directory, tied: true, largest: 1e9)
        #expect(
            try failure(larger, .q4x0)?.description
                == "model.layers.0.mlp.up_proj.weight: element 64 is too large for Q4_0")
        let infinite = try wideLlama(in: directory, tied: true, largest: .infinity)
        guard
            case .notFinite(_, "model.layers.0.mlp.up_proj.weight", 77)? =
                try failure(infinite, .f32)
        else {
            Issue.record("infinity was not refused")
            return
        }
    }

    @Test func aFileOfAnotherKindIsNotReplaced() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("thesis", to: "thesis.txt")
        #expect(throws: StreamError.self) { try GGUFWriter.requireOwn(path) }
        let file = try export(Self.llama, .f16, to: directory.file("x.gguf"))
        try GGUFWriter.requireOwn(file.path)
        try GGUFWriter.requireOwn(directory.file("nothing"))
    }

    /// A Llama of one layer whose rows are whole blocks but for one matrix.
    ///
    /// - Parameter largest: element 77 of the up matrix
    private func wideLlama(
        in directory: TemporaryDirectory, tied: Bool, largest: Float = 0.5
    ) throws -> String {
        let name = "wide-\(tied)-\(largest)"
        try directory.write(
            """
            {"architectures":["LlamaForCausalLM"],"model_type":"llama","vocab_size":64,"hidden_size":64,
            "intermediate_size":48,"num_hidden_layers":1,"num_attention_heads":2,"num_key_value_heads":1,
            "head_dim":32,"hidden_act":"silu","max_position_embeddings":32,"rms_norm_eps":1e-05,
            "rope_theta":10000.0,"bos_token_id":0,"eos_token_id":0,"tie_word_embeddings":\(tied)}
            """, to: name + "/config.json")
        let configuration = try Checkpoint.configuration(directory: directory.file(name))
        let shapes = ParameterLayout(configuration).entries.map { ($0.name, $0.shape) }
        try writeTensors(shapes, to: directory.file(name + "/model.safetensors")) { tensor, index in
            if tensor.hasSuffix("up_proj.weight"), index == 77 { return largest }
            return Float((index &* 7919 &+ tensor.utf8.count &* 31) % 1009) / 1009 - 0.5
        }
        return directory.file(name)
    }
}
