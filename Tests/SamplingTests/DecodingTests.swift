import Checkpoints
import FoundationEssentials
import Kernels
import Sampling
import StreamIO
import TestSupport
import Testing
import Transformer

private let smollm2 = ProcessInfo.processInfo.environment["CPO_SMOLLM2_MODEL"]

private func limits(
    _ decoder: IncrementalDecoder, _ length: Int, ignoresEOS: Bool = false, minimum: Int = 0
) -> DecodingLimits {
    DecodingLimits(
        maxNewTokens: length, minNewTokens: minimum, ignoresEOS: ignoresEOS,
        eosTokenIDs: decoder.configuration.eosTokenIDs,
        usableVocabulary: decoder.configuration.vocabularySize)
}

private func generate(
    _ decoder: IncrementalDecoder, _ prompts: [[Int32]], _ strategy: DecodingStrategy,
    _ limits: DecodingLimits, samples: Int = 1, capacity: Int = 8, seed: UInt64 = 0
) throws -> [[GeneratedSequence]] {
    var next = 0
    var result: [[GeneratedSequence]] = []
    let generator = TextGenerator(
        decoder: decoder, strategy: strategy, limits: limits, samples: samples, capacity: capacity,
        seed: seed)
    // Requests that come hesitantly change nothing.
    var hesitates = false
    try generator.run { mayWait in
        guard next < prompts.count else { return .end }
        hesitates.toggle()
        if hesitates, !mayWait { return .pending }
        defer { next += 1 }
        return .item(GenerationRequest(id: "r\(next)", prompt: prompts[next]))
    } deliver: { request, outputs in
        #expect(request.id == "r\(result.count)")
        result.append(outputs)
    }
    return result
}

private func load(_ directory: String) throws -> IncrementalDecoder {
    let checkpoint = try Checkpoint.load(directory: directory)
    return IncrementalDecoder(
        Decoder(configuration: checkpoint.configuration, parameters: checkpoint.parameters))
}

