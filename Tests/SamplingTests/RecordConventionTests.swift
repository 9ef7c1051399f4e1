import Records
import Sampling
import StreamIO
import Testing

@Suite struct RecordConventionTests {
    private let configuration = Models.configuration(.llama)

    private var limits: DecodingLimits {
        DecodingLimits(maxNewTokens: 8, eosTokenIDs: [2, 7], usableVocabulary: 211)
    }

    private func policy(_ onOverlong: OverlongPolicy = .error) -> PromptPolicy {
        PromptPolicy(configuration: configuration, onOverlong: onOverlong)
    }

    private func text(_ ids: [Int32]) -> String { ids.map { "\($0)" }.joined(separator: " ") }

    private func record(_ fields: JSONObject) -> Record { Record(id: "a", fields: fields) }

    @Test func outputsLeaveOutEOSInTextOnly() throws {
        let outputs = [
            GeneratedSequence(ids: [5, 6, 2], finish: .eos, logProbability: -1, score: -0.5),
            GeneratedSequence(ids: [8, 9], finish: .length, logProbability: -2),
        ]
        let conventions = GenerationRecords(policy: policy(), limits: limits, text: text)
        var made = record(["prompt_ids": .integers([3]), "other": .bool(true)])
        try conventions.add(outputs, all: true, to: &made)
        #expect(made["output"] == .string("5 6") && made["finish"] == .string("eos"))
        #expect(try made.tokenIDs("output_ids") == [5, 6, 2])
        #expect(made["score"] == .number(-0.5) && made["other"] == .bool(true))
        #expect(made["outputs"]?.elements?.map { $0["text"] } == [.string("5 6"), .string("8 9")])
        let bare = GenerationRecords(policy: policy(), limits: limits, text: nil)
        var ids = record([:])
        try bare.add(Array(outputs.prefix(1)), all: false, to: &ids)
        #expect(ids["output"] == nil && ids["outputs"] == nil && ids["output_ids"] != nil)
    }

    @Test func requestsSayWhatIsWrongWithARecord() throws {
        let conventions = GenerationRecords(policy: policy(), limits: limits, text: nil)
        #expect(throws: RecordError.self) { try conventions.request(record([:])) }
        #expect(throws: RecordError.self) {
            try conventions.request(record(["prompt_ids": .integers([3, 211])]))
        }
        let long = record(["prompt_ids": .integers(Models.tokens(120, seed: 1))])
        #expect(throws: RecordError.self) { try conventions.request(long) }
        let dropping = GenerationRecords(policy: policy(.drop), limits: limits, text: nil)
        #expect(try dropping.request(long) == nil)
        let cutting = GenerationRecords(policy: policy(.truncateLeft), limits: limits, text: nil)
        #expect(try cutting.request(long)?.prompt.count == 96 - 8)
    }

    private func negatives(_ mix: String, tokenizes: Bool) throws -> NegativeRecords {
        NegativeRecords(
            policy: policy(),
            options: NegativeGenerator.Options(
                mix: try NegativeMix(parsing: mix), filter: SamplingFilter(topK: 50),
                limits: limits, bnBatch: 4, capacity: 4, seed: 3),
            modelHash: "abc", tokenize: tokenizes ? { $0.utf8.map { Int32($0) } } : nil,
            text: tokenizes ? { self.text($0) } : nil)
    }

    @Test func givenNegativesComeFromTextOrIDs() throws {
        let base: JSONObject = [
            "prompt_ids": .integers([3]), "response_ids": .integers([4, 5, 2]),
        ]
        let withText = record(base.merging(["rejected": .string("AB")]) { $1 })
        #expect(try negatives("given", tokenizes: true).source(withText)?.given == [65, 66, 2])
        #expect(throws: RecordError.self) {
            try negatives("given", tokenizes: false).source(withText)
        }
        let withIDs = record(base.merging(["rejected_ids": .integers([9, 2])]) { $1 })
        #expect(try negatives("given", tokenizes: false).source(withIDs)?.given == [9, 2])
        #expect(throws: RecordError.self) {
            try negatives("given", tokenizes: true).source(record(base))
        }
        #expect(try negatives("tn", tokenizes: false).source(withText)?.given == nil)
        #expect(throws: RecordError.self) {
            try negatives("tn", tokenizes: false).source(
                record(["prompt_ids": .integers([3]), "response_ids": .array([])]))
        }
    }

    @Test func negativesHoldWhatTheContractSays() throws {
        let conventions = try negatives("an:1", tokenizes: true)
        let source = NegativeSource(id: "a", prompt: [3], response: [4, 2])
        var made = record(["prompt_ids": .integers([3]), "negatives": .array([])])
        let sequence = GeneratedSequence(ids: [6, 2], finish: .eos, logProbability: -3.5)
        try conventions.add(
            [NegativeContinuation(kind: .an, sequence: sequence)], of: source, to: &made)
        let negative = try made.negatives()[0]
        #expect(negative.kind == "an" && negative.ids == [6, 2] && negative.text == "6")
        #expect(negative.finish == "eos" && negative.logprob == -3.5 && negative.seed == 3)
        #expect(made["negatives_from"]?["model"] == .string("abc"))
    }
}
