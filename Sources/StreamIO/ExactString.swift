/// A string that is what its bytes are: for ids, names and texts that are looked up. Two that look
/// alike but are composed of other Unicode scalars are two, which `String`'s own equality takes for
/// one.
public struct ExactString: Sendable, Hashable {
    /// The string.
    public let text: String

    /// Wraps a string.
    public init(_ text: String) { self.text = text }

    /// Compares bytes.
    public static func == (left: ExactString, right: ExactString) -> Bool {
        JSONString.isSame(left.text, right.text)
    }

    /// Hashes bytes.
    public func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        hasher.combine(UInt8(0xFF))
    }
}
