public import StreamIO

/// What can be wrong with a safetensors file: one case for each malformation.
public enum SafetensorsFault: Error, Sendable, Hashable, CustomStringConvertible {
    /// The file ends within the eight bytes of the header's length.
    case noHeaderLength(got: Int)
    /// The header's length exceeds the format's limit of 100,000,000 bytes.
    case headerTooLarge(got: UInt64)
    /// The file ends within the header.
    case headerTruncated(got: Int, expected: Int)
    /// The header does not begin with an opening brace.
    case headerStart(got: UInt8)
    /// The header is not UTF-8.
    case headerEncoding
    /// The header is not JSON.
    case headerText(JSONError)
    /// The header's JSON does not have the form that the format prescribes.
    case headerSyntax(at: Int, what: String)
    /// A name occurs twice.
    case duplicateName(String)
    /// A value of `__metadata__` is not a string.
    case metadataValue(key: String)
    /// A field of a tensor is missing.
    case missingField(tensor: String, field: String)
    /// A tensor has a field that the format does not know.
    case unknownField(tensor: String, field: String)
    /// A field of a tensor occurs twice.
    case duplicateField(tensor: String, field: String)
    /// A tensor's type is not one of the format's.
    case unknownType(tensor: String, got: String)
    /// The number of a tensor's bytes does not fit 64 bits.
    case shapeOverflow(tensor: String, shape: [Int])
    /// `data_offsets` is not a pair.
    case offsetCount(tensor: String, got: Int)
    /// A tensor ends before it begins.
    case offsetOrder(tensor: String, begin: Int, end: Int)
    /// A tensor's bytes do not fit its type and shape.
    case byteCount(tensor: String, got: Int, expected: Int)
    /// A tensor begins before the previous one ends.
    case overlap(tensor: String, got: Int, expected: Int)
    /// There are bytes between two tensors, or before the first.
    case hole(tensor: String, got: Int, expected: Int)
    /// The file ends before the last tensor does.
    case dataTruncated(got: Int, expected: Int)
    /// The file goes on after the last tensor.
    case trailingBytes(got: Int, expected: Int)

    /// What is wrong, with what was found and what was expected.
    public var description: String {
        switch self {
        case .noHeaderLength(let got):
            "no safetensors header (got a file of \(got) bytes, expected at least 8)"
        case .headerTooLarge(let got):
            "header too large (got \(got) bytes, expected at most \(SafetensorsHeader.limit))"
        case .headerTruncated(let got, let expected):
            "invalid header length (got a file of \(got) bytes, expected at least \(expected) "
                + "for the header)"
        case .headerStart(let got):
            "header is not a JSON object (got byte \(got) at its start, expected 123, '{')"
        case .headerEncoding: "header is not valid UTF-8"
        case .headerText(let error): "header is \(error)"
        case .headerSyntax(let offset, let what): "header, byte \(offset): \(what)"
        case .duplicateName(let name): "tensor name occurs twice: \(name)"
        case .metadataValue(let key): "__metadata__ entry is not a string: \(key)"
        case .missingField(let tensor, let field): "\(tensor): no \(field) in the header"
        case .unknownField(let tensor, let field): "\(tensor): unknown field \(field) in the header"
        case .duplicateField(let tensor, let field): "\(tensor): \(field) occurs twice"
        case .unknownType(let tensor, let got):
            "\(tensor): unknown dtype (got \(got), expected one of "
                + TensorType.allCases.map(\.rawValue).joined(separator: " ") + ")"
        case .shapeOverflow(let tensor, let shape):
            "\(tensor): shape \(shape) overflows (expected a size that fits 64 bits)"
        case .offsetCount(let tensor, let got):
            "\(tensor): data_offsets is not a pair (got \(got) numbers, expected 2)"
        case .offsetOrder(let tensor, let begin, let end):
            "\(tensor): data_offsets in wrong order (got [\(begin), \(end)])"
        case .byteCount(let tensor, let got, let expected):
            "\(tensor): data does not fit dtype and shape (got \(got) bytes, expected \(expected))"
        case .overlap(let tensor, let got, let expected):
            "\(tensor): overlaps the tensor before it (got offset \(got), expected \(expected))"
        case .hole(let tensor, let got, let expected):
            "\(tensor): unused bytes before it (got offset \(got), expected \(expected))"
        case .dataTruncated(let got, let expected):
            "incomplete metadata, file not fully covered (got a file of \(got) bytes, expected "
                + "\(expected) from the header)"
        case .trailingBytes(let got, let expected):
            "trailing bytes after the last tensor (got a file of \(got) bytes, expected "
                + "\(expected) from the header)"
        }
    }

    /// What the user can do about it.
    var hint: String? {
        switch self {
        case .noHeaderLength, .headerTruncated, .dataTruncated:
            "download incomplete? compare the file's size and SHA-256 with the source"
        case .headerTooLarge, .headerStart:
            "not a safetensors file? a Git LFS pointer or an HTML page may stand in its place"
        default: nil
        }
    }
}

extension SafetensorsFault: JSONReadingError {
    package init(_ error: JSONError) { self = .headerText(error) }
}
