import Transformer

/// What to do with a prompt that does not fit into the model's positions.
public enum OverlongPolicy: String, Sendable, CaseIterable {
    /// Stop with an error.
    case error
    /// Cut the prompt's beginning, so that prompt and output fit.
    case truncateLeft = "truncate-left"
    /// Leave the record out.
    case drop
}

/// Makes prompts ready for a model: checks their tokens, begins empty ones, deals with those too long.
public struct PromptPolicy: Sendable {
    /// The model.
    public var configuration: DecoderConfiguration
    /// For prompts that are too long.
    public var onOverlong: OverlongPolicy

    /// A policy with all its values.
    public init(configuration: DecoderConfiguration, onOverlong: OverlongPolicy) {
        self.configuration = configuration
        self.onOverlong = onOverlong
    }

    /// The prompt to work with; `nil` if the record is to be left out.
    ///
    /// - Parameters:
    ///   - needed: tokens that must fit behind the prompt
    ///   - wanted: tokens for which there should be room when the prompt has to be cut anyway
    public func prepare(
        _ prompt: [Int32], needed: Int = 1, wanted: Int
    ) throws(SamplingError) -> [Int32]? {
        try check(prompt)
        guard !prompt.isEmpty else {
            guard let begin = configuration.bosTokenID else { throw .emptyPrompt }
            try check([begin])
            return [begin]
        }
        let positions = configuration.maximumPositions
        guard prompt.count + needed > positions else { return prompt }
        switch onOverlong {
        case .drop: return nil
        case .truncateLeft:
            guard needed < positions else {
                throw .overlongSequence(got: prompt.count + needed, positions: positions)
            }
            return prompt.suffix(max(1, positions - max(needed, wanted)))
        case .error:
            throw needed > 1
                ? .overlongSequence(got: prompt.count + needed, positions: positions)
                : .overlongPrompt(got: prompt.count, positions: positions)
        }
    }

    /// Throws if one of the tokens is not the model's.
    public func check(_ tokens: [Int32]) throws(SamplingError) {
        let size = configuration.vocabularySize
        for token in tokens where token < 0 || Int(token) >= size {
            throw .unknownToken(token, vocabularySize: size)
        }
    }
}
