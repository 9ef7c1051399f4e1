import Foundation

/// A normalization form of Unicode.
enum NormalizationForm: String, Sendable, CaseIterable {
    case composed = "NFC"
    case decomposed = "NFD"
    case compatibilityComposed = "NFKC"
    case compatibilityDecomposed = "NFKD"

    var composes: Bool { self == .composed || self == .compatibilityComposed }
    var isCompatibility: Bool {
        self == .compatibilityComposed || self == .compatibilityDecomposed
    }
}

/// Brings UTF-8 into a normalization form, in time linear in the text but for the sorting of marks.
///
/// Tokenizers were trained behind the tables of Unicode 9, which the reference implementation has to
/// this day: characters that came later neither decompose nor compose nor move. What decomposes and
/// composes is asked of Foundation, character by character, and kept in pages that are filled when
/// first met. Belongs to one thread.
final class UnicodeNormalizer {
    private struct Traits {
        /// May change together with what comes before it.
        static let continues: UInt8 = 1
        /// Changes even where it stands alone.
        static let changes: UInt8 = 2
    }

    /// A character on its way to a normal form.
    private typealias Ordered = (scalar: Unicode.Scalar, combiningClass: UInt8)

    /// The last version whose characters take part.
    private static let lastVersion = 9

    private let form: NormalizationForm
    private var pages = [[UInt8]?](repeating: nil, count: 0x1100)
    private var compositions: [UInt64: Unicode.Scalar?] = [:]

    init(_ form: NormalizationForm) { self.form = form }

    /// The normal form of a text. Bytes that are not valid UTF-8 stay as they are.
    func normalized(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(text.count)
        var position = 0
        /// Where the part begins that is copied as it is.
        var copied = 0
        while position < text.count {
            let start = position
            let (first, length) = decodeScalar(text, at: position)
            position += length
            guard let first else { continue }
            var isAlone = true
            while position < text.count, text[position] >= 0x80 {
                let (next, length) = decodeScalar(text, at: position)
                guard let next, traits(next) & Traits.continues != 0 else { break }
                isAlone = false
                position += length
            }
            if isAlone && (first.isASCII || traits(first) & Traits.changes == 0) { continue }
            output.append(contentsOf: text[copied..<start])
            copied = position
            append(String(decoding: text[start..<position], as: UTF8.self), to: &output)
        }
        output.append(contentsOf: text[copied...])
        return output
    }

    private func append(_ segment: String, to output: inout [UInt8]) {
        for scalar in normalized(segment.unicodeScalars) {
            output.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        }
    }

    private func normalized(_ segment: some Sequence<Unicode.Scalar>) -> [Unicode.Scalar] {
        var ordered: [Ordered] = []
        for scalar in segment {
            for part in decomposition(scalar) { ordered.append((part, Self.combiningClass(part))) }
        }
        Self.sortMarks(&ordered)
        return form.composes ? composed(ordered) : ordered.map(\.scalar)
    }

    /// Brings every run of combining characters into the order of their classes.
    private static func sortMarks(_ scalars: inout [Ordered]) {
        var start = 0
        while start < scalars.count {
            guard scalars[start].combiningClass != 0 else {
                start += 1
                continue
            }
            let end = scalars[start...].firstIndex { $0.combiningClass == 0 } ?? scalars.count
            if end - start > 1 {
                let sorted = scalars[start..<end].enumerated().sorted {
                    ($0.element.combiningClass, $0.offset) < ($1.element.combiningClass, $1.offset)
                }
                scalars.replaceSubrange(start..<end, with: sorted.map(\.element))
            }
            start = end
        }
    }

    private func composed(_ scalars: [Ordered]) -> [Unicode.Scalar] {
        var result: [Unicode.Scalar] = []
        var starter: Int?
        /// The class of what stands between the starter and the next character.
        var between: UInt8?
        for (scalar, combiningClass) in scalars {
            if let starter, between.map({ $0 < combiningClass }) ?? true,
                let composite = composition(result[starter], scalar)
            {
                result[starter] = composite
                continue
            }
            if combiningClass == 0 {
                starter = result.count
                between = nil
            } else {
                between = combiningClass
            }
            result.append(scalar)
        }
        return result
    }

