/// The merges of a BPE vocabulary: pair of ids → rank, and rank → id of the merged token.
struct MergeTable: Sendable {
    /// The rank of a pair that does not merge.
    static let none = UInt32.max

    private struct Slot: Sendable {
        var pair: UInt64
        var rank: UInt32
    }

    /// The pairs in the order of their ranks.
    let pairs: [(left: Int32, right: Int32)]
    /// The merged token of each rank.
    let results: [Int32]
    private var slots: [Slot]

    /// - Parameters:
    ///   - pairs: the pairs, best first.
    ///   - results: the token that each pair makes, same length.
    ///   - excluded: pairs with such a result are kept for writing but never applied.
    init(
        pairs: [(left: Int32, right: Int32)], results: [Int32], excluding excluded: (Int32) -> Bool
    ) {
        self.pairs = pairs
        self.results = results
        var size = 16
        while size < 2 * pairs.count { size *= 2 }
        slots = [Slot](repeating: Slot(pair: .max, rank: Self.none), count: size)
        for (rank, pair) in pairs.enumerated() where !excluded(results[rank]) {
            let key = Self.key(pair.left, pair.right)
            var slot = Self.slot(key, size - 1)
            while slots[slot].pair != .max && slots[slot].pair != key {
                slot = (slot + 1) & (size - 1)
            }
            slots[slot] = Slot(pair: key, rank: UInt32(rank))
        }
    }

    /// The rank of the pair, ``none`` if it does not merge.
    @inline(__always)
    func rank(_ left: Int32, _ right: Int32) -> UInt32 {
        slots.withUnsafeBufferPointer { slots in
            let key = Self.key(left, right)
            let mask = slots.count - 1
            var slot = Self.slot(key, mask)
            while true {
                let candidate = slots[slot]
                if candidate.pair == key { return candidate.rank }
                if candidate.pair == .max { return Self.none }
                slot = (slot + 1) & mask
            }
        }
    }

    @inline(__always)
    private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    @inline(__always)
    private static func slot(_ key: UInt64, _ mask: Int) -> Int {
        Int(truncatingIfNeeded: foldedProduct(key ^ 0x9E37_79B9_7F4A_7C15, 0xA076_1D64_78BD_642F))
            & mask
    }
}
