import FoundationEssentials

/// Numbers of an independent implementation, read from the folder `shared/oracles` beside the
/// package. Where it is absent, tests that need it are skipped.
public enum Oracles {
    /// Whether the oracles are there.
    public static var exist: Bool { ToolRunner.shared != nil }

    /// Path of a file or folder among the oracles.
    public static func path(_ name: String) -> String {
        "\(ToolRunner.shared ?? "")/oracles/\(name)"
    }

    /// Decodes a JSON file among the oracles, keys in snake case.
    public static func decode<T: Decodable>(_ type: T.Type, from name: String) throws -> T {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(type, from: Data(readFile(path(name))))
    }

    /// The three tiny models.
    public static let tinyModels = ["tiny-gpt2", "tiny-llama-gqa", "tiny-openllama"]

    /// What the oracles say of one tiny model, as far as tests of several targets need it.
    public struct TinyModelNumbers: Decodable {
        /// Token ids, and the log-probability of each next token.
        public struct Forward: Decodable {
            public let ids: [Int32]
            public let tokenLogprobs: [Double]
        }
        /// A record of maximum-likelihood training.
        public struct Example: Decodable {
            public let prompt: [Int32]
            public let response: [Int32]
        }
        /// One batch.
        public struct MLE: Decodable {
            public let batch: [Example]
            public let loss: Double
            public let gradNorm: Double
        }
        /// Log-probabilities of one prompt's candidates.
        public struct Scores: Decodable {
            public let policy: [Double]
            public let reference: [Double]
        }
        /// A preference loss.
        public struct Preference: Decodable {
            public let loss: Double
            public let sequenceLogprobs: [Scores]
            public let beta: Double
        }
        /// A prompt with candidates.
        public struct Group: Decodable {
            public let prompt: [Int32]
            public let candidates: [[Int32]]
            public let ranking: [Int]
        }
        /// An optimizer step.
        public struct Step: Decodable {
            public let batch: [Example]
            public let lr: Double
            public let loss: Double
            public let gradNorm: Double
        }
        /// A run.
        public struct Run: Decodable {
            public let steps: [Step]
        }

        public let forward: [Forward]
        public let mle: MLE
        public let cpoGroups: [Group]
        public let adamw: Run
    }
}
