import Glibc

/// Byte strings one after the other in one piece of memory.
struct ByteStrings: Sendable {
    private(set) var storage: [UInt8] = []
    private var ends: [Int] = []

    init() {}

    /// The UTF-8 of strings.
    init(_ strings: some Collection<String>) {
        ends.reserveCapacity(strings.count)
        for string in strings { append(string) }
    }

    var count: Int { ends.count }

    /// Where string `index` lies in ``storage``.
    @inline(__always)
    func range(of index: Int) -> Range<Int> {
        (index == 0 ? 0 : ends[index - 1])..<ends[index]
    }

    subscript(index: Int) -> ArraySlice<UInt8> { storage[range(of: index)] }

    mutating func reserveCapacity(_ count: Int, bytes: Int) {
        ends.reserveCapacity(count)
        storage.reserveCapacity(bytes)
    }

    mutating func append(_ bytes: some Collection<UInt8>) {
        storage.append(contentsOf: bytes)
        ends.append(storage.count)
    }

    mutating func append(_ string: String) {
        var string = string
        string.withUTF8 { append($0) }
    }

    /// Calls `body` with the bytes of string `index`.
    @inline(__always)
    func withBytes<Result>(
        of index: Int, _ body: (UnsafeBufferPointer<UInt8>) -> Result
    ) -> Result {
        storage.withUnsafeBufferPointer {
            body(UnsafeBufferPointer(rebasing: $0[range(of: index)]))
        }
    }
}

/// Byte strings numbered in the order of their insertion, found again by content.
///
/// Keys are compared byte by byte. `String` keys would not do: two spellings that Unicode calls
/// canonically equivalent are one `String` but two tokens.
struct ByteStringTable: Sendable {
    private(set) var strings: ByteStrings
    /// Open addressing with linear probing; -1 marks an empty slot.
    private var slots: [Int32]

    /// An empty table with room for `capacity` strings.
    init(capacity: Int = 64) {
        strings = ByteStrings()
        slots = Self.emptySlots(capacity)
    }

    /// A table of strings.
    /// - Parameters:
    ///   - strings: numbered by their places
    ///   - isLeftOut: places whose strings are not found again, and need not be unique
    ///   - duplicate: receives the places of two equal strings
    /// - Returns: nil, and the places of two equal strings in `duplicate`, if they are not unique.
    init?(
        _ strings: ByteStrings, leavingOut isLeftOut: (Int) -> Bool = { _ in false },
        duplicate: inout (Int, Int)
    ) {
        self.strings = strings
        slots = Self.emptySlots(strings.count)
        for index in 0..<strings.count where !isLeftOut(index) {
            let slot = strings.withBytes(of: index) { find($0) }
            if slots[slot] >= 0 {
                duplicate = (Int(slots[slot]), index)
                return nil
            }
            slots[slot] = Int32(index)
        }
    }

    private static func emptySlots(_ capacity: Int) -> [Int32] {
        var size = 16
        while size < 2 * capacity { size *= 2 }
        return [Int32](repeating: -1, count: size)
    }

    var count: Int { strings.count }

    subscript(index: Int) -> ArraySlice<UInt8> { strings[index] }

    /// The number of the string equal to `key`, if there is one.
    func index(of key: UnsafeBufferPointer<UInt8>) -> Int? {
        let index = Int(slots[find(key)])
        return index < 0 ? nil : index
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
        var slot = find(key)
        if slots[slot] >= 0 { return (Int(slots[slot]), false) }
        if 2 * (count + 1) > slots.count {
            grow()
            slot = find(key)
        }
        slots[slot] = Int32(count)
        strings.append(key)
        return (count - 1, true)
    }

    /// Adds `string` unless it is there already; returns its number either way.
    @discardableResult
    mutating func insert(_ string: String) -> (index: Int, inserted: Bool) {
        var string = string
        return string.withUTF8 { insert($0) }
    }

    /// The slot that holds `key`, else the empty one where it belongs.
    private func find(_ key: UnsafeBufferPointer<UInt8>) -> Int {
        strings.storage.withUnsafeBufferPointer { storage in
            slots.withUnsafeBufferPointer { slots in
                let mask = slots.count - 1
                var slot = Int(truncatingIfNeeded: hash(key)) & mask
                while slots[slot] >= 0 {
                    let range = strings.range(of: Int(slots[slot]))
                    if range.count == key.count,
                        areEqual(key, UnsafeBufferPointer(rebasing: storage[range]))
                    {
                        return slot
                    }
                    slot = (slot + 1) & mask
                }
                return slot
            }
        }
    }

    private mutating func grow() {
        slots = Self.emptySlots(slots.count)
        let mask = slots.count - 1
        for index in 0..<count {
            var slot = Int(truncatingIfNeeded: strings.withBytes(of: index) { hash($0) }) & mask
            while slots[slot] >= 0 { slot = (slot + 1) & mask }
            slots[slot] = Int32(index)
        }
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

/// Whether two byte strings of the same length are equal.
@inline(__always)
func areEqual(_ left: UnsafeBufferPointer<UInt8>, _ right: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let first = left.baseAddress, let second = right.baseAddress else { return true }
    return memcmp(first, second, left.count) == 0
}

/// The two halves of the 128-bit product, xored: a cheap mixing step whose low bits depend on
/// all bits of both factors.
@inline(__always)
func foldedProduct(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let product = left.multipliedFullWidth(by: right)
    return product.high ^ product.low
}
