/// What the patterns of pre-tokenizers ask of a character, as bits.
enum CharacterTraits {
    /// `\p{L}`
    static let letter: UInt8 = 1
    /// `\p{N}`
    static let number: UInt8 = 2
    /// `\s`, Unicode's White_Space.
    static let space: UInt8 = 4
    /// `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`, with which a word may begin.
    static let head: UInt8 = 8
    /// `[\p{Ll}\p{Lm}\p{Lo}\p{M}]`, with which a word may go on.
    static let tail: UInt8 = 16
    /// `\p{M}`
    static let mark: UInt8 = 32
    /// `[\r\n]`
    static let newline: UInt8 = 64

    /// The traits of one scalar.
    static func of(_ scalar: Unicode.Scalar) -> UInt8 {
        if scalar == "\r" || scalar == "\n" { return space | newline }
        switch UnicodeTables.category(scalar) {
        case .uppercaseLetter, .titlecaseLetter: return letter | head
        case .lowercaseLetter: return letter | tail
        case .modifierLetter, .otherLetter: return letter | head | tail
        case .nonspacingMark, .spacingMark, .enclosingMark: return mark | head | tail
        case .decimalNumber, .letterNumber, .otherNumber: return number
        default: return scalar.properties.isWhitespace ? space : 0
        }
    }
}

/// Properties of characters as the reference implementation's regular expressions see them.
enum UnicodeTables {
    /// The last version of Unicode in those tables.
    private static let lastVersion = 16

    /// The general category; characters of later versions are unassigned.
    static func category(_ scalar: Unicode.Scalar) -> Unicode.GeneralCategory {
        let properties = scalar.properties
        if scalar.isASCII { return properties.generalCategory }
        // A lowercase letter up to Unicode 16, another letter since.
        if scalar.value == 0x295 { return .lowercaseLetter }
        switch properties.generalCategory {
        // These have no age.
        case .unassigned, .privateUse, .surrogate: return properties.generalCategory
        case let category:
            return (properties.age?.major ?? .max) <= lastVersion ? category : .unassigned
        }
    }
}
