/// The steps that text goes through before it is cut and encoded.
struct TextNormalizer: Sendable {
    enum Step: Sendable {
        case form(NormalizationForm)
        case lowercase
        /// White space goes from the ends.
        case strip(left: Bool, right: Bool)
        /// Marks go.
        case stripAccents
        /// Put before a text that is not empty.
        case prepend([UInt8])
        case replace(CharacterRun, with: [UInt8])
    }

    var steps: [Step]

    /// Whether text passes through as it is.
    var isIdentity: Bool { steps.isEmpty }

    /// The normalised text.
    func normalized(_ text: [UInt8], _ workspace: NormalizerWorkspace) -> [UInt8] {
        var text = text
        for step in steps { text = Self.apply(step, to: text, workspace) }
        return text
    }

    private static func apply(
        _ step: Step, to text: [UInt8], _ workspace: NormalizerWorkspace
    ) -> [UInt8] {
        switch step {
        case .form(let form):
            // ASCII has no other form.
            if text.allSatisfy({ $0 < 0x80 }) { return text }
            return text.withUnsafeBufferPointer { workspace.normalizer(form).normalized($0) }
        case .lowercase: return mapped(text) { $0.properties.lowercaseMapping.utf8 }
        case .stripAccents:
            return mapped(text) { UnicodeNormalizer.isMark($0) ? "".utf8 : nil }
        case .strip(let left, let right):
            return text.withUnsafeBufferPointer { bytes in
                let start = left ? WhiteSpace.end(bytes, from: 0) : 0
                let end =
                    right
                    ? WhiteSpace.start(bytes, before: bytes.count, notBefore: start)
                    : bytes.count
                return Array(bytes[start..<max(start, end)])
            }
        case .prepend(let prefix): return text.isEmpty ? text : prefix + text
        case .replace(let pattern, let content):
            var result: [UInt8] = []
            result.reserveCapacity(text.count)
            text.withUnsafeBufferPointer { bytes in
                for (range, isMatch) in pattern.spans(bytes) {
                    if isMatch { result += content } else { result += bytes[range] }
                }
            }
            return result
        }
    }

    /// Every character replaced; nil keeps it.
    private static func mapped(
        _ text: [UInt8], _ transform: (Unicode.Scalar) -> String.UTF8View?
    ) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        text.withUnsafeBufferPointer { bytes in
            var position = 0
            while position < bytes.count {
                let (scalar, length) = decodeScalar(bytes, at: position)
                if let scalar, let replacement = transform(scalar) {
                    result += replacement
                } else {
                    result += bytes[position..<position + length]
                }
                position += length
            }
        }
        return result
    }
}

/// What one thread needs to normalise text.
final class NormalizerWorkspace {
    private var normalizers: [NormalizationForm: UnicodeNormalizer] = [:]

    fileprivate func normalizer(_ form: NormalizationForm) -> UnicodeNormalizer {
        if let known = normalizers[form] { return known }
        let fresh = UnicodeNormalizer(form)
        normalizers[form] = fresh
        return fresh
    }
}
