/// What one thread needs to encode: the cache of chunks, the classes of characters, and
/// buffers that are used again.
final class BytePairWorkspace {
    let cache = ChunkCache()
    let classes: CharacterClassifier
    /// Ids on their way to an array, which would check its capacity for each of them.
    fileprivate let output = UnsafeMutablePointer<Int32>.allocate(capacity: outputCapacity)
    fileprivate let ranks = UnsafeMutablePointer<UInt32>.allocate(
        capacity: BytePairModel.scanLimit)
    fileprivate static let outputCapacity = 4096

    init(_ preTokenizer: ByteLevelPreTokenizer) { classes = preTokenizer.classifier }

    deinit {
        output.deallocate()
        ranks.deallocate()
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
    static let scanLimit = MergeTable.scanLimit

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
        byteTokens = ByteAlphabet.scalars.map { vocabulary.modelID(String($0)) ?? -1 }
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
        if preTokenizer.earlierSteps.isEmpty { return encodePiece(text, into: &ids, workspace) }
        return SplitStep.pieces(Array(text), preTokenizer.earlierSteps).reduce(0) { sum, piece in
            sum + piece.withUnsafeBufferPointer { encodePiece($0, into: &ids, workspace) }
        }
    }

    private func encodePiece(
        _ text: UnsafeBufferPointer<UInt8>, into ids: inout [Int32], _ workspace: BytePairWorkspace
    ) -> Int {
        if preTokenizer.addsPrefixSpace && text[0] != UInt8(ascii: " ") {
            let prefixed = [UInt8(ascii: " ")] + text
            return prefixed.withUnsafeBufferPointer { encodeChunks($0, into: &ids, workspace) }
        }
        return encodeChunks(text, into: &ids, workspace)
    }

    private func encodeChunks(
        _ text: UnsafeBufferPointer<UInt8>, into ids: inout [Int32], _ workspace: BytePairWorkspace
    ) -> Int {
        let output = workspace.output
        var filled = 0
        var dropped = 0
        var start = 0
        while start < text.count {
            if filled + Self.scanLimit > BytePairWorkspace.outputCapacity {
                ids.append(contentsOf: UnsafeBufferPointer(start: output, count: filled))
                filled = 0
            }
            let end = preTokenizer.chunkEnd(text, from: start, workspace.classes)
            let length = end - start
            if length <= ChunkCache.byteLimit {
                let key = ChunkCache.Key(text, from: start, length: length)
                let known = workspace.cache.copyIDs(of: key, to: output + filled)
                if known > 0 {
                    filled += known
                } else {
                    filled += encodeNewChunk(
                        UnsafeBufferPointer(rebasing: text[start..<end]), key,
                        to: output + filled, &dropped, workspace)
                }
            } else {
                let chunk = UnsafeBufferPointer(rebasing: text[start..<end])
                if length <= Self.scanLimit {
                    let made = encodeShortChunk(chunk, to: output + filled, workspace.ranks)
                    filled += made.count
                    dropped += made.dropped
                } else {
                    ids.append(contentsOf: UnsafeBufferPointer(start: output, count: filled))
                    filled = 0
                    dropped += encodeLongChunk(chunk, into: &ids)
                }
            }
            start = end
        }
        ids.append(contentsOf: UnsafeBufferPointer(start: output, count: filled))
        return dropped
    }

    /// Works out a chunk that the cache does not know, and tells the cache.
    @inline(never)
    private func encodeNewChunk(
        _ chunk: UnsafeBufferPointer<UInt8>, _ key: ChunkCache.Key,
        to output: UnsafeMutablePointer<Int32>, _ dropped: inout Int,
        _ workspace: BytePairWorkspace
    ) -> Int {
        let made = encodeShortChunk(chunk, to: output, workspace.ranks)
        dropped += made.dropped
        // A chunk with dropped bytes is worked out each time, so that they are counted.
        if made.dropped == 0 {
            workspace.cache.remember(key, UnsafeBufferPointer(start: output, count: made.count))
        }
        return made.count
    }

    // MARK: One chunk

    /// Writes the ids of a chunk of at most ``scanLimit`` bytes to `output`.
    private func encodeShortChunk(
        _ chunk: UnsafeBufferPointer<UInt8>, to output: UnsafeMutablePointer<Int32>,
        _ ranks: UnsafeMutablePointer<UInt32>
    ) -> (count: Int, dropped: Int) {
        if let id = wholeToken(chunk) {
            output[0] = id
            return (1, 0)
        }
        let count = writeSymbols(of: chunk, to: output)
        let dropped = chunk.count - count
        return (merges.applyByScanning(to: output, count, ranks), dropped)
    }

    /// Appends the ids of a chunk of any length; O(n log n).
    /// - Returns: how many bytes were dropped.
    private func encodeLongChunk(
        _ chunk: UnsafeBufferPointer<UInt8>, into ids: inout [Int32]
    ) -> Int {
        if let id = wholeToken(chunk) {
            ids.append(id)
            return 0
        }
        var symbols = symbols(of: chunk)
        let dropped = chunk.count - symbols.count
        merges.applyWithHeap(to: &symbols)
        ids.append(contentsOf: symbols)
        return dropped
    }

    private func wholeToken(_ chunk: UnsafeBufferPointer<UInt8>) -> Int32? {
        guard ignoresMerges, let whole = wholeTokens.index(of: chunk) else { return nil }
        return wholeTokenIDs[whole]
    }

    /// The tokens of the bytes, those without one left out.
    func symbols(of chunk: UnsafeBufferPointer<UInt8>) -> [Int32] {
        [Int32](unsafeUninitializedCapacity: chunk.count) { symbols, count in
            guard let start = symbols.baseAddress else { return }
            count = writeSymbols(of: chunk, to: start)
        }
    }

    private func writeSymbols(
        of chunk: UnsafeBufferPointer<UInt8>, to output: UnsafeMutablePointer<Int32>
    ) -> Int {
        var count = 0
        for byte in chunk {
            let id = byteTokens[Int(byte)]
            if id >= 0 {
                output[count] = id
            } else if let unknownID {
                output[count] = unknownID
            } else {
                continue
            }
            count += 1
        }
        return count
    }
}
