/// How the elements of a GGUF tensor are stored: in blocks along a row.
public struct GGUFTensorType: Sendable, Hashable {
    /// The number in the file.
    public let code: UInt32
    /// The usual name, e.g. `Q4_1`.
    public let name: String
    /// Elements of a block.
    public let blockLength: Int
    /// Bytes of a block.
    public let blockSize: Int

    private init(code: UInt32, name: String, blockLength: Int, blockSize: Int) {
        self.code = code
        self.name = name
        self.blockLength = blockLength
        self.blockSize = blockSize
    }

    /// Single precision.
    public static let f32 = GGUFTensorType(code: 0, name: "F32", blockLength: 1, blockSize: 4)
    /// Half precision.
    public static let f16 = GGUFTensorType(code: 1, name: "F16", blockLength: 1, blockSize: 2)
    /// The upper half of a single-precision number.
    public static let bf16 = GGUFTensorType(code: 30, name: "BF16", blockLength: 1, blockSize: 2)
    /// 4 bits and a scale for 32 elements.
    public static let q4x0 = GGUFTensorType(code: 2, name: "Q4_0", blockLength: 32, blockSize: 18)
    /// 4 bits, a scale and a minimum for 32 elements.
    public static let q4x1 = GGUFTensorType(code: 3, name: "Q4_1", blockLength: 32, blockSize: 20)
    /// 8 bits and a scale for 32 elements.
    public static let q8x0 = GGUFTensorType(code: 8, name: "Q8_0", blockLength: 32, blockSize: 34)

    /// The types that can be read.
    static let readable: [GGUFTensorType] = [f32, f16, bf16, q8x0, q4x0, q4x1]

    /// The types that cannot: known so that their names stand in messages and the places of the
    /// tensors can be checked.
    private static let others: [GGUFTensorType] = [
        GGUFTensorType(code: 4, name: "Q4_2", blockLength: 16, blockSize: 10),
        GGUFTensorType(code: 5, name: "Q4_3", blockLength: 16, blockSize: 12),
        GGUFTensorType(code: 6, name: "Q5_0", blockLength: 32, blockSize: 22),
        GGUFTensorType(code: 7, name: "Q5_1", blockLength: 32, blockSize: 24),
        GGUFTensorType(code: 9, name: "Q8_1", blockLength: 32, blockSize: 36),
        GGUFTensorType(code: 10, name: "Q2_K", blockLength: 256, blockSize: 84),
        GGUFTensorType(code: 11, name: "Q3_K", blockLength: 256, blockSize: 110),
        GGUFTensorType(code: 12, name: "Q4_K", blockLength: 256, blockSize: 144),
        GGUFTensorType(code: 13, name: "Q5_K", blockLength: 256, blockSize: 176),
        GGUFTensorType(code: 14, name: "Q6_K", blockLength: 256, blockSize: 210),
        GGUFTensorType(code: 15, name: "Q8_K", blockLength: 256, blockSize: 292),
        GGUFTensorType(code: 16, name: "IQ2_XXS", blockLength: 256, blockSize: 66),
        GGUFTensorType(code: 17, name: "IQ2_XS", blockLength: 256, blockSize: 74),
        GGUFTensorType(code: 18, name: "IQ3_XXS", blockLength: 256, blockSize: 98),
        GGUFTensorType(code: 19, name: "IQ1_S", blockLength: 256, blockSize: 50),
        GGUFTensorType(code: 20, name: "IQ4_NL", blockLength: 32, blockSize: 18),
        GGUFTensorType(code: 21, name: "IQ3_S", blockLength: 256, blockSize: 110),
        GGUFTensorType(code: 22, name: "IQ2_S", blockLength: 256, blockSize: 82),
        GGUFTensorType(code: 23, name: "IQ4_XS", blockLength: 256, blockSize: 136),
        GGUFTensorType(code: 24, name: "I8", blockLength: 1, blockSize: 1),
        GGUFTensorType(code: 25, name: "I16", blockLength: 1, blockSize: 2),
        GGUFTensorType(code: 26, name: "I32", blockLength: 1, blockSize: 4),
        GGUFTensorType(code: 27, name: "I64", blockLength: 1, blockSize: 8),
        GGUFTensorType(code: 28, name: "F64", blockLength: 1, blockSize: 8),
        GGUFTensorType(code: 29, name: "IQ1_M", blockLength: 256, blockSize: 56),
        GGUFTensorType(code: 31, name: "Q4_0_4_4", blockLength: 32, blockSize: 18),
        GGUFTensorType(code: 32, name: "Q4_0_4_8", blockLength: 32, blockSize: 18),
        GGUFTensorType(code: 33, name: "Q4_0_8_8", blockLength: 32, blockSize: 18),
        GGUFTensorType(code: 34, name: "TQ1_0", blockLength: 256, blockSize: 54),
        GGUFTensorType(code: 35, name: "TQ2_0", blockLength: 256, blockSize: 66),
        GGUFTensorType(code: 36, name: "IQ4_NL_4_4", blockLength: 32, blockSize: 18),
        GGUFTensorType(code: 37, name: "IQ4_NL_4_8", blockLength: 32, blockSize: 18),
        GGUFTensorType(code: 38, name: "IQ4_NL_8_8", blockLength: 32, blockSize: 18),
        GGUFTensorType(code: 39, name: "MXFP4", blockLength: 32, blockSize: 17),
        GGUFTensorType(code: 40, name: "NVFP4", blockLength: 64, blockSize: 36),
    ]

