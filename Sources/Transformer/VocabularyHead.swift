import Glibc
import Kernels

// Legend: R target rows, C channels, V vocabulary.

/// From sequence log-probabilities to their weights in the loss.
///
/// Called with whole trees: the indices of their sequences and log π(y|x) of each, a sum over the
/// continuation's tokens. Returns ∂loss/∂log π(y|x) of each.
public typealias SequenceObjective = (_ sequences: Range<Int>, _ logProbabilities: [Double]) ->
    [Double]

/// The vocabulary projection fused with log-softmax, the objective and their gradients.
///
/// It runs on rows that predict something, a few trees at a time; logits of one such chunk exist at
/// a time and are overwritten by their gradients.
struct VocabularyHead {
    /// The projection (V, C), the embedding table if the head is tied.
    private let projection: Linear
    private var vocabularySize: Int { projection.outputWidth }
    /// What logits are multiplied by.
    private let multiplier: Float

    /// Most floats of logits at a time: 128 MiB.
    private static let logitLimit = 1 << 25

    init(_ configuration: DecoderConfiguration, _ layers: LinearLayers) {
        projection = layers.head(isTied: configuration.tiedHead)
        multiplier = configuration.logitMultiplier
    }

    /// Computes logits (T, V) from normed rows (T, C).
    func project(
        _ parameters: UnsafeMutablePointer<Float>, _ hidden: MatrixView, into logits: MatrixView
    ) {
        projection.forward(parameters, hidden, into: logits)
        if multiplier != 1 { scaleRows(logits, by: multiplier) }
    }

    /// Room for the logits of some rows, (rows, V). Rows are a little further apart than they are long:
    /// with a round number of them, many rows of a column would compete for the same lines of a cache.
    func logits(_ rows: Int, in memory: FloatBuffer) -> MatrixView {
        let stride = (vocabularySize + 31) / 16 * 16
        return MatrixView(
            memory.reserve(rows * stride), rows: rows, columns: vocabularySize, stride: stride)
    }

    /// Rows whose logits exist at a time.
    var rowLimit: Int { Self.rowLimit(vocabularySize: vocabularySize) }

    /// Rows whose logits exist at a time, of a model with so many tokens.
    static func rowLimit(vocabularySize: Int) -> Int { max(16, logitLimit / vocabularySize) }

    /// Computes the log-probability of every target and, given an objective, the gradients.
    ///
    /// - Parameters:
    ///   - hidden: (R, C), normed rows in the order of `batch.targetRows`
    ///   - backward: the objective, the gradients to add to, and where to put ∂loss/∂hidden, (R, C)
    /// - Returns: log-probability of each target.
    func evaluate(
        _ batch: PackedBatch, parameters: UnsafeMutablePointer<Float>, hidden: MatrixView,
        logitMemory: FloatBuffer, backward: HeadBackward?
    ) -> [Float] {
        var logProbabilities = [Float](repeating: 0, count: batch.targetCount)
        let index = TargetIndex(batch)
        for unit in index.units(rowLimit: rowLimit) {
            let rows = index.rows(of: unit)
            if rows.count <= rowLimit {
                let logits = logits(rows.count, in: logitMemory)
                project(parameters, hidden.rows(rows), into: logits)
                let sums = softmax(logits, rows, index, batch, into: &logProbabilities)
                guard let backward else { continue }
                let weights = backward.weights(unit, batch, logProbabilities)
                differentiate(
                    logits, sums, rows, index, weights, parameters, hidden, backward)
                continue
            }
            // One tree with more rows than fit: its log-probabilities first, then again piece by
            // piece for the gradients.
            let pieces = stride(from: rows.lowerBound, to: rows.upperBound, by: rowLimit).map {
                $0..<min($0 + rowLimit, rows.upperBound)
            }
            for piece in pieces {
                let logits = logits(piece.count, in: logitMemory)
                project(parameters, hidden.rows(piece), into: logits)
                _ = softmax(logits, piece, index, batch, into: &logProbabilities)
            }
            guard let backward else { continue }
            let weights = backward.weights(unit, batch, logProbabilities)
            for piece in pieces {
                let logits = logits(piece.count, in: logitMemory)
                project(parameters, hidden.rows(piece), into: logits)
                let sums = softmax(logits, piece, index, batch, into: &logProbabilities)
                differentiate(
                    logits, sums, piece, index, weights, parameters, hidden, backward)
            }
        }
        return logProbabilities
    }

