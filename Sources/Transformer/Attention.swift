import Kernels

// Legend: T rows, H heads, G key-value heads, d channels of a head, L keys that a segment sees.

/// Causal attention over the trees of a packed batch (Vaswani et al. 2017; grouped queries after
/// Ainslie et al. 2023).
///
/// A row attends to its tree's prompt and to its own branch up to itself. Scores exist for one block
/// of queries at a time; the backward pass computes them again from the saved log-sum-exp (Dao et
/// al. 2022). One thread works on one (segment, key-value head); what branches add to the gradients of
/// the prompt's keys and values is brought together afterwards, in the branches' order.
package struct Attention {
    let headCount: Int
    let keyValueHeadCount: Int
    let headWidth: Int
    /// Gradients of the keys and values that each (segment, key-value head) sees.
    private let partials = FloatBuffer()

    package init(headCount: Int, keyValueHeadCount: Int, headWidth: Int) {
        self.headCount = headCount
        self.keyValueHeadCount = keyValueHeadCount
        self.headWidth = headWidth
    }

    /// Queries that are worked on together.
    private static let block = 64

    private var groupSize: Int { headCount / keyValueHeadCount }
    private var scale: Float { 1 / Float(headWidth).squareRoot() }
    /// Columns of a matrix that holds queries, keys and values side by side.
    var packedWidth: Int { (headCount + 2 * keyValueHeadCount) * headWidth }

    private func queries(_ qkv: MatrixView, head: Int) -> MatrixView {
        qkv.columns(head * headWidth..<(head + 1) * headWidth)
    }

    private func keys(_ qkv: MatrixView, head: Int) -> MatrixView {
        queries(qkv, head: headCount + head)
    }

    private func values(_ qkv: MatrixView, head: Int) -> MatrixView {
        queries(qkv, head: headCount + keyValueHeadCount + head)
    }

    /// Computes the attention output.
    ///
    /// - Parameters:
    ///   - qkv: (T, (H + 2G)·d): queries, keys, values
    ///   - output: (T, H·d)
    ///   - logSumExp: (T, H), of the scaled scores
    package func forward(
        _ batch: PackedBatch, qkv: MatrixView, output: MatrixView,
        logSumExp: UnsafeMutablePointer<Float>
    ) {
        let segments = batch.trees.flatMap { $0 }
        Parallel.forEach(segments.count * keyValueHeadCount) { task in
            let segment = segments[task / keyValueHeadCount]
            let keyValueHead = task % keyValueHeadCount
            let scratch = AttentionScratch(
                segment, block: Self.block, headWidth: headWidth, gradients: false)
            let keys = scratch.gather(
                keys(qkv, head: keyValueHead), segment, into: scratch.keys)
            let values = scratch.gather(
                values(qkv, head: keyValueHead), segment, into: scratch.values)
            for head in keyValueHead * groupSize..<(keyValueHead + 1) * groupSize {
                let queries = queries(qkv, head: head).rows(segment.rows)
                let output = self.queries(output, head: head).rows(segment.rows)
                for start in stride(from: 0, to: segment.rows.count, by: Self.block) {
                    let rows = start..<min(start + Self.block, segment.rows.count)
                    let seen = segment.prefix.count + rows.upperBound
                    let scores = scratch.scores(rows: rows.count, columns: seen)
                    multiplyTile(
                        queries.rows(rows), .none, keys.rows(0..<seen), .transposed,
                        into: scores, inner: headWidth, alpha: scale)
                    for (offset, row) in rows.enumerated() {
                        let visible = segment.prefix.count + row + 1
                        let line = scores.base + offset * scores.stride
                        let top = maximum(line, count: visible)
                        let total = exponentiate(line, minus: top, count: visible)
                        Kernels.scale(line, by: 1 / total, count: visible)
                        for column in visible..<seen { line[column] = 0 }
                        logSumExp[(segment.rows.lowerBound + row) * headCount + head] =
                            top + logarithm(total)
                    }
                    multiplyTile(
                        scores, .none, values.rows(0..<seen), .none, into: output.rows(rows),
                        inner: seen)
                }
            }
        }
    }

    /// Computes the gradients of queries, keys and values.
    ///
    /// With P the probabilities and D_i = Σ dO_i ⊙ O_i: dV = Pᵀ·dO, dS = P ⊙ (dO·Vᵀ − D),
    /// dQ = dS·K·scale, dK = dSᵀ·Q·scale.
    ///
    /// - Parameters:
    ///   - qkv: (T, (H + 2G)·d), as given to the forward pass
    ///   - output: (T, H·d), as computed by it
    ///   - logSumExp: (T, H), as computed by it
    ///   - outputGradient: (T, H·d)
    ///   - qkvGradient: (T, (H + 2G)·d), overwritten
    package func backward(
        _ batch: PackedBatch, qkv: MatrixView, output: MatrixView,
        logSumExp: UnsafePointer<Float>, outputGradient: MatrixView, qkvGradient: MatrixView
    ) {
        let segments = batch.trees.flatMap { $0 }
        // Where the partial gradients of each segment begin: keys and values of all key-value heads.
        var starts = [0]
        for segment in segments {
            starts.append(
                starts[starts.count - 1] + 2 * keyValueHeadCount * segment.length * headWidth)
        }
        let partials = partials.reserve(starts[segments.count])
        Parallel.forEach(segments.count * keyValueHeadCount) { task in
            let segment = segments[task / keyValueHeadCount]
            let keyValueHead = task % keyValueHeadCount
            let scratch = AttentionScratch(
                segment, block: Self.block, headWidth: headWidth, gradients: true)
            let dKV = partialGradients(
                partials + starts[task / keyValueHeadCount], segment, head: keyValueHead)
            let (dK, dV) = (dKV.keys, dKV.values)
            let keys = scratch.gather(
                keys(qkv, head: keyValueHead), segment, into: scratch.keys)
            let values = scratch.gather(
                values(qkv, head: keyValueHead), segment, into: scratch.values)
            zero(dK)
            zero(dV)
            for head in keyValueHead * groupSize..<(keyValueHead + 1) * groupSize {
                let queries = queries(qkv, head: head).rows(segment.rows)
                let output = self.queries(output, head: head).rows(segment.rows)
                let dO = self.queries(outputGradient, head: head).rows(segment.rows)
                let dQ = self.queries(qkvGradient, head: head).rows(segment.rows)
                for start in stride(from: 0, to: segment.rows.count, by: Self.block) {
                    let rows = start..<min(start + Self.block, segment.rows.count)
                    let seen = segment.prefix.count + rows.upperBound
                    let probabilities = scratch.scores(rows: rows.count, columns: seen)
                    multiplyTile(
                        queries.rows(rows), .none, keys.rows(0..<seen), .transposed,
                        into: probabilities, inner: headWidth, alpha: scale)
                    for (offset, row) in rows.enumerated() {
                        let visible = segment.prefix.count + row + 1
                        let line = probabilities.base + offset * probabilities.stride
                        let shift =
                            logSumExp[(segment.rows.lowerBound + row) * headCount + head]
                        _ = exponentiate(line, minus: shift, count: visible)
                        for column in visible..<seen { line[column] = 0 }
                    }
                    multiplyTile(
                        probabilities, .transposed, dO.rows(rows), .none,
                        into: dV.rows(0..<seen), inner: rows.count, beta: 1)
                    let dS = scratch.scoreGradients(rows: rows.count, columns: seen)
                    multiplyTile(
                        dO.rows(rows), .none, values.rows(0..<seen), .transposed, into: dS,
                        inner: headWidth)
                    for (offset, row) in rows.enumerated() {
                        let correction = dot(
                            dO.base + row * dO.stride, output.base + row * output.stride,
                            count: headWidth)
                        multiplyShifted(
                            probabilities.base + offset * seen, dS.base + offset * seen,
                            minus: correction, count: seen)
                    }
                    multiplyTile(
                        dS, .none, keys.rows(0..<seen), .none, into: dQ.rows(rows),
                        inner: seen, alpha: scale)
                    multiplyTile(
                        dS, .transposed, queries.rows(rows), .none, into: dK.rows(0..<seen),
                        inner: rows.count, alpha: scale, beta: 1)
                }
            }
        }
        gatherPartials(batch, partials, starts, qkvGradient)
    }

    /// The gradients of the keys and values that one segment sees, each (L, d).
    private func partialGradients(
        _ base: UnsafeMutablePointer<Float>, _ segment: PackedBatch.Segment, head: Int
    ) -> (keys: MatrixView, values: MatrixView) {
        let size = segment.length * headWidth
        let keys = MatrixView(base + 2 * head * size, rows: segment.length, columns: headWidth)
        return (keys, MatrixView(keys.base + size, rows: segment.length, columns: headWidth))
    }

    /// Sums what the segments of each tree add to the gradients of keys and values.
    private func gatherPartials(
        _ batch: PackedBatch, _ partials: UnsafeMutablePointer<Float>, _ starts: [Int],
        _ qkvGradient: MatrixView
    ) {
        var first = [0]
        for tree in batch.trees { first.append(first[first.count - 1] + tree.count) }
        Parallel.forEach(batch.trees.count * keyValueHeadCount) { task in
            let tree = task / keyValueHeadCount
            let head = task % keyValueHeadCount
            let keyGradients = keys(qkvGradient, head: head)
            let valueGradients = values(qkvGradient, head: head)
            for segment in batch.trees[tree] {
                zero(keyGradients.rows(segment.rows))
                zero(valueGradients.rows(segment.rows))
            }
            for (index, segment) in batch.trees[tree].enumerated() {
                let partial = partialGradients(
                    partials + starts[first[tree] + index], segment, head: head)
                segment.scatter(partial.keys, into: keyGradients)
                segment.scatter(partial.values, into: valueGradients)
            }
        }
    }

    private func zero(_ matrix: MatrixView) {
        for row in 0..<matrix.rows {
            (matrix.base + row * matrix.stride).update(repeating: 0, count: matrix.columns)
        }
    }
}