    private static let byCode = Dictionary(
        (readable + others).map { ($0.code, $0) }, uniquingKeysWith: { first, _ in first })

    /// The type with this number in the file, nil if there is none.
    init?(_ code: UInt32) {
        guard let type = Self.byCode[code] else { return nil }
        self = type
    }
}

/// Converts the blocks of a tensor to single precision. d and m are a block's scale and minimum in
/// half precision; in 4-bit blocks the low nibbles are the first 16 elements, the high the last 16.
///
/// - Q8_0: w = d·q, q signed
/// - Q4_0: w = d·(q − 8)
/// - Q4_1: w = d·q + m
func dequantise(
    _ bytes: UnsafeRawBufferPointer, _ type: GGUFTensorType,
    to destination: UnsafeMutableBufferPointer<Float>
) {
    precondition(
        bytes.count == destination.count / type.blockLength * type.blockSize
            && destination.count % type.blockLength == 0)
    guard let source = bytes.baseAddress, let target = destination.baseAddress else { return }
    func half(_ offset: Int) -> Float {
        FloatConversion.float(
            half: source.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }
    let blocks = destination.count / type.blockLength
    switch type {
    case .f32: convert(bytes, .f32, to: destination)
    case .f16: convert(bytes, .f16, to: destination)
    case .bf16: convert(bytes, .bf16, to: destination)
    case .q8x0:
        for block in 0..<blocks {
            let (from, to) = (block * type.blockSize, target + block * 32)
            let scale = half(from)
            for i in 0..<32 {
                to[i] = scale * Float(source.load(fromByteOffset: from + 2 + i, as: Int8.self))
            }
        }
    case .q4x0:
        for block in 0..<blocks {
            let (from, to) = (block * type.blockSize, target + block * 32)
            let scale = half(from)
            for i in 0..<16 {
                let pair = source.load(fromByteOffset: from + 2 + i, as: UInt8.self)
                to[i] = Float(Int32(pair & 15) - 8) * scale
                to[i + 16] = Float(Int32(pair >> 4) - 8) * scale
            }
        }
    case .q4x1:
        for block in 0..<blocks {
            let (from, to) = (block * type.blockSize, target + block * 32)
            let (scale, minimum) = (half(from), half(from + 2))
            for i in 0..<16 {
                let pair = source.load(fromByteOffset: from + 4 + i, as: UInt8.self)
                to[i] = Float(pair & 15) * scale + minimum
                to[i + 16] = Float(pair >> 4) * scale + minimum
            }
        }
    default: preconditionFailure("\(type.name) cannot be read")
    }
}
