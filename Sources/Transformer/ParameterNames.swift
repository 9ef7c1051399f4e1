/// What a tensor is for.
public enum ParameterRole: Sendable, Hashable {
    /// The embedding table, (V, C).
    case embedding
    /// The table of positions, (P, C).
    case positions
    /// The norm behind the last block.
    case finalNorm
    /// A vocabulary projection of its own, (V, C).
    case head
    /// A part of the block with this number.
    case block(Int, BlockPart)
}

/// A part of a block that has parameters.
public enum BlockPart: Sendable, Hashable, CaseIterable {
    /// The norm before attention.
    case attentionNorm
    /// Queries, keys and values in one matrix.
    case queryKeyValue
    case query, key, value
    /// The norm of queries.
    case queryNorm
    /// The norm of keys.
    case keyNorm
    /// The projection behind attention.
    case attentionOutput
    /// The norm behind it.
    case attentionOutputNorm
    /// The norm before the feed-forward part.
    case feedForwardNorm
    /// Gate and up in one matrix.
    case gateUp
    case gate, up, down
    /// The norm behind the feed-forward part.
    case feedForwardOutputNorm
}

/// Which of a part's tensors.
public enum ParameterKind: String, Sendable, Hashable {
    case weight, bias
}

/// A tensor of a model, whatever it is called.
public struct ParameterPlace: Sendable, Hashable {
    /// The part of the model.
    public let role: ParameterRole
    /// Its weight or its bias.
    public let kind: ParameterKind

    /// A part's weight, or its bias.
    public init(_ role: ParameterRole, _ kind: ParameterKind) {
        self.role = role
        self.kind = kind
    }
}

/// What the tensors of a family are called, without `.weight` or `.bias`.
public struct ParameterNames: Sendable, Hashable {
    /// The embedding table.
    public var embedding: String
    /// The table of positions.
    public var positions: String
    /// The norm behind the last block.
    public var finalNorm: String
    /// The vocabulary projection.
    public var head: String
    /// What stands before the number of a block.
    public var block: String
    /// The parts of a block. Queries, keys and values are one matrix if they have one name, so are gate
    /// and up.
    public var parts: [BlockPart: String]

    /// Names of everything.
    public init(
        embedding: String, positions: String = "", finalNorm: String, head: String, block: String,
        parts: [BlockPart: String]
    ) {
        self.embedding = embedding
        self.positions = positions
        self.finalNorm = finalNorm
        self.head = head
        self.block = block
        self.parts = parts
    }

    /// The name of a tensor; nil if the family has no such part.
    public func name(_ place: ParameterPlace) -> String? {
        let base: String? =
            switch place.role {
            case .embedding: embedding
            case .positions: positions
            case .finalNorm: finalNorm
            case .head: head
            case .block(let number, let part): parts[part].map { "\(block)\(number).\($0)" }
            }
        return base.map { "\($0).\(place.kind.rawValue)" }
    }

    /// The same names but for some parts of a block.
    public func with(_ parts: [BlockPart: String], without: [BlockPart] = []) -> ParameterNames {
        var names = self
        names.parts.merge(parts) { $1 }
        for part in without { names.parts[part] = nil }
        return names
    }
}
