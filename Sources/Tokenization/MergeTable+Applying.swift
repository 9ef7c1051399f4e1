// Of all adjacent pairs of symbols the one with the best rank merges, the leftmost of equals, until
// no pair merges. Two ways to the same result.
extension MergeTable {
    /// Up to this many symbols are merged by scanning, more with a heap.
    static let scanLimit = 48

    /// Merges symbols: of all adjacent pairs the one with the best rank, the leftmost of equals, until
    /// no pair merges.
    func apply(to symbols: inout [Int32]) {
        guard symbols.count <= Self.scanLimit else { return applyWithHeap(to: &symbols) }
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: Self.scanLimit) { ranks in
            let count = symbols.withUnsafeMutableBufferPointer { symbols in
                guard let first = symbols.baseAddress, let ranks = ranks.baseAddress else {
                    return 0
                }
                return applyByScanning(to: first, symbols.count, ranks)
            }
            symbols.removeLast(symbols.count - count)
        }
    }

    /// Merges `count` symbols in place, comparing all ranks for each merge: quadratic, and for
    /// short chunks the fastest.
    /// - Parameter ranks: room for `count` ranks.
    /// - Returns: how many symbols are left.
    func applyByScanning(
        to symbols: UnsafeMutablePointer<Int32>, _ initialCount: Int,
        _ ranks: UnsafeMutablePointer<UInt32>
    ) -> Int {
        var count = initialCount
        guard count > 1 else { return count }
        for index in 0..<count - 1 { ranks[index] = rank(symbols[index], symbols[index + 1]) }
        while count > 1 {
            var best = 0
            for index in 1..<max(1, count - 1) where ranks[index] < ranks[best] { best = index }
            let rank = ranks[best]
            if rank == Self.none { break }
            symbols[best] = results[Int(rank)]
            count -= 1
            // Close the gap: symbol best + 1 is gone, and with it the pair that began there.
            var index = best + 1
            while index < count {
                symbols[index] = symbols[index + 1]
                ranks[index] = ranks[index + 1]
                index += 1
            }
            if best + 1 < count { ranks[best] = self.rank(symbols[best], symbols[best + 1]) }
            if best > 0 { ranks[best - 1] = self.rank(symbols[best - 1], symbols[best]) }
        }
        return count
    }

    /// Merges symbols in O(n log n): a linked list of them, and a heap of (rank, position).
    func applyWithHeap(to symbols: inout [Int32]) {
        let count = symbols.count
        guard count > 1 else { return }
        var ranks = [UInt32](repeating: Self.none, count: count)
        var previous = (0..<Int32(count)).map { $0 - 1 }
        var next = (1...Int32(count)).map { $0 }
        var heap = IntegerHeap()
        /// Ranks the pair that begins at `position` and queues it.
        func rankPair(_ position: Int) {
            let right = Int(next[position])
            ranks[position] =
                right < count ? rank(symbols[position], symbols[right]) : Self.none
            if ranks[position] != Self.none {
                heap.push(UInt64(ranks[position]) << 32 | UInt64(position))
            }
        }
        for position in 0..<count - 1 { rankPair(position) }
        while let top = heap.pop() {
            let position = Int(top & 0xFFFF_FFFF)
            // Stale unless the pair there still has this rank.
            guard ranks[position] == UInt32(top >> 32) else { continue }
            let right = Int(next[position])
            symbols[position] = results[Int(ranks[position])]
            next[position] = next[right]
            if Int(next[right]) < count { previous[Int(next[right])] = Int32(position) }
            ranks[right] = Self.none
            rankPair(position)
            if previous[position] >= 0 { rankPair(Int(previous[position])) }
        }
        var kept = 0
        var position = 0
        while position < count {
            symbols[kept] = symbols[position]
            kept += 1
            position = Int(next[position])
        }
        symbols.removeLast(count - kept)
    }
}
