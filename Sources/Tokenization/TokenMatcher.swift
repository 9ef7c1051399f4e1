import Glibc

/// Finds any of a set of byte strings in text: at the leftmost place, of several there the longest.
struct TokenMatcher: Sendable {
    private let patterns: [[UInt8]]
    /// Patterns by their first byte, longest first.
    private let candidates: [[Int]]
    private let firstBytes: [UInt8]

    /// - Parameter patterns: of equal ones the first is found; empty ones are not.
    init(_ patterns: [[UInt8]]) {
        var candidates = [[Int]](repeating: [], count: 256)
        for (index, pattern) in patterns.enumerated() {
            if let first = pattern.first { candidates[Int(first)].append(index) }
        }
        for first in candidates.indices {
            candidates[first].sort {
                (patterns[$1].count, $0) < (patterns[$0].count, $1)
            }
        }
        self.patterns = patterns
        self.candidates = candidates
        firstBytes = (0...255).filter { !candidates[Int($0)].isEmpty }
    }

    /// Whether there is nothing to look for.
    var isEmpty: Bool { firstBytes.isEmpty }

    /// The first pattern at or after `start`, by its number, and the bytes that it covers.
    func first(
        in text: UnsafeBufferPointer<UInt8>, from start: Int
    ) -> (pattern: Int, range: Range<Int>)? {
        var position = start
        while let candidate = nextCandidate(in: text, from: position) {
            position = candidate
            for index in candidates[Int(text[position])] {
                let pattern = patterns[index]
                if position + pattern.count <= text.count,
                    pattern.elementsEqual(text[position..<position + pattern.count])
                {
                    return (index, position..<position + pattern.count)
                }
            }
            position += 1
        }
        return nil
    }

    /// The next place where a pattern might begin.
    private func nextCandidate(
        in text: UnsafeBufferPointer<UInt8>, from start: Int
    ) -> Int? {
        guard start < text.count, let base = text.baseAddress else { return nil }
        // Nearly always they all begin with "<".
        if firstBytes.count == 1 {
            return memchr(base + start, Int32(firstBytes[0]), text.count - start).map {
                UnsafeRawPointer($0) - UnsafeRawPointer(base)
            }
        }
        return text[start...].firstIndex { !candidates[Int($0)].isEmpty }
    }
}
