import Kernels

/// Which records a step trains on: a function of (seed, step) alone, so that a resumed run goes on
/// where it stopped.
public struct BatchOrder: Sendable {
    private let recordCount: Int
    private let batchSize: Int
    private let seed: UInt64?

    /// - Parameters:
    ///   - recordCount: at least 1
    ///   - batchSize: at least 1
    ///   - seed: of the shuffle of every epoch; nil keeps the file's order
    public init(recordCount: Int, batchSize: Int, seed: UInt64?) {
        self.recordCount = recordCount
        self.batchSize = batchSize
        self.seed = seed
    }

    /// The records of step `step`, counted from 0: places step·B ..< (step + 1)·B of the epochs laid
    /// end to end.
    public func records(step: Int) -> [Int] {
        var epochs: [Int: [Int]] = [:]
        return (step * batchSize..<(step + 1) * batchSize).map { place in
            let epoch = place / recordCount
            let order = epochs[epoch] ?? permutation(epoch: epoch)
            epochs[epoch] = order
            return order[place % recordCount]
        }
    }

    private func permutation(epoch: Int) -> [Int] {
        let records = Array(0..<recordCount)
        guard let seed else { return records }
        var random = RandomStream(seed: seed, name: "epoch", String(epoch))
        return records.shuffled(using: &random)
    }
}