    /// Replaces logits by e^(logit − max), notes the targets' log-probabilities, returns the sums.
    private func softmax(
        _ logits: MatrixView, _ rows: Range<Int>, _ index: TargetIndex, _ batch: PackedBatch,
        into logProbabilities: inout [Float]
    ) -> [Float] {
        var sums = [Float](repeating: 0, count: rows.count)
        StageClock.measure(.softmax) {
            logProbabilities.withUnsafeMutableBufferPointer { logProbabilities in
                sums.withUnsafeMutableBufferPointer { sums in
                    Parallel.forEach(rows.count) { offset in
                        let line = logits.base + offset * logits.stride
                        let top = maximum(line, count: logits.columns)
                        let targets = index.targets(ofRow: rows.lowerBound + offset)
                        for target in targets {
                            logProbabilities[target] =
                                line[Int(batch.targets[target].token)] - top
                        }
                        let sum = exponentiate(line, minus: top, count: logits.columns)
                        sums[offset] = sum
                        for target in targets { logProbabilities[target] -= logarithm(sum) }
                    }
                }
            }
        }
        return sums
    }

    /// ∂loss/∂logit = Σ_targets w·(1[v = target] − p_v), then back through the projection.
    private func differentiate(
        _ logits: MatrixView, _ sums: [Float], _ rows: Range<Int>, _ index: TargetIndex,
        _ weights: [Float], _ parameters: UnsafeMutablePointer<Float>, _ hidden: MatrixView,
        _ backward: HeadBackward
    ) {
        StageClock.measure(.softmax) {
            Parallel.forEach(rows.count) { offset in
                let line = logits.base + offset * logits.stride
                let targets = index.targets(ofRow: rows.lowerBound + offset)
                let total = targets.reduce(Float(0)) { $0 + weights[index.sequence(ofTarget: $1)] }
                scale(line, by: -total / sums[offset], count: logits.columns)
                for target in targets {
                    line[index.token(ofTarget: target)] += weights[index.sequence(ofTarget: target)]
                }
                if multiplier != 1 { scale(line, by: multiplier, count: logits.columns) }
            }
        }
        projection.backward(
            parameters, gradients: backward.gradients, hidden.rows(rows), gradient: logits,
            xGradient: backward.hiddenGradient.rows(rows))
    }
}

/// What the backward pass of the head needs and fills.
struct HeadBackward {
    let objective: SequenceObjective
    let gradients: UnsafeMutablePointer<Float>
    let hiddenGradient: MatrixView

    /// The weight of every sequence of the batch; those outside `trees` are zero.
    fileprivate func weights(
        _ trees: Range<Int>, _ batch: PackedBatch, _ logProbabilities: [Float]
    ) -> [Float] {
        var weights = [Float](repeating: 0, count: batch.sequenceCount)
        let sequences =
            batch.sequenceRanges[trees.lowerBound]
            .lowerBound..<batch.sequenceRanges[
                trees.upperBound - 1
            ].upperBound
        let sums = sequences.map { batch.sum(logProbabilities, ofSequence: $0) }
        for (sequence, weight) in zip(sequences, objective(sequences, sums)) {
            weights[sequence] = Float(weight)
        }
        return weights
    }
}

extension PackedBatch {
    /// Σ of the token log-probabilities of one sequence, in double precision.
    public func sum(_ logProbabilities: [Float], ofSequence sequence: Int) -> Double {
        targetRanges[sequence].reduce(0.0) { $0 + Double(logProbabilities[$1]) }
    }
}

/// Which targets a row of the head predicts.
private struct TargetIndex {
    /// For each tree the rows of the head that belong to it.
    private var rowRanges: [Range<Int>] = []
    /// Targets sorted by row; `starts[row] ..< starts[row + 1]` are those of a row.
    private var order: [Int]
    private var starts: [Int]
    private var sequences: [Int]
    private let tokens: [Int]

    init(_ batch: PackedBatch) {
        var headRow: [Int: Int] = [:]
        var count = 0
        for rows in batch.targetRows {
            rowRanges.append(count..<count + rows.count)
            for row in rows {
                headRow[row] = count
                count += 1
            }
        }
        tokens = batch.targets.map { Int($0.token) }
        sequences = [Int](repeating: 0, count: batch.targetCount)
        for (sequence, range) in batch.targetRanges.enumerated() {
            for target in range { sequences[target] = sequence }
        }
        let rowOfTarget = batch.targets.map { headRow[$0.row] ?? 0 }
        starts = [Int](repeating: 0, count: count + 1)
        for row in rowOfTarget { starts[row + 1] += 1 }
        for row in 0..<count { starts[row + 1] += starts[row] }
        var next = starts
        order = [Int](repeating: 0, count: batch.targetCount)
        for (target, row) in rowOfTarget.enumerated() {
            order[next[row]] = target
            next[row] += 1
        }
    }

    /// Ranges of trees whose rows fit together; a tree that alone has too many is a range of its own.
    func units(rowLimit: Int) -> [Range<Int>] {
        rowRuns(rowRanges.map(\.count), limit: rowLimit)
    }

    func rows(of trees: Range<Int>) -> Range<Int> {
        rowRanges[trees.lowerBound].lowerBound..<rowRanges[trees.upperBound - 1].upperBound
    }

    func targets(ofRow row: Int) -> ArraySlice<Int> { order[starts[row]..<starts[row + 1]] }
    func sequence(ofTarget target: Int) -> Int { sequences[target] }
    func token(ofTarget target: Int) -> Int { tokens[target] }
}
