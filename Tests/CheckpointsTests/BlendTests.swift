import Checkpoints
import StreamIO
import Testing
import Transformer

import enum TestSupport.Oracles

@Suite struct BlendTests {
    private func blend(
        _ inputs: [(String, Double)], to out: String, as type: WeightType? = nil,
        normalising: Bool = false, shard: Int = WeightFiles.defaultShardSize
    ) throws -> [String: [UInt8]] {
        try Blend(
            inputs.map { Blend.Input(directory: $0.0, weight: $0.1) }, normalising: normalising
        ).write(to: out, as: type, maximumShardSize: shard, tool: "blend-weights test")
        return try tensorBytes(out)
    }

    @Test(arguments: Oracles.tinyModels)
    func endsKeepTheirBits(_ model: String) throws {
        let directory = try TemporaryDirectory()
        let (cpo, mle) = (Oracles.path(model), Oracles.path(model + "/reference"))
        for (alpha, expected) in [(0.0, cpo), (1.0, mle)] {
            let out = directory.file("\(alpha)")
            try Blend(cpo: cpo, mle: mle, alpha: alpha).write(to: out, tool: "t")
            #expect(try tensorBytes(out) == tensorBytes(expected))
            _ = try Checkpoint.load(directory: out)
        }
    }

    @Test(arguments: [0.1, 0.3, 0.5, 0.7, 0.9])
    func aBlendWithItselfIsItself(_ alpha: Double) throws {
        let directory = try TemporaryDirectory()
        for model in Oracles.tinyModels {
            let path = Oracles.path(model)
            try Blend(cpo: path, mle: path, alpha: alpha)
                .write(to: directory.file(model), tool: "t")
            #expect(try tensorBytes(directory.file(model)) == tensorBytes(path))
            let thirds = [(path, 0.333333), (path, 0.333333), (path, 0.333333)]
            #expect(try blend(thirds, to: directory.file("3")) == tensorBytes(path))
        }
    }

    @Test(arguments: [WeightType.float32, .bfloat16, .float16])
    func elementsAreRoundedOnce(_ type: WeightType) throws {
        let directory = try TemporaryDirectory()
        let (a, b) = (Oracles.path("tiny-gpt2"), Oracles.path("tiny-gpt2/reference"))
        let out = directory.file("out")
        try Blend(cpo: a, mle: b, alpha: 0.3).write(to: out, as: type, tool: "t")
        let (x, y) = (try TensorSource(directory: a), try TensorSource(directory: b))
        let z = try TensorSource(directory: out)
        for name in x.names {
            #expect(z[name]?.type == type.tensorType)
            let expected = zip(try x.floats(name), try y.floats(name)).map { x, y in
                let sum = Double(x) * 0.7 + Double(y) * 0.3
                switch type {
                case .float32: return Float(sum)
                case .float16: return Float(Float16(sum))
                case .bfloat16:
                    return FloatConversion.float(
                        bfloat16: FloatConversion.bfloat16(FloatConversion.roundedToOdd(sum)))
                }
            }
            #expect(try z.floats(name) == expected)
        }
        #expect(try Checkpoint.load(directory: out).storedType == type)
        let config = try ConfigurationObject(file: out + "/config.json")
        #expect(config["dtype"] == .string(type.rawValue))
    }

    @Test func shardsHoldTheSame() throws {
        let directory = try TemporaryDirectory()
        let inputs = [
            (Oracles.path("tiny-openllama"), 0.25),
            (Oracles.path("tiny-openllama/reference"), 0.75),
        ]
        let whole = try blend(inputs, to: directory.file("1"))
        let shards = try blend(inputs, to: directory.file("2"), shard: 30_000)
        #expect(whole == shards)
        #expect(try TensorSource(directory: directory.file("2")).files.count > 3)
        // And read from shards.
        let again = try blend([(directory.file("2"), 1)], to: directory.file("3"))
        #expect(again == whole)
    }

