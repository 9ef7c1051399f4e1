import Scoring
public import Tokenization
import Transformer

/// A decoder that gives probabilities to token sequences.
///
/// Not to be used from two threads at a time; its kernels share the work among threads.
public struct SequenceScorer {
    /// The model's own tokenizer.
    public let tokenizer: Tokenizer
    /// Prompt and continuation together have at most this many tokens.
    public let maximumPositions: Int
    /// Rows that go through the model together; a matter of speed alone.
    public var microBatchTokens = 2048

    /// What a user should know about the checkpoint.
    public let warnings: [String]

    private let decoder: Decoder

    /// Loads a checkpoint directory with its tokenizer.
    public static func load(directory: String) throws -> SequenceScorer {
        SequenceScorer(try DecoderModel(directory: directory))
    }

    private init(_ model: DecoderModel) {
        decoder = model.decoder
        tokenizer = model.tokenizer
        warnings = model.warnings
        maximumPositions = decoder.configuration.maximumPositions
    }

    /// Token ids of a text, without special tokens.
    public func tokenIDs(of text: String) -> [Int32] { tokenizer.encode(text) }

    /// log π(continuation ∣ prompt), summed over the continuation's tokens; 0 for an empty one. The
    /// first token behind an empty prompt has no probability and does not count.
    ///
    /// Neighbours with the same prompt share its computation.
    public func logProbabilities(
        prompts: [[Int32]], continuations: [[Int32]]
    ) throws(EmbeddingError) -> [Double] {
        guard prompts.count == continuations.count else {
            throw .unequalCounts(prompts: prompts.count, continuations: continuations.count)
        }
        for index in prompts.indices {
            try check(prompts[index] + continuations[index], index: index)
        }
        let groups = groups(prompts, continuations)
        var sums = [Double](repeating: 0, count: prompts.count)
        let scores = sequenceLogProbabilities(
            groups.map(\.tree), model: decoder, rowLimit: microBatchTokens)
        for (group, values) in zip(groups, scores) {
            for (member, value) in zip(group.members, values) { sums[member] = value }
        }
        return sums
    }

    /// The log-probability of each of `tokens` as the next one after `prompt`, which has at least
    /// one token.
    public func nextTokenLogProbabilities(
        prompt: [Int32], tokens: [Int32]
    ) throws(EmbeddingError) -> [Double] {
        guard !prompt.isEmpty else { throw .noTokens(index: 0) }
        return try logProbabilities(
            prompts: tokens.map { _ in prompt }, continuations: tokens.map { [$0] })
    }

    /// A prompt with the continuations that follow it, and where they were among all.
    private struct Group {
        var tree: TokenTree
        var members: [Int]
    }

    private func groups(_ prompts: [[Int32]], _ continuations: [[Int32]]) -> [Group] {
        var groups: [Group] = []
        for index in prompts.indices where !continuations[index].isEmpty {
            if let last = groups.last, last.tree.prompt == prompts[index], !last.tree.prompt.isEmpty
            {
                groups[groups.count - 1].tree.continuations.append(continuations[index])
                groups[groups.count - 1].members.append(index)
            } else {
                groups.append(
                    Group(
                        tree: TokenTree(
                            prompt: prompts[index], continuations: [continuations[index]]),
                        members: [index]))
            }
        }
        return groups
    }

    private func check(_ sequence: [Int32], index: Int) throws(EmbeddingError) {
        // The last token predicts nothing and needs no position.
        guard sequence.count <= maximumPositions + 1 else {
            throw .tooLong(index: index, got: sequence.count, maximum: maximumPositions + 1)
        }
        let size = decoder.configuration.vocabularySize
        if let wrong = sequence.first(where: { $0 < 0 || Int($0) >= size }) {
            throw .tokenOutOfRange(got: wrong, vocabularySize: size)
        }
    }
}
