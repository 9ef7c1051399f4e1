import Scoring
public import Transformer

/// How a run uses memory, from the most to the least.
public enum MemoryPlan: String, Sendable, CaseIterable {
    /// Weights, gradients and moments in single precision; every block keeps its activations.
    case full
    /// Blocks keep their inputs and compute the rest again: the results of ``full``, to the bit.
    case recompute
    /// Besides, gradients are applied block by block during the backward pass, after all micro-batches
    /// of the step: a whole gradient never exists. With clipping the blocks are gone through twice,
    /// first for the norm. The results of ``full`` but for the order of some sums.
    case layerwise
    /// Besides, weights and moments are bfloat16, with stochastic rounding.
    case compact

    /// When backward passes are made.
    var backward: BackwardMethod {
        switch self {
        case .full: .kept
        case .recompute: .recomputed
        case .layerwise, .compact: .deferred
        }
    }

    /// Whether weights and moments are bfloat16.
    public var isCompact: Bool { self == .compact }
}

/// Rows that a run has in memory at a time: upper bounds, whatever the order of records.
public struct StepRows: Sendable, Hashable {
    /// Of a micro-batch.
    public var microBatch: Int
    /// Of all micro-batches of a step.
    public var step: Int
    /// Of a pass that only scores: evaluation and reference.
    public var scored: Int
    /// Tokens of the longest prompt and continuation.
    public var longest: Int
    /// Bytes of the records themselves.
    public var records: Int

    /// - Parameters:
    ///   - trees: what is trained on
    ///   - evaluated: what is only scored
    ///   - batchSize: records of a step
    ///   - rowLimit: most rows of a micro-batch, where a single continuation does not have more
    ///   - sharesPrompts: whether a prompt is computed once for all its candidates
    public init(
        _ trees: [TokenTree], evaluated: [TokenTree] = [], batchSize: Int, rowLimit: Int,
        sharesPrompts: Bool = true
    ) {
        let parts = trees.map { Self.parts($0, rowLimit, sharesPrompts: sharesPrompts) }
        // With fewer records than a step takes, some are taken again.
        let sums = parts.map { $0.reduce(0, +) }.sorted(by: >)
        let step = (0..<(sums.isEmpty ? 0 : batchSize)).reduce(0) { $0 + sums[$1 % sums.count] }
        let largest = parts.compactMap { $0.max() }.max() ?? 0
        self.step = step
        microBatch = max(largest, min(rowLimit, step))
        let all = trees + evaluated
        let scoredParts = all.map { Self.parts($0, rowLimit, sharesPrompts: true) }
        scored = max(
            scoredParts.compactMap { $0.max() }.max() ?? 0,
            min(rowLimit, scoredParts.reduce(0) { $0 + $1.reduce(0, +) }))
        longest =
            all.map { $0.prompt.count + ($0.continuations.map(\.count).max() ?? 0) }.max() ?? 0
        // Ids, arrays that may have grown to twice their length, scores, one value a token of those.
        records = all.reduce(0) { sum, tree in
            let tokens = tree.prompt.count + tree.continuations.reduce(0) { $0 + $1.count }
            return sum + 1024 + 256 * tree.continuations.count + 24 * tokens
        }
    }

    /// Rows of a tree's parts; what is computed in parts has the prompt's rows in each.
    private static func parts(
        _ tree: TokenTree, _ rowLimit: Int, sharesPrompts: Bool
    ) -> [Int] {
        let rows = tree.rowCount(sharesPrompts: sharesPrompts)
        guard rows > rowLimit else { return [rows] }
        return branchBatches(tree, rowLimit: rowLimit, sharesPrompts: sharesPrompts).map {
            TokenTree(prompt: tree.prompt, continuations: Array(tree.continuations[$0]))
                .rowCount(sharesPrompts: sharesPrompts)
        }
    }
}

/// What each plan needs for a model and a run.
public struct MemoryNeeds: Sendable {
    private let model: ModelMemory
    private let reference: (model: ModelMemory, passes: PassMemory)?
    private let passes: PassMemory
    private let rows: StepRows
    private let threads: Int
    private let layers: Int

    /// The program, and what input and output go through.
    private static let base = 256 << 20

