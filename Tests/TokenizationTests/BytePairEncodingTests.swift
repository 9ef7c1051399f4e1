import StreamIO
import Testing
import Tokenization

@Suite("Byte-pair encoding")
struct BytePairEncodingTests {
    @Test("decode(encode(x)) is x, to the byte", arguments: Corpus.nasty + Corpus.lines)
    func roundTrip(text: String) throws {
        for pre in BytePairLearner.PreTokenization.allCases {
            let tokenizer = try Corpus.learnt(330, pre)
            let ids = tokenizer.encode(text)
            #expect(try tokenizer.decodeBytes(ids) == Array(text.utf8))
            #expect(ids.allSatisfy { !tokenizer.isSpecial($0) })
        }
    }

    @Test("Scanning and heap merge alike", arguments: [1, 2, 3, 7, 48, 49, 300])
    func scanningIsHeap(length: Int) throws {
        let tokenizer = try Corpus.learnt()
        let letters = Array("thecasmor nh")
        for salt in 0..<40 {
            let text = String(
                (0..<length).map { letters[($0 * $0 * 7 + $0 * salt + salt) % letters.count] })
            #expect(
                tokenizer.mergeOneChunk(text, byScanning: true)
                    == tokenizer.mergeOneChunk(text, byScanning: false))
        }
    }

    /// A naive encoder: merge the best pair of the whole chunk, the leftmost one, until none is
    /// left.
    @Test("Merges are applied best rank first, leftmost first")
    func agreesWithNaiveEncoder() throws {
        let tokenizer = try Corpus.learnt()
        let merges = try Corpus.withDirectory { directory in
            try tokenizer.writeTokenizerJSON(toDirectory: directory)
            return try #require(
                Corpus.json(directory + "/tokenizer.json")["model"]?["merges"]?.elements
            )
            .compactMap { $0.string?.split(separator: " ").map(String.init) }
        }
        for chunk in ["theother", "catcatthat", "aaaa", "matsandrats", "hhththethe"] {
            var parts = chunk.map(String.init)
            while let (_, place) = (0..<max(0, parts.count - 1)).compactMap({ place in
                merges.firstIndex(of: [parts[place], parts[place + 1]]).map { ($0, place) }
            }).min(by: { ($0.0, $0.1) < ($1.0, $1.1) }) {
                parts[place] += parts.remove(at: place + 1)
            }
            #expect(tokenizer.encode(chunk).compactMap { tokenizer.token(for: $0) } == parts)
        }
    }

    @Test(
        "A megabyte without a break",
        arguments: ["^", "a", " ", "1", "\n", "é", "日", "th", "'s", "\u{A0}"])
    func longRuns(piece: String) throws {
        let text = String(repeating: piece, count: 1_000_000 / piece.utf8.count)
        for pre in BytePairLearner.PreTokenization.allCases {
            let tokenizer = try Corpus.learnt(330, pre)
            #expect(try tokenizer.decodeBytes(tokenizer.encode(text)) == Array(text.utf8))
        }
    }

    @Test("A cached chunk gives the ids of a fresh one")
    func cacheChangesNothing() throws {
        let tokenizer = try Corpus.learnt()
        let fresh = try Corpus.learnt()
        let words = (0..<60_000).map { "w\($0 * 7919 % 100_003) the" }.joined(separator: " ")
        let first = tokenizer.encode(words)
        #expect(tokenizer.encode(words) == first)
        for word in ["w99 the", " w7919 the", "the cat"] {
            #expect(tokenizer.encode(word) == fresh.encode(word))
        }
    }

    @Test("Special-token text is text, a token, or an error")
    func specialTokens() throws {
        let tokenizer = try Corpus.learnt()
        let text = "the <|im_end|> cat<|endoftext|>"
        let plain = try tokenizer.encoding(of: text)
        #expect(plain.specialTokenOccurrences == 2)
        #expect(!plain.ids.contains(0) && !plain.ids.contains(2))
        #expect(try tokenizer.decode(plain.ids) == text)

        let allowed = try tokenizer.encoding(of: text, EncodingOptions(specialTokens: .allow))
        #expect(allowed.ids.filter { tokenizer.isSpecial($0) } == [2, 0])
        #expect(try tokenizer.decode(allowed.ids, skipsSpecialTokens: false) == text)
        #expect(try tokenizer.decode(allowed.ids) == "the  cat")

        #expect(
            throws: TokenizationError.specialTokenInText(token: "<|im_end|>", byteOffset: 4)
        ) { try tokenizer.encoding(of: text, EncodingOptions(specialTokens: .error)) }
    }

    @Test("Offsets cover the text in bytes", arguments: Corpus.nasty + Corpus.lines)
    func offsets(text: String) throws {
        let tokenizer = try Corpus.learnt()
        let encoding = try tokenizer.encoding(of: text, EncodingOptions(recordsOffsets: true))
        let offsets = try #require(encoding.offsets)
        #expect(offsets.count == encoding.ids.count)
        let bytes = Array(text.utf8)
        for (id, range) in zip(encoding.ids, offsets) {
            #expect(try tokenizer.decodeBytes([id]) == Array(bytes[range]))
        }
        #expect((offsets.last?.upperBound ?? 0) == bytes.count)
    }

    @Test("An id outside the vocabulary is an error")
    func unknownID() throws {
        let tokenizer = try Corpus.learnt(300)
        #expect(throws: TokenizationError.unknownID(got: 9999, vocabularySize: 300)) {
            try tokenizer.decode([65, 9999])
        }
        #expect(throws: TokenizationError.unknownID(got: -1, vocabularySize: 300)) {
            try tokenizer.decode([-1])
        }
    }

    @Test("Many threads, one result")
    func threads() async throws {
        let tokenizer = try Corpus.learnt()
        let text = Corpus.lines.joined(separator: "\n")
        let expected = tokenizer.encode(text)
        await withTaskGroup(of: [Int32].self) { group in
            for _ in 0..<32 { group.addTask { tokenizer.encode(text) } }
            for await ids in group { #expect(ids == expected) }
        }
    }

    // MARK: SmolLM2

    @Test(
        "SmolLM2's ids",
        .enabled(if: Assets.smolLM2 != nil && Assets.hasOracle("smollm2.json"), "no SmolLM2"))
    func smolLM2() throws {
        let tokenizer = try Tokenizer.load(directory: try #require(Assets.smolLM2))
        let oracle = try Assets.oracle("smollm2.json")
        #expect(tokenizer.endOfSequenceID == 2)
        var compared = 0
        for entry in try #require(oracle["tokenizer_cases"]?.elements) {
            guard let text = entry["text"]?.string, let ids = entry["ids"]?.ids else { continue }
            #expect(tokenizer.encode(text) == ids, "\(text.debugDescription)")
            compared += 1
        }
        for pair in try #require(oracle["pairs"]?.elements) {
            let instruction = try #require(pair["instruction"]?.string)
            let prompt = "### Instruction:\n\(instruction)\n\n### Response:\n"
            #expect(tokenizer.encode(prompt) == pair["prompt_ids"]?.ids)
            let response = tokenizer.encode(try #require(pair["response"]?.string))
            #expect(response + [2] == pair["response_ids"]?.ids)
            compared += 1
        }
        #expect(compared > 30)
    }

    /// From a public test of this vocabulary.
    @Test(
        "SmolLM2's golden vectors", .enabled(if: Assets.smolLM2 != nil, "no SmolLM2"),
        arguments: [
            ("Hello world! 123", [19556, 905, 17, 216, 33, 34, 35]), ("\n", [198]),
            ("  multiple   spaces", [216, 2701, 256, 5600]),
            ("Café déjà vu.", [51, 1939, 2756, 32564, 90, 16739, 386, 101, 30]),
        ] as [(String, [Int32])])
    func goldenVectors(text: String, ids: [Int32]) throws {
        #expect(try Tokenizer.load(directory: try #require(Assets.smolLM2)).encode(text) == ids)
    }
}
