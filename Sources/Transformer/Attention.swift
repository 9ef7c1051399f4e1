import Kernels

// Legend: T rows, H heads, G key-value heads, d channels of a head, L keys that a segment sees.

/// Causal attention over the trees of a packed batch (Vaswani et al. 2017; grouped queries after
/// Ainslie et al. 2023).
///
/// A row attends to its tree's prompt and to its own branch up to itself. Scores exist for one block
/// of queries at a time; the backward pass computes them again from the saved log-sum-exp (Dao et
/// al. 2022). One thread works on one (segment, key-value head); what branches add to the gradients of
/// the prompt's keys and values is brought together afterwards, in the branches' order, some branches at a
/// time: many of them behind a long prompt see many times as many keys as there are.
package struct Attention {
    let headCount: Int
    let keyValueHeadCount: Int
    let headWidth: Int
    private let scale: Float
    /// Gradients of the keys and values that each (segment, key-value head) sees.
    private let partials = FloatBuffer()

    /// Attention of heads of a kind.
    ///
    /// - Parameter scale: the factor on scores; nil for 1/√d
    package init(headCount: Int, keyValueHeadCount: Int, headWidth: Int, scale: Float? = nil) {
        self.headCount = headCount
        self.keyValueHeadCount = keyValueHeadCount
        self.headWidth = headWidth
        self.scale = scale ?? 1 / Float(headWidth).squareRoot()
    }

    /// Queries that are worked on together.
    private static let block = 64
    /// Keys whose gradients exist at a time, unless a single segment sees more.
    private static let keyLimit = 4096

    private var groupSize: Int { headCount / keyValueHeadCount }
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
    ///   - window: how many rows a row sees, itself included; nil for all before it
    package func forward(
        _ batch: PackedBatch, qkv: MatrixView, output: MatrixView,
        logSumExp: UnsafeMutablePointer<Float>, window: Int? = nil
    ) {
        let segments = batch.trees.flatMap { $0 }.map { $0.seen(within: window) }
        Parallel.forEach(segments.count * keyValueHeadCount) { task in
            let segment = segments[task / keyValueHeadCount]
            let keyValueHead = task % keyValueHeadCount
            let scratch = AttentionScratch(
                keys: segment.length, block: Self.block, headWidth: headWidth, gradients: false)
            let keys = SmallFactor(
                scratch.gather(keys(qkv, head: keyValueHead), segment), .transposed,
                in: scratch.turnedKeys)
            let values = SmallFactor(
                scratch.gather(values(qkv, head: keyValueHead), segment), .none,
                in: scratch.values)
            for head in keyValueHead * groupSize..<(keyValueHead + 1) * groupSize {
                let queries = queries(qkv, head: head).rows(segment.rows)
                let output = self.queries(output, head: head).rows(segment.rows)
                for start in stride(from: 0, to: segment.rows.count, by: Self.block) {
                    let rows = start..<min(start + Self.block, segment.rows.count)
                    let seen = segment.prefix.count + rows.upperBound
                    let scores = scratch.scores(rows: rows.count, columns: seen)
                    keys.multiply(queries.rows(rows), into: scores, alpha: scale)
                    for (offset, row) in rows.enumerated() {
                        let visible = segment.visible(fromRow: row, window)
                        let line = scores.base + offset * scores.stride
                        let first = line + visible.lowerBound
                        let top = maximum(first, count: visible.count)
                        let total = exponentiate(first, minus: top, count: visible.count)
                        Kernels.scale(first, by: 1 / total, count: visible.count)
                        clear(line, outside: visible, of: seen)
                        logSumExp[(segment.rows.lowerBound + row) * headCount + head] =
                            top + logarithm(total)
                    }
                    values.multiply(scores.columns(0..<seen), into: output.rows(rows))
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
    ///   - window: as given to the forward pass
    package func backward(
        _ batch: PackedBatch, qkv: MatrixView, output: MatrixView,
        logSumExp: UnsafePointer<Float>, outputGradient: MatrixView, qkvGradient: MatrixView,
        window: Int? = nil
    ) {
        zeroKeysAndValues(batch, qkvGradient)
        for wave in Self.waves(batch, window) {
            differentiate(
                wave, window, qkv: qkv, output: output, logSumExp: logSumExp,
                outputGradient: outputGradient, qkvGradient: qkvGradient)
        }
    }

    /// A segment and the tree that it belongs to.
    private typealias Branch = (tree: Int, segment: PackedBatch.Segment)

    /// The segments of all trees in order, in runs that together see at most ``keyLimit`` keys.
    private static func waves(_ batch: PackedBatch, _ window: Int?) -> [[Branch]] {
        var waves: [[Branch]] = []
        var keys = 0
        for (tree, segments) in batch.trees.enumerated() {
            for segment in segments.map({ $0.seen(within: window) }) {
                if waves.isEmpty || keys + segment.length > keyLimit {
                    waves.append([])
                    keys = 0
                }
                waves[waves.count - 1].append((tree, segment))
                keys += segment.length
            }
        }
        return waves
    }

    /// Keys whose gradients exist at a time in a batch of so many rows, at most.
    static func partialKeys(rows: Int) -> Int { max(keyLimit, rows) }

    /// Bytes of a thread that works on sequences of so many keys, at most.
    static func scratchBytes(keys: Int, headWidth: Int) -> Int {
        AttentionScratch.Sizes(keys: keys, block: block, headWidth: headWidth)
            .total(gradients: true) * MemoryLayout<Float>.stride
    }

    /// Computes the gradients of some segments' queries, and adds theirs of keys and values.
    private func differentiate(
        _ wave: [Branch], _ window: Int?, qkv: MatrixView, output: MatrixView,
        logSumExp: UnsafePointer<Float>, outputGradient: MatrixView, qkvGradient: MatrixView
    ) {
        // Where the partial gradients of each segment begin: keys and values of all key-value heads.
        var starts = [0]
        for (_, segment) in wave {
            starts.append(
                starts[starts.count - 1] + 2 * keyValueHeadCount * segment.length * headWidth)
        }
        let partials = partials.reserve(starts[wave.count])
        Parallel.forEach(wave.count * keyValueHeadCount) { task in
            let segment = wave[task / keyValueHeadCount].segment
            let keyValueHead = task % keyValueHeadCount
            let scratch = AttentionScratch(
                keys: segment.length, block: Self.block, headWidth: headWidth, gradients: true)
            let dKV = partialGradients(
                partials + starts[task / keyValueHeadCount], segment, head: keyValueHead)
            let (dK, dV) = (dKV.keys, dKV.values)
            let values = SmallFactor(
                scratch.gather(values(qkv, head: keyValueHead), segment), .transposed,
                in: scratch.values)
            let gathered = scratch.gather(keys(qkv, head: keyValueHead), segment)
            let turnedKeys = SmallFactor(gathered, .transposed, in: scratch.turnedKeys)
            let keys = SmallFactor(gathered, .none, in: scratch.keys)
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
                    turnedKeys.multiply(queries.rows(rows), into: probabilities, alpha: scale)
                    for (offset, row) in rows.enumerated() {
                        let visible = segment.visible(fromRow: row, window)
                        let line = probabilities.base + offset * probabilities.stride
                        let shift =
                            logSumExp[(segment.rows.lowerBound + row) * headCount + head]
                        _ = exponentiate(
                            line + visible.lowerBound, minus: shift, count: visible.count)
                        clear(line, outside: visible, of: seen)
                    }
                    SmallFactor(dO.rows(rows), .none, in: scratch.block).multiply(
                        probabilities.columns(0..<seen), .transposed, into: dV.rows(0..<seen),
                        accumulating: true)
                    let dS = scratch.scoreGradients(rows: rows.count, columns: seen)
                    values.multiply(dO.rows(rows), into: dS)
                    for (offset, row) in rows.enumerated() {
                        let correction = dot(
                            dO.base + row * dO.stride, output.base + row * output.stride,
                            count: headWidth)
                        multiplyShifted(
                            probabilities.base + offset * probabilities.stride,
                            dS.base + offset * dS.stride, minus: correction, count: seen)
                    }
                    keys.multiply(dS.columns(0..<seen), into: dQ.rows(rows), alpha: scale)
                    SmallFactor(queries.rows(rows), .none, in: scratch.block).multiply(
                        dS.columns(0..<seen), .transposed, into: dK.rows(0..<seen), alpha: scale,
                        accumulating: true)
                }
            }
        }
        gatherPartials(wave, partials, starts, qkvGradient)
    }

    /// The gradients of the keys and values that one segment sees, each (L, d).
    private func partialGradients(
        _ base: UnsafeMutablePointer<Float>, _ segment: PackedBatch.Segment, head: Int
    ) -> (keys: MatrixView, values: MatrixView) {
        let size = segment.length * headWidth
        let keys = MatrixView(base + 2 * head * size, rows: segment.length, columns: headWidth)
        return (keys, MatrixView(keys.base + size, rows: segment.length, columns: headWidth))
    }

    private func zeroKeysAndValues(_ batch: PackedBatch, _ qkvGradient: MatrixView) {
        Parallel.forEach(batch.trees.count * keyValueHeadCount) { task in
            let head = task % keyValueHeadCount
            for segment in batch.trees[task / keyValueHeadCount] {
                zero(keys(qkvGradient, head: head).rows(segment.rows))
                zero(values(qkvGradient, head: head).rows(segment.rows))
            }
        }
    }

    /// Adds what the segments of each tree add to the gradients of keys and values, in their order.
    private func gatherPartials(
        _ wave: [Branch], _ partials: UnsafeMutablePointer<Float>, _ starts: [Int],
        _ qkvGradient: MatrixView
    ) {
        var trees: [Range<Int>] = []
        for index in wave.indices {
            if index > 0, wave[index].tree == wave[index - 1].tree, let last = trees.last {
                trees[trees.count - 1] = last.lowerBound..<index + 1
            } else {
                trees.append(index..<index + 1)
            }
        }
        Parallel.forEach(trees.count * keyValueHeadCount) { task in
            let head = task % keyValueHeadCount
            let keyGradients = keys(qkvGradient, head: head)
            let valueGradients = values(qkvGradient, head: head)
            for index in trees[task / keyValueHeadCount] {
                let segment = wave[index].segment
                let partial = partialGradients(partials + starts[index], segment, head: head)
                segment.scatter(partial.keys, into: keyGradients)
                segment.scatter(partial.values, into: valueGradients)
            }
        }
    }

    private func clear(
        _ line: UnsafeMutablePointer<Float>, outside visible: Range<Int>, of seen: Int
    ) {
        line.update(repeating: 0, count: visible.lowerBound)
        (line + visible.upperBound).update(repeating: 0, count: seen - visible.upperBound)
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

    /// The segment without what no row of it sees through a window.
    fileprivate func seen(within window: Int?) -> PackedBatch.Segment {
        guard let window, prefix.count >= window else { return self }
        return PackedBatch.Segment(rows: rows, prefix: prefix.suffix(window - 1))
    }

    /// The keys that a row sees, of those of the segment.
    fileprivate func visible(fromRow row: Int, _ window: Int?) -> Range<Int> {
        let end = prefix.count + row + 1
        return max(0, end - (window ?? end))..<end
    }

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
    /// Room for keys as a right factor, (L, d).
    let keys: UnsafeMutablePointer<Float>
    /// The same turned, (d, L).
    let turnedKeys: UnsafeMutablePointer<Float>
    /// For values, turned or not.
    let values: UnsafeMutablePointer<Float>
    /// For rows of a block, (rows, d).
    let block: UnsafeMutablePointer<Float>
    private let gathered: UnsafeMutablePointer<Float>
    private let scoreMemory: UnsafeMutablePointer<Float>
    private let gradientMemory: UnsafeMutablePointer<Float>
    private let headWidth: Int

    init(keys length: Int, block: Int, headWidth: Int, gradients: Bool) {
        self.headWidth = headWidth
        let sizes = Sizes(keys: length, block: block, headWidth: headWidth)
        var next = ThreadScratch.floats(.attention, count: sizes.total(gradients: gradients))
        func take(_ count: Int) -> UnsafeMutablePointer<Float> {
            defer { next += count }
            return next
        }
        turnedKeys = take(sizes.turned)
        values = take(max(sizes.turned, sizes.straight))
        gathered = take(sizes.gathered)
        scoreMemory = take(sizes.scores)
        keys = gradients ? take(sizes.straight) : turnedKeys
        self.block = gradients ? take(sizes.block) : turnedKeys
        gradientMemory = gradients ? take(sizes.scores) : scoreMemory
    }

    /// Floats of each part, in whole cache lines.
    struct Sizes {
        let turned: Int
        let straight: Int
        let gathered: Int
        let scores: Int
        let block: Int

        init(keys: Int, block: Int, headWidth: Int) {
            turned = SmallFactor.floats(inner: headWidth, columns: keys)
            straight = SmallFactor.floats(inner: keys, columns: headWidth)
            gathered = paddedWidth(keys * headWidth)
            scores = block * AttentionScratch.scoreStride(keys)
            self.block = SmallFactor.floats(inner: block, columns: headWidth)
        }

        func total(gradients: Bool) -> Int {
            let forward = turned + max(turned, straight) + gathered + scores
            return gradients ? forward + straight + block + scores : forward
        }
    }

    /// Rows of scores are as long as products fill them.
    private static func scoreStride(_ columns: Int) -> Int { (columns + 31) & ~31 }

    func scores(rows: Int, columns: Int) -> MatrixView {
        MatrixView(scoreMemory, rows: rows, columns: Self.scoreStride(columns))
    }

    func scoreGradients(rows: Int, columns: Int) -> MatrixView {
        MatrixView(gradientMemory, rows: rows, columns: Self.scoreStride(columns))
    }

    /// The prompt's and the segment's rows of `source` as one contiguous matrix (L, d), until the next.
    func gather(_ source: MatrixView, _ segment: PackedBatch.Segment) -> MatrixView {
        var target = gathered
        for rows in [segment.prefix, segment.rows] {
            for row in rows {
                target.update(from: source.base + row * source.stride, count: headWidth)
                target += headWidth
            }
        }
        return MatrixView(gathered, rows: segment.length, columns: headWidth)
    }
}
