/// WordPiece: each word is spelt with the longest pieces that fit, from left to right; a word that
/// cannot be spelt is one unknown token.
struct WordPieceModel: Sendable {
    var normalizer: BERTNormalizer
    /// What a piece inside a word begins with.
    let continuationPrefix: String
    /// Words with more characters than this are unknown.
    let maximumWordLength: Int
    let unknownID: Int32

    private let pieces: ByteStringTable
    private let prefixBytes: [UInt8]
    private let longestPiece: Int

    init(
        vocabulary: Vocabulary, normalizer: BERTNormalizer, continuationPrefix: String,
        maximumWordLength: Int, unknownID: Int32
    ) {
        self.normalizer = normalizer
        self.continuationPrefix = continuationPrefix
        self.maximumWordLength = maximumWordLength
        self.unknownID = unknownID
        let pieces = vocabulary.spellings
        self.pieces = pieces
        prefixBytes = Array(continuationPrefix.utf8)
        longestPiece = (0..<vocabulary.count).map { pieces.strings.range(of: $0).count }.max() ?? 0
    }

    /// Appends the ids of `text` to `ids`.
    func encode(_ text: UnsafeBufferPointer<UInt8>, into ids: inout [Int32]) {
        encode(normalizer.words(text), into: &ids)
    }

    /// Appends the ids of a text that is normalised already to `ids`.
    func encode(normalized text: UnsafeBufferPointer<UInt8>, into ids: inout [Int32]) {
        let scalars = String(decoding: text, as: UTF8.self).unicodeScalars
        encode(BERTNormalizer.words(scalars), into: &ids)
    }

    private func encode(_ words: [[Unicode.Scalar]], into ids: inout [Int32]) {
        var bytes: [UInt8] = []
        for word in words {
            guard word.count <= maximumWordLength else {
                ids.append(unknownID)
                continue
            }
            bytes.removeAll(keepingCapacity: true)
            for scalar in word {
                bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            }
            let first = ids.count
            if !spell(bytes, into: &ids) {
                ids.removeLast(ids.count - first)
                ids.append(unknownID)
            }
        }
    }

    private func spell(_ word: [UInt8], into ids: inout [Int32]) -> Bool {
        var buffer = prefixBytes
        var start = 0
        while start < word.count {
            let skipped = start == 0 ? 0 : prefixBytes.count
            buffer.removeLast(buffer.count - prefixBytes.count)
            buffer.append(contentsOf: word[start..<min(word.count, start + longestPiece)])
            var end = buffer.count
            var found: Int?
            buffer.withUnsafeBufferPointer { buffer in
                while end > prefixBytes.count {
                    let from = skipped == 0 ? prefixBytes.count : 0
                    found = pieces.index(of: UnsafeBufferPointer(rebasing: buffer[from..<end]))
                    if found != nil { return }
                    end -= 1
                }
            }
            guard let found else { return false }
            ids.append(Int32(found))
            start += end - prefixBytes.count
        }
        return true
    }

    /// Text from the spellings of tokens: pieces joined, words set apart by spaces, and the
    /// space before closing punctuation and English contractions taken out.
    func decode(_ spellings: [String]) -> String {
        var text = ""
        for (index, spelling) in spellings.enumerated() {
            // By bytes: a combining mark may follow the prefix.
            if index > 0, spelling.utf8.starts(with: continuationPrefix.utf8) {
                text += String(
                    decoding: spelling.utf8.dropFirst(continuationPrefix.utf8.count), as: UTF8.self)
            } else {
                let word = index > 0 ? " " + spelling : spelling
                text += word
            }
        }
        for (spaced, joined) in [
            (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"),
            (" 'm", "'m"), (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"),
            (" 're", "'re"),
        ] {
            text.replace(spaced, with: joined)
        }
        return text
    }
}
