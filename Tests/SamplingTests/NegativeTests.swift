import Kernels
import Sampling
import Testing
import Transformer

private let eos: Int32 = 2

private func sources(_ count: Int) -> [NegativeSource] {
    (0..<count).map { index in
        NegativeSource(
            id: "n\(index)", prompt: Models.tokens(2 + index % 7, seed: UInt64(index)),
            response: Models.tokens(4 + (index * 5) % 23, seed: UInt64(500 + index)) + [eos],
            given: Models.tokens(3, seed: UInt64(900 + index)) + [eos])
    }
}

private func make(
    _ mix: String, _ records: [NegativeSource], bnBatch: Int = 4, capacity: Int = 8,
    seed: UInt64 = 0, filter: SamplingFilter = SamplingFilter(topK: 50), length: Int = 16,
    usable: Int = 211, hesitant: Bool = false
) throws -> ([[NegativeContinuation]], NegativeStatistics) {
    let decoder = IncrementalDecoder(Models.decoder(.llama))
    var limits = DecodingLimits(
        maxNewTokens: length, eosTokenIDs: decoder.configuration.eosTokenIDs,
        usableVocabulary: usable)
    limits.usableVocabulary = usable
    let generator = NegativeGenerator(
        decoder: decoder,
        options: NegativeGenerator.Options(
            mix: try NegativeMix(parsing: mix), filter: filter, limits: limits,
            bnBatch: bnBatch, capacity: capacity, seed: seed))
    var next = 0
    var hesitates = false
    var result: [[NegativeContinuation]] = []
    let statistics = try generator.run { mayWait in
        guard next < records.count else { return .end }
        hesitates = hesitant && !hesitates
        if hesitates, !mayWait { return .pending }
        defer { next += 1 }
        return .item(records[next])
    } deliver: { source, negatives in
        #expect(source == records[result.count])
        result.append(negatives)
    }
    return (result, statistics)
}

@Suite struct NegativeTests {
    @Test func allKindsInTheOrderOfTheMix() throws {
        let records = sources(37)
        let (made, statistics) = try make("bn:2,mn:2,tn:1,an:2,given", records)
        #expect(made.count == 37)
        for (record, negatives) in zip(records, made) {
            let kinds = negatives.map(\.kind.rawValue)
            // The last batch has one record, which has no other to take from.
            let others = record.id == "n36" ? [] : ["bn", "bn"]
            #expect(kinds == others + ["mn", "mn", "tn", "an", "an", "given"])
            let ids = negatives.map(\.sequence.ids)
            #expect(Set(ids).count == ids.count && !ids.contains(record.response))
        }
        #expect(statistics.made == [.bn: 72, .mn: 74, .tn: 37, .an: 74, .given: 37])
        #expect(statistics.dropped[.bn] == 2)
    }

    @Test func scoresAreThoseOfTeacherForcing() throws {
        let records = sources(9)
        let (made, _) = try make("an:2,bn:1,mn:1,tn:1,given", records)
        let decoder = IncrementalDecoder(Models.decoder(.llama))
        let scores = try TeacherForcing(decoder).logProbabilities(
            zip(records, made).map {
                TokenTree(prompt: $0.prompt, continuations: $1.map(\.sequence.ids))
            })
        #expect(scores == made.map { $0.map(\.sequence.logProbability) })
    }

    @Test func batchesAndNeighboursChangeNothing() throws {
        let records = sources(35)
        let reference = try make("an:3,mn:2,tn:2", records, bnBatch: 4, capacity: 8).0
        #expect(try make("an:3,mn:2,tn:2", records, bnBatch: 32, capacity: 64).0 == reference)
        #expect(try make("an:3,mn:2,tn:2", records, bnBatch: 1, capacity: 1).0 == reference)
        #expect(try make("an:3,mn:2,tn:2", records, hesitant: true).0 == reference)
        let shard = records.enumerated().filter { $0.offset % 3 == 1 }.map(\.element)
        let expected = reference.enumerated().filter { $0.offset % 3 == 1 }.map(\.element)
        #expect(try make("an:3,mn:2,tn:2", shard).0 == expected)
        #expect(try make("an:3,mn:2,tn:2", records, seed: 1).0 != reference)
    }

    @Test func batchNegativesComeFromTheBatch() throws {
        let records = sources(10)
        let (made, _) = try make("bn:3", records, bnBatch: 5)
        #expect(try make("bn:3", records, bnBatch: 5, hesitant: true).0 == made)
        for (index, negatives) in made.enumerated() {
            let batch = records[index / 5 * 5..<index / 5 * 5 + 5].map(\.response)
            #expect(negatives.count == 3)
            #expect(negatives.allSatisfy { batch.contains($0.sequence.ids) })
        }
    }

    @Test func truncationKeepsABeginningAndEndsWithEOS() throws {
        let records = sources(30)
        let (made, _) = try make("tn:2", records)
        var cuts = Set<Int>()
        for (record, negatives) in zip(records, made) {
            for negative in negatives {
                let ids = negative.sequence.ids
                #expect(ids.last == eos && ids.count >= 2 && ids.count < record.response.count)
                #expect(record.response.starts(with: ids.dropLast()))
                #expect(negative.sequence.finish == .eos)
                cuts.insert(ids.count)
            }
        }
        #expect(cuts.count > 8)
    }