    /// The needs of training a model of this shape with so many rows.
    ///
    /// - Parameters:
    ///   - reference: the shape of a second model, which scores records before the first step
    ///   - threads: that share the work
    public init(
        _ configuration: DecoderConfiguration, rows: StepRows,
        reference: DecoderConfiguration? = nil, threads: Int = 1
    ) {
        model = ModelMemory(configuration)
        self.reference = reference.map { (ModelMemory($0), PassMemory($0)) }
        layers = configuration.layerCount
        passes = PassMemory(configuration)
        self.rows = rows
        self.threads = threads
    }

    /// An estimate from above of the memory at the worst moment, in bytes.
    public func bytes(_ plan: MemoryPlan) -> Int {
        let training = model.weights(plan) * 3 + model.gradients(plan) + rowMemory(plan)
        // The reference is gone when moments and gradients come.
        let scoring =
            reference.map {
                model.weights(plan) + $0.model.weights(plan) + $0.model.inUse(plan)
                    + scoringMemory($0.passes)
            } ?? 0
        return Self.base + rows.records + max(training, scoring)
    }

    /// What rows take; memory that grows does so by a quarter.
    private func rowMemory(_ plan: MemoryPlan) -> Int {
        let batch = rows.microBatch
        let most = max(batch, rows.scored)
        let kept =
            switch plan {
            case .full:
                passes.activations(blocks: layers, rows: batch)
                    + passes.activations(blocks: 2, rows: most - batch)
            case .recompute:
                passes.activations(blocks: 2, rows: most) + passes.inputs(rows: batch)
            case .layerwise, .compact:
                passes.activations(blocks: 2, rows: most) + passes.inputs(rows: rows.step)
            }
        let tokens = passes.tokens(rows: max(most, rows.step))
        return (kept + passes.workspace(rows: most) + scratch(most, passes)) * 5 / 4 + tokens
    }

    private func scoringMemory(_ passes: PassMemory) -> Int {
        (passes.activations(blocks: 2, rows: rows.scored) + passes.workspace(rows: rows.scored)
            + scratch(rows.scored, passes)) * 5 / 4 + passes.tokens(rows: rows.scored)
    }

    private func scratch(_ batch: Int, _ passes: PassMemory) -> Int {
        passes.scratch(threads: threads, rows: batch, keys: rows.longest)
    }

    /// The first plan that fits.
    ///
    /// - Throws: ``TrainingError/overBudget(budget:needs:)`` if none does.
    public func plan(within budget: Int) throws(TrainingError) -> MemoryPlan {
        guard let plan = MemoryPlan.allCases.first(where: { bytes($0) <= budget }) else {
            throw .overBudget(budget: budget, needs: MemoryPlan.allCases.map { ($0, bytes($0)) })
        }
        return plan
    }
}

/// What the parameters of a model take, and what is made of them.
private struct ModelMemory: Sendable {
    private let parameters: Int
    private let block: Int
    private let projection: Int
    private let embeddings: Int
    private let isTied: Bool

    private static let float = MemoryLayout<Float>.stride

    init(_ configuration: DecoderConfiguration) {
        let layout = ParameterLayout(configuration)
        let parts = ParameterParts(configuration, layout)
        parameters = layout.count
        block = parts.blocks.map(\.count).max() ?? 0
        projection = configuration.vocabularySize * configuration.width
        embeddings = parts.embeddings.count
        isTied = configuration.tiedHead
    }

    /// Weights, or one of the moments.
    func weights(_ plan: MemoryPlan) -> Int { parameters * (plan.isCompact ? 2 : Self.float) }

    /// Compact weights that are made into floats while they are in use.
    func inUse(_ plan: MemoryPlan) -> Int {
        plan.isCompact ? Self.float * max(block, projection, embeddings) : 0
    }

    /// Gradients, and the floats that compact weights are made into.
    func gradients(_ plan: MemoryPlan) -> Int {
        let head = isTied ? embeddings : projection
        // While the blocks are done, while the head is, and while an embedding of its own is.
        let own = isTied ? 0 : embeddings
        return Self.float
            * (plan.backward != .deferred
                ? parameters
                : plan.isCompact
                    ? head + max(2 * block, projection, own) : head + max(block, own))
    }
}
