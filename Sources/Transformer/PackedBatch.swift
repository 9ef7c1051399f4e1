/// A prompt and the continuations that branch from it, as token ids.
public struct TokenTree: Sendable, Hashable {
    /// The common prefix x; may be empty.
    public var prompt: [Int32]
    /// The continuations y₁ … y_K, each with at least one token.
    public var continuations: [[Int32]]

    /// A prompt with its continuations.
    public init(prompt: [Int32], continuations: [[Int32]]) {
        self.prompt = prompt
        self.continuations = continuations
    }

    /// The number of rows that the tree takes in a packed batch: the prompt once, and each
    /// continuation without its last token, which predicts nothing.
    public var rowCount: Int { rowCount(sharesPrompts: true) }

    /// The number of rows with the prompt once, or once for each continuation.
    public func rowCount(sharesPrompts: Bool) -> Int {
        (sharesPrompts ? 1 : continuations.count) * prompt.count
            + continuations.reduce(0) { $0 + max(0, $1.count - 1) }
    }
}

/// Token trees packed into one matrix of rows: no padding, every prompt once.
///
/// Linear layers see all rows as one large matrix; only attention and positions know of trees. Row
/// order: tree by tree, the prompt's rows, then each continuation's.
public struct PackedBatch: Sendable {
    /// Rows that follow each other: a prompt, or what a continuation adds to it.
    struct Segment: Sendable {
        /// The segment's rows.
        var rows: Range<Int>
        /// The prompt's rows, which precede the segment's for attention and positions.
        var prefix: Range<Int>
    }

    /// A token whose probability is wanted, and the row whose output predicts it.
    struct Target: Sendable {
        var row: Int
        var token: Int32
    }

    /// Token id of each row.
    var tokens: [Int32]
    /// Position of each row in its sequence.
    let positions: [Int32]
    /// The segments of each tree.
    let trees: [[Segment]]
    /// The targets of all sequences in order; a sequence is one continuation of one tree.
    let targets: [Target]
    /// For each sequence its targets' indices.
    public let targetRanges: [Range<Int>]
    /// For each tree its sequences' indices.
    public let sequenceRanges: [Range<Int>]
    /// For each tree the rows that predict something, without repetition, in ascending order.
    let targetRows: [[Int]]

    /// Number of rows.
    public var rowCount: Int { tokens.count }
    /// Number of sequences.
    public var sequenceCount: Int { targetRanges.count }
    /// Number of target tokens.
    public var targetCount: Int { targets.count }

    /// Packs trees. The first token of a continuation of an empty prompt is not predicted.
    ///
    /// - Parameter sharesPrompts: whether the rows of a prompt are those of all its continuations, or
    ///   are there once for each, which gives the same results and is there to measure the difference
    public init(_ trees: [TokenTree], sharesPrompts: Bool = true) {
        var tokens: [Int32] = []
        var positions: [Int32] = []
        var segments: [[Segment]] = []
        var targets: [Target] = []
        var targetRanges: [Range<Int>] = []
        var sequenceRanges: [Range<Int>] = []
        var targetRows: [[Int]] = []

        func append(_ ids: some Sequence<Int32>, after prefix: Range<Int>) -> Range<Int> {
            let start = tokens.count
            for (offset, id) in ids.enumerated() {
                tokens.append(id)
                positions.append(Int32(prefix.count + offset))
            }
            return start..<tokens.count
        }

        for tree in trees {
            var treeSegments: [Segment] = []
            var rowsOfTargets: [Int] = []
            let firstSequence = targetRanges.count
            var prompt = tokens.count..<tokens.count
            let branches =
                sharesPrompts && tree.continuations.count > 1 && !tree.prompt.isEmpty
            if branches {
                prompt = append(tree.prompt, after: 0..<0)
                treeSegments.append(Segment(rows: prompt, prefix: 0..<0))
                rowsOfTargets.append(prompt.upperBound - 1)
            }
            for continuation in tree.continuations {
                let firstTarget = targets.count
                let rows: Range<Int>
                if branches {
                    rows = append(continuation.dropLast(), after: prompt)
                    treeSegments.append(Segment(rows: rows, prefix: prompt))
                    for (offset, token) in continuation.enumerated() {
                        let row =
                            offset == 0 ? prompt.upperBound - 1 : rows.lowerBound + offset - 1
                        targets.append(Target(row: row, token: token))
                    }
                    rowsOfTargets.append(contentsOf: rows)
                } else {
                    let sequence = tree.prompt + continuation
                    rows = append(sequence.dropLast(), after: 0..<0)
                    treeSegments.append(Segment(rows: rows, prefix: 0..<0))
                    for index in max(1, tree.prompt.count)..<max(1, sequence.count) {
                        targets.append(
                            Target(row: rows.lowerBound + index - 1, token: sequence[index]))
                        rowsOfTargets.append(rows.lowerBound + index - 1)
                    }
                }
                targetRanges.append(firstTarget..<targets.count)
            }
            segments.append(treeSegments.filter { !$0.rows.isEmpty })
            sequenceRanges.append(firstSequence..<targetRanges.count)
            targetRows.append(rowsOfTargets)
        }
        self.tokens = tokens
        self.positions = positions
        self.trees = segments
        self.targets = targets
        self.targetRanges = targetRanges
        self.sequenceRanges = sequenceRanges
        self.targetRows = targetRows
    }
}

extension PackedBatch {
    /// Stops the program if a token or position has no row in the model's tables. Whoever reads ids
    /// checks them and says which record they stand in; nothing may look beyond a table regardless.
    func requireIDs(of configuration: DecoderConfiguration) {
        requireRows(tokens, below: configuration.vocabularySize)
        requireRows(targets.lazy.map(\.token), below: configuration.vocabularySize)
        if configuration.hasLearnedPositions {
            requireRows(positions, below: configuration.maximumPositions)
        }
    }
}

/// Stops the program unless all ids are in 0 ..< size.
func requireRows(_ ids: some Sequence<Int32>, below size: Int) {
    precondition(
        ids.allSatisfy { $0 >= 0 && Int($0) < size },
        "an id beyond the model's tables of \(size) rows")
}
