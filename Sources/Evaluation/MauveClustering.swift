import Kernels
import Locks

extension MauveScore {
    /// The rows of all sets, one after the other, each divided by its length (zeros stay zeros).
    static func unitRows(_ sets: [FeatureSet]) -> FloatMatrix {
        let width = sets.first?.width ?? 0
        let matrix = FloatMatrix(rows: sets.reduce(0) { $0 + $1.count }, columns: width)
        var first = 0
        for set in sets {
            set.values.withUnsafeBufferPointer { values in
                guard let values = values.baseAddress else { return }
                Parallel.forEachRange(set.count, grain: 256) { rows in
                    for row in rows {
                        let input = values + row * width
                        let length = sumOfSquares(input, count: width).squareRoot()
                        accumulate(
                            input, scaledBy: length > 0 ? Float(1 / length) : 1,
                            into: matrix.row(first + row), count: width)
                    }
                }
            }
            first += set.count
        }
        return matrix
    }

    /// The labels of the best of the restarts, for each seed.
    static func labels(
        _ points: KMeans.Points, buckets: Int, options: MauveOptions
    ) -> [[Int32]] {
        let restarts = options.restarts
        var runs = [KMeans?](repeating: nil, count: options.seeds * restarts)
        let workspaces = WorkspacePool(points: points, clusters: buckets)
        runs.withUnsafeMutableBufferPointer { runs in
            Parallel.forEach(runs.count) { index in
                let seed = options.seed &+ UInt64(index / restarts)
                let workspace = workspaces.take()
                runs[index] = KMeans(
                    points, clusters: buckets, iterations: options.iterations,
                    random: RandomStream(seed: seed, name: "k-means", "\(index % restarts)"),
                    workspace: workspace)
                workspaces.give(back: workspace)
            }
        }
        return (0..<options.seeds).map { seed in
            let ofSeed = runs[seed * restarts..<(seed + 1) * restarts].compactMap(\.self)
            return ofSeed.min { $0.objective < $1.objective }?.labels ?? []
        }
    }
}

/// As many workspaces as threads have asked for at the same time.
private struct WorkspacePool: ~Copyable {
    let points: KMeans.Points
    let clusters: Int
    private let idle = Mutex<[KMeans.Workspace]>([])

    init(points: KMeans.Points, clusters: Int) {
        self.points = points
        self.clusters = clusters
    }

    func take() -> KMeans.Workspace {
        idle.withLock { $0.popLast() } ?? KMeans.Workspace(points: points, clusters: clusters)
    }

    func give(back workspace: KMeans.Workspace) {
        idle.withLock { $0.append(workspace) }
    }
}
