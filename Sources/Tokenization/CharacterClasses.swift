/// The classes of characters that byte-level pre-tokenizers know.
enum CharacterClass {
    /// Neither of the others: punctuation, symbols, marks, control characters.
    static let other: UInt8 = 0
    /// `\p{L}`
    static let letter: UInt8 = 1
    /// `\p{N}`
    static let number: UInt8 = 2
    /// `\s`, Unicode's White_Space.
    static let space: UInt8 = 3

    /// The class of one scalar, by its Unicode properties.
    static func of(_ scalar: Unicode.Scalar) -> UInt8 {
        switch UnicodeTables.category(scalar) {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
            letter
        case .decimalNumber, .letterNumber, .otherNumber: number
        default: scalar.properties.isWhitespace ? space : other
        }
    }
}

/// Classifies the characters of UTF-8 text by a property of theirs: ASCII by a table, the rest by
/// pages of 256 scalars that are filled when first met. Belongs to one thread.
final class CharacterClassifier {
    /// Marks, in ``ascii``, a byte that begins or continues a longer sequence.
    static let notASCII: UInt8 = 0xFF

    /// The class of each byte.
    let ascii: UnsafeMutablePointer<UInt8>
    private var pages = [UnsafeMutablePointer<UInt8>?](repeating: nil, count: 0x1100)
    private let property: @Sendable (Unicode.Scalar) -> UInt8

    /// - Parameter property: the class of a character, less than ``notASCII``; 0 stands for those
    ///   without any.
    init(_ property: @escaping @Sendable (Unicode.Scalar) -> UInt8 = CharacterClass.of) {
        self.property = property
        ascii = .allocate(capacity: 256)
        ascii.initialize(repeating: Self.notASCII, count: 256)
        for byte in UInt8(0)..<128 { ascii[Int(byte)] = property(Unicode.Scalar(byte)) }
    }

    deinit {
        ascii.deallocate()
        for page in pages { page?.deallocate() }
    }

    /// The class of the character at `position` and its length in bytes. A byte that is not
    /// part of valid UTF-8 is a character of class 0.
    @inline(__always)
    func classify(_ text: UnsafeBufferPointer<UInt8>, at position: Int) -> (UInt8, Int) {
        let kind = ascii[Int(text[position])]
        if kind != Self.notASCII { return (kind, 1) }
        let (scalar, length) = decodeScalar(text, at: position)
        guard let scalar else { return (0, length) }
        return (classOf(scalar), length)
    }

    @inline(never)
    private func classOf(_ scalar: Unicode.Scalar) -> UInt8 {
        let page = Int(scalar.value >> 8)
        if let filled = pages[page] { return filled[Int(scalar.value & 0xFF)] }
        let fresh = UnsafeMutablePointer<UInt8>.allocate(capacity: 256)
        for low in 0..<256 {
            let member = Unicode.Scalar(UInt32(page << 8 | low))
            fresh[low] = member.map(property) ?? 0
        }
        pages[page] = fresh
        return fresh[Int(scalar.value & 0xFF)]
    }
}

/// The scalar that begins at `position` and its length in bytes; nil and 1 where the bytes are
/// not valid UTF-8.
func decodeScalar(
    _ text: UnsafeBufferPointer<UInt8>, at position: Int
) -> (scalar: Unicode.Scalar?, length: Int) {
    let first = text[position]
    let length: Int
    var value: UInt32
    let minimum: UInt32
    switch first {
    case 0x00...0x7F: return (Unicode.Scalar(first), 1)
    case 0xC2...0xDF: (length, value, minimum) = (2, UInt32(first & 0x1F), 0x80)
    case 0xE0...0xEF: (length, value, minimum) = (3, UInt32(first & 0x0F), 0x800)
    case 0xF0...0xF4: (length, value, minimum) = (4, UInt32(first & 0x07), 0x10000)
    default: return (nil, 1)
    }
    guard position + length <= text.count else { return (nil, 1) }
    for offset in 1..<length {
        let byte = text[position + offset]
        guard byte & 0xC0 == 0x80 else { return (nil, 1) }
        value = value << 6 | UInt32(byte & 0x3F)
    }
    guard value >= minimum, let scalar = Unicode.Scalar(value) else { return (nil, 1) }
    return (scalar, length)
}
