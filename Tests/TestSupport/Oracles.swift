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
            package let ids: [Int32]
            package let tokenLogprobs: [Double]
        }
        /// A record of maximum-likelihood training.
        public struct Example: Decodable {
            package let prompt: [Int32]
            package let response: [Int32]
        }
        /// One batch.
        public struct MLE: Decodable {
            package let batch: [Example]
            package let loss: Double
            package let gradNorm: Double
        }
        /// Log-probabilities of one prompt's candidates.
        public struct Scores: Decodable {
            package let policy: [Double]
            package let reference: [Double]
        }
        /// A preference loss.
        public struct Preference: Decodable {
            package let loss: Double
            package let sequenceLogprobs: [Scores]
            package let beta: Double
        }
        /// A prompt with candidates.
        public struct Group: Decodable {
            package let prompt: [Int32]
            package let candidates: [[Int32]]
            package let ranking: [Int]
        }
        /// An optimizer step.
        public struct Step: Decodable {
            package let batch: [Example]
            package let lr: Double
            package let loss: Double
            package let gradNorm: Double
        }
        /// A run.
        public struct Run: Decodable {
            package let steps: [Step]
        }

        package let forward: [Forward]
        package let mle: MLE
        package let cpoGroups: [Group]
        package let adamw: Run
    }
}
