import Checkpoints
import Glibc
import StreamIO
import Training

/// Which model a checkpoint directory holds, by content. Its weights are read once for that.
public struct ModelIdentity: Sendable, Hashable {
    /// The directory, or the configuration of random weights, as the user named it.
    public let name: String
    /// The weights' digest, as `score --as reference` writes it into records; nil for random weights.
    public let weights: String?
    private let digest: String

    /// The model in a directory.
    public init(directory: String) throws {
        name = directory
        let weights = try modelHash(directory)
        let configuration = try SHA256Digest.hex(ofFile: "\(directory)/config.json")
        self.weights = weights
        digest = SHA256Digest.hex(of: "\(weights) \(configuration)".utf8)
    }

    /// The model that random weights of a seed make.
    public init(configuration: String, seed: UInt64) throws {
        name = "\(configuration) with seed \(seed)"
        weights = nil
        digest = SHA256Digest.hex(
            of: "\(try SHA256Digest.hex(ofFile: configuration)) \(seed)".utf8)
    }

    /// The model as a setting of a run.
    public var source: RunSettings.Source { RunSettings.Source(name: name, digest: digest) }

    /// Models are the same if their contents are.
    public static func == (left: ModelIdentity, right: ModelIdentity) -> Bool {
        left.digest == right.digest
    }

    /// Hashes the content.
    public func hash(into hasher: inout Hasher) { hasher.combine(digest) }
}

extension RunSettings.Source {
    /// The tokenizer's files in a directory; nil if there are none.
    init?(tokenizerIn directory: String) throws {
        let listing = try CompanionFiles.tokenizer.compactMap { name in
            access("\(directory)/\(name)", R_OK) == 0
                ? "\(try SHA256Digest.hex(ofFile: "\(directory)/\(name)"))  \(name)\n" : nil
        }
        guard !listing.isEmpty else { return nil }
        self.init(name: directory, digest: SHA256Digest.hex(of: listing.joined().utf8))
    }
}
