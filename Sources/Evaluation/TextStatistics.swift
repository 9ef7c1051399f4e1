/// Lengths and repetition of a set of texts, on words between white space.
public struct TextStatistics: Sendable, Hashable {
    /// Number of texts.
    public let count: Int
    /// Number of texts without a word.
    public let emptyCount: Int
    /// Mean length in words.
    public let meanWords: Double
    /// Mean length in UTF-8 bytes.
    public let meanBytes: Double
    /// Different n-grams of all texts divided by their number, for n = 1 … 4 (Li et al. 2016).
    public let distinct: [Double]
    /// Mean over texts of at least four words of the share of 4-grams that repeat an earlier one of
    /// the same text (Welleck et al. 2020).
    public let repeatedFourGrams: Double

    /// Measures texts.
    public init(_ texts: some Collection<String>) {
        var numbers: [Substring: Int32] = [:]
        var seen = [Set<NGram>](repeating: [], count: 4)
        var totals = [Int](repeating: 0, count: 4)
        var (words, bytes, empty) = (0, 0, 0)
        var (repeated, measured) = (0.0, 0)
        for text in texts {
            bytes += text.utf8.count
            var ids: [Int32] = []
            for word in Substring(text).utf8.split(whereSeparator: isWhiteSpace) {
                let word = Substring(word)
                let id = numbers[word] ?? Int32(numbers.count)
                numbers[word] = id
                ids.append(id)
            }
            words += ids.count
            if ids.isEmpty { empty += 1 }
            for length in 1...4 where ids.count >= length {
                let grams = (0...ids.count - length).map { NGram(ids[$0..<$0 + length]) }
                totals[length - 1] += grams.count
                seen[length - 1].formUnion(grams)
                if length == 4 {
                    repeated += 1 - Double(Set(grams).count) / Double(grams.count)
                    measured += 1
                }
            }
        }
        count = texts.count
        emptyCount = empty
        meanWords = count == 0 ? 0 : Double(words) / Double(count)
        meanBytes = count == 0 ? 0 : Double(bytes) / Double(count)
        distinct = zip(seen, totals).map { $1 == 0 ? 0 : Double($0.count) / Double($1) }
        repeatedFourGrams = measured == 0 ? 0 : repeated / Double(measured)
    }

    private struct NGram: Hashable {
        let words: SIMD4<Int32>

        init(_ ids: ArraySlice<Int32>) {
            var words = SIMD4<Int32>(repeating: -1)
            for (slot, id) in ids.enumerated() { words[slot] = id }
            self.words = words
        }
    }
}

/// Number of words between white space.
public func wordCount(_ text: String) -> Int {
    text.utf8.split(whereSeparator: isWhiteSpace).count
}

private func isWhiteSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || (0x09...0x0D).contains(byte)
}
