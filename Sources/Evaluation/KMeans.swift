import Kernels

/// Lloyd's k-means from random points, in the manner of faiss, on which MAUVE was built: centroids
/// start on distinct random points, and an empty cluster takes over half of a large one.
struct KMeans {
    /// The cluster of each point.
    let labels: [Int32]
    /// Sum of squared distances of the points to their centroids, less the points' own norms: equal
    /// up to a constant, and enough to choose between runs on the same points.
    let objective: Double

    /// Points laid out for k-means: one more column holds 1, against which each centroid c has
    /// −‖c‖²/2, so that one product gives x·c − ‖c‖²/2, largest at the nearest centroid.
    struct Points {
        let matrix: FloatMatrix
        let width: Int

        init(_ coordinates: FloatMatrix) {
            width = coordinates.columns
            matrix = FloatMatrix(rows: coordinates.rows, columns: width + 1)
            for index in 0..<coordinates.rows {
                let row = matrix.row(index)
                row.update(from: coordinates.row(index), count: width)
                row[width] = 1
            }
        }
    }

    /// Clusters `points` on the calling thread.
    ///
    /// - Parameters:
    ///   - clusters: at most the number of points.
    ///   - iterations: bound on the number of moves of the centroids; it ends as soon as nothing
    ///     changes any more.
    init(
        _ points: Points, clusters: Int, iterations: Int, random: RandomStream,
        workspace: Workspace
    ) {
        var run = Run(points, clusters: clusters, random: random, workspace: workspace)
        for _ in 0..<iterations {
            guard run.assign() else { break }
            run.moveCentroids()
        }
        // After the bound has cut the loop, the labels have to follow the last move.
        if !run.settled { _ = run.assign() }
        labels = run.labels
        objective = run.objective
    }

    /// Memory of one run, which other runs can take over after it.
    ///
    /// `@unchecked Sendable`: it belongs to one run, hence to one thread, at a time.
    final class Workspace: @unchecked Sendable {
        /// Points are compared with centroids in tiles of this many points.
        static let tile = 1024
        /// Up to this many floats, scores of all points are kept between iterations, so that only
        /// those against centroids that moved are computed again.
        static let keepLimit = 1 << 26

        let centroids: FloatMatrix
        /// Centroids that moved, gathered.
        let moved: FloatMatrix
        let fresh: FloatMatrix
        /// (clusters, tile) scores for each tile, or for one if there are too many.
        let scores: FloatMatrix
        let keepsScores: Bool
        let best: FloatMatrix

        init(points: Points, clusters: Int) {
            let tiles = (points.matrix.rows + Self.tile - 1) / Self.tile
            keepsScores = tiles * Self.tile * clusters <= Self.keepLimit
            centroids = FloatMatrix(rows: clusters, columns: points.matrix.columns)
            moved = FloatMatrix(rows: clusters, columns: points.matrix.columns)
            fresh = FloatMatrix(rows: clusters, columns: Self.tile)
            scores = FloatMatrix(rows: (keepsScores ? tiles : 1) * clusters, columns: Self.tile)
            best = FloatMatrix(rows: 1, columns: Self.tile)
        }
    }
}

/// The state of one run.
private struct Run {
    private let points: KMeans.Points
    private let clusters: Int
    private let space: KMeans.Workspace
    private var random: RandomStream
    private var counts: [Int]
    /// Clusters whose centroid is to be computed again.
    private var stale: [Bool]
    /// Clusters whose centroid has changed since the last assignment.
    private var moved: [Int]
    private var nearest = [Int32](repeating: 0, count: KMeans.Workspace.tile)

    private(set) var labels: [Int32]
    private(set) var objective = 0.0
    private(set) var settled = false

    init(
        _ points: KMeans.Points, clusters: Int, random: RandomStream, workspace: KMeans.Workspace
    ) {
        self.points = points
        self.clusters = clusters
        self.random = random
        space = workspace
        labels = [Int32](repeating: -1, count: points.matrix.rows)
        counts = [Int](repeating: 0, count: clusters)
        stale = [Bool](repeating: false, count: clusters)
        moved = Array(0..<clusters)
        // The first `clusters` entries of a random permutation.
        var order = Array(0..<points.matrix.rows)
        for cluster in 0..<clusters {
            order.swapAt(cluster, cluster + self.random.integer(below: order.count - cluster))
            space.centroids.row(cluster)
                .update(from: points.matrix.row(order[cluster]), count: points.matrix.stride)
            setBias(cluster)
        }
    }

    /// Gives each point its nearest centroid; false when no label and no centroid has changed.
    mutating func assign() -> Bool {
        let count = points.matrix.rows
        if !space.keepsScores { moved = Array(0..<clusters) }
        for (slot, cluster) in moved.enumerated() {
            space.moved.row(slot)
                .update(from: space.centroids.row(cluster), count: space.centroids.stride)
        }
        var changes = 0
        var score = 0.0
        for (tile, start) in stride(from: 0, to: count, by: KMeans.Workspace.tile).enumerated() {
            let range = start..<min(count, start + KMeans.Workspace.tile)
            let scores = space.scores.row(space.keepsScores ? tile * clusters : 0)
            refresh(scores, points: range)
            findNearest(scores)
            for (offset, point) in range.enumerated() {
                score += Double(space.best.base[offset])
                let label = nearest[offset]
                let previous = labels[point]
                guard label != previous else { continue }
                changes += 1
                labels[point] = label
                counts[Int(label)] += 1
                stale[Int(label)] = true
                if previous >= 0 {
                    counts[Int(previous)] -= 1
                    stale[Int(previous)] = true
                }
            }
        }
        objective = -2 * score
        settled = changes == 0 && !stale.contains(true)
        return !settled
    }

