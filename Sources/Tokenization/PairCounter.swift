/// The chunks being merged and how often each pair of adjacent tokens occurs in them.
///
/// All chunks stand in one doubly linked list of symbols, and each pair knows the places where
/// it (once) stood, so that a merge costs as much as the pair occurs, however long the chunks.
struct PairCounter {
    /// No neighbour; also the symbol of a place that was merged away.
    private static let none: Int32 = -1

    private struct Pair {
        let key: UInt64
        var count: Int
        /// Where the pair begins. May hold places where it no longer does.
        var places: [Int32]
        var isMerged = false
    }

    private struct Candidate {
        let count: Int
        let key: UInt64
    }

    private var symbols: [Int32] = []
    private var previous: [Int32] = []
    private var next: [Int32] = []
    private var chunkOf: [Int32] = []
    private let counts: [Int]
    private var pairs: [Pair] = []
    private var pairIndex: [UInt64: Int] = [:]
    private var queue = Heap<Candidate> { left, right in
        left.count != right.count ? left.count > right.count : left.key < right.key
    }

    /// - Parameters:
    ///   - chunks: the different chunks.
    ///   - counts: how often each occurs.
    ///   - byteIDs: the token of each byte.
    init(chunks: ByteStringTable, counts: [Int], byteIDs: [Int32]) {
        self.counts = counts
        let total = chunks.strings.storage.count
        symbols.reserveCapacity(total)
        previous.reserveCapacity(total)
        next.reserveCapacity(total)
        chunkOf.reserveCapacity(total)
        for chunk in 0..<chunks.count {
            let range = chunks.strings.range(of: chunk)
            for place in range {
                symbols.append(byteIDs[Int(chunks.strings.storage[place])])
                previous.append(place == range.lowerBound ? Self.none : Int32(place - 1))
                next.append(place == range.upperBound - 1 ? Self.none : Int32(place + 1))
                chunkOf.append(Int32(chunk))
            }
        }
        for place in 0..<total where next[place] != Self.none {
            let index = index(of: symbols[place], symbols[place + 1])
            pairs[index].count += counts[Int(chunkOf[place])]
            pairs[index].places.append(Int32(place))
        }
        for pair in pairs { queue.push(Candidate(count: pair.count, key: pair.key)) }
    }

    /// The most frequent pair that occurs at least `minimum` times.
    mutating func mostFrequent(_ minimum: Int) -> (left: Int32, right: Int32)? {
        while let top = queue.pop() {
            guard let index = pairIndex[top.key] else { continue }
            let pair = pairs[index]
            // A pair whose count rose was queued again then; one whose count fell is now.
            if pair.isMerged || top.count < pair.count { continue }
            if top.count > pair.count {
                if pair.count > 0 { queue.push(Candidate(count: pair.count, key: pair.key)) }
                continue
            }
            guard pair.count >= max(1, minimum) else { return nil }
            return (
                Int32(truncatingIfNeeded: pair.key >> 32), Int32(truncatingIfNeeded: pair.key)
            )
        }
        return nil
    }

    /// Replaces the pair by `result`, from left to right, wherever it stands.
    mutating func merge(_ pair: (left: Int32, right: Int32), into result: Int32) {
        let merged = index(of: pair.left, pair.right)
        pairs[merged].isMerged = true
        let places = pairs[merged].places.sorted()
        pairs[merged].places = []
        var risen: Set<Int> = []
        for start in places {
            let place = Int(start)
            guard symbols[place] == pair.left, next[place] != Self.none,
                symbols[Int(next[place])] == pair.right
            else { continue }
            let right = Int(next[place])
            let count = counts[Int(chunkOf[place])]
            let before = previous[place]
            let after = next[right]
            if before != Self.none {
                pairs[index(of: symbols[Int(before)], pair.left)].count -= count
                risen.insert(add(count, symbols[Int(before)], result, at: before))
            }
            if after != Self.none {
                pairs[index(of: pair.right, symbols[Int(after)])].count -= count
                risen.insert(add(count, result, symbols[Int(after)], at: start))
                previous[Int(after)] = start
            }
            symbols[place] = result
            symbols[right] = Self.none
            next[place] = after
        }
        for index in risen where pairs[index].count > 0 && !pairs[index].isMerged {
            queue.push(Candidate(count: pairs[index].count, key: pairs[index].key))
        }
    }

    private mutating func add(_ count: Int, _ left: Int32, _ right: Int32, at place: Int32) -> Int {
        let index = index(of: left, right)
        pairs[index].count += count
        pairs[index].places.append(place)
        return index
    }

    private mutating func index(of left: Int32, _ right: Int32) -> Int {
        let key = UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
        if let index = pairIndex[key] { return index }
        pairs.append(Pair(key: key, count: 0, places: []))
        pairIndex[key] = pairs.count - 1
        return pairs.count - 1
    }
}
