/// SentencePiece: text is normalised, spaces become a visible character, and the whole is spelt with
/// pieces that are found by merging (BPE) or by the best sum of scores (unigram).
struct SentencePieceModel: Sendable {
    let algorithm: SentencePieceFile.Algorithm
    let normalizer: SentencePieceNormalizer
    /// The pieces, and tokens that were added to them.
    let pieces: ByteStringTable
    let types: [SentencePieceFile.PieceType]
    let scores: [Float]
    let unknownID: Int32
    /// The pieces of bytes, which spell what no other piece does; nil without them.
    let byteIDs: [Int32]?
    /// The byte that a piece stands for, for those that do.
    private let byteOfPiece: [Int32: UInt8]
    private let unknownSurface: [UInt8]
    let userSymbols: ByteTrie
    /// BPE: how early a piece is made, as the place of its score among all scores; equal scores,
    /// equal ranks. ``MergeTable/none`` for pieces that merging does not make.
    let ranks: [UInt32]
    /// BPE: whether a space begins a word whatever comes before it, so that words are spelt one by
    /// one.
    let splitsAtSpaces: Bool
    /// Unigram: the pieces that text can hold.
    let trie: ByteTrie
    /// Unigram: what a character without a piece costs.
    let unknownScore: Float

    /// The model of a file.
    /// - Parameter table: its pieces, by spelling, and any others after them.
    init(_ file: SentencePieceFile, table: ByteStringTable) throws(TokenizationError) {
        algorithm = file.algorithm
        pieces = table
        types = file.types
        // A user's symbol wins over what else spells the same: scores are logarithms, below zero.
        scores = file.types.indices.map { id in
            guard file.types[id] == .userDefined, file.algorithm == .unigram else {
                return file.scores[id]
            }
            return Float(0.1 * Double(file.pieces[id].count - 1))
        }
        let symbols = file.types.indices.filter { file.types[$0] == .userDefined }
        userSymbols = ByteTrie(file.pieces, symbols)
        normalizer = try SentencePieceNormalizer(
            file.normalization, userSymbols: userSymbols, source: file.path)
        unknownID = Int32(file.types.firstIndex(of: .unknown) ?? 0)
        unknownSurface = Array(file.unknownSurface.utf8)
        (byteIDs, byteOfPiece) = try Self.bytes(file, table)

        let inText = file.types.indices.filter {
            [.normal, .userDefined, .unused].contains(file.types[$0])
        }
        switch file.algorithm {
        case .bytePairs:
            ranks = Self.ranks(file.scores, inText)
            // What unused pieces are taken apart into may depend on all of the text.
            splitsAtSpaces =
                !file.types.contains(.unused)
                && !inText.contains { Self.hasSpaceInside(file.pieces[$0]) }
            trie = ByteTrie(ByteStrings(), [])
        case .unigram:
            ranks = []
            splitsAtSpaces = false
            trie = ByteTrie(file.pieces, inText)
        }
        let normal = file.types.indices.filter { file.types[$0] == .normal }
        unknownScore = (normal.map { file.scores[$0] }.min() ?? .greatestFiniteMagnitude) - 10
    }

    private static func bytes(
        _ file: SentencePieceFile, _ table: ByteStringTable
    ) throws(TokenizationError) -> ([Int32]?, [Int32: UInt8]) {
        guard file.fallsBackToBytes else { return (nil, [:]) }
        var ids: [Int32] = []
        var bytes: [Int32: UInt8] = [:]
        for byte in UInt8.min ... .max {
            let digits = String(byte, radix: 16, uppercase: true)
            let name = "<0x" + (digits.count == 1 ? "0" + digits : digits) + ">"
            guard let id = table.index(of: name), file.types[id] == .byte else {
                throw file.malformed("no piece \(name) for a byte")
            }
            ids.append(Int32(id))
            bytes[Int32(id)] = byte
        }
        return (ids, bytes)
    }

    private static func ranks(_ scores: [Float], _ ids: [Int]) -> [UInt32] {
        var ranks = [UInt32](repeating: MergeTable.none, count: scores.count)
        var rank: UInt32 = 0
        var last: Float?
        for id in ids.sorted(by: { scores[$0] > scores[$1] }) {
            if let last, scores[id] < last { rank += 1 }
            last = scores[id]
            ranks[id] = rank
        }
        return ranks
    }

