/// Learns a byte-level BPE vocabulary: again and again the most frequent pair of adjacent
/// tokens becomes a token (Sennrich et al. 2016, arXiv 1508.07909, on bytes).
///
/// Of equally frequent pairs the one with the lower left id wins, then the one with the lower
/// right id, so that the result depends on nothing but the texts (and not on their order).
///
/// Ids: special tokens, then the 256 bytes in the order of their characters in the byte
/// alphabet, then merged tokens in the order in which they were made. Memory grows with the
/// number of different chunks (words), not with the amount of text.
public struct BytePairLearner {
    /// How text is cut into the chunks that merges stay inside of.
    public enum PreTokenization: String, Sendable, CaseIterable, CustomStringConvertible {
        /// GPT-2's pattern.
        case gpt2 = "gpt-2"
        /// Every digit apart, then GPT-2's pattern.
        case smolLM = "smollm"

        /// The name that the flag has.
        public var description: String { rawValue }

        var rule: ByteLevelPreTokenizer {
            switch self {
            case .gpt2: .gpt2
            case .smolLM: .smolLM
            }
        }
    }

    /// The special tokens of every learnt vocabulary, ids 0, 1 and 2. The first one is beginning,
    /// end and padding.
    public static let specialTokens = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]

    /// ChatML, one message after the other.
    public static let chatTemplate =
        "{% for message in messages %}"
        + "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}"
        + "{% endfor %}"
        + "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"

    private let preTokenization: PreTokenization
    private let classes = CharacterClassifier()
    private var chunks = ByteStringTable(capacity: 1 << 12)
    private var counts: [Int] = []

    /// A learner that has seen no text yet.
    public init(preTokenization: PreTokenization = .gpt2) {
        self.preTokenization = preTokenization
    }

    /// The smallest vocabulary there can be.
    public static var minimumVocabularySize: Int { specialTokens.count + 256 }

    /// Counts the chunks of `text`. What looks like a special token is text.
    public mutating func add(_ text: String) {
        let rule = preTokenization.rule
        var text = text
        text.withUTF8 { text in
            var start = 0
            while start < text.count {
                let end = rule.chunkEnd(text, from: start, classes)
                let chunk = chunks.insert(UnsafeBufferPointer(rebasing: text[start..<end]))
                if chunk.inserted { counts.append(0) }
                counts[chunk.index] += 1
                start = end
            }
        }
    }

    /// The tokenizer with a vocabulary of `vocabularySize` tokens, or fewer if the texts have no
    /// more pairs that occur `minimumFrequency` times.
    /// - Throws: ``TokenizationError/vocabularyTooSmall(got:minimum:)``,
    ///   ``TokenizationError/nothingToLearn`` without text.
    public func learn(
        vocabularySize: Int, minimumFrequency: Int = 1
    ) throws(TokenizationError) -> Tokenizer {
        guard vocabularySize >= Self.minimumVocabularySize else {
            throw .vocabularyTooSmall(got: vocabularySize, minimum: Self.minimumVocabularySize)
        }
        guard chunks.count > 0 else { throw .nothingToLearn }

        let alphabet = ByteAlphabet.scalars.indices.sorted {
            ByteAlphabet.scalars[$0] < ByteAlphabet.scalars[$1]
        }
        var tokens = Self.specialTokens + alphabet.map { String(ByteAlphabet.scalars[$0]) }
        var byteIDs = [Int32](repeating: 0, count: 256)
        for (place, byte) in alphabet.enumerated() {
            byteIDs[byte] = Int32(Self.specialTokens.count + place)
        }
        // Two different merges can spell the same token; it has one id then.
        var ids = ByteStringTable(capacity: vocabularySize)
        for token in tokens { ids.insert(token) }

        var counter = PairCounter(chunks: chunks, counts: counts, byteIDs: byteIDs)
        var pairs: [(left: Int32, right: Int32)] = []
        var results: [Int32] = []
        while tokens.count < vocabularySize, let pair = counter.mostFrequent(minimumFrequency) {
            let spelling = tokens[Int(pair.left)] + tokens[Int(pair.right)]
            let (id, isNew) = ids.insert(spelling)
            if isNew { tokens.append(spelling) }
            pairs.append(pair)
            results.append(Int32(id))
            counter.merge(pair, into: Int32(id))
        }

        var kinds = [TokenKind](repeating: .ordinary, count: tokens.count)
        for id in Self.specialTokens.indices { kinds[id] = .special }
        let vocabulary = try Vocabulary(
            tokens: ByteStrings(tokens), kinds: kinds, isByteLevel: true,
            source: "learnt vocabulary")
        let model = BytePairModel(
            vocabulary: vocabulary, merges: pairs, results: results,
            preTokenizer: preTokenization.rule)
        let added = Self.specialTokens.enumerated().map { id, content in
            AddedTokens.Token(id: Int32(id), content: content, isSpecial: true)
        }
        return Tokenizer(
            vocabulary: vocabulary, model: .bytePairs(model), addedTokens: AddedTokens(added),
            special: SpecialTokenIDs(beginning: 0, endOfSequence: 0, unknown: nil, padding: 0),
            chatTemplate: Self.chatTemplate,
            pipeline: TokenizerPipeline(byteLevel: preTokenization.rule))
    }
}