    @Test func provenanceHasNoTimeInIt() throws {
        let directory = try TemporaryDirectory()
        let (a, b) = (Oracles.path("tiny-gpt2"), Oracles.path("tiny-gpt2/reference"))
        for out in ["1", "2"] {
            _ = try blend([(a, 0.5), (b, 0.5)], to: directory.file(out))
        }
        for file in try directoryEntries(directory.file("1")) {
            #expect(
                try readFile(directory.file("1/" + file)) == readFile(directory.file("2/" + file)))
        }
        let report = try ConfigurationObject(file: directory.file("1/blend.json"))
        guard case .array(let inputs)? = report["inputs"], case .object(let first) = inputs[0]
        else {
            Issue.record("no inputs")
            return
        }
        #expect(first["sha256"] == .string(try modelHash(a)))
        #expect(first["weight"] == .number(0.5))
        let metadata = try SafetensorsFile(path: directory.file("1/model.safetensors")).metadata
        #expect(metadata["parents"]?.contains(try modelHash(b)) == true)
    }

    @Test func coefficientsAreChecked() throws {
        let input = { Blend.Input(directory: "/nowhere", weight: $0) }
        for inputs in [
            [], [input(0.5)], [input(-0.5), input(1.5)], [input(.nan)], [input(0), input(0)],
            [input(0.5), input(0.51)],
        ] {
            #expect(failure { _ = try Blend(inputs) }?.exitStatus == .usage)
        }
        for alpha in [-0.01, 1.01, .nan] {
            #expect(
                failure { _ = try Blend(cpo: "/a", mle: "/b", alpha: alpha) }?.exitStatus == .usage)
        }
        // Good coefficients, absent inputs.
        #expect(
            failure { _ = try Blend([input(2), input(1)], normalising: true) }?.exitStatus
                == .missingInput)
    }
}

/// Models that are no decoders, made by the tests.
@Suite struct BlendOfAnythingTests {
    private func make(
        _ directory: TemporaryDirectory, _ name: String, _ shapes: [(String, [Int])],
        config: String = "{\"model_type\":\"bert\"}", value: @escaping (String, Int) -> Float
    ) throws -> Blend.Input {
        try directory.write(config, to: name + "/config.json")
        try writeTensors(shapes, to: directory.file(name + "/model.safetensors"), value: value)
        return Blend.Input(directory: directory.file(name), weight: 0.5)
    }

    private func differences(_ inputs: [Blend.Input]) -> [String]? {
        guard case .incompatible(let lines)? = failure({ _ = try Blend(inputs) }) else {
            return nil
        }
        return lines
    }

    @Test func normalisesWhenAsked() throws {
        let directory = try TemporaryDirectory()
        var a = try make(directory, "a", [("w", [2])]) { _, i in Float(i) }
        var b = try make(directory, "b", [("w", [2])]) { _, i in Float(i + 4) }
        (a.weight, b.weight) = (3, 1)
        let blend = try Blend([a, b], normalising: true)
        #expect(blend.wasNormalised)
        #expect(blend.inputs.map(\.weight) == [0.75, 0.25])
        try blend.write(to: directory.file("c"), tool: "t")
        #expect(try TensorSource(directory: directory.file("c")).floats("w") == [1, 2])
    }

    @Test func anInputOfNoWeightIsNotRead() throws {
        let directory = try TemporaryDirectory()
        var a = try make(directory, "a", [("w", [2])]) { _, i in -0.0 }
        var b = try make(directory, "b", [("w", [2])]) { _, i in .nan }
        (a.weight, b.weight) = (1, 0)
        try Blend([a, b]).write(to: directory.file("c"), tool: "t")
        #expect(try tensorBytes(directory.file("c")) == tensorBytes(a.directory))
        (a.weight, b.weight) = (0.5, 0.5)
        guard
            case .notFinite? = failure({
                try Blend([a, b]).write(to: directory.file("d"), tool: "t")
            })
        else {
            Issue.record("NaN was blended")
            return
        }
        #expect(!fileExists(directory.file("d")))
    }

    @Test func tensorsThatAreNotFloatsAreCopied() throws {
        let directory = try TemporaryDirectory()
        for (name, data) in [("a", [UInt8(1), 2]), ("b", [3, 4])] {
            try directory.write("{\"model_type\":\"bert\"}", to: name + "/config.json")
            try SafetensorsWriter.write(
                to: directory.file(name + "/model.safetensors"),
                tensors: [TensorDescription(name: "ids", type: .u8, shape: [2])]
            ) { _, sink in try data.withUnsafeBytes(sink) }
        }
        let inputs = ["a", "b"].map { Blend.Input(directory: directory.file($0), weight: 0.5) }
        try Blend(inputs).write(to: directory.file("c"), as: .float16, tool: "t")
        #expect(try tensorBytes(directory.file("c")) == ["ids": [1, 2]])
    }

