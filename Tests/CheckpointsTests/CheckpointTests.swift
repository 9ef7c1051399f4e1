import Checkpoints
import StreamIO
import Testing
import Transformer

import enum TestSupport.Oracles

@Suite struct OracleCheckpointTests {
    @Test(arguments: Oracles.tinyModels + Oracles.families)
    func loadsAndSavesWithTheSameBits(_ model: String) throws {
        let directory = try TemporaryDirectory()
        let source = Oracles.path(model)
        let checkpoint = try Checkpoint.load(directory: source)
        let expected = try tensorBytes(source)
        #expect(checkpoint.parameterCount * 4 == expected.values.reduce(0) { $0 + $1.count })
        let saved = directory.file("out")
        try checkpoint.save(to: saved, metadata: ["tool": "test"])
        #expect(try tensorBytes(saved) == expected)
        let again = try Checkpoint.load(directory: saved)
        #expect(again.configuration == checkpoint.configuration)
        #expect(
            try readFile(saved + "/generation_config.json")
                == readFile(source + "/generation_config.json"))
        let file = try SafetensorsFile(path: saved + "/model.safetensors")
        #expect(file.metadata == ["format": "pt", "tool": "test"])
        #expect(checkpoint.storedType == .float32)
    }

    @Test(arguments: Oracles.tinyModels)
    func savesInShards(_ model: String) throws {
        let directory = try TemporaryDirectory()
        let checkpoint = try Checkpoint.load(directory: Oracles.path(model))
        let saved = directory.file("out")
        try checkpoint.save(to: saved, maximumShardSize: 50_000)
        #expect(try TensorSource(directory: saved).files.count > 2)
        #expect(try directoryEntries(saved).contains("model-00001-of-00000.safetensors") == false)
        #expect(try tensorBytes(saved) == tensorBytes(Oracles.path(model)))
        // The digest is that of the files together, and not that of the single file.
        #expect(try modelHash(saved) != modelHash(Oracles.path(model)))
        #expect(try modelHash(saved).utf8.count == 64)
    }

    @Test(arguments: [WeightType.bfloat16, .float16])
    func narrowTypesComeBackAsTheyWereWritten(_ type: WeightType) throws {
        let directory = try TemporaryDirectory()
        let source = Oracles.path("tiny-llama-gqa")
        try Checkpoint.load(directory: source).save(to: directory.file("1"), as: type)
        let narrow = try Checkpoint.load(directory: directory.file("1"))
        #expect(narrow.storedType == type)
        try narrow.save(to: directory.file("2"), as: type)
        #expect(try tensorBytes(directory.file("1")) == tensorBytes(directory.file("2")))
        let wide = try Checkpoint.load(directory: source)
        for entry in wide.layout.entries {
            for (a, b) in zip(
                wide.parameters.elements(of: entry), narrow.parameters.elements(of: entry))
            {
                #expect(abs(a - b) <= abs(a) * (type == .float16 ? 0x1p-11 : 0x1p-8) + 1e-7)
            }
        }
    }

    @Test func additionalContentIsThereFromTheStart() throws {
        let directory = try TemporaryDirectory()
        let checkpoint = try Checkpoint.load(directory: Oracles.path("tiny-gpt2"))
        try directory.write("{}", to: "tokenizer/tokenizer.json")
        let saved = directory.file("out")
        try checkpoint.save(to: saved, copyingTokenizerFrom: directory.file("tokenizer")) {
            #expect($0 != saved)
            #expect(!fileExists(saved))
            try CompanionFiles.write([1], to: $0 + "/blend.json")
        }
        #expect(try readFile(saved + "/blend.json") == [1])
        #expect(try readFile(saved + "/tokenizer.json") == Array("{}".utf8))
        // Saved again over itself, without them.
        try Checkpoint.load(directory: saved).save(to: saved)
        #expect(
            try directoryEntries(saved)
                == ["config.json", "generation_config.json", "model.safetensors"])
        #expect(try directoryEntries(directory.path) == ["out", "tokenizer"])
    }

    @Test func aFailedSaveLeavesTheOldOne() throws {
        struct Stop: Error {}
        let directory = try TemporaryDirectory()
        let checkpoint = try Checkpoint.load(directory: Oracles.path("tiny-gpt2"))
        let saved = directory.file("out")
        try checkpoint.save(to: saved)
        let before = try modelHash(saved)
        #expect(throws: Stop.self) {
            try checkpoint.save(to: saved, as: .float16) { _ in throw Stop() }
        }
        #expect(try modelHash(saved) == before)
        #expect(try directoryEntries(directory.path) == ["out"])
    }

    @Test func foreignDirectoriesAreNotReplaced() throws {
        let directory = try TemporaryDirectory()
        let checkpoint = try Checkpoint.load(directory: Oracles.path("tiny-gpt2"))
        try directory.write("letters", to: "home/thesis.txt")
        #expect(throws: StreamError.self) { try checkpoint.save(to: directory.file("home")) }
        #expect(try readFile(directory.file("home/thesis.txt")) == Array("letters".utf8))
    }
}

