/// A step that cuts pieces of text into smaller ones.
struct SplitStep: Sendable, Hashable {
    /// What is looked for.
    enum Pattern: Sendable, Hashable {
        case run(CharacterRun)
        /// GPT-2's pattern, or a part of the family; these match everywhere.
        case gpt2
        case words(WordPattern)
        /// Numeric characters, each by itself or as runs.
        case digits(individual: Bool)
    }

    /// What happens to what is found.
    enum Behavior: String, Sendable {
        /// It goes.
        case removed = "Removed"
        /// It is a piece.
        case isolated = "Isolated"
        /// It belongs to the piece before it.
        case mergedWithPrevious = "MergedWithPrevious"
        /// It belongs to the piece after it.
        case mergedWithNext = "MergedWithNext"
        /// Matches in a row are one piece.
        case contiguous = "Contiguous"
    }

    var pattern: Pattern
    var behavior = Behavior.isolated
    /// Whether what does not match is what is looked for.
    var isInverted = false

    /// The pieces that the steps make of a text, one step after the other.
    static func pieces(_ text: [UInt8], _ steps: [SplitStep]) -> [[UInt8]] {
        var pieces: [[UInt8]] = text.isEmpty ? [] : [text]
        for step in steps { pieces = pieces.flatMap { step.pieces($0) } }
        return pieces
    }

    /// The pieces of one piece.
    func pieces(_ text: [UInt8]) -> [[UInt8]] {
        var spans = text.withUnsafeBufferPointer { self.spans($0) }
        if isInverted { spans = spans.map { ($0.range, !$0.isMatch) } }
        return joined(spans).map { Array(text[$0]) }
    }

    private func joined(_ spans: [(range: Range<Int>, isMatch: Bool)]) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var previousIsMatch = false
        switch behavior {
        case .removed: return spans.filter { !$0.isMatch }.map(\.range)
        case .isolated: return spans.map(\.range)
        case .contiguous, .mergedWithPrevious:
            for (range, isMatch) in spans {
                let joins =
                    behavior == .contiguous
                    ? isMatch == previousIsMatch : isMatch && !previousIsMatch
                if joins, let last = ranges.last {
                    ranges[ranges.count - 1] = last.lowerBound..<range.upperBound
                } else {
                    ranges.append(range)
                }
                previousIsMatch = isMatch
            }
            return ranges
        case .mergedWithNext:
            for (range, isMatch) in spans.reversed() {
                if isMatch, !previousIsMatch, let last = ranges.last {
                    ranges[ranges.count - 1] = range.lowerBound..<last.upperBound
                } else {
                    ranges.append(range)
                }
                previousIsMatch = isMatch
            }
            return ranges.reversed()
        }
    }

    private func spans(
        _ text: UnsafeBufferPointer<UInt8>
    ) -> [(range: Range<Int>, isMatch: Bool)] {
        switch pattern {
        case .run(let run): return run.spans(text)
        case .digits(let individual):
            return Self.digits(text, individual: individual)
        case .gpt2:
            let classes = CharacterClassifier()
            let preTokenizer = ByteLevelPreTokenizer.gpt2
            return Self.cover(text) { preTokenizer.chunkEnd(text, from: $0, classes) }
        case .words(let words):
            let traits = CharacterClassifier(CharacterTraits.of)
            return Self.cover(text) { words.pieceEnd(text, from: $0, traits) }
        }
    }

    private static func cover(
        _ text: UnsafeBufferPointer<UInt8>, _ end: (Int) -> Int
    ) -> [(range: Range<Int>, isMatch: Bool)] {
        var spans: [(range: Range<Int>, isMatch: Bool)] = []
        var start = 0
        while start < text.count {
            let next = end(start)
            spans.append((start..<next, true))
            start = next
        }
        return spans
    }

    private static func digits(
        _ text: UnsafeBufferPointer<UInt8>, individual: Bool
    ) -> [(range: Range<Int>, isMatch: Bool)] {
        var spans: [(range: Range<Int>, isMatch: Bool)] = []
        var position = 0
        while position < text.count {
            let (scalar, length) = decodeScalar(text, at: position)
            let isDigit = scalar.map { isNumeric($0) } ?? false
            let range = position..<position + length
            position += length
            if let last = spans.last, last.isMatch == isDigit, !(isDigit && individual) {
                spans[spans.count - 1].range = last.range.lowerBound..<range.upperBound
            } else {
                spans.append((range, isDigit))
            }
        }
        return spans
    }

    private static func isNumeric(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return ("0"..."9").contains(scalar) }
        switch scalar.properties.generalCategory {
        case .decimalNumber, .letterNumber, .otherNumber: return true
        default: return false
        }
    }
}
