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

    /// - Parameters:
    ///   - trees: what is trained on
    ///   - batchSize: records of a step
    ///   - rowLimit: most rows of a micro-batch, where a single continuation does not have more
    ///   - sharesPrompts: whether a prompt is computed once for all its candidates
    public init(_ trees: [TokenTree], batchSize: Int, rowLimit: Int, sharesPrompts: Bool = true) {
        // What is computed in parts has the prompt's rows in each.
        let parts = trees.map { tree -> [Int] in
            let rows = tree.rowCount(sharesPrompts: sharesPrompts)
            guard rows > rowLimit else { return [rows] }
            return branchBatches(tree, rowLimit: rowLimit, sharesPrompts: sharesPrompts).map {
                TokenTree(prompt: tree.prompt, continuations: Array(tree.continuations[$0]))
                    .rowCount(sharesPrompts: sharesPrompts)
            }
        }
        let step = parts.map { $0.reduce(0, +) }.sorted(by: >).prefix(batchSize).reduce(0, +)
        let largest = parts.compactMap { $0.max() }.max() ?? 0
        self.step = step
        microBatch = max(largest, min(rowLimit, step))
    }
}

/// What each plan needs for a model and a run.
public struct MemoryNeeds: Sendable {
    private let parameters: Int
    private let block: Int
    private let projection: Int
    private let embeddings: Int
    private let isTied: Bool
    private let passes: PassMemory
    private let rows: StepRows
    private let layers: Int

    /// The program, records, and what kernels lay out for themselves.
    private static let base = 256 << 20
    private static let float = MemoryLayout<Float>.stride

    /// The needs of training a model of this shape with so many rows.
    public init(_ configuration: DecoderConfiguration, rows: StepRows) {
        let layout = ParameterLayout(configuration)
        let parts = ParameterParts(configuration, layout)
        parameters = layout.count
        block = parts.blocks.map(\.count).max() ?? 0
        projection = configuration.vocabularySize * configuration.width
        embeddings = parts.embeddings.count
        isTied = configuration.tiedHead
        layers = configuration.layerCount
        passes = PassMemory(configuration)
        self.rows = rows
    }

    /// An estimate from above of the memory at the worst moment, in bytes.
    public func bytes(_ plan: MemoryPlan) -> Int {
        // Memory that grows does so by a quarter.
        let state = parameters * (plan.isCompact ? 6 : 12)
        return Self.base + state + gradients(plan) + rowMemory(plan) * 5 / 4
    }

    /// Gradients, and the floats that compact weights are made into.
    private func gradients(_ plan: MemoryPlan) -> Int {
        let head = isTied ? embeddings : projection
        // While the blocks are done, while the head is, and while an embedding of its own is.
        let own = isTied ? 0 : embeddings
        return Self.float
            * (plan.backward != .deferred
                ? parameters
                : plan.isCompact
                    ? head + max(2 * block, projection, own) : head + max(block, own))
    }

    private func rowMemory(_ plan: MemoryPlan) -> Int {
        let kept =
            switch plan {
            case .full: passes.activations(blocks: layers, rows: rows.microBatch)
            case .recompute:
                passes.activations(blocks: 2, rows: rows.microBatch)
                    + passes.inputs(rows: rows.microBatch)
            case .layerwise, .compact:
                passes.activations(blocks: 2, rows: rows.microBatch)
                    + passes.inputs(rows: rows.step)
            }
        return kept + passes.workspace(rows: rows.microBatch)
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
