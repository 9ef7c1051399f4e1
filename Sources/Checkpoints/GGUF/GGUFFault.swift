/// What can be wrong with a GGUF file, or keep it from being imported.
public enum GGUFFault: Error, Sendable, Hashable, CustomStringConvertible {
    /// The file does not begin with "GGUF".
    case magic(got: [UInt8])
    /// The version is neither 2 nor 3.
    case version(got: UInt32)
    /// The file is of a byte order that is not read.
    case bigEndian(version: UInt32)
    /// A file of a format that came before GGUF.
    case olderFormat(String)
    /// There are more of something than any file has.
    case tooMany(what: String, got: UInt64, maximum: Int)
    /// A file is one part of several, and not the first, or its name does not lead to the others.
    case part(got: Int, of: Int, expected: String)
    /// A file is not the part that its name says.
    case otherPart(got: String, expected: String)
    /// The file ends within its metadata.
    case truncated(what: String, at: Int)
    /// A count is larger than the file can hold.
    case count(what: String, got: UInt64)
    /// A string is longer than the format allows, or not UTF-8.
    case string(what: String, why: String)
    /// A metadata value has a type that the format does not know.
    case valueType(key: String, got: UInt32)
    /// A boolean is neither 0 nor 1.
    case boolean(key: String, got: UInt8)
    /// Arrays within arrays, deeper than any real file has.
    case nesting(key: String)
    /// A metadata key occurs twice.
    case duplicateKey(String)
    /// A tensor's name occurs twice.
    case duplicateTensor(String)
    /// `general.alignment` is not a power of two of at least eight.
    case alignment(got: Int64)
    /// A tensor has more than four dimensions.
    case dimensions(tensor: String, got: UInt32)
    /// The number of a tensor's elements or bytes does not fit 64 bits.
    case overflow(tensor: String)
    /// A tensor's type is not one of the format's.
    case unknownType(tensor: String, got: UInt32)
    /// A tensor's type is known, but cannot be read here.
    case unsupportedType(tensor: String, got: String)
    /// A tensor's rows are not made of whole blocks.
    case blocks(tensor: String, columns: Int, block: Int)
    /// A tensor's offset is not a multiple of the alignment.
    case misaligned(tensor: String, offset: UInt64, alignment: Int)
    /// A tensor begins before another ends.
    case overlap(tensor: String, other: String)
    /// A tensor ends after the file.
    case dataTruncated(tensor: String, got: Int, expected: Int)
    /// A metadata key is missing.
    case missingKey(String)
    /// A metadata value is not of the kind or size that it should be.
    case value(key: String, got: String, expected: String)
    /// The model is of a kind that is not imported.
    case unsupported(what: String, got: String, expected: String)
    /// A tensor of the model is not in the file.
    case missingTensor(String)
    /// A tensor has another shape than the metadata demand.
    case shape(tensor: String, got: [Int], expected: [Int])
    /// Tensors that the model does not have.
    case unknownTensors([String])

    /// What is wrong, with what was found and what was expected.
    public var description: String {
        switch self {
        case .magic(let got): "not a GGUF file (got \(got) at its start, expected [71, 71, 85, 70])"
        case .version(let got): "GGUF version not supported (got \(got), expected 2 or 3)"
        case .bigEndian(let version):
            "big-endian GGUF file of version \(version) (expected a little-endian one)"
        case .olderFormat(let name):
            "\(name) file, a format from before GGUF (expected GGUF of version 2 or 3)"
        case .tooMany(let what, let got, let maximum):
            "too many \(what) (got \(got), expected at most \(maximum))"
        case .part(let got, let count, let expected):
            "part \(got) of a model in \(count) files (expected \(expected))"
        case .otherPart(let got, let expected):
            "not the part that its name says (got \(got), expected \(expected))"
        case .truncated(let what, let offset): "file ends within \(what), at byte \(offset)"
        case .count(let what, let got): "number of \(what) exceeds the file (got \(got))"
        case .string(let what, let why): "\(what): bad string (\(why))"
        case .valueType(let key, let got):
            "\(key): unknown value type (got \(got), expected 0 to 12)"
        case .boolean(let key, let got): "\(key): bad boolean (got \(got), expected 0 or 1)"
        case .nesting(let key): "\(key): arrays nested too deep (expected at most 4 levels)"
        case .duplicateKey(let key): "metadata key occurs twice: \(key)"
        case .duplicateTensor(let name): "tensor name occurs twice: \(name)"
        case .alignment(let got):
            "general.alignment: got \(got), expected a power of two, at least 8"
        case .dimensions(let tensor, let got):
            "\(tensor): too many dimensions (got \(got), expected at most 4)"
        case .overflow(let tensor): "\(tensor): size does not fit 64 bits"
        case .unknownType(let tensor, let got): "\(tensor): unknown tensor type (got \(got))"
        case .unsupportedType(let tensor, let got):
            "\(tensor): tensor type cannot be read (got \(got), expected one of "
                + GGUFTensorType.readable.map(\.name).joined(separator: " ") + ")"
        case .blocks(let tensor, let columns, let block):
            "\(tensor): row of \(columns) elements (expected a multiple of \(block))"
        case .misaligned(let tensor, let offset, let alignment):
            "\(tensor): misaligned (got offset \(offset), expected a multiple of \(alignment))"
        case .overlap(let tensor, let other): "\(tensor): overlaps \(other)"
        case .dataTruncated(let tensor, let got, let expected):
            "\(tensor): file not fully covered (got a file of \(got) bytes, expected at least "
                + "\(expected))"
        case .missingKey(let key): "no metadata key \(key)"
        case .value(let key, let got, let expected): "\(key): got \(got), expected \(expected)"
        case .unsupported(let what, let got, let expected):
            "not supported: \(what) (got \(got), expected \(expected))"
        case .missingTensor(let name): "no tensor \(name)"
        case .shape(let tensor, let got, let expected):
            "\(tensor): wrong shape (got \(got), expected \(expected))"
        case .unknownTensors(let names):
            "\(names.count) tensors are not of this model: \(CheckpointError.list(names))"
        }
    }

    /// What the user can do about it.
    var hint: String? {
        switch self {
        case .truncated, .dataTruncated:
            "download incomplete? compare the file's size and SHA-256 with the source"
        case .bigEndian, .olderFormat, .version:
            "convert the original model again with a current llama.cpp"
        case .part: "all parts stand in one directory under names that end in -00001-of-0000N.gguf"
        case .magic: "a Git LFS pointer or an HTML page may stand in its place"
        case .unsupportedType: "take a Q8_0, Q6_K, Q5_K_M or Q4_K_M file of the same model"
        case .missingKey(let key) where key.hasSuffix(".rope.freq_base"):
            "the file does not say which rotary base the model was trained with, and a wrong one "
                + "scrambles positions; give it with --rope-theta (llama.cpp takes 10000)"
        default: nil
        }
    }
}
