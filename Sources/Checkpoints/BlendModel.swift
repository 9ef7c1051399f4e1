import StreamIO
import Transformer

/// A tensor of the output of a blend.
struct BlendTensor: Hashable {
    /// Its canonical name; type and shape as in the file.
    let description: TensorDescription
    var name: String { description.name }

    /// As it is written.
    func output(as type: WeightType?) -> TensorDescription {
        guard let type, description.type.isFloatingPoint else { return description }
        return TensorDescription(
            name: description.name, type: type.tensorType, shape: description.shape)
    }
}

/// One input of a blend: a decoder, or any other model that is a directory with `config.json` and
/// safetensors, whose tensors then go by the names that they have.
struct BlendModel: Sendable {
    let directory: String
    /// The decoder's configuration, nil for another kind of model.
    let config: HuggingFaceConfig?
    let rawConfig: JSONObject
    /// What a user should know about the directory.
    var warnings: [String] { (config?.warnings ?? []) + source.warnings }
    private let source: TensorSource
    /// Canonical names to those of the files.
    private var names: [String: String]

    init(_ directory: String) throws(CheckpointError) {
        self.directory = directory
        let path = joinPath(directory, HuggingFaceConfig.fileName)
        let object = try ConfigurationObject(file: path)
        rawConfig = object.members
        source = try TensorSource(directory: directory)
        let kind = try object.string("model_type") ?? ""
        let isOther = try ModelClass.isOther(object)
        if DecoderFamily.named(kind) == nil || isOther {
            config = nil
            names = Dictionary(
                source.names.map { ($0, $0) }, uniquingKeysWith: { first, _ in first })
        } else {
            let config = try HuggingFaceConfig(file: path)
            self.config = config
            names = try TensorNames.canonical(
                source, DecoderFamily.of(config.configuration))
        }
    }

    /// Whether the head is the embedding table.
    var isTied: Bool { config?.configuration.tiedHead ?? true }

    /// Brings the head in line with that of the output: without one if that is tied, and with the
    /// embedding table as head if that is not but this model is.
    mutating func settleHead(tied: Bool) throws(CheckpointError) {
        guard let configuration = config?.configuration, configuration.tiedHead else { return }
        let embedding = TensorNames.embedding(configuration)
        let headName = TensorNames.head(configuration)
        if let head = names[headName] {
            if let stored = names[embedding] {
                guard try haveEqualBytes(source, stored, head) else {
                    throw .untiedHead(directory: directory, tensor: head)
                }
            } else {
                names[embedding] = head
            }
        }
        names[headName] = tied ? nil : names[embedding]
    }

    /// The tensors, in the order of their names, numbers by value, so that shards follow layers.
    var tensors: [BlendTensor] {
        names.compactMap { canonical, name in
            source[name].map {
                BlendTensor(
                    description: TensorDescription(
                        name: canonical, type: $0.type, shape: $0.shape))
            }
        }.sorted { naturallyPrecedes($0.name, $1.name) }
    }

    /// Calls `body` with type, shape and bytes of a tensor.
    func withBytes(
        of name: String,
        _ body: (TensorDescription, UnsafeRawBufferPointer) throws -> Void
    ) throws {
        guard let stored = names[name], let description = source[stored] else {
            throw CheckpointError.missingTensors(directory: directory, names: [name])
        }
        try source.withBytes(of: stored) { try body(description, $0) }
    }

    // MARK: Comparison

    /// What keeps models from being blended with the first of them, one line for each difference.
    static func differences(_ models: [BlendModel]) throws(CheckpointError) -> [String] {
        guard let first = models.first else { return [] }
        var differences: [String] = []
        for other in models.dropFirst() {
            differences += first.configurationDifferences(other)
            differences += first.tensorDifferences(other)
            differences += try first.vocabularyDifferences(other)
        }
        return differences
    }

