import CProduct

extension MatrixPrecision {
    /// Floating-point operations a second of the tile of a matrix product, on all threads, with its
    /// factors in the first-level cache: what a product could reach at most on this machine.
    public func measuredRoof() -> Double {
        let words = 96
        let repetitions = 20_000
        let tasks = Parallel.threads
        var best = Double.infinity
        // The fastest of a few runs: others may use the machine too.
        for _ in 0..<3 {
            let start = StageClock.now
            Parallel.forEach(tasks) { _ in
                let size = words * (ProductTile.rows + ProductTile.columns)
                let memory = ThreadScratch.memory(
                    .rightFactor, bytes: size * MemoryLayout<UInt32>.stride
                ).assumingMemoryBound(to: UInt32.self)
                memory.update(repeating: 0, count: size)
                let rows = LeftRows(
                    base: memory, rowStride: words, step: 1, rows: ProductTile.rows)
                let panel = memory + words * ProductTile.rows
                withSums { sums in
                    for _ in 0..<repetitions {
                        ProductTile.multiply(
                            rows, panel, words: words, precision: self, ahead: panel, into: sums)
                    }
                }
            }
            best = min(best, StageClock.now - start)
        }
        let products = ProductTile.rows * ProductTile.columns * words * perWord
        return 2 * Double(products * repetitions * tasks) / best
    }

    /// How this processor computes products, e.g. `bf16 (AVX512-BF16)`.
    public var implementation: String {
        let instructions =
            switch self {
            case .float32: product_has_wide_vectors() ? "AVX-512" : "256 bits or less"
            case .bfloat16: product_has_bfloat16() ? "AVX512-BF16" : "in 32 bits"
            }
        return "\(rawValue) (\(instructions))"
    }
}
