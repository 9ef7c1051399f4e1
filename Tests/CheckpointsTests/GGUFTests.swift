import Checkpoints
import Foundation
import TestSupport
import Testing
import Transformer

@Suite struct GGUFQuantisationTests {
    private func read(
        _ type: UInt32, _ count: UInt64, _ data: [UInt8]
    ) throws -> [Float] {
        let directory = try TemporaryDirectory()
        var builder = GGUFBuilder()
        builder.add("t", [count], type: type, data)
        return try GGUFFile(path: directory.write(builder.build(), to: "x.gguf")).floats("t")
    }

    // 0x3800 is 0.5 in half precision, 0xC100 is -2.5, 0x0001 is 2⁻²⁴.

    @Test func f32() throws {
        #expect(try read(0, 2, bytes([Float(1.5), -0.1])) == [1.5, -0.1])
    }

    @Test func f16() throws {
        #expect(try read(1, 3, bytes([UInt16(0x3800), 0xC100, 0x0001])) == [0.5, -2.5, 0x1p-24])
    }

    @Test func bf16() throws {
        #expect(try read(30, 2, bytes([UInt16(0x3FC0), 0xC020])) == [1.5, -2.5])
    }

    @Test func q8x0() throws {
        let quants = (0..<32).map { Int8($0 * 8 - 128) }
        let blocks =
            bytes([UInt16(0x3800)]) + bytes(quants) + bytes([UInt16(0xC100)]) + bytes(quants)
        let values = try read(8, 64, blocks)
        #expect(values[0] == -64)
        #expect(values[1] == -60)
        #expect(values[16] == 0)
        #expect(values[31] == 60)
        #expect(values[32] == 320)
        #expect(values[63] == -300)
    }

    @Test func q4x0() throws {
        // Low nibbles are the first half: 0, 1, … 15; high nibbles all 15.
        let block = bytes([UInt16(0x3800)]) + (0..<16).map { UInt8(0xF0 | $0) }
        let values = try read(2, 32, block)
        #expect(values[0] == -4)
        #expect(values[1] == -3.5)
        #expect(values[8] == 0)
        #expect(values[15] == 3.5)
        #expect(Array(values[16...]) == [Float](repeating: 3.5, count: 16))
    }

    @Test func q4x1() throws {
        // w = 0.5·q − 2.5
        let block =
            bytes([UInt16(0x3800), 0xC100]) + (0..<16).map { UInt8($0 << 4 | (15 - $0)) }
        let values = try read(3, 32, block)
        let rising: [Float] = [
            -2.5, -2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5,
        ]
        #expect(values == rising.reversed() + rising)
    }

    @Test func otherTypesAreNamed() throws {
        let error = failure { _ = try read(16, 256, Array(repeating: 0, count: 66)) }
        guard case .gguf(_, .unsupportedType(tensor: "t", got: "IQ2_XXS"))? = error else {
            Issue.record("got \(String(describing: error))")
            return
        }
    }
}

@Suite struct GGUFStructureTests {
    private func fault(_ bytes: [UInt8]) throws -> GGUFFault? {
        let directory = try TemporaryDirectory()
        let path = try directory.write(bytes, to: "x.gguf")
        guard case .gguf(path, let fault)? = failure({ _ = try GGUFFile(path: path) }) else {
            return nil
        }
        return fault
    }

    private func fault(_ change: (inout GGUFBuilder) -> Void) throws -> GGUFFault? {
        var builder = GGUFBuilder()
        change(&builder)
        return try fault(builder.build())
    }

    @Test func readsAllKindsOfValues() throws {
        let directory = try TemporaryDirectory()
        var builder = GGUFBuilder()
        builder.version = 2
        let values: [(UInt32, [UInt8], GGUFValue)] = [
            (0, [200], .integer(200)), (1, [200], .integer(-56)),
            (2, bytes([UInt16(60000)]), .integer(60000)),
            (3, bytes([Int16(-5)]), .integer(-5)),
            (4, bytes([UInt32.max]), .integer(4_294_967_295)),
            (5, bytes([Int32(-7)]), .integer(-7)), (6, bytes([Float(0.5)]), .number(0.5)),
            (7, [1], .bool(true)), (8, GGUFBuilder.string("é"), .string("é")),
            (10, bytes([UInt64.max]), .unsigned(.max)), (10, bytes([UInt64(9)]), .integer(9)),
            (11, bytes([Int64(-9)]), .integer(-9)), (12, bytes([0.25]), .number(0.25)),
            (9, bytes([UInt32(6)]) + bytes([UInt64(1)]) + bytes([Float(2)]), .numbers([2])),
            (9, bytes([UInt32(5)]) + bytes([UInt64(0)]), .integers([])),
        ]
        for (index, value) in values.enumerated() {
            builder.keys.append(("k\(index)", value.0, value.1))
        }
        builder.set("names", ["a", ""])
        let file = try GGUFFile(path: directory.write(builder.build(), to: "x"))
        for (index, value) in values.enumerated() {
            #expect(file.metadata["k\(index)"] == value.2)
        }
        #expect(file.metadata["names"] == .strings(["a", ""]))
        #expect(file.version == 2)
    }

