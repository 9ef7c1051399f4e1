/// Byte strings numbered in the order of their insertion, found again by content.
///
/// Keys are compared byte by byte. `String` keys would not do: two spellings that Unicode calls
/// canonically equivalent are one `String` but two tokens.
struct ByteStringTable: Sendable {
    private(set) var storage: [UInt8] = []
    private var ends: [Int] = []
    /// Open addressing with linear probing; -1 marks an empty slot.
    private var slots: [Int32]

    /// An empty table with room for `capacity` strings.
    init(capacity: Int = 64) {
        var size = 16
        while size < 2 * capacity { size *= 2 }
        slots = [Int32](repeating: -1, count: size)
        ends.reserveCapacity(capacity)
    }

    var count: Int { ends.count }

    /// Where string `index` lies in ``storage``.
    func range(of index: Int) -> Range<Int> {
        (index == 0 ? 0 : ends[index - 1])..<ends[index]
    }

    subscript(index: Int) -> ArraySlice<UInt8> { storage[range(of: index)] }

    /// The number of the string equal to `key`, if there is one.
    func index(of key: UnsafeBufferPointer<UInt8>) -> Int? {
        storage.withUnsafeBufferPointer { storage in
            slots.withUnsafeBufferPointer { slots in
                let mask = slots.count - 1
                var slot = Int(truncatingIfNeeded: hash(key)) & mask
                while true {
                    let candidate = Int(slots[slot])
                    if candidate < 0 { return nil }
                    let range = range(of: candidate)
                    if range.count == key.count,
                        key.elementsEqual(UnsafeBufferPointer(rebasing: storage[range]))
                    {
                        return candidate
                    }
                    slot = (slot + 1) & mask
                }
            }
        }
    }

    /// The number of `string`, if it is in the table.
    func index(of string: String) -> Int? {
        var string = string
        return string.withUTF8 { index(of: $0) }
    }

    /// The number of `bytes`, if they are in the table.
    func index(of bytes: [UInt8]) -> Int? {
        bytes.withUnsafeBufferPointer { index(of: $0) }
    }

    /// Adds `key` unless it is there already; returns its number either way.
    @discardableResult
    mutating func insert(_ key: UnsafeBufferPointer<UInt8>) -> (index: Int, inserted: Bool) {
        if let index = index(of: key) { return (index, false) }
        if 2 * (count + 1) > slots.count { grow() }
        storage.append(contentsOf: key)
        ends.append(storage.count)
        place(count - 1, hash: hash(key))
        return (count - 1, true)
    }

    /// Adds `string` unless it is there already; returns its number either way.
    @discardableResult
    mutating func insert(_ string: String) -> (index: Int, inserted: Bool) {
        var string = string
        return string.withUTF8 { insert($0) }
    }

    private mutating func grow() {
        slots = [Int32](repeating: -1, count: 2 * slots.count)
        for index in 0..<count {
            let hash = storage.withUnsafeBufferPointer {
                self.hash(UnsafeBufferPointer(rebasing: $0[range(of: index)]))
            }
            place(index, hash: hash)
        }
    }

    private mutating func place(_ index: Int, hash: UInt64) {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] >= 0 { slot = (slot + 1) & mask }
        slots[slot] = Int32(index)
    }

    private func hash(_ key: UnsafeBufferPointer<UInt8>) -> UInt64 {
        let bytes = UnsafeRawBufferPointer(key)
        var state = UInt64(bytes.count) &* 0x9E37_79B9_7F4A_7C15
        var offset = 0
        while offset + 8 <= bytes.count {
            state = foldedProduct(
                state ^ bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self),
                0xA076_1D64_78BD_642F)
            offset += 8
        }
        var tail: UInt64 = 0
        while offset < bytes.count {
            tail = tail << 8 | UInt64(bytes[offset])
            offset += 1
        }
        return foldedProduct(state ^ tail, 0xE703_7ED1_A0B4_28DB)
    }
}

/// The two halves of the 128-bit product, xored: a cheap mixing step whose low bits depend on
/// all bits of both factors.
@inline(__always)
func foldedProduct(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let product = left.multipliedFullWidth(by: right)
    return product.high ^ product.low
}
