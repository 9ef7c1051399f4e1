/// Remembers the ids of short chunks. The size is fixed (2 MiB): a new chunk takes the place of
/// the older one in its slot, so that memory does not grow with the text. Belongs to one thread.
final class ChunkCache {
    /// Chunks up to this many bytes are remembered, if they make at most ``idLimit`` ids.
    static let byteLimit = 32
    static let idLimit = 7
    private static let slotCount = 1 << 15

    /// One cache line: the chunk, padded with zeros; its length; its ids.
    private struct Slot {
        var key = SIMD4<UInt64>(repeating: 0)
        var length: UInt16 = 0
        var count: UInt16 = 0
        var ids: (Int32, Int32, Int32, Int32, Int32, Int32, Int32) = (0, 0, 0, 0, 0, 0, 0)
    }

    /// A chunk in the form that the cache compares.
    struct Key {
        fileprivate let words: SIMD4<UInt64>
        fileprivate let length: UInt16
        fileprivate let slot: Int

        /// - Parameter chunk: 1 to ``ChunkCache/byteLimit`` bytes.
        @inline(__always)
        init(_ chunk: UnsafeBufferPointer<UInt8>) {
            var words = SIMD4<UInt64>(repeating: 0)
            withUnsafeMutableBytes(of: &words) {
                $0.copyMemory(from: UnsafeRawBufferPointer(chunk))
            }
            self.words = words
            length = UInt16(truncatingIfNeeded: chunk.count)
            let low = foldedProduct(
                words[0] ^ 0xA076_1D64_78BD_642F, words[1] ^ 0xE703_7ED1_A0B4_28DB)
            let high = foldedProduct(
                words[2] ^ 0x8EBC_6AF0_9C88_C6E3, words[3] ^ 0x5899_65CC_7537_4CC3)
            let mixed = foldedProduct(low ^ UInt64(length), high ^ 0x1D8E_4E27_C47D_124F)
            slot = Int(truncatingIfNeeded: mixed) & (ChunkCache.slotCount - 1)
        }
    }

    private let slots: UnsafeMutablePointer<Slot>

    init() {
        slots = .allocate(capacity: Self.slotCount)
        slots.initialize(repeating: Slot(), count: Self.slotCount)
    }

    deinit { slots.deallocate() }

    /// Appends the ids of the chunk to `ids` if they are known.
    @inline(__always)
    func append(_ key: Key, to ids: inout [Int32]) -> Bool {
        let slot = slots + key.slot
        guard slot.pointee.length == key.length, slot.pointee.key == key.words else {
            return false
        }
        let count = Int(slot.pointee.count)
        if count == 1 {
            ids.append(slot.pointee.ids.0)
        } else {
            withUnsafeBytes(of: &slot.pointee.ids) { known in
                for index in 0..<count {
                    ids.append(known.load(fromByteOffset: 4 * index, as: Int32.self))
                }
            }
        }
        return true
    }

    /// Remembers that the chunk makes `ids`.
    func remember(_ key: Key, _ ids: ArraySlice<Int32>) {
        guard ids.count <= Self.idLimit else { return }
        var slot = Slot()
        slot.key = key.words
        slot.length = key.length
        slot.count = UInt16(ids.count)
        withUnsafeMutableBytes(of: &slot.ids) { known in
            for (index, id) in ids.enumerated() {
                known.storeBytes(of: id, toByteOffset: 4 * index, as: Int32.self)
            }
        }
        slots[key.slot] = slot
    }
}