    @Test func everyPrefixIsRefused() throws {
        let whole = GGUFBuilder.tinyLlamaWithTokenizer().build()
        for count in stride(from: 0, to: whole.count, by: 7) {
            #expect(try fault(Array(whole[..<count])) != nil, "prefix of \(count)")
        }
        #expect(try fault(whole) == nil)
    }

    @Test func refusesMalformedFiles() throws {
        #expect(try fault(Array("GGUX".utf8) + [3, 0, 0, 0]) == .magic(got: Array("GGUX".utf8)))
        #expect(try fault { $0.version = 1 } == .version(got: 1))
        #expect(try fault { $0.version = 4 } == .version(got: 4))
        #expect(
            try fault { $0.tensorCount = .max } == .count(what: "tensors", got: .max))
        #expect(
            try fault { $0.keyCount = 1 << 40 } == .count(what: "metadata keys", got: 1 << 40))
        #expect(
            try fault {
                $0.set("a", UInt32(1)); $0.set("a", UInt32(1))
            } == .duplicateKey("a"))
        #expect(try fault { $0.keys = [("a", 13, [0])] } == .valueType(key: "a", got: 13))
        #expect(try fault { $0.keys = [("a", 7, [2])] } == .boolean(key: "a", got: 2))
        #expect(
            try fault { $0.keys = [("a", 8, bytes([UInt64(1)]) + [0xFF])] }
                == .string(what: "a", why: "not UTF-8"))
        #expect(
            try fault {
                $0.keys = [("a", 9, bytes([UInt32(8)]) + bytes([UInt64.max]))]
            } == .count(what: "elements of a", got: .max))
        let nested = (0..<6).flatMap { _ in bytes([UInt32(9)]) + bytes([UInt64(1)]) }
        #expect(
            try fault { $0.keys = [("a", 9, nested + Array(repeating: 0, count: 64))] }
                == .nesting(key: "a"))
        #expect(try fault { $0.set("general.alignment", UInt32(24)) } == .alignment(got: 24))
        #expect(try fault { $0.set("general.alignment", UInt32(0)) } == .alignment(got: 0))
    }

    @Test func refusesMisplacedTensors() throws {
        let four = bytes([Float](repeating: 0, count: 4))
        #expect(
            try fault {
                $0.add("t", [4], four); $0.add("t", [4], four)
            } == .duplicateTensor("t"))
        #expect(
            try fault { $0.add("t", [1, 1, 1, 1, 4], four) } == .dimensions(tensor: "t", got: 5))
        #expect(
            try fault { $0.add("t", [4], type: 77, four) } == .unknownType(tensor: "t", got: 77))
        #expect(
            try fault { $0.add("t", [4], type: 8, four) }
                == .blocks(tensor: "t", columns: 4, block: 32))
        #expect(
            try fault { $0.add("t", [384, 2], type: 12, [UInt8](repeating: 0, count: 432)) }
                == .blocks(tensor: "t", columns: 384, block: 256))
        guard case .dataTruncated? = try fault({ $0.add("t", [1 << 62], type: 14, four) }) else {
            Issue.record("2⁶² elements were not refused")
            return
        }
        #expect(
            try fault { $0.add("t", [1 << 32, 1 << 32], four) } == .overflow(tensor: "t"))
        #expect(try fault { $0.add("t", [1 << 62], four) } == .overflow(tensor: "t"))
        #expect(try fault { $0.add("t", [.max], four) } == .overflow(tensor: "t"))
        #expect(
            try fault { $0.add("t", [4], four, offset: .max - 31) } == .overflow(tensor: "t"))
        #expect(
            try fault { $0.add("t", [4], four, offset: 16) }
                == .misaligned(tensor: "t", offset: 16, alignment: 32))
        #expect(
            try fault {
                $0.add("a", [4], four); $0.add("b", [4], four, offset: 0)
            }
                == .overlap(tensor: "b", other: "a"))
        guard case .dataTruncated? = try fault({ $0.add("t", [5], four) }) else {
            Issue.record("a tensor beyond the file was not refused")
            return
        }
        #expect(
            try fault { $0.add(String(repeating: "t", count: 65), [4], four) }
                == .string(what: "a tensor name", why: "65 bytes, expected at most 64"))
    }

    @Test func honoursTheAlignment() throws {
        let directory = try TemporaryDirectory()
        var builder = GGUFBuilder()
        builder.alignment = 256
        builder.set("general.alignment", UInt32(256))
        builder.add("a", [1], bytes([Float(3)]))
        builder.add("b", [1], bytes([Float(4)]))
        let file = try GGUFFile(path: directory.write(builder.build(), to: "x"))
        #expect(try file.floats("a") == [3])
        #expect(try file.floats("b") == [4])
    }
}

