import Checkpoints
import Foundation
import Testing
import Transformer

/// GGUF files of other programs and models: read rightly, or refused by name.
@Suite struct GGUFForeignTests {
    private func model(_ builder: GGUFBuilder, ropeTheta: Float? = nil) throws -> GGUFModel {
        let directory = try TemporaryDirectory()
        return try GGUFModel(
            GGUFFile(path: directory.write(builder.build(), to: "x.gguf")), ropeTheta: ropeTheta)
    }

    private func tiny(_ change: (inout GGUFBuilder) -> Void) -> GGUFBuilder {
        var builder = GGUFBuilder.tinyLlamaWithTokenizer()
        change(&builder)
        return builder
    }

    private func without(_ key: String) -> GGUFBuilder {
        tiny { $0.keys.removeAll { $0.name == key } }
    }

    // MARK: Rotary positions

    @Test func scalingIsReadInAllItsSpellings() throws {
        func scale(_ change: (inout GGUFBuilder) -> Void) throws -> Float? {
            try model(tiny(change)).configuration.ropeScale
        }
        #expect(try scale { _ in } == 1)
        #expect(try scale { $0.set("llama.rope.scaling.factor", Float(4)) } == 4)
        #expect(try scale { $0.set("llama.rope.scale_linear", Float(2)) } == 2)
        #expect(try scale { $0.set("llama.rope.scaling.factor", Float(0)) } == 1)
        #expect(
            try scale {
                $0.set("llama.rope.scaling.type", "linear")
                $0.set("llama.rope.scaling.factor", Float(1))
            } == 1)
        #expect(
            try scale {
                $0.set("llama.rope.scaling.type", "linear")
                $0.set("llama.rope.scaling.factor", Float(8))
                $0.set("llama.rope.scaling.original_context_length", UInt32(4))
            } == 8)
        #expect(
            try scale {
                $0.set("llama.rope.scaling.type", "none")
                $0.set("llama.rope.scaling.factor", Float(4))
            } == 1)
    }

    @Test func thetaComesFromTheFileOrTheUser() throws {
        let silent = without("llama.rope.freq_base")
        let error = failure { _ = try model(silent) }
        #expect(error?.exitStatus == .badData)
        #expect(error?.hint?.contains("--rope-theta") == true)
        #expect(try model(silent, ropeTheta: 10_000).configuration.ropeTheta == 10_000)
        #expect(try model(tiny { _ in }, ropeTheta: 50_000).configuration.ropeTheta == 50_000)
        let other = failure { _ = try model(tiny { _ in }, ropeTheta: 10_000) }
        #expect(other?.description.contains("got 50000.0") == true)
        #expect(other?.description.contains("--rope-theta") == true)
        for theta in [Float.nan, 0, -1, .infinity] {
            var builder = silent
            builder.set("llama.rope.freq_base", theta)
            #expect(failure { _ = try model(builder) }?.exitStatus == .badData)
        }
    }

    @Test func whatIsNotComputedIsRefusedByName() throws {
        func refused(_ named: String, _ change: (inout GGUFBuilder) -> Void) {
            let error = failure { _ = try model(tiny(change)).parameters() }
            #expect(error?.exitStatus == .badData, "\(named)")
            #expect(error?.description.contains(named) == true, "\(String(describing: error))")
        }
        for type in ["llama3", "longrope"] {
            refused(type) { $0.set("llama.rope.scaling.type", type) }
        }
        refused("scale_linear") {
            $0.set("llama.rope.scaling.factor", Float(4))
            $0.set("llama.rope.scale_linear", Float(2))
        }
        refused("llama.expert_count") { $0.set("llama.expert_count", UInt32(8)) }
        refused("llama.attention.sliding_window") {
            $0.set("llama.attention.sliding_window", UInt32(8))
        }
        refused("llama.logit_scale") { $0.set("llama.logit_scale", Float(0.5)) }
        refused("llama.attention.scale") { $0.set("llama.attention.scale", Float(0.1)) }
        refused("llama.attention.value_length") {
            $0.set("llama.attention.value_length", UInt32(8))
        }
        refused("llama.attention.causal") { $0.set("llama.attention.causal", false) }
        refused("llama.something.new") { $0.set("llama.something.new", UInt32(1)) }
        refused("rope_freqs.weight") { $0.add("rope_freqs.weight", [2], bytes([Float(1), -8])) }
        refused("rope_freqs.weight") { $0.add("rope_freqs.weight", [1], bytes([Float(1)])) }
        refused("blk.0.attn_k.bias") {
            $0.add("blk.0.attn_q.bias", [8], bytes([Float](repeating: 0, count: 8)))
        }
    }

    @Test func whatChangesNothingIsAccepted() throws {
        let builder = tiny {
            $0.set("llama.expert_count", UInt32(0))
            $0.set("llama.vocab_size", UInt32(3))
            $0.set("llama.tensor_data_layout", "Meta AI original pth")
            $0.set("llama.attention.sliding_window", UInt32(16))
            $0.set("llama.attention.scale", Float(0.5))
            $0.add("rope_freqs.weight", [2], bytes([Float(1), 1]))
        }
        let plain = try model(tiny { _ in })
        let other = try model(builder)
        #expect(other.configuration == plain.configuration)
        #expect(failure { _ = try other.parameters() } == nil)
    }

    // MARK: Types, versions, byte order

    @Test(
        arguments: [
            (4, 16, 10, "Q4_2"), (31, 32, 18, "Q4_0_4_4"), (34, 256, 54, "TQ1_0"),
            (35, 256, 66, "TQ2_0"), (39, 32, 17, "MXFP4"), (40, 64, 36, "NVFP4"),
        ] as [(UInt32, UInt64, Int, String)])
    func otherTypesAreNamed(_ code: UInt32, _ count: UInt64, _ size: Int, _ name: String) throws {
        let builder = tiny {
            $0.replace("blk.0.ffn_up.weight") { $0.dimensions = [count, 6] }
            $0.replace("blk.0.ffn_up.weight") {
                ($0.type, $0.data) = (code, Array(repeating: 0, count: 6 * size))
            }
        }
        let directory = try TemporaryDirectory()
        let file = try GGUFFile(path: directory.write(builder.build(), to: "x.gguf"))
        let error = failure { _ = try file.floats("blk.0.ffn_up.weight") }
        #expect(error?.description.contains("blk.0.ffn_up.weight") == true)
        #expect(error?.description.contains("got \(name),") == true)
    }

    @Test func byteOrderAndOldFormatsAreNamed() throws {
        func message(_ bytes: [UInt8]) throws -> String {
            let directory = try TemporaryDirectory()
            let path = try directory.write(bytes, to: "x.gguf")
            return failure { _ = try GGUFFile(path: path) }?.description ?? "read"
        }
        let rest = [UInt8](repeating: 0, count: 64)
        #expect(try message(Array("GGUF".utf8) + [0, 0, 0, 3] + rest).contains("big-endian"))
        #expect(try message(Array("FUGG".utf8) + [0, 0, 0, 3] + rest).contains("big-endian"))
        #expect(try message(Array("GGUF".utf8) + [1, 0, 0, 0] + rest).contains("version"))
        #expect(try message(Array("tjgg".utf8) + [3, 0, 0, 0] + rest).contains("GGJT"))
    }

    // MARK: Several parts

    /// Divides the tensors of a model among files.
    private func split(
        _ directory: TemporaryDirectory, numbers: [UInt32] = [0, 1, 2], total: Int32 = 11
    ) throws -> String {
        let whole = GGUFBuilder.tinyLlamaWithTokenizer()
        for (index, number) in numbers.enumerated() {
            var part = index == 0 ? whole : GGUFBuilder()
            part.tensors = whole.tensors.enumerated().filter { $0.offset % 3 == index }
                .map(\.element)
            part.keys.append(("split.no", 2, bytes([UInt16(number)])))
            part.keys.append(("split.count", 2, bytes([UInt16(3)])))
            part.keys.append(("split.tensors.count", 5, bytes([total])))
            try directory.write(part.build(), to: "m-0000\(index + 1)-of-00003.gguf")
        }
        return directory.file("m-00001-of-00003.gguf")
    }

    @Test func partsAreReadTogether() throws {
        let directory = try TemporaryDirectory()
        let source = try CheckpointImport(source: split(directory))
        let whole = try CheckpointImport(
            source: directory.write(
                GGUFBuilder.tinyLlamaWithTokenizer().build(), to: "whole.gguf"))
        #expect(source.checkpoint.configuration == whole.checkpoint.configuration)
        for entry in whole.checkpoint.layout.entries {
            #expect(
                Array(source.checkpoint.parameters.elements(of: entry))
                    == Array(whole.checkpoint.parameters.elements(of: entry)), "\(entry.name)")
        }
        #expect(source.metadata["source_sha256"]?.count == 64)
    }

    @Test func partsThatAreMissingOrDoNotFitAreNamed() throws {
        let directory = try TemporaryDirectory()
        let first = try split(directory)
        let second = directory.file("m-00002-of-00003.gguf")
        let other = failure { _ = try GGUFFile(path: second) }
        #expect(other?.description.contains("part 2 of a model in 3 files") == true)
        #expect(other?.description.contains("m-00001-of-00003.gguf") == true)
        let renamed = directory.file("renamed.gguf")
        try FileManager.default.copyItem(atPath: first, toPath: renamed)
        #expect(
            failure { _ = try GGUFFile(path: renamed) }?.description
                .contains("NAME-00001-of-00003.gguf") == true)
        try FileManager.default.removeItem(atPath: second)
        let missing = failure { _ = try GGUFFile(path: first) }
        #expect(missing?.exitStatus == .missingInput)
        #expect(missing?.description.contains("m-00002-of-00003.gguf") == true)
        let swapped = failure { _ = try GGUFFile(path: split(directory, numbers: [0, 2, 1])) }
        #expect(swapped?.description.contains("split.no 2") == true)
        let short = failure { _ = try GGUFFile(path: split(directory, total: 12)) }
        #expect(short?.description.contains("split.tensors.count") == true)
    }

    // MARK: Ids and tokenizers

    @Test func specialIDsThatNoTokenHasAreIgnoredWithAWarning() throws {
        let builder = tiny {
            $0.keys.removeAll { $0.name.hasSuffix("_token_id") }
            $0.set("tokenizer.ggml.eos_token_id", UInt32(0))
            $0.set("tokenizer.ggml.bos_token_id", UInt32.max)
            $0.set("tokenizer.ggml.padding_token_id", UInt32(3))
        }
        let model = try model(builder)
        #expect(model.configuration.eosTokenIDs == [0])
        #expect(model.configuration.bosTokenID == nil)
        #expect(model.warnings.count == 2)
        #expect(model.warnings[0].contains("bos_token_id ignored (got -1, expected 0 to 2)"))
        #expect(model.warnings[1].contains("padding_token_id ignored (got 3"))
    }

    @Test func weightsComeWithoutATokenizerThatIsNotUnderstood() throws {
        let builder = tiny {
            $0.keys.removeAll { $0.name == "tokenizer.ggml.token_type" }
            $0.set("tokenizer.ggml.token_type", [Int32(1)])
        }
        let directory = try TemporaryDirectory()
        let path = try directory.write(builder.build(), to: "x.gguf")
        #expect(throws: CheckpointError.self) { try CheckpointImport(source: path) }
        let source = try CheckpointImport(source: path, takesTokenizer: false)
        #expect(source.tokenizer == nil)
        #expect(source.checkpoint.configuration.eosTokenIDs == [0])
        #expect(source.checkpoint.configuration.bosTokenID == 1)
    }

    // MARK: Sizes

    @Test func absurdNumbersOfThingsAreRefused() throws {
        func message(_ change: (inout GGUFBuilder) -> Void) throws -> String {
            var builder = GGUFBuilder()
            change(&builder)
            let directory = try TemporaryDirectory()
            let path = try directory.write(builder.build(), to: "x.gguf")
            return failure { _ = try GGUFFile(path: path) }?.description ?? "read"
        }
        let padding = [UInt8](repeating: 0, count: 1 << 21)
        #expect(
            try message {
                ($0.keys, $0.keyCount) = (
                    [("a", 8, bytes([UInt64(padding.count)]) + padding)], 65537
                )
            }.contains("too many metadata keys"))
        #expect(
            try message {
                $0.keys = [("a", 9, bytes([UInt32(7)]) + bytes([UInt64(1) << 63]))]
            }.contains("elements of a"))
        for (key, value) in [
            ("llama.block_count", UInt32(1_000_000_000)), ("llama.attention.head_count", 1 << 30),
            ("llama.embedding_length", 0), ("llama.attention.head_count_kv", 0),
        ] {
            let builder = tiny {
                $0.keys.removeAll { $0.name == key }
                $0.set(key, value)
            }
            #expect(failure { _ = try model(builder).parameters() }?.exitStatus == .badData)
        }
    }
}
