import Glibc

/// Remembers the ids of short chunks. The size is fixed (4 MiB): a new chunk takes the place of
/// the oldest one in its set, so that memory does not grow with the text. Belongs to one thread.
///
/// Of 1,000 chunks of English prose 999 fit: longer ones, and those that make more ids, are worked
/// out each time.
final class ChunkCache {
    /// Chunks up to this many bytes are remembered, if they make at most ``idLimit`` ids.
    static let byteLimit = 15
    static let idLimit = 4
    private static let setCount = 1 << 16

    /// A chunk in the form that the cache compares: its bytes padded with zeros, its length in the
    /// low half of the last byte. The high half, where the cache keeps the number of ids, is 0.
    struct Key {
        fileprivate var low: UInt64
        fileprivate var high: UInt64

        /// The `length` bytes of `text` that begin at `start`: 1 to ``ChunkCache/byteLimit``.
        @inline(__always)
        init(_ text: UnsafeBufferPointer<UInt8>, from start: Int, length: Int) {
            let raw = UnsafeRawBufferPointer(text)
            if start + 16 <= text.count {
                low = raw.loadUnaligned(fromByteOffset: start, as: UInt64.self)
                high = raw.loadUnaligned(fromByteOffset: start + 8, as: UInt64.self)
            } else {
                var words = (UInt64(0), UInt64(0))
                withUnsafeMutableBytes(of: &words) {
                    $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: raw[start..<text.count]))
                }
                (low, high) = words
            }
            low &= length < 8 ? (1 &<< UInt64(8 * length)) &- 1 : .max
            high &= length > 8 ? (1 &<< UInt64(8 * (length - 8))) &- 1 : 0
            high |= UInt64(truncatingIfNeeded: length) << 56
        }

        @inline(__always)
        fileprivate var set: Int {
            let mixed = foldedProduct(low ^ 0xA076_1D64_78BD_642F, high ^ 0xE703_7ED1_A0B4_28DB)
            return Int(truncatingIfNeeded: mixed) & (ChunkCache.setCount - 1)
        }
    }

    private struct Slot {
        /// The number of ids in the highest four bits.
        var key: Key
        var ids: SIMD4<Int32>

        @inline(__always)
        func holds(_ other: Key) -> Bool {
            key.low == other.low && (key.high ^ other.high) &<< 4 == 0
        }

        @inline(__always)
        func copyIDs(to output: UnsafeMutablePointer<Int32>) -> Int {
            UnsafeMutableRawPointer(output).storeBytes(of: ids, as: SIMD4<Int32>.self)
            return Int(truncatingIfNeeded: key.high &>> 60)
        }
    }

    /// Two slots to a set, which is one cache line; the younger one comes first.
    private let slots: UnsafeMutablePointer<Slot>
    private let memory: UnsafeMutableRawPointer?

    init() {
        let lineSize = 2 * MemoryLayout<Slot>.stride
        // Zeros are empty slots, and pages of them cost nothing until they are used.
        memory = calloc(Self.setCount + 1, lineSize)
        guard let memory else { preconditionFailure("out of memory") }
        slots = memory.alignedUp(toMultipleOf: lineSize).assumingMemoryBound(to: Slot.self)
    }

    deinit { free(memory) }

    /// Writes the ids of the chunk to `output`, which has room for ``idLimit``.
    /// - Returns: how many there are; 0 if the chunk is not known.
    @inline(__always)
    func copyIDs(of key: Key, to output: UnsafeMutablePointer<Int32>) -> Int {
        let set = slots + 2 * key.set
        if set[0].holds(key) { return set[0].copyIDs(to: output) }
        if set[1].holds(key) { return set[1].copyIDs(to: output) }
        return 0
    }

    /// Remembers that the chunk makes `ids`.
    func remember(_ key: Key, _ ids: UnsafeBufferPointer<Int32>) {
        guard ids.count <= Self.idLimit else { return }
        let set = slots + 2 * key.set
        set[1] = set[0]
        set[0].key = key
        set[0].key.high |= UInt64(truncatingIfNeeded: ids.count) << 60
        for (index, id) in ids.enumerated() { set[0].ids[index] = id }
    }
}