@Suite struct OracleDecodingTests {
    @Test(arguments: Oracles.tinyModels + Oracles.families)
    func greedyAndBeamsAreThoseOfTransformers(_ name: String) throws {
        let decoder = try load(Oracles.path(name))
        for item in try #require(try Oracles.json(name + ".json")["decoding"]?.elements) {
            let prompt = try #require(item["prompt"]?.ids)
            let greedy = try generate(
                decoder, [prompt], .tokens(.greedy), limits(decoder, 16, ignoresEOS: true))
            #expect(greedy[0][0].ids == item["greedy_16"]?.ids)
            for penalty in [0.0, 1.0] {
                let expected = try #require(item["beam4_12_lp\(penalty)"])
                let beams = try generate(
                    decoder, [prompt],
                    .beams(BeamOptions(beams: 4, lengthPenalty: penalty)),
                    limits(decoder, 12, ignoresEOS: true))[0]
                #expect(beams.map(\.ids) == expected["sequences"]?.elements?.compactMap(\.ids))
                let scores = try #require(expected["scores"]).doubles
                #expect(zip(beams, scores).allSatisfy { abs(($0.score ?? 0) - $1) < 1e-4 })
            }
        }
    }

    @Test(
        .enabled(
            if: RealModel.oracles != nil && smollm2 != nil, "set CPO_SMOLLM2_MODEL to a checkpoint")
    )
    func smolLM2Greedy() throws {
        let decoder = try load(try #require(smollm2))
        let pairs = try #require(try RealModel.numbers()["pairs"]?.elements)
        let prompts = try pairs.map { try #require($0["prompt_ids"]?.ids) }
        let expected = pairs.map { $0["greedy_24"]?.ids ?? [] }
        // The reference always gives 24 tokens: EOS was suppressed there.
        let got = try generate(
            decoder, prompts, .tokens(.greedy), limits(decoder, 24, ignoresEOS: true),
            capacity: 16)
        #expect(got.map { $0[0].ids } == expected)
        let trees = try pairs.map {
            TokenTree(
                prompt: try #require($0["prompt_ids"]?.ids),
                continuations: [try #require($0["response_ids"]?.ids)])
        }
        let scores = try TeacherForcing(decoder).logProbabilities(trees).map { $0[0] }
        for (score, pair) in zip(scores, pairs) {
            let sum = try #require(pair["response_token_logprobs"]).doubles.reduce(0, +)
            #expect(abs(score - sum) < 5e-3)
        }
    }
}

@Suite struct DecodingTests {
    private static let prompts = (0..<13).map { Models.tokens(1 + $0 % 5, seed: UInt64($0)) }

    @Test(arguments: Models.Kind.allCases)
    func outputsDoNotDependOnTheBatch(_ kind: Models.Kind) throws {
        let decoder = IncrementalDecoder(Models.decoder(kind))
        let strategies: [DecodingStrategy] = [
            .tokens(.greedy), .tokens(.sample(SamplingFilter(temperature: 0.9, topK: 40))),
            .tokens(.sample(SamplingFilter())), .beams(BeamOptions(beams: 3)),
        ]
        for strategy in strategies {
            let limits = limits(decoder, 20)
            let one = try generate(
                decoder, Self.prompts, strategy, limits, samples: 3, capacity: 1)
            for capacity in [5, 64] {
                let many = try generate(
                    decoder, Self.prompts, strategy, limits, samples: 3, capacity: capacity)
                #expect(one == many)
            }
        }
    }

    @Test func logProbabilitiesAreTheModelsOwn() throws {
        let decoder = IncrementalDecoder(Models.decoder(.llama))
        let filter = SamplingFilter(temperature: 0.5, topK: 5, topP: 0.8)
        let outputs = try generate(
            decoder, Self.prompts, .tokens(.sample(filter)), limits(decoder, 12), samples: 2)
        let trees = zip(Self.prompts, outputs).map {
            TokenTree(prompt: $0, continuations: $1.map(\.ids))
        }
        let scores = try TeacherForcing(decoder).logProbabilities(trees)
        // To the bit: scoring and sampling compute the same rows.
        #expect(scores == outputs.map { $0.map(\.logProbability) })
    }

    @Test func samplesDifferAndFollowTheSeed() throws {
        let decoder = IncrementalDecoder(Models.decoder(.gpt2))
        let strategy = DecodingStrategy.tokens(.sample(SamplingFilter()))
        let run = { (seed: UInt64) in
            try generate(
                decoder, Self.prompts, strategy, limits(decoder, 12), samples: 4, seed: seed)
        }
        let first = try run(1)
        #expect(try run(1) == first)
        #expect(try run(2) != first)
        #expect(first.allSatisfy { Set($0.map(\.ids)).count > 1 })
    }

    @Test func endsAndLimits() throws {
        let decoder = IncrementalDecoder(Models.decoder(.llama))
        let strategy = DecodingStrategy.tokens(.sample(SamplingFilter()))
        let eos = decoder.configuration.eosTokenIDs
        let free = try generate(
            decoder, Self.prompts, strategy, limits(decoder, 60), samples: 16
        )
        .flatMap { $0 }
        #expect(free.contains { $0.finish == .eos } && free.contains { $0.finish == .length })
        for output in free {
            #expect(!output.ids.dropLast().contains(where: eos.contains))
            #expect((output.finish == .eos) == output.ids.last.map(eos.contains))
            #expect(output.finish == .eos || output.ids.count == 60)
        }
        let minimum = try generate(
            decoder, Self.prompts, strategy, limits(decoder, 60, minimum: 30), samples: 16
        )
        .flatMap { $0 }
        #expect(minimum.allSatisfy { $0.ids.count > 30 })
        #expect(minimum.contains { $0.finish == .eos })
        let ignoring = try generate(
            decoder, Self.prompts, strategy, limits(decoder, 60, ignoresEOS: true), samples: 4
        )
        .flatMap { $0 }
        #expect(
            ignoring.allSatisfy { $0.ids.count == 60 && !$0.ids.contains(where: eos.contains) })
        // The model's positions end what the limit does not.
        let long = try generate(
            decoder, [Models.tokens(90, seed: 4)], strategy,
            limits(decoder, 60, ignoresEOS: true))
        #expect(long[0][0].ids.count == 6 && long[0][0].finish == .length)
    }

    @Test func unusableRowsAreNeverChosen() throws {
        let decoder = IncrementalDecoder(Models.decoder(.gpt2))
        var few = limits(decoder, 30, ignoresEOS: true)
        few.usableVocabulary = 40
        let strategies: [DecodingStrategy] = [
            .tokens(.greedy), .tokens(.sample(SamplingFilter())), .beams(BeamOptions(beams: 2)),
        ]
        for strategy in strategies {
            let outputs = try generate(decoder, Self.prompts, strategy, few, samples: 2)
            #expect(outputs.flatMap { $0 }.allSatisfy { $0.ids.allSatisfy { $0 < 40 } })
        }
    }

    @Test func oneBeamIsGreedy() throws {
        let decoder = IncrementalDecoder(Models.decoder(.llama))
        let greedy = try generate(
            decoder, Self.prompts, .tokens(.greedy), limits(decoder, 15, ignoresEOS: true))
        let beam = try generate(
            decoder, Self.prompts, .beams(BeamOptions(beams: 1)),
            limits(decoder, 15, ignoresEOS: true))
        #expect(greedy.map { $0.map(\.ids) } == beam.map { $0.map(\.ids) })
    }

    /// With as many beams as there are sequences, beam search must find the best of all.
    @Test(arguments: [0.0, 1.0, 2.0], EarlyStopping.allCases)
    func wideBeamsFindTheBest(_ penalty: Double, _ stopping: EarlyStopping) throws {
        guard stopping == .never || penalty == 0 && stopping == .false else { return }
        let decoder = IncrementalDecoder(Models.decoder(.llama))
        var few = limits(decoder, 3)
        few.usableVocabulary = 6
        few.eosTokenIDs = [2]
        let prompt = Models.tokens(4, seed: 9)
        var all: [[Int32]] = []
        func grow(_ ids: [Int32]) {
            if ids.count == 3 || ids.last == 2 { return all.append(ids) }
            for token in 0..<6 { grow(ids + [Int32(token)]) }
        }
        grow([])
        let scores = try TeacherForcing(decoder).logProbabilities([
            TokenTree(prompt: prompt, continuations: all)
        ])[0]
        let exponent = Int(penalty)
        let ranked = zip(all, scores).map { ids, sum in
            (ids, sum / (0..<exponent).reduce(1.0) { product, _ in product * Double(ids.count) })
        }.sorted { $0.1 > $1.1 }
        let found = try generate(
            decoder, [prompt],
            .beams(BeamOptions(beams: 64, lengthPenalty: penalty, earlyStopping: stopping)), few)[0]
        #expect(found.first?.ids == ranked[0].0)
        #expect(abs((found.first?.score ?? 0) - ranked[0].1) < 1e-4)
    }
}
