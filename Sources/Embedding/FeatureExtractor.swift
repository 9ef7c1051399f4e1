public import Evaluation
import Tokenization
import Transformer

/// A decoder whose hidden states are features of texts, as MAUVE compares them (Pillutla et al.
/// 2021).
///
/// Not to be used from two threads at a time; its kernels share the work among threads.
public struct FeatureExtractor {
    /// Number of features.
    public let width: Int
    /// The longest text that the model has positions for, in tokens.
    public let maximumPositions: Int
    /// Tokens that go through the model together; a matter of speed alone.
    public var microBatchTokens = 2048

    /// What a user should know about the checkpoint.
    public var warnings: [String] { model.warnings }

    private let model: DecoderModel

    /// Loads a checkpoint directory with its tokenizer.
    public static func load(directory: String) throws -> FeatureExtractor {
        FeatureExtractor(try DecoderModel(directory: directory))
    }

    private init(_ model: DecoderModel) {
        self.model = model
        width = model.decoder.configuration.width
        maximumPositions = model.decoder.configuration.maximumPositions
    }

    /// The ids that the model is given for texts.
    ///
    /// - Parameters:
    ///   - texts: an empty one is taken as the end of sequence alone
    ///   - maximumTokens: where texts are cut, or at the model's last position if that is earlier
    public func tokens(of texts: [String], maximumTokens: Int) throws -> [[Int32]] {
        let limit = max(1, min(maximumTokens, maximumPositions))
        let options = EncodingOptions(maximumLength: limit)
        return try texts.map {
            model.decoder.idsStanding(for: try model.tokenizer.encoding(of: $0, options).ids)
        }
    }

    /// The hidden state behind the final norm at the last of each sequence of ids.
    ///
    /// - Returns: (count, width) features.
    /// - Throws: ``EmbeddingError/noTokens(index:)`` for a sequence without ids.
    public func lastTokenFeatures(ofTokens sequences: [[Int32]]) throws -> [Float] {
        try check(sequences, vocabularySize: model.decoder.configuration.vocabularySize)
        var features = [Float](repeating: 0, count: sequences.count * width)
        features.withUnsafeMutableBufferPointer { features in
            guard let base = features.baseAddress else { return }
            for batch in microBatches(lengths: sequences.map(\.count), tokens: microBatchTokens) {
                model.decoder.withHiddenStates(of: batch.map { sequences[$0] }, rows: .last) {
                    states in
                    for (index, rows) in zip(batch, states.ranges) {
                        let line = states.matrix.base + rows.lowerBound * states.matrix.stride
                        (base + index * width).update(from: line, count: width)
                    }
                }
            }
        }
        return features
    }

    /// ``lastTokenFeatures(ofTokens:)`` of many sequences, some at a time.
    ///
    /// - Parameter progress: called with the number of sequences that are done
    public func features(
        of sequences: [[Int32]], progress: (_ done: Int) -> Void = { _ in }
    ) throws -> FeatureSet {
        var values: [Float] = []
        values.reserveCapacity(sequences.count * width)
        for start in stride(from: 0, to: sequences.count, by: Self.sequencesAtOnce) {
            let end = min(sequences.count, start + Self.sequencesAtOnce)
            values += try lastTokenFeatures(ofTokens: Array(sequences[start..<end]))
            progress(end)
        }
        return try FeatureSet(values: values, width: width)
    }

    private static let sequencesAtOnce = 32
}
