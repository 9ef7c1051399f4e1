/// A trie in the form of the Darts-clone library, as it stands in SentencePiece's rules for
/// normalisation: one word for each node, and the child for a byte found by exclusive or.
struct DoubleArray: Sendable {
    private let units: [UInt32]

    /// - Parameter bytes: the words, little-endian.
    /// - Returns: nil unless they are whole words.
    init?(_ bytes: ArraySlice<UInt8>) {
        guard !bytes.isEmpty, bytes.count % 4 == 0 else { return nil }
        units = bytes.withUnsafeBytes { raw in
            (0..<raw.count / 4).map {
                UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self))
            }
        }
    }

    /// The longest key that `text` has at `start`.
    /// - Returns: its length and its value; nil if there is none, or the words lead nowhere.
    func longestPrefix(
        _ text: UnsafeBufferPointer<UInt8>, from start: Int
    ) -> (length: Int, value: Int)? {
        var longest: (length: Int, value: Int)?
        var node = Self.offset(units[0])
        for position in start..<text.count {
            node ^= Int(text[position])
            guard node < units.count else { break }
            let unit = units[node]
            guard unit & 0x8000_00FF == UInt32(text[position]) else { break }
            node ^= Self.offset(unit)
            guard node < units.count else { break }
            let isKey = unit >> 8 & 1 == 1
            if isKey { longest = (position + 1 - start, Int(units[node] & 0x7FFF_FFFF)) }
        }
        return longest
    }

    private static func offset(_ unit: UInt32) -> Int {
        Int(unit >> 10) << Int((unit & 0x200) >> 6)
    }
}