/// Checkpoints whose parts do not fit together.
@Suite struct DamagedCheckpointTests {
    static let config = """
        {"model_type":"gpt2","vocab_size":5,"n_positions":3,"n_embd":4,"n_layer":1,"n_head":2,
        "eos_token_id":0,"bos_token_id":0}
        """
    static let shapes: [(String, [Int])] = ParameterLayout(
        tinyGPT2
    ).entries.map { ($0.name, $0.shape) }

    private func make(
        _ directory: TemporaryDirectory, _ shapes: [(String, [Int])],
        config: String = config, value: (String, Int) -> Float = { Float($0.utf8.count + $1) }
    ) throws -> String {
        try directory.write(config, to: "m/config.json")
        try writeTensors(shapes, to: directory.file("m/model.safetensors"), value: value)
        return directory.file("m")
    }

    private func load(
        _ shapes: [(String, [Int])], config: String = config,
        value: (String, Int) -> Float = { Float($0.utf8.count + $1) }
    ) throws -> CheckpointError? {
        let directory = try TemporaryDirectory()
        let path = try make(directory, shapes, config: config, value: value)
        return failure { _ = try Checkpoint.load(directory: path) }
    }

    private func renamed(_ change: (String) -> String) -> [(String, [Int])] {
        Self.shapes.map { (change($0.0), $0.1) }
    }

    @Test func namesWithoutPrefixAndMasksAreRead() throws {
        let directory = try TemporaryDirectory()
        let shapes =
            renamed { $0.replacing("transformer.", with: "") }
            + [("h.0.attn.bias", [1, 1, 3, 3]), ("h.0.attn.masked_bias", [])]
        let path = try make(directory, shapes)
        let checkpoint = try Checkpoint.load(directory: path)
        let entry = try #require(checkpoint.layout["transformer.h.0.attn.c_attn.bias"])
        let expected = (0..<12).map { Float("h.0.attn.c_attn.bias".utf8.count + $0) }
        #expect(Array(checkpoint.parameters.elements(of: entry)) == expected)
        try checkpoint.save(to: directory.file("out"))
        let names = try TensorSource(directory: directory.file("out")).names
        #expect(names == Self.shapes.map(\.0).sorted())
    }

    @Test func aTiedHeadMayStandUnderEitherName() throws {
        #expect(try load(renamed { $0 == "transformer.wte.weight" ? "lm_head.weight" : $0 }) == nil)
    }

    @Test func aTiedHeadStoredTwiceMustBeEqual() throws {
        let shapes = Self.shapes + [("lm_head.weight", [5, 4])]
        #expect(try load(shapes) { _, i in Float(i) } == nil)
        let error = try load(shapes) { name, i in Float(name == "lm_head.weight" ? i + 1 : i) }
        guard case .untiedHead? = error else {
            Issue.record("got \(String(describing: error))")
            return
        }
    }

    @Test func anUntiedHeadMustBeThere() throws {
        let config = Self.config.replacing(
            "\"n_head\"", with: "\"tie_word_embeddings\":false,\"n_head\"")
        let error = try load(Self.shapes, config: config)
        guard case .missingTensors(_, ["lm_head.weight"])? = error else {
            Issue.record("got \(String(describing: error))")
            return
        }
        #expect(error?.hint?.contains("tie_word_embeddings") == true)
        #expect(try load(Self.shapes + [("lm_head.weight", [5, 4])], config: config) == nil)
    }

    @Test func missingTensorsAreNamed() throws {
        let error = try load(Self.shapes.filter { !$0.0.contains("ln_2") })
        guard case .missingTensors(_, let names)? = error else {
            Issue.record("got \(String(describing: error))")
            return
        }
        #expect(names == ["transformer.h.0.ln_2.weight", "transformer.h.0.ln_2.bias"])
    }

    @Test func unknownTensorsAreNamed() throws {
        let error = try load(Self.shapes + [("transformer.h.1.ln_1.bias", [4]), ("extra", [1])])
        guard case .unknownTensors(_, ["extra", "transformer.h.1.ln_1.bias"])? = error else {
            Issue.record("got \(String(describing: error))")
            return
        }
    }

    @Test func wrongShapesAreNamed() throws {
        // A matrix of nn.Linear's layout where Conv1D's is expected.
        let error = try load(
            Self.shapes.map { ($0.0, $0.0.hasSuffix("c_attn.weight") ? [12, 4] : $0.1) })
        guard
            case .shape(
                _, "transformer.h.0.attn.c_attn.weight", got: [12, 4], expected: [4, 12])? =
                error
        else {
            Issue.record("got \(String(describing: error))")
            return
        }
    }