extension PackedBatch.Segment {
    /// L, the number of keys that the segment's last row sees.
    fileprivate var length: Int { prefix.count + rows.count }

    /// Adds rows (L, d) to those of `target` that the segment sees.
    fileprivate func scatter(_ source: MatrixView, into target: MatrixView) {
        var line = UnsafePointer(source.base)
        for rows in [prefix, rows] {
            for row in rows {
                accumulate(
                    line, scaledBy: 1, into: target.base + row * target.stride,
                    count: source.columns)
                line += source.columns
            }
        }
    }
}

/// The memory of one thread for one (segment, key-value head); valid until the thread makes another.
private struct AttentionScratch {
    let keys: UnsafeMutablePointer<Float>
    let values: UnsafeMutablePointer<Float>
    private let scoreMemory: UnsafeMutablePointer<Float>
    private let gradientMemory: UnsafeMutablePointer<Float>
    private let headWidth: Int

    init(_ segment: PackedBatch.Segment, block: Int, headWidth: Int, gradients: Bool) {
        self.headWidth = headWidth
        let rows = segment.length * headWidth
        let scores = block * segment.length
        let memory = ThreadScratch.floats(
            .attention, count: 2 * rows + (gradients ? 2 : 1) * scores)
        keys = memory
        values = keys + rows
        scoreMemory = values + rows
        gradientMemory = gradients ? scoreMemory + scores : scoreMemory
    }

    func scores(rows: Int, columns: Int) -> MatrixView {
        MatrixView(scoreMemory, rows: rows, columns: columns)
    }

    func scoreGradients(rows: Int, columns: Int) -> MatrixView {
        MatrixView(gradientMemory, rows: rows, columns: columns)
    }

    /// The prompt's and the segment's rows of `source` as one contiguous matrix (L, d).
    func gather(
        _ source: MatrixView, _ segment: PackedBatch.Segment,
        into memory: UnsafeMutablePointer<Float>
    ) -> MatrixView {
        var target = memory
        for rows in [segment.prefix, segment.rows] {
            for row in rows {
                target.update(from: source.base + row * source.stride, count: headWidth)
                target += headWidth
            }
        }
        return MatrixView(memory, rows: segment.length, columns: headWidth)
    }
}
