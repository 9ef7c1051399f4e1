import Kernels
import Sampling
import StreamIO
import Testing
import Transformer

/// Models whose logits are no numbers: an error that names the record, whoever decodes.
@Suite struct NonFiniteLogitsTests {
    /// A model whose embedding of one token is infinite or no number, from which logits follow.
    private static let poisoned: Int32 = 150

    private func decoder(_ value: Float) throws -> IncrementalDecoder {
        var configuration = Models.configuration(.llama)
        configuration.tiedHead = false
        let layout = ParameterLayout(configuration)
        let parameters = ParameterBuffer(count: layout.count)
        parameters.initialize(configuration, seed: 5)
        let table = try #require(layout["model.embed_tokens.weight"])
        parameters.base[table.offset + Int(Self.poisoned) * configuration.width + 3] = value
        return IncrementalDecoder(
            Decoder(configuration: configuration, parameters: parameters))
    }

    @Test(
        arguments: [
            DecodingStrategy.tokens(.greedy), .tokens(.sample(SamplingFilter())),
            .tokens(.sample(SamplingFilter(topK: 5))), .tokens(.sample(SamplingFilter(topP: 0.9))),
            .beams(BeamOptions(beams: 3)),
        ], [Float.nan, .infinity, -.infinity])
    func generationNamesTheRecord(_ strategy: DecodingStrategy, _ value: Float) throws {
        let decoder = try decoder(value)
        let generator = TextGenerator(
            decoder: decoder, strategy: strategy,
            limits: DecodingLimits(
                maxNewTokens: 2, eosTokenIDs: [2], usableVocabulary: Int(Self.poisoned)),
            capacity: 1, seed: 1)
        var requests = [
            GenerationRequest(id: "good", prompt: [10, 11, 12]),
            GenerationRequest(id: "bad", prompt: [10, Self.poisoned]),
        ]
        var delivered: [String] = []
        let error = #expect(throws: SamplingError.self) {
            try generator.run { _ in
                requests.isEmpty ? .end : .item(requests.removeFirst())
            } deliver: { request, outputs in
                #expect(!outputs.isEmpty)
                delivered.append(request.id)
            }
        }
        #expect(error == .nonFiniteLogits(id: "bad", length: 2))
        #expect(error?.exitStatus == .internalFailure)
        #expect(delivered == ["good"])
    }

    @Test func scoringNamesTheTree() throws {
        let forcing = TeacherForcing(try decoder(.nan))
        let good = TokenTree(prompt: [10, 11], continuations: [[12, 13]])
        let bad = TokenTree(
            prompt: [10, 11], continuations: [[12, 13], [14, Self.poisoned, 15]])
        let scores = try forcing.logProbabilities([good])
        #expect(scores[0][0].isFinite)
        #expect(throws: NonFiniteLogits(sequence: 1, length: 4)) {
            try forcing.logProbabilities([good, bad, good])
        }
    }

    /// As cold as a temperature can be: the largest logit wins, and nothing overflows.
    @Test(arguments: [Float.leastNonzeroMagnitude, 1e-40, 1e-38, 1e-30])
    func theColdestSamplesAreGreedy(_ temperature: Float) {
        for filter in [
            SamplingFilter(temperature: temperature),
            SamplingFilter(temperature: temperature, topK: 2),
            SamplingFilter(temperature: temperature, topP: 0.5),
        ] {
            for logits in [[-1, 2, 3, -5], [-9, -8, -7, -20], [0, -1, 1e30, 1e29]] as [[Float]] {
                var row = logits
                let tokens = row.withUnsafeMutableBufferPointer { row -> [Int32] in
                    guard let base = row.baseAddress else { return [] }
                    return filter.draw(base, count: 4, uniforms: [1e-9, 0.5, 0.999])
                }
                #expect(tokens.allSatisfy { $0 == 2 }, "\(filter): \(tokens)")
            }
        }
    }
}
