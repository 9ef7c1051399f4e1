import FoundationEssentials
import StreamIO

/// Numbers of independent implementations, fixtures of the repository: its README says whose.
public enum Oracles {
    /// Path of a file or folder among the oracles.
    public static func path(_ name: String) -> String {
        "\(ToolRunner.packageRoot)/Tests/Fixtures/oracles/\(name)"
    }

    /// The content of a file among the oracles, decompressed.
    public static func bytes(_ name: String) throws -> [UInt8] {
        var file = try InputFile(path: path(name))
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            let count = try buffer.withUnsafeMutableBytes { bytes throws(StreamError) in
                try file.read(into: bytes)
            }
            if count == 0 { return content }
            content.append(contentsOf: buffer[..<count])
        }
    }

    /// A JSON file among the oracles; `name` without `.zst`.
    public static func json(_ name: String) throws -> JSONValue {
        try JSONValue(parsing: bytes(name + ".zst"))
    }

    /// Decodes a JSON file among the oracles, keys in snake case; `name` without `.zst`.
    public static func decode<T: Decodable>(_ type: T.Type, from name: String) throws -> T {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(type, from: Data(bytes(name + ".zst")))
    }

    /// The tensors of a file of 24-bit floats, by name.
    public static func tensors(_ name: String) throws -> [String: [Float]] {
        struct Place: Decodable {
            let shape: [Int]
            let offset: Int
        }
        let content = try bytes(name)
        let length = content.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        let header = try JSONDecoder().decode(
            [String: Place].self, from: Data(content[8..<8 + length]))
        return header.mapValues { place in
            let count = place.shape.reduce(1, *)
            let first = 8 + length + place.offset
            return (0..<count).map { index in
                let turned = (0..<3).reduce(UInt32(0)) {
                    $0 << 8 | UInt32(content[first + $1 * count + index])
                }
                return Float(bitPattern: (turned >> 1 | (turned & 1) << 23) << 8)
            }
        }
    }

    /// The three tiny models of which every gradient is kept.
    public static let tinyModels = ["tiny-gpt2", "tiny-llama-gqa", "tiny-openllama"]

    /// Tiny models of other families, of which sketches of gradients are kept.
    public static let families = [
        "tiny-llama3-rope",
        "tiny-llama-bias-headdim",
        "tiny-qwen2",
        "tiny-qwen3",
        "tiny-gemma3",
        "tiny-mistral-window",
        "tiny-smollm3",
        "tiny-granite",
        "tiny-phi3",
        "tiny-olmo2",
    ]

    /// What is kept of a tensor: its norm, and its sums under choices of random signs. If another tensor
    /// differs by e, a sum of theirs differs by ‖e‖ on average.
    public struct Sketch {
        /// ‖x‖.
        public let norm: Double
        /// Σ ±x.
        public let sums: [Double]

        init(_ numbers: [Double]) {
            norm = numbers.first ?? 0
            sums = Array(numbers.dropFirst())
        }

        /// An estimate of ‖x − y‖.
        public func distance(to y: some Sequence<Float>) -> Double {
            var own = [Double](repeating: 0, count: sums.count)
            for (index, value) in y.enumerated() {
                let bits = Self.signs(index)
                for number in own.indices {
                    own[number] += bits >> UInt64(number) & 1 == 1 ? Double(value) : -Double(value)
                }
            }
            let squares = zip(own, sums).reduce(0.0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
            return (squares / Double(max(1, sums.count))).squareRoot()
        }

        /// The signs of an element, as bits of SplitMix64.
        private static func signs(_ index: Int) -> UInt64 {
            var z = UInt64(index + 1) &* 0x9E37_79B9_7F4A_7C15
            z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
            return z ^ z >> 31
        }
    }

    /// The sketches of one model's tensors, by what they are of: `mle`, `cpo_ranked_beta0.1`, `ten_steps`.
    public static func sketches(_ model: String) throws -> [String: [String: Sketch]] {
        try JSONDecoder().decode(
            [String: [String: [Double]]].self, from: Data(bytes("\(model)/sketches.json.zst"))
        ).mapValues { $0.mapValues(Sketch.init) }
    }

    /// What the oracles say of one tiny model, as far as tests of several targets need it.
    public struct TinyModelNumbers: Decodable {
        /// Token ids, the log-probability of each next token, and the logits behind the last.
        public struct Forward: Decodable {
            package let ids: [Int32]
            package let tokenLogprobs: [Double]
            package let lastLogits: [Double]
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
