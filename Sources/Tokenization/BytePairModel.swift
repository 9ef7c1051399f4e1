/// What one thread needs to encode: the cache of chunks, the classes of characters, and
/// buffers that are used again.
final class BytePairWorkspace {
    let cache = ChunkCache()
    let classes = CharacterClassifier()
    fileprivate var symbols: [Int32] = []
    fileprivate var ranks: [UInt32] = []
    fileprivate var previous: [Int32] = []
    fileprivate var next: [Int32] = []
    fileprivate var heap = IntegerHeap()

    /// Buffers larger than this are given back after use.
    fileprivate static let keptCapacity = 1 << 16

    fileprivate func shrink() {
        guard symbols.capacity > Self.keptCapacity else { return }
        symbols = []
        ranks = []
        previous = []
        next = []
        heap.clear(keeping: Self.keptCapacity)
    }
}

/// Byte-level byte-pair encoding: a chunk starts as its bytes' tokens; of all adjacent pairs the
/// one with the best rank merges, the leftmost of equals, until no pair merges.
struct BytePairModel: Sendable {
    var preTokenizer: ByteLevelPreTokenizer
    /// A chunk that is a token as a whole is that token, whatever the merges say.
    var ignoresMerges: Bool
    let merges: MergeTable
    /// The token of each byte; -1 where the vocabulary has none.
    let byteTokens: [Int32]
    /// Stands for bytes without a token; without it they are dropped and counted.
    let unknownID: Int32?
    /// Ids by the bytes they stand for; used for ``ignoresMerges`` only.
    private let wholeTokens: ByteStringTable
    private let wholeTokenIDs: [Int32]

    /// Chunks up to this many bytes are merged by scanning, longer ones with a heap.
    static let scanLimit = 48

    init(
        vocabulary: Vocabulary, merges pairs: [(left: Int32, right: Int32)], results: [Int32],
        preTokenizer: ByteLevelPreTokenizer, ignoresMerges: Bool = false, unknownID: Int32? = nil
    ) {
        self.preTokenizer = preTokenizer
        self.ignoresMerges = ignoresMerges
        self.unknownID = unknownID
        // Data must never turn into a special token, so no merge may make one.
        merges = MergeTable(pairs: pairs, results: results) {
            vocabulary.kinds[Int($0)] == .special
        }
        byteTokens = ByteAlphabet.scalars.map { scalar in
            guard let id = vocabulary.id(String(scalar)), vocabulary.kinds[Int(id)] != .special
            else { return -1 }
            return id
        }
        var whole = ByteStringTable(capacity: ignoresMerges ? vocabulary.count : 0)
        var ids: [Int32] = []
        if ignoresMerges {
            for id in vocabulary.ids(of: .ordinary) {
                let isNew = vocabulary.textBytes(id).withUnsafeBufferPointer {
                    whole.insert($0).inserted
                }
                if isNew { ids.append(id) }
            }
        }
        wholeTokens = whole
        wholeTokenIDs = ids
    }

    /// Appends the ids of `text`, which holds no added tokens, to `ids`.
    /// - Returns: how many bytes were dropped for want of a token.
    func encode(
        _ text: UnsafeBufferPointer<UInt8>, into ids: inout [Int32], _ workspace: BytePairWorkspace
    ) -> Int {
        guard !text.isEmpty else { return 0 }
        if preTokenizer.addsPrefixSpace && text[0] != UInt8(ascii: " ") {
            let prefixed = [UInt8(ascii: " ")] + text
            return prefixed.withUnsafeBufferPointer { encodeChunks($0, into: &ids, workspace) }
        }
        return encodeChunks(text, into: &ids, workspace)
    }

    private func encodeChunks(
        _ text: UnsafeBufferPointer<UInt8>, into ids: inout [Int32], _ workspace: BytePairWorkspace
    ) -> Int {
        var dropped = 0
        var start = 0
        while start < text.count {
            let end = preTokenizer.chunkEnd(text, from: start, workspace.classes)
            let chunk = UnsafeBufferPointer(rebasing: text[start..<end])
            start = end
            guard chunk.count <= ChunkCache.byteLimit else {
                dropped += merge(chunk, into: &ids, workspace)
                continue
            }
            let key = ChunkCache.Key(chunk)
            if workspace.cache.append(key, to: &ids) { continue }
            let first = ids.count
            let lost = merge(chunk, into: &ids, workspace)
            // A chunk with dropped bytes is worked out each time, so that they are counted.
            if lost == 0 { workspace.cache.remember(key, ids[first...]) }
            dropped += lost
        }
        return dropped
    }