    @Test func allDifferencesAreListed() throws {
        let directory = try TemporaryDirectory()
        let a = try make(directory, "a", [("w", [2]), ("x", [3]), ("y", [1])]) { _, _ in 0 }
        let b = try make(
            directory, "b", [("w", [2, 1]), ("y", [1]), ("z", [3])],
            config: "{\"model_type\":\"other\"}"
        ) { _, _ in 0 }
        try directory.write("1", to: "a/tokenizer.json")
        try directory.write("2", to: "b/tokenizer.json")
        let lines = try #require(differences([a, b]))
        #expect(lines.count == 5)
        #expect(lines[0].hasPrefix("model_type: bert in "))
        #expect(lines[1].hasPrefix("w: [2] in "))
        #expect(lines[2] == "x: missing from \(b.directory)")
        #expect(lines[3] == "z: missing from \(a.directory)")
        #expect(lines[4].hasPrefix("tokenizer.json: differs"))
    }

    @Test func theFirstTokenizerIsCopied() throws {
        let directory = try TemporaryDirectory()
        let a = try make(directory, "a", [("w", [2])]) { _, _ in 0 }
        let b = try make(directory, "b", [("w", [2])]) { _, _ in 1 }
        try directory.write("{}", to: "b/tokenizer.json")
        try directory.write("hi", to: "b/chat_template.jinja")
        try Blend([a, b]).write(to: directory.file("c"), tool: "t")
        #expect(
            try directoryEntries(directory.file("c"))
                == [
                    "blend.json", "chat_template.jinja", "config.json", "model.safetensors",
                    "tokenizer.json",
                ])
    }

    @Test func aTiedHeadMeetsAnUntiedOne() throws {
        let directory = try TemporaryDirectory()
        let shapes = DamagedCheckpointTests.shapes
        let tied = try make(directory, "a", shapes, config: DamagedCheckpointTests.config) {
            _, i in Float(i)
        }
        let untied = try make(
            directory, "b", shapes + [("lm_head.weight", [5, 4])],
            config: DamagedCheckpointTests.config.replacing(
                "\"n_head\"", with: "\"tie_word_embeddings\":false,\"n_head\"")
        ) { name, i in name == "lm_head.weight" ? Float(i + 2) : Float(i) }
        try Blend([tied, untied]).write(to: directory.file("c"), tool: "t")
        let blended = try Checkpoint.load(directory: directory.file("c"))
        #expect(blended.configuration.tiedHead == false)
        let head = try TensorSource(directory: directory.file("c")).floats("lm_head.weight")
        #expect(head == (0..<20).map { Float($0 + 1) })
        try Blend([tied, tied]).write(to: directory.file("d"), tool: "t")
        #expect(try Checkpoint.load(directory: directory.file("d")).configuration.tiedHead)
    }

    @Test func namesAreInTheOrderOfNumbers() {
        let names = ["h.10.w", "h.2.w", "h.2", "h.02.x", "a", "h.2.w2", "h.2.w10"]
        #expect(
            names.sorted(by: naturallyPrecedes)
                == ["a", "h.2", "h.2.w", "h.2.w2", "h.2.w10", "h.02.x", "h.10.w"])
    }
}

@Suite struct BlendParsingTests {
    @Test func readsDirectoryAndWeight() throws {
        #expect(
            try Blend.Input(parsing: "runs/a:b:0.25")
                == Blend.Input(directory: "runs/a:b", weight: 0.25))
        for text in ["a", "a:", ":1", "a:x", "a:1,5", ""] {
            #expect(failure { _ = try Blend.Input(parsing: text) }?.exitStatus == .usage)
        }
    }

    @Test(arguments: [
        ("1", 1), ("500MB", 500_000_000), ("2GiB", 1 << 31), ("5GB", 5_000_000_000), ("3KB", 3000),
        ("7B", 7), ("0", nil), ("-1GB", nil), ("GB", nil), ("1.5GB", nil), ("1 GB", nil),
        ("99999999999GB", nil),
    ]) func readsSizes(_ text: String, _ size: Int?) {
        #expect((try? WeightFiles.size(parsing: text)) == size)
    }
}
