import Glibc

/// log Σ exp(x), finite for any finite `x` (the largest is subtracted first).
func logSumExp(_ x: some Collection<Double>) -> Double {
    guard let top = x.max(), top.isFinite else { return x.max() ?? -.infinity }
    return top + log(x.reduce(0) { $0 + exp($1 - top) })
}