@Suite struct GGUFModelTests {
    private func model(_ builder: GGUFBuilder) throws -> GGUFModel {
        let directory = try TemporaryDirectory()
        return try GGUFModel(GGUFFile(path: directory.write(builder.build(), to: "x.gguf")))
    }

    @Test func readsTheConfiguration() throws {
        #expect(
            try model(.tinyLlamaWithTokenizer()).configuration
                == DecoderConfiguration.llama(
                    vocabularySize: 3, width: 8, layerCount: 1, headCount: 2,
                    keyValueHeadCount: 1, headWidth: 4, feedForwardWidth: 6, maximumPositions: 16,
                    normEpsilon: 1e-5, ropeTheta: 50_000, tiedHead: true, eosTokenIDs: [0],
                    bosTokenID: 1))
    }

    @Test func rowsOfQueriesAndKeysAreUnpermuted() throws {
        let model = try model(.tinyLlama())
        let layout = ParameterLayout(model.configuration)
        let q = try #require(layout["model.layers.0.self_attn.q_proj.weight"])
        let k = try #require(layout["model.layers.0.self_attn.k_proj.weight"])
        let v = try #require(layout["model.layers.0.self_attn.v_proj.weight"])
        /// The row that each row came from, by its first element.
        func rows(_ parameters: ParameterBuffer, _ entry: ParameterEntry) -> [Int] {
            let values = Array(parameters.elements(of: entry))
            return stride(from: 0, to: values.count, by: 8).map { (Int(values[$0]) - 1) / 8 }
        }
        let parameters = try model.parameters()
        #expect(rows(parameters, q) == [0, 2, 1, 3, 4, 6, 5, 7])
        #expect(rows(parameters, k) == [0, 2, 1, 3])
        #expect(rows(parameters, v) == [0, 1, 2, 3])
        let raw = try model.parameters(unpermuting: false)
        #expect(rows(raw, q) == Array(0..<8))
    }

    /// The rows' order is the inverse of the converter's reshape(heads, 2, d/2).swap(1, 2).
    @Test func unpermutingInvertsTheConverter() {
        let (heads, width) = (3, 8)
        let half = width / 2
        var permuted = [Float](repeating: 0, count: heads * width)
        for head in 0..<heads {
            for c in 0..<2 {
                for i in 0..<half {
                    permuted[head * width + 2 * i + c] = Float(head * width + c * half + i)
                }
            }
        }
        permuted.withUnsafeMutableBufferPointer {
            unpermuteRows($0, columns: 1, headWidth: width)
        }
        #expect(permuted == (0..<heads * width).map { Float($0) })
    }

    @Test func anEqualOutputIsTied() throws {
        var builder = GGUFBuilder.tinyLlama()
        builder.add("output.weight", [8, 3], bytes((1...24).map { Float($0) }))
        #expect(try model(builder).configuration.tiedHead)
        #expect(failure { _ = try model(builder).parameters() } == nil)
        builder.replace("output.weight") { $0.data[0] ^= 1 }
        #expect(try model(builder).configuration.tiedHead == false)
        #expect(failure { _ = try model(builder).parameters() } == nil)
    }

    @Test func refusesWhatIsNotThisModel() throws {
        func refused(_ change: (inout GGUFBuilder) -> Void) throws -> GGUFFault? {
            var builder = GGUFBuilder.tinyLlamaWithTokenizer()
            change(&builder)
            guard case .gguf(_, let fault)? = failure({ _ = try model(builder).parameters() })
            else { return nil }
            return fault
        }
        func without(_ key: String) throws -> GGUFFault? {
            try refused { $0.keys.removeAll { $0.name == key } }
        }
        func with(_ key: String, _ type: UInt32, _ value: [UInt8]) throws -> GGUFFault? {
            try refused {
                $0.keys.removeAll { $0.name == key }
                $0.keys.append((key, type, value))
            }
        }
        #expect(try refused { _ in } == nil)
        for key in [
            "general.architecture", "llama.block_count", "llama.context_length",
            "llama.embedding_length", "llama.feed_forward_length", "llama.attention.head_count",
            "llama.rope.freq_base", "llama.attention.layer_norm_rms_epsilon",
            "tokenizer.ggml.tokens",
        ] {
            #expect(try without(key) == .missingKey(key))
        }
        let string = GGUFBuilder.string
        #expect(try with("general.architecture", 8, string("mamba")) != nil)
        #expect(try with("llama.rope.scaling.type", 8, string("su")) != nil)
        #expect(try with("llama.rope.dimension_count", 4, bytes([UInt32(3)])) != nil)
        #expect(try with("llama.expert_count", 4, bytes([UInt32(8)])) != nil)
        #expect(try with("llama.block_count", 6, bytes([Float(1)])) != nil)
        #expect(try with("tokenizer.ggml.eos_token_id", 8, string("x")) != nil)
        #expect(
            try refused { $0.tensors.removeAll { $0.name == "blk.0.attn_v.weight" } }
                == .missingTensor("blk.0.attn_v.weight"))
        #expect(
            try refused { $0.replace("blk.0.ffn_down.weight") { $0.dimensions = [8, 6] } }
                == .shape(tensor: "blk.0.ffn_down.weight", got: [6, 8], expected: [8, 6]))
        let error = CheckpointError.gguf(file: "f", .missingKey("llama.rope.freq_base"))
        #expect(error.hint?.contains("rotary base") == true)
    }

    @Test func importsAsACheckpoint() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write(
            GGUFBuilder.tinyLlamaWithTokenizer().build(), to: "x.gguf")
        let source = try CheckpointImport(source: path)
        let out = directory.file("out")
        try source.write(to: out, tool: "test 1")
        let checkpoint = try Checkpoint.load(directory: out)
        #expect(checkpoint.configuration == source.checkpoint.configuration)
        let file = try SafetensorsFile(path: out + "/model.safetensors")
        #expect(file.metadata["source_types"] == "F32:11")
        #expect(file.metadata["tool"] == "test 1")
        let generation = try ConfigurationObject(file: out + "/generation_config.json")
        #expect(generation["eos_token_id"] == .integer(0))
        #expect(generation["pad_token_id"] == .integer(2))
        #expect(source.tokenizer?.chatTemplate == "{{ x }}")
        #expect(source.tokenizer?.tokenTypes == [3, 1, 1])
    }
}