    private func configurationDifferences(_ other: BlendModel) -> [String] {
        func line(_ what: String, _ mine: String, _ theirs: String) -> String? {
            mine == theirs
                ? nil : "\(what): \(mine) in \(directory), \(theirs) in \(other.directory)"
        }
        guard let a = config?.configuration, let b = other.config?.configuration else {
            let kinds = [self, other].map { $0.rawConfig["model_type"]?.string ?? "none" }
            return [line("model_type", kinds[0], kinds[1])].compactMap { $0 }
        }
        return [
            line("model_type", a.family, b.family),
            line("vocab_size", "\(a.vocabularySize)", "\(b.vocabularySize)"),
            line("width", "\(a.width)", "\(b.width)"),
            line("layers", "\(a.layerCount)", "\(b.layerCount)"),
            line("heads", "\(a.headCount)", "\(b.headCount)"),
            line("key-value heads", "\(a.keyValueHeadCount)", "\(b.keyValueHeadCount)"),
            line("head width", "\(a.headWidth)", "\(b.headWidth)"),
            line("feed-forward width", "\(a.feedForwardWidth)", "\(b.feedForwardWidth)"),
            line("positions", "\(a.maximumPositions)", "\(b.maximumPositions)"),
            line("norm epsilon", "\(a.normEpsilon)", "\(b.normEpsilon)"),
            line("rotary positions and windows", a.attentionSummary, b.attentionSummary),
            line("norms", a.normSummary, b.normSummary),
            line("activation", a.activation.rawValue, b.activation.rawValue),
            line("multipliers", a.multiplierSummary, b.multiplierSummary),
        ].compactMap { $0 }
    }

    private func tensorDifferences(_ other: BlendModel) -> [String] {
        var lines: [String] = []
        for name in Set(names.keys).union(other.names.keys).sorted(by: naturallyPrecedes) {
            let mine = names[name].flatMap { source[$0] }
            let theirs = other.names[name].flatMap { other.source[$0] }
            guard let mine else {
                lines.append("\(name): missing from \(directory)")
                continue
            }
            guard let theirs else {
                lines.append("\(name): missing from \(other.directory)")
                continue
            }
            if mine.shape != theirs.shape {
                lines.append(
                    "\(name): \(mine.shape) in \(directory), \(theirs.shape) in \(other.directory)")
            } else if mine.type != theirs.type
                && !(mine.type.isFloatingPoint && theirs.type.isFloatingPoint)
            {
                lines.append(
                    "\(name): \(mine.type.rawValue) in \(directory), \(theirs.type.rawValue) in "
                        + other.directory)
            }
        }
        return lines
    }

    private func vocabularyDifferences(_ other: BlendModel) throws(CheckpointError) -> [String] {
        var lines: [String] = []
        for name in CompanionFiles.vocabulary {
            let paths = [joinPath(directory, name), joinPath(other.directory, name)]
            guard paths.allSatisfy(fileExists) else { continue }
            guard try readFile(paths[0]) == readFile(paths[1]) else {
                lines.append("\(name): differs between \(directory) and \(other.directory)")
                continue
            }
        }
        return lines
    }
}

extension DecoderConfiguration {
    /// Rotation and window of each block, equal ones that follow each other once.
    fileprivate var attentionSummary: String {
        var runs: [(traits: AttentionTraits, count: Int)] = []
        for traits in attentionOfLayers {
            if let last = runs.last, last.traits == traits {
                runs[runs.count - 1].count += 1
            } else {
                runs.append((traits, 1))
            }
        }
        return runs.map { run in
            let theta = run.traits.rotary.map { "rope_theta \($0.theta) \($0.scaling)" } ?? "none"
            return "\(run.count) × \(theta)" + (run.traits.window.map { " window \($0)" } ?? "")
        }.joined(separator: ", ")
    }

    fileprivate var normSummary: String { "\(norm) \(normPlacement), heads \(queryKeyNorm)" }

    fileprivate var multiplierSummary: String {
        "\(embeddingMultiplier) \(residualMultiplier) \(scoreScale) \(logitMultiplier)"
    }
}

/// Whether a name comes before another if runs of digits count as numbers.
package func naturallyPrecedes(_ first: String, _ second: String) -> Bool {
    let (a, b) = (Array(first.utf8), Array(second.utf8))
    func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    var (i, j) = (0, 0)
    while i < a.count, j < b.count {
        if isDigit(a[i]), isDigit(b[j]) {
            let x = a[i...].prefix(while: isDigit).drop { $0 == 0x30 }
            let y = b[j...].prefix(while: isDigit).drop { $0 == 0x30 }
            if x.count != y.count { return x.count < y.count }
            if !x.elementsEqual(y) { return x.lexicographicallyPrecedes(y) }
            i += a[i...].prefix(while: isDigit).count
            j += b[j...].prefix(while: isDigit).count
        } else {
            if a[i] != b[j] { return a[i] < b[j] }
            i += 1
            j += 1
        }
    }
    return a.count - i < b.count - j || (a.count - i == b.count - j && first < second)
}