    /// Whether something else than a space comes before a space.
    private static func hasSpaceInside(_ piece: ArraySlice<UInt8>) -> Bool {
        let space = SentencePieceNormalizer.spaceSymbol
        var rest = piece
        while rest.starts(with: space) { rest = rest.dropFirst(space.count) }
        return rest.indices.contains { rest[$0...].starts(with: space) }
    }

    // MARK: Encoding

    /// Appends the ids of `text` to `ids`.
    func encode(
        _ text: UnsafeBufferPointer<UInt8>, into ids: inout [Int32],
        _ workspace: SentencePieceWorkspace
    ) {
        var normalized: [UInt8] = []
        swap(&normalized, &workspace.normalized)
        normalizer.normalize(text, into: &normalized)
        normalized.withUnsafeBufferPointer { text in
            guard !text.isEmpty else { return }
            switch algorithm {
            case .bytePairs: encodeByMerging(text, into: &ids, workspace.cache)
            case .unigram: encodeByScore(text, into: &ids)
            }
        }
        swap(&normalized, &workspace.normalized)
    }

    /// Appends the id of a piece of the text, or what stands for it if there is none: its bytes, or
    /// the unknown id, once for a run of them.
    func append(
        _ id: Int32, _ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>,
        to ids: inout [Int32], after first: Int
    ) {
        if id != unknownID {
            ids.append(id)
        } else if let byteIDs {
            for byte in text[range] { ids.append(byteIDs[Int(byte)]) }
        } else if ids.count == first || ids[ids.count - 1] != unknownID {
            ids.append(id)
        }
    }

    /// The length of the character that begins with a byte of valid UTF-8.
    @inline(__always)
    static func characterLength(_ first: UInt8) -> Int {
        first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
    }

    // MARK: Decoding

    /// The text of ids. The space that encoding adds in front is taken away again; bytes that are no
    /// UTF-8 become U+FFFD, one each.
    /// - Parameter spellsControl: whether control symbols, and tokens that were added to the model,
    ///   are spelt out.
    func decode(_ ids: some Sequence<Int32>, spellsControl: Bool) -> [UInt8] {
        let strips = normalizer.options.addsSpace || normalizer.options.removesExtraSpaces
        var text: [UInt8] = []
        var bytes: [UInt8] = []
        var isAtStart = true
        for id in ids {
            if let byte = byteOfPiece[id] {
                bytes.append(byte)
                continue
            }
            Self.flush(&bytes, to: &text)
            isAtStart = isAtStart && text.isEmpty
            var piece = pieces[Int(id)]
            if id == unknownID {
                text += unknownSurface
            } else if Int(id) >= types.count || types[Int(id)] == .control {
                if spellsControl { text += piece }
            } else {
                if isAtStart, strips, piece.starts(with: SentencePieceNormalizer.spaceSymbol) {
                    piece = piece.dropFirst(SentencePieceNormalizer.spaceSymbol.count)
                    // Where extra spaces go, all of them go from the beginning.
                    isAtStart = normalizer.options.removesExtraSpaces
                }
                Self.append(piece, to: &text)
            }
        }
        Self.flush(&bytes, to: &text)
        return text
    }

    /// Appends the bytes that were spelt one by one.
    private static func flush(_ bytes: inout [UInt8], to text: inout [UInt8]) {
        guard !bytes.isEmpty else { return }
        bytes.withUnsafeBufferPointer { bytes in
            var position = 0
            while position < bytes.count {
                let (scalar, length) = decodeScalar(bytes, at: position)
                if scalar == nil {
                    text += [0xEF, 0xBF, 0xBD]
                } else {
                    text += bytes[position..<position + length]
                }
                position += length
            }
        }
        bytes.removeAll(keepingCapacity: true)
    }

    private static func append(_ piece: ArraySlice<UInt8>, to text: inout [UInt8]) {
        var rest = piece
        while let first = rest.first {
            if first == SentencePieceNormalizer.spaceSymbol[0],
                rest.starts(with: SentencePieceNormalizer.spaceSymbol)
            {
                text.append(UInt8(ascii: " "))
                rest = rest.dropFirst(SentencePieceNormalizer.spaceSymbol.count)
            } else {
                text.append(first)
                rest = rest.dropFirst()
            }
        }
    }
}

/// What one thread needs to encode with SentencePiece.
final class SentencePieceWorkspace {
    let cache = ChunkCache()
    fileprivate(set) var normalized: [UInt8] = []
}