    /// Writes the scores of a tile's points against the centroids that moved into their rows.
    private func refresh(_ scores: UnsafeMutablePointer<Float>, points range: Range<Int>) {
        let all = moved.count == clusters
        let target = all ? scores : space.fresh.base
        let tile = KMeans.Workspace.tile
        multiply(
            space.moved.view.rows(0..<moved.count), .none, points.matrix.view.rows(range),
            .transposed,
            into: MatrixView(target, rows: moved.count, columns: range.count, stride: tile))
        guard !all else { return }
        for (slot, cluster) in moved.enumerated() {
            (scores + cluster * tile).update(from: target + slot * tile, count: range.count)
        }
    }

    /// The best score and cluster of each point of a tile; ties go to the lower cluster.
    private mutating func findNearest(_ scores: UnsafeMutablePointer<Float>) {
        let tile = KMeans.Workspace.tile
        let rows = UnsafeRawPointer(scores)
        let best = UnsafeMutableRawPointer(space.best.base)
        space.best.base.update(from: scores, count: tile)
        nearest.withUnsafeMutableBytes { nearest in
            guard let nearest = nearest.baseAddress else { return }
            nearest.initializeMemory(as: Int32.self, repeating: 0, count: tile)
            for cluster in 1..<max(1, clusters) {
                let row = rows + cluster * tile * MemoryLayout<Float>.stride
                let index = SIMD16<Int32>(repeating: Int32(truncatingIfNeeded: cluster))
                var offset = 0
                while offset < tile * MemoryLayout<Float>.stride {
                    let candidate = row.load(fromByteOffset: offset, as: SIMD16<Float>.self)
                    var leader = best.load(fromByteOffset: offset, as: SIMD16<Float>.self)
                    var owner = nearest.loadUnaligned(
                        fromByteOffset: offset, as: SIMD16<Int32>.self)
                    let better = candidate .> leader
                    leader.replace(with: candidate, where: better)
                    owner.replace(with: index, where: better)
                    best.storeBytes(of: leader, toByteOffset: offset, as: SIMD16<Float>.self)
                    nearest.storeBytes(of: owner, toByteOffset: offset, as: SIMD16<Int32>.self)
                    offset += MemoryLayout<SIMD16<Float>>.stride
                }
            }
        }
    }

    /// Puts each stale centroid at the mean of its points and fills empty clusters.
    mutating func moveCentroids() {
        let width = points.matrix.stride
        let updated = (0..<clusters).filter { stale[$0] }
        for cluster in updated {
            space.centroids.row(cluster).update(repeating: 0, count: width)
        }
        for (point, label) in labels.enumerated() where stale[Int(label)] {
            accumulate(
                points.matrix.row(point), scaledBy: 1, into: space.centroids.row(Int(label)),
                count: width)
        }
        for cluster in updated where counts[cluster] > 0 {
            let scale = 1 / Float(counts[cluster])
            let row = space.centroids.row(cluster)
            for column in 0..<points.width { row[column] *= scale }
            stale[cluster] = false
        }
        moved = updated
        // Sizes as if the points had moved already, so that several splits choose sensibly.
        var sizes = counts
        for cluster in updated where counts[cluster] == 0 {
            splitLargeCluster(into: cluster, sizes: &sizes)
        }
        for cluster in moved { setBias(cluster) }
    }

    /// Gives an empty cluster one half of another one, which is chosen with a probability that grows
    /// with its size: two copies of its centroid, moved apart by a hair.
    private mutating func splitLargeCluster(into empty: Int, sizes: inout [Int]) {
        stale[empty] = false
        // A cluster of one point has nothing to give.
        let spare = sizes.reduce(0) { $0 + max(0, $1 - 1) }
        guard spare > 0 else { return }
        var draw = random.integer(below: spare)
        var donor = 0
        while draw >= max(0, sizes[donor] - 1) {
            draw -= max(0, sizes[donor] - 1)
            donor += 1
        }
        let nudge: Float = 1 / 1024
        let from = space.centroids.row(donor)
        let into = space.centroids.row(empty)
        into.update(from: from, count: points.matrix.stride)
        for column in 0..<points.width {
            let sign: Float = column.isMultiple(of: 2) ? 1 : -1
            into[column] *= 1 + sign * nudge
            from[column] *= 1 - sign * nudge
        }
        sizes[empty] = sizes[donor] / 2
        sizes[donor] -= sizes[empty]
        if !moved.contains(donor) { moved.append(donor) }
        // Neither is the mean of its points any more.
        stale[donor] = true
        stale[empty] = true
    }

    /// Sets the column of the centroid that meets the points' column of ones.
    private func setBias(_ cluster: Int) {
        let row = space.centroids.row(cluster)
        var square = 0.0
        for column in 0..<points.width { square += Double(row[column]) * Double(row[column]) }
        row[points.width] = Float(-square / 2)
    }
}
