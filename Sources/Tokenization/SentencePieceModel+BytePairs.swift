extension SentencePieceModel {
    /// Merges characters to pieces, the piece with the best score first, the leftmost of equals.
    func encodeByMerging(
        _ text: UnsafeBufferPointer<UInt8>, into ids: inout [Int32], _ cache: ChunkCache
    ) {
        let first = ids.count
        guard splitsAtSpaces, userSymbols.isEmpty else {
            return merge(text, into: &ids, after: first)
        }
        var start = 0
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: ChunkCache.idLimit) { known in
            guard let output = known.baseAddress else { return }
            while start < text.count {
                let end = Self.wordEnd(text, from: start)
                defer { start = end }
                guard end - start <= ChunkCache.byteLimit else {
                    merge(
                        UnsafeBufferPointer(rebasing: text[start..<end]), into: &ids, after: first)
                    continue
                }
                let key = ChunkCache.Key(text, from: start, length: end - start)
                let count = cache.copyIDs(of: key, to: output)
                if count > 0 {
                    ids.append(contentsOf: known[..<count])
                    continue
                }
                let before = ids.count
                merge(UnsafeBufferPointer(rebasing: text[start..<end]), into: &ids, after: first)
                // What an unknown piece becomes depends on what comes before it.
                if !ids[before...].contains(unknownID), ids.count > before {
                    ids[before...].withUnsafeBufferPointer { cache.remember(key, $0) }
                }
            }
        }
    }

    /// The end of the word at `start`: spaces, if it begins with any, and all up to the next space.
    private static func wordEnd(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        func isSpace(_ position: Int) -> Bool {
            text[position] == 0xE2 && position + 2 < text.count && text[position + 1] == 0x96
                && text[position + 2] == 0x81
        }
        var position = start
        while position < text.count, isSpace(position) { position += 3 }
        while position < text.count, !isSpace(position) { position += 1 }
        return position
    }

    /// A run of characters that is one piece, or on its way to be one.
    private struct Symbol {
        var start: Int
        var end: Int
        var previous: Int
        var next: Int
        /// Whether it is a user's symbol, which never merges.
        var isFrozen: Bool
        /// The rank of the piece that it makes with the next symbol.
        var rank = MergeTable.none
    }

    /// Merges all of `text`. O(n log n).
    private func merge(
        _ text: UnsafeBufferPointer<UInt8>, into ids: inout [Int32], after first: Int
    ) {
        var symbols = symbols(of: text)
        // Unused pieces are made like others, and taken apart again in the end: where each of
        // them was last put together.
        var joints: [Int32: Int] = [:]
        var heap = IntegerHeap()
        func rankPair(_ left: Int) {
            let right = symbols[left].next
            symbols[left].rank = MergeTable.none
            guard right < symbols.count, !symbols[left].isFrozen, !symbols[right].isFrozen,
                let id = id(text, symbols[left].start..<symbols[right].end)
            else { return }
            symbols[left].rank = ranks[Int(id)]
            heap.push(UInt64(symbols[left].rank) << 32 | UInt64(left))
            if types[Int(id)] == .unused {
                joints[id] = symbols[left].end - symbols[left].start
            }
        }
        for index in symbols.indices { rankPair(index) }
        while let top = heap.pop() {
            let left = Int(top & 0xFFFF_FFFF)
            // Stale unless the pair there still makes a piece of this rank.
            guard symbols[left].rank == UInt32(top >> 32) else { continue }
            let right = symbols[left].next
            symbols[left].end = symbols[right].end
            symbols[left].next = symbols[right].next
            if symbols[right].next < symbols.count {
                symbols[symbols[right].next].previous = left
            }
            symbols[right].rank = MergeTable.none
            if symbols[left].previous >= 0 { rankPair(symbols[left].previous) }
            rankPair(left)
        }
        var index = 0
        while index < symbols.count {
            append(
                text, symbols[index].start..<symbols[index].end, joints, to: &ids, after: first)
            index = symbols[index].next
        }
    }

    private func symbols(of text: UnsafeBufferPointer<UInt8>) -> [Symbol] {
        var symbols: [Symbol] = []
        symbols.reserveCapacity(text.count)
        var position = 0
        while position < text.count {
            let symbol = userSymbols.isEmpty ? nil : userSymbols.longestPrefix(text, from: position)
            let length = symbol?.length ?? Self.characterLength(text[position])
            let end = min(text.count, position + length)
            symbols.append(
                Symbol(
                    start: position, end: end, previous: symbols.count - 1,
                    next: symbols.count + 1, isFrozen: symbol != nil))
            position = end
        }
        return symbols
    }

    /// The piece spelt so, if merging may make it.
    private func id(_ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Int32? {
        guard let id = pieces.index(of: UnsafeBufferPointer(rebasing: text[range])),
            id < ranks.count, ranks[id] != MergeTable.none
        else { return nil }
        return Int32(id)
    }

    /// Appends the id of a symbol, taken apart as long as it is an unused piece.
    private func append(
        _ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ joints: [Int32: Int],
        to ids: inout [Int32], after first: Int
    ) {
        let id = id(text, range) ?? unknownID
        guard types[Int(id)] == .unused, let joint = joints[id] else {
            return append(id, text, range, to: &ids, after: first)
        }
        let middle = range.lowerBound + joint
        append(text, range.lowerBound..<middle, joints, to: &ids, after: first)
        append(text, middle..<range.upperBound, joints, to: &ids, after: first)
    }
}