@Suite struct RealGGUFTests {
    static let path = ProcessInfo.processInfo.environment["CPO_SMOLLM2_GGUF"]

    @Test(.enabled(if: path != nil)) func readsSmolLM2() throws {
        let model = try GGUFModel(GGUFFile(path: #require(Self.path)))
        #expect(model.file.tensors.count == 272)
        #expect(model.typeSummary == "Q4_1:210 F32:61 Q8_0:1")
        let c = model.configuration
        #expect(ParameterLayout(c).entries.reduce(0) { $0 + $1.count } == 134_515_008)
        #expect(
            c
                == DecoderConfiguration.llama(
                    vocabularySize: 49152, width: 576, layerCount: 30,
                    headCount: 9, keyValueHeadCount: 3, headWidth: 64, feedForwardWidth: 1536,
                    maximumPositions: 8192, normEpsilon: 1e-5, ropeTheta: 100_000, tiedHead: true,
                    eosTokenIDs: [2], bosTokenID: 1))
        let tokenizer = try #require(model.tokenizer)
        #expect(tokenizer.tokens.count == 49152)
        #expect(tokenizer.merges.count == 48900)
        #expect(tokenizer.pre == "smollm")
        #expect(tokenizer.addBOS == false)
        #expect(try model.parameters().count >= 134_515_008)
    }
}
