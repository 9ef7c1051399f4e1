import Glibc

/// Finds any of a set of byte strings in text: at the leftmost place, of several there the longest.
struct TokenMatcher: Sendable {
    private let trie: ByteTrie
    /// Whether a pattern begins with the byte.
    private let begins: [Bool]
    /// The byte that all patterns begin with, if there is one.
    private let onlyFirst: UInt8?

    /// - Parameter patterns: of equal ones the first is found; empty ones are not.
    init(_ patterns: [[UInt8]]) {
        var strings = ByteStrings()
        for pattern in patterns { strings.append(pattern) }
        var known = ByteStringTable(capacity: patterns.count)
        let places = patterns.indices.filter { place in
            !patterns[place].isEmpty
                && patterns[place].withUnsafeBufferPointer { known.insert($0).inserted }
        }
        trie = ByteTrie(strings, places)
        var begins = [Bool](repeating: false, count: 256)
        for place in places { begins[Int(patterns[place][0])] = true }
        self.begins = begins
        let first = begins.firstIndex(of: true)
        onlyFirst = first.flatMap { begins.lastIndex(of: true) == $0 ? UInt8($0) : nil }
    }

    /// Whether there is nothing to look for.
    var isEmpty: Bool { trie.isEmpty }

    /// The first pattern at or after `start`, by its number, and the bytes that it covers.
    func first(
        in text: UnsafeBufferPointer<UInt8>, from start: Int
    ) -> (pattern: Int, range: Range<Int>)? {
        if isEmpty { return nil }
        var position = start
        while let candidate = nextCandidate(in: text, from: position) {
            if let found = trie.longestPrefix(text, from: candidate) {
                return (Int(found.value), candidate..<candidate + found.length)
            }
            position = candidate + 1
        }
        return nil
    }

    /// The next place where a pattern might begin.
    private func nextCandidate(
        in text: UnsafeBufferPointer<UInt8>, from start: Int
    ) -> Int? {
        guard start < text.count, let base = text.baseAddress else { return nil }
        // Often they all begin with "<".
        if let onlyFirst {
            return memchr(base + start, Int32(onlyFirst), text.count - start).map {
                UnsafeRawPointer($0) - UnsafeRawPointer(base)
            }
        }
        return begins.withUnsafeBufferPointer { begins in
            text[start...].firstIndex { begins[Int($0)] }
        }
    }
}