    @Test func oneTensorUnderTwoNamesIsRefused() throws {
        let error = try load(Self.shapes + [("wpe.weight", [3, 4])])
        guard case .ambiguousTensor? = error else {
            Issue.record("got \(String(describing: error))")
            return
        }
    }

    @Test func valuesThatAreNoNumbersAreNamed() throws {
        let directory = try TemporaryDirectory()
        let path = try make(directory, Self.shapes) { name, i in
            name == "transformer.ln_f.bias" && i == 3 ? .nan : 1
        }
        let error = failure { _ = try Checkpoint.load(directory: path, checkFinite: true) }
        guard case .notFinite(_, "transformer.ln_f.bias", index: 3)? = error else {
            Issue.record("got \(String(describing: error))")
            return
        }
        #expect(failure { _ = try Checkpoint.load(directory: path, checkFinite: false) } == nil)
    }

    @Test func absentFilesAreMissingInput() throws {
        let directory = try TemporaryDirectory()
        #expect(
            failure { _ = try Checkpoint.load(directory: directory.file("no")) }?.exitStatus
                == .missingInput)
        try directory.write(Self.config, to: "m/config.json")
        try directory.write([1], to: "m/pytorch_model.bin")
        let error = failure { _ = try Checkpoint.load(directory: directory.file("m")) }
        #expect(error?.exitStatus == .missingInput)
        #expect(error?.description.contains("pytorch_model.bin") == true)
    }
}

@Suite struct ShardTests {
    private func make(_ directory: TemporaryDirectory, _ map: String) throws -> CheckpointError? {
        for (file, names) in [("1", ["a", "b"]), ("2", ["c"])] {
            try directory.write("", to: "s/\(file)")
            try writeTensors(names.map { ($0, [2]) }, to: directory.file("s/\(file)")) { _, i in
                Float(i)
            }
        }
        try directory.write(
            "{\"metadata\":{\"total_size\":24},\"weight_map\":{\(map)}}",
            to: "s/model.safetensors.index.json")
        return failure { _ = try TensorSource(directory: directory.file("s")) }
    }

    @Test func readsShards() throws {
        let directory = try TemporaryDirectory()
        #expect(try make(directory, "\"a\":\"1\",\"b\":\"1\",\"c\":\"2\"") == nil)
        let source = try TensorSource(directory: directory.file("s"))
        #expect(source.names == ["a", "b", "c"])
        #expect(try source.floats("c") == [0, 1])
    }

    @Test(arguments: [
        "\"a\":\"1\",\"b\":\"1\",\"c\":\"3\"",  // no such file
        "\"a\":\"1\",\"b\":\"1\",\"c\":\"1\"",  // not in that file
        "\"a\":\"1\",\"c\":\"2\"",  // in the file, not in the map
        "\"a\":\"1\",\"b\":\"1\",\"c\":\"2\",\"d\":\"2\"",  // in the map, not in the file
        "\"a\":\"1\",\"b\":\"1\",\"c\":\"../2\"", "\"a\":\"1\",\"b\":\"1\",\"c\":2", "",
    ]) func refusesAnIndexThatDoesNotFit(_ map: String) throws {
        #expect(try make(TemporaryDirectory(), map) != nil)
    }

    @Test func aTensorInTwoShardsIsRefused() throws {
        let directory = try TemporaryDirectory()
        _ = try make(directory, "")
        try writeTensors([("c", [2]), ("b", [2])], to: directory.file("s/2")) { _, _ in 0 }
        try directory.write(
            "{\"weight_map\":{\"a\":\"1\",\"b\":\"1\",\"c\":\"2\"}}",
            to: "s/model.safetensors.index.json")
        guard case .index? = failure({ _ = try TensorSource(directory: directory.file("s")) })
        else {
            Issue.record("not refused")
            return
        }
    }

    @Test func theSingleFileWinsWithAWarning() throws {
        let directory = try TemporaryDirectory()
        _ = try make(directory, "\"a\":\"1\",\"b\":\"1\",\"c\":\"2\"")
        try writeTensors([("x", [1])], to: directory.file("s/model.safetensors")) { _, _ in 0 }
        let source = try TensorSource(directory: directory.file("s"))
        #expect(source.names == ["x"])
        #expect(source.warnings.count == 1)
    }

    @Test func largeTensorsHaveFilesOfTheirOwn() {
        let tensors = [3, 1, 1, 9, 1].enumerated().map {
            TensorDescription(name: "\($0)", type: .u8, shape: [$1])
        }
        let shards = WeightFiles.shards(tensors, limit: 4)
        #expect(shards.map { $0.map(\.name) } == [["0", "1"], ["2"], ["3"], ["4"]])
    }
}