    @Test func truncationOfWhatIsTooShortIsDropped() throws {
        let record = NegativeSource(id: "a", prompt: [20], response: [30, eos])
        let (made, statistics) = try make("tn:1,mn:1", [record])
        #expect(made[0].map(\.kind) == [.mn])
        #expect(statistics.dropped[.tn] == 1)
        // Two cuts are all there are.
        let short = NegativeSource(id: "b", prompt: [20], response: [30, 31, 32, eos])
        #expect(try make("tn:5", [short]).0[0].count == 2)
    }

    @Test func meanFieldReplacesFifteenPercentAndKeepsEOS() throws {
        let records = sources(40)
        let (made, _) = try make("mn:2", records)
        var replaced = 0
        var eligible = 0
        for (record, negatives) in zip(records, made) {
            for negative in negatives {
                let ids = negative.sequence.ids
                #expect(ids.count == record.response.count && ids.last == eos)
                #expect(!ids.dropLast().contains { [2, 7].contains($0) })
                replaced += zip(ids, record.response).count { $0 != $1 }
                eligible += ids.count - 1
            }
        }
        let share = Double(replaced) / Double(eligible)
        #expect(share > 0.11 && share < 0.18)
    }

    /// The tokens put in at a position must follow π(·|x, y_<t) of the original sequence.
    @Test func meanFieldDrawsFromTheOriginalSequence() throws {
        let prompt = Models.tokens(5, seed: 77)
        let response = Models.tokens(1, seed: 78) + [eos]
        let records = (0..<4000).map {
            NegativeSource(id: "m\($0)", prompt: prompt, response: response)
        }
        let (made, _) = try make("mn:1", records, usable: 64)
        let decoder = IncrementalDecoder(Models.decoder(.llama))
        let usable = (0..<64).filter { ![2, 7].contains($0) && Int32($0) != response[0] }
        let scores = try TeacherForcing(decoder).logProbabilities([
            TokenTree(prompt: prompt, continuations: usable.map { [Int32($0)] })
        ])[0]
        var weights = scores.map { Float($0) }
        let total = weights.withUnsafeMutableBufferPointer {
            exponentiate($0.baseAddress!, minus: 0, count: $0.count)
        }
        let tokens = made.flatMap { $0.map { $0.sequence.ids[0] } }
        #expect(tokens.count > 3900)
        for (index, token) in usable.enumerated() {
            let share = Double(tokens.count { Int($0) == token }) / Double(tokens.count)
            #expect(abs(share - Double(weights[index] / total)) < 0.04)
        }
    }

    @Test func duplicatesAreDrawnAgainThenDropped() throws {
        let records = sources(6)
        // Two tokens that can be chosen and outputs of one token: two different samples at most.
        let (made, statistics) = try make(
            "an:4", records, filter: SamplingFilter(topK: 2), length: 1)
        for negatives in made {
            #expect(negatives.count <= 2 && !negatives.isEmpty)
            #expect(Set(negatives.map(\.sequence.ids)).count == negatives.count)
        }
        #expect(statistics.redrawn > 0)
        #expect((statistics.dropped[.an] ?? 0) >= 12)
    }

    @Test func noEOSIsInventedAtTheLimit() throws {
        let (made, statistics) = try make("an:2", sources(20), length: 5)
        let sequences = made.flatMap { $0.map(\.sequence) }
        for sequence in sequences where sequence.finish == .length {
            #expect(sequence.ids.count == 5 && !sequence.ids.contains { [2, 7].contains($0) })
        }
        #expect(statistics.atLimit == sequences.count { $0.finish == .length })
    }

    @Test(arguments: [
        "", "an:0", "an:-1", "xx:2", "an:2,an:3", "an:2,", "an:x", "an:1:2", "given:2",
    ])
    func unreadableMixesAreRefused(_ text: String) {
        #expect(throws: SamplingError.self) { try NegativeMix(parsing: text) }
    }

    @Test func mixesAreRead() throws {
        let mix = try NegativeMix(parsing: "bn:2,mn:2,tn")
        #expect(mix.description == "bn:2,mn:2,tn:1")
        #expect(mix[.bn] == 2 && mix[.tn] == 1 && mix[.an] == 0)
    }
}

@Suite struct PromptPolicyTests {
    private let configuration = Models.configuration(.gpt2)

    @Test func longPrompts() throws {
        let long = Models.tokens(100, seed: 1)
        let error = PromptPolicy(configuration: configuration, onOverlong: .error)
        #expect(throws: SamplingError.overlongPrompt(got: 100, positions: 96)) {
            try error.prepare(long, wanted: 16)
        }
        #expect(try error.prepare(Array(long.prefix(95)), wanted: 16)?.count == 95)
        let cut = PromptPolicy(configuration: configuration, onOverlong: .truncateLeft)
        #expect(try cut.prepare(long, wanted: 16) == long.suffix(80))
        #expect(try cut.prepare(long, needed: 30, wanted: 16) == long.suffix(66))
        let drop = PromptPolicy(configuration: configuration, onOverlong: .drop)
        #expect(try drop.prepare(long, wanted: 16) == nil)
    }

    @Test func emptyPromptsBeginWithBOS() throws {
        var policy = PromptPolicy(configuration: configuration, onOverlong: .error)
        #expect(try policy.prepare([], wanted: 1) == [1])
        policy.configuration.bosTokenID = nil
        #expect(throws: SamplingError.emptyPrompt) { try policy.prepare([], wanted: 1) }
    }

    @Test func unknownTokens() {
        let policy = PromptPolicy(configuration: configuration, onOverlong: .error)
        for token in [-1, 211] as [Int32] {
            #expect(throws: SamplingError.unknownToken(token, vocabularySize: 211)) {
                try policy.prepare([3, token], wanted: 1)
            }
        }
    }
}