    /// Appends the ids of one chunk. O(n log n) in its length.
    func merge(
        _ chunk: UnsafeBufferPointer<UInt8>, into ids: inout [Int32],
        _ workspace: BytePairWorkspace,
        scanLimit: Int = Self.scanLimit
    ) -> Int {
        if ignoresMerges, let whole = wholeTokens.index(of: chunk) {
            ids.append(wholeTokenIDs[whole])
            return 0
        }
        var dropped = 0
        workspace.symbols.removeAll(keepingCapacity: true)
        for byte in chunk {
            let id = byteTokens[Int(byte)]
            if id >= 0 {
                workspace.symbols.append(id)
            } else if let unknownID {
                workspace.symbols.append(unknownID)
            } else {
                dropped += 1
            }
        }
        if workspace.symbols.count <= scanLimit {
            mergeByScanning(workspace)
            ids.append(contentsOf: workspace.symbols)
        } else {
            mergeWithHeap(workspace, into: &ids)
            workspace.shrink()
        }
        return dropped
    }

    /// Quadratic, and for short chunks the fastest.
    private func mergeByScanning(_ workspace: BytePairWorkspace) {
        var count = workspace.symbols.count
        guard count > 1 else { return }
        if workspace.ranks.count < count {
            workspace.ranks = [UInt32](repeating: 0, count: max(count, Self.scanLimit))
        }
        workspace.symbols.withUnsafeMutableBufferPointer { symbols in
            workspace.ranks.withUnsafeMutableBufferPointer { ranks in
                for index in 0..<count - 1 {
                    ranks[index] = merges.rank(symbols[index], symbols[index + 1])
                }
                ranks[count - 1] = MergeTable.none
                while count > 1 {
                    var best = 0
                    for index in 1..<max(1, count - 1) where ranks[index] < ranks[best] {
                        best = index
                    }
                    let rank = ranks[best]
                    if rank == MergeTable.none { break }
                    symbols[best] = merges.results[Int(rank)]
                    count -= 1
                    // Close the gap: symbol best + 1 is gone, and with it the pair that began there.
                    var index = best + 1
                    while index < count {
                        symbols[index] = symbols[index + 1]
                        ranks[index] = ranks[index + 1]
                        index += 1
                    }
                    ranks[best] =
                        best + 1 < count
                        ? merges.rank(symbols[best], symbols[best + 1]) : MergeTable.none
                    if best > 0 { ranks[best - 1] = merges.rank(symbols[best - 1], symbols[best]) }
                }
            }
        }
        workspace.symbols.removeLast(workspace.symbols.count - count)
    }

    /// Linked list of symbols and a heap of (rank, position), for chunks of any length.
    private func mergeWithHeap(_ workspace: BytePairWorkspace, into ids: inout [Int32]) {
        let count = workspace.symbols.count
        var heap = IntegerHeap()
        swap(&heap, &workspace.heap)
        workspace.ranks = [UInt32](repeating: MergeTable.none, count: count)
        workspace.previous = (0..<Int32(count)).map { $0 - 1 }
        workspace.next = (1...Int32(count)).map { $0 }
        workspace.symbols.withUnsafeMutableBufferPointer { symbols in
            workspace.ranks.withUnsafeMutableBufferPointer { ranks in
                workspace.previous.withUnsafeMutableBufferPointer { previous in
                    workspace.next.withUnsafeMutableBufferPointer { next in
                        /// Ranks the pair that begins at `position` and queues it.
                        func rankPair(_ position: Int) {
                            let right = Int(next[position])
                            ranks[position] =
                                right < count
                                ? merges.rank(symbols[position], symbols[right]) : MergeTable.none
                            if ranks[position] != MergeTable.none {
                                heap.push(UInt64(ranks[position]) << 32 | UInt64(position))
                            }
                        }
                        for position in 0..<count { rankPair(position) }
                        while let top = heap.pop() {
                            let position = Int(top & 0xFFFF_FFFF)
                            // Stale unless the pair there still has this rank.
                            guard ranks[position] == UInt32(top >> 32) else { continue }
                            let right = Int(next[position])
                            symbols[position] = merges.results[Int(ranks[position])]
                            next[position] = next[right]
                            if Int(next[right]) < count {
                                previous[Int(next[right])] = Int32(position)
                            }
                            ranks[right] = MergeTable.none
                            rankPair(position)
                            if previous[position] >= 0 { rankPair(Int(previous[position])) }
                        }
                        var position = 0
                        while position < count {
                            ids.append(symbols[position])
                            position = Int(next[position])
                        }
                    }
                }
            }
        }
        swap(&heap, &workspace.heap)
    }
}