    // MARK: Properties of characters

    private static func takesPart(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.age.map { $0.major <= lastVersion } ?? false
    }

    /// Whether a character is a combining mark, as of Unicode 9.
    static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        guard takesPart(scalar) else { return false }
        switch scalar.value {
        // Their categories have changed since.
        case 0x1CF2, 0x1CF3: return true
        case 0x111C9: return false
        default: break
        }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark: return true
        default: return false
        }
    }

    private static func combiningClass(_ scalar: Unicode.Scalar) -> UInt8 {
        if scalar.value < 0x300 || !takesPart(scalar) { return 0 }
        return scalar.properties.canonicalCombiningClass.rawValue
    }

    private func decomposition(_ scalar: Unicode.Scalar) -> [Unicode.Scalar] {
        guard scalar.value >= 0xA0, Self.takesPart(scalar) else { return [scalar] }
        let text = String(scalar)
        return Array(
            (form.isCompatibility
                ? text.decomposedStringWithCompatibilityMapping
                : text.decomposedStringWithCanonicalMapping).unicodeScalars)
    }

    /// The character that two make together, if they do.
    private func composition(
        _ first: Unicode.Scalar, _ second: Unicode.Scalar
    ) -> Unicode.Scalar? {
        guard second.value >= 0x300 else { return nil }
        if let syllable = Hangul.syllable(first, second) { return syllable }
        let key = UInt64(first.value) << 32 | UInt64(second.value)
        if let known = compositions[key] { return known }
        var pair = String.UnicodeScalarView()
        pair.append(first)
        pair.append(second)
        let whole = Array(String(pair).precomposedStringWithCanonicalMapping.unicodeScalars)
        let composite = whole.count == 1 && Self.takesPart(whole[0]) ? whole[0] : nil
        compositions[key] = .some(composite)
        return composite
    }

    private func traits(_ scalar: Unicode.Scalar) -> UInt8 {
        let (page, low) = (Int(scalar.value >> 8), Int(scalar.value & 0xFF))
        if let filled = pages[page] { return filled[low] }
        let fresh = (0..<256).map { low in
            Unicode.Scalar(UInt32(page << 8 | low)).map(newTraits) ?? 0
        }
        pages[page] = fresh
        return fresh[low]
    }

    private func newTraits(_ scalar: Unicode.Scalar) -> UInt8 {
        guard Self.takesPart(scalar) else { return 0 }
        var traits: UInt8 = 0
        if let first = decomposition(scalar).first, Self.mayJoin(first) {
            traits |= Traits.continues
        }
        if normalized([scalar]) != [scalar] { traits |= Traits.changes }
        return traits
    }

    /// Whether something before a character may compose with it, or change places with it.
    private static func mayJoin(_ scalar: Unicode.Scalar) -> Bool {
        if Hangul.vowels.contains(scalar.value) || Hangul.finals.contains(scalar.value) {
            return true
        }
        return isMark(scalar) || combiningClass(scalar) != 0
    }
}

/// How the letters of Hangul make syllables, which Unicode gives as arithmetic.
private enum Hangul {
    private static let initials: ClosedRange<UInt32> = 0x1100...0x1112
    static let vowels: ClosedRange<UInt32> = 0x1161...0x1175
    static let finals: ClosedRange<UInt32> = 0x11A8...0x11C2
    private static let syllables: ClosedRange<UInt32> = 0xAC00...0xD7A3
    /// Syllables with the same beginning: one without a final consonant, and one for each of them.
    private static let endings = UInt32(finals.count) + 1

    /// The syllable of an initial consonant and a vowel, or of a syllable that ends in its vowel and a
    /// final consonant.
    static func syllable(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> Unicode.Scalar? {
        if initials.contains(first.value), vowels.contains(second.value) {
            let start = (first.value - initials.lowerBound) * UInt32(vowels.count)
            let place = (start + second.value - vowels.lowerBound) * endings
            return Unicode.Scalar(syllables.lowerBound + place)
        }
        if syllables.contains(first.value), finals.contains(second.value),
            (first.value - syllables.lowerBound) % endings == 0
        {
            return Unicode.Scalar(first.value + second.value - finals.lowerBound + 1)
        }
        return nil
    }
}
