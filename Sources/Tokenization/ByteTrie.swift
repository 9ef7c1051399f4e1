/// A set of byte strings with values, for finding all of them that begin at a place.
///
/// Nodes are numbered so that the children of each stand together, in the order of their bytes.
struct ByteTrie: Sendable {
    /// Nothing: no such child, no such string.
    static let none: Int32 = -1
    /// The node where every search begins.
    static let root = 0

    /// The byte that leads to a node.
    private var labels: [UInt8] = [0]
    private var firstChild: [Int32] = [0]
    private var values: [Int32] = [none]
    /// Nodes below the root, where there are too many to look through.
    private var rootChildren = [Int32](repeating: none, count: 256)

    /// A trie of some of `strings`, which must be unique and not empty; their values are their
    /// indices.
    init(_ strings: ByteStrings, _ indices: [Int]) {
        let sorted = indices.sorted { strings[$0].lexicographicallyPrecedes(strings[$1]) }
        // Of each node: the strings that go through it, and how long it is.
        var ranges = [(strings: 0..<sorted.count, depth: 0)]
        var node = 0
        while node < ranges.count {
            var (range, depth) = ranges[node]
            firstChild[node] = Int32(ranges.count)
            if let first = range.first, strings[sorted[first]].count == depth {
                values[node] = Int32(sorted[first])
                range = range.dropFirst()
            }
            while let first = range.first {
                func byte(_ place: Int) -> UInt8 {
                    strings.storage[strings.range(of: sorted[place]).lowerBound + depth]
                }
                let label = byte(first)
                let end = range.first { byte($0) != label } ?? range.upperBound
                if node == Self.root { rootChildren[Int(label)] = Int32(ranges.count) }
                ranges.append((first..<end, depth + 1))
                labels.append(label)
                firstChild.append(0)
                values.append(Self.none)
                range = end..<range.upperBound
            }
            node += 1
        }
        // So that each node's children end where the next node's begin.
        firstChild.append(Int32(ranges.count))
    }

    /// Whether there are no strings.
    var isEmpty: Bool { labels.count == 1 }

    /// The child of `node` for a byte, ``none`` if it has none.
    @inline(__always)
    func child(of node: Int, _ byte: UInt8) -> Int32 {
        if node == Self.root { return rootChildren[Int(byte)] }
        var candidate = Int(firstChild[node])
        let end = Int(firstChild[node + 1])
        while candidate < end {
            if labels[candidate] == byte { return Int32(candidate) }
            candidate += 1
        }
        return Self.none
    }

    /// The value of the string that ends at `node`, ``none`` if none does.
    @inline(__always)
    func value(of node: Int) -> Int32 { values[node] }

    /// The longest string that `text` has at `start`.
    func longestPrefix(
        _ text: UnsafeBufferPointer<UInt8>, from start: Int
    ) -> (length: Int, value: Int32)? {
        var longest: (length: Int, value: Int32)?
        var node = Self.root
        for position in start..<text.count {
            let next = child(of: node, text[position])
            guard next != Self.none else { break }
            node = Int(next)
            if values[node] != Self.none { longest = (position + 1 - start, values[node]) }
        }
        return longest
    }
}
