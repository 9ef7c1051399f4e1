/// How the elements of a GGUF tensor are stored: in blocks along a row.
public struct GGUFTensorType: Sendable, Hashable {
    /// What an element or a block is made of.
    enum Encoding: Sendable {
        /// One number after another.
        case plain(TensorType)
        /// Quantised blocks.
        case blocks(any BlockFormat.Type)
        /// Something that is not read here.
        case unreadable
    }

    /// The number in the file.
    public let code: UInt32
    /// The usual name, e.g. `Q4_1`.
    public let name: String
    /// Elements of a block.
    public let blockLength: Int
    /// Bytes of a block.
    public let blockSize: Int
    let encoding: Encoding

    private init(_ code: UInt32, _ name: String, _ type: TensorType) {
        self.init(code, name, 1, type.size, .plain(type))
    }

    private init(_ code: UInt32, _ name: String, _ format: any BlockFormat.Type) {
        self.init(code, name, format.length, format.size, .blocks(format))
    }

    private init(
        _ code: UInt32, _ name: String, _ blockLength: Int, _ blockSize: Int,
        _ encoding: Encoding = .unreadable
    ) {
        self.code = code
        self.name = name
        self.blockLength = blockLength
        self.blockSize = blockSize
        self.encoding = encoding
    }

    /// Types are what their numbers say.
    public static func == (left: GGUFTensorType, right: GGUFTensorType) -> Bool {
        left.code == right.code
    }

    /// Hashes the number.
    public func hash(into hasher: inout Hasher) { hasher.combine(code) }

    /// Single precision.
    public static let f32 = GGUFTensorType(0, "F32", TensorType.f32)
    /// Half precision.
    public static let f16 = GGUFTensorType(1, "F16", TensorType.f16)
    /// The upper half of a single-precision number.
    public static let bf16 = GGUFTensorType(30, "BF16", TensorType.bf16)
    /// 4 bits and a scale for 32 elements.
    public static let q4x0 = GGUFTensorType(2, "Q4_0", Q4x0.self)
    /// 8 bits and a scale for 32 elements.
    public static let q8x0 = GGUFTensorType(8, "Q8_0", Q8x0.self)

    /// The types that can be read: those of the files that llama.cpp's converter and quantiser make
    /// without an importance matrix, and its nonlinear types of four bits.
    package static let readable: [GGUFTensorType] = [
        f32, f16, bf16, GGUFTensorType(28, "F64", TensorType.f64),
        q8x0, q4x0, GGUFTensorType(3, "Q4_1", Q4x1.self),
        GGUFTensorType(6, "Q5_0", Q5x0.self), GGUFTensorType(7, "Q5_1", Q5x1.self),
        GGUFTensorType(10, "Q2_K", Q2K.self), GGUFTensorType(11, "Q3_K", Q3K.self),
        GGUFTensorType(12, "Q4_K", Q4K.self), GGUFTensorType(13, "Q5_K", Q5K.self),
        GGUFTensorType(14, "Q6_K", Q6K.self),
        GGUFTensorType(20, "IQ4_NL", IQ4NL.self), GGUFTensorType(23, "IQ4_XS", IQ4XS.self),
    ]

    /// The types that cannot: known so that their names stand in messages and the places of the
    /// tensors can be checked.
    private static let others: [GGUFTensorType] = [
        GGUFTensorType(4, "Q4_2", 16, 10), GGUFTensorType(5, "Q4_3", 16, 12),
        GGUFTensorType(9, "Q8_1", 32, 36), GGUFTensorType(15, "Q8_K", 256, 292),
        GGUFTensorType(16, "IQ2_XXS", 256, 66), GGUFTensorType(17, "IQ2_XS", 256, 74),
        GGUFTensorType(18, "IQ3_XXS", 256, 98), GGUFTensorType(19, "IQ1_S", 256, 50),
        GGUFTensorType(21, "IQ3_S", 256, 110), GGUFTensorType(22, "IQ2_S", 256, 82),
        GGUFTensorType(24, "I8", 1, 1), GGUFTensorType(25, "I16", 1, 2),
        GGUFTensorType(26, "I32", 1, 4), GGUFTensorType(27, "I64", 1, 8),
        GGUFTensorType(29, "IQ1_M", 256, 56), GGUFTensorType(31, "Q4_0_4_4", 32, 18),
        GGUFTensorType(32, "Q4_0_4_8", 32, 18), GGUFTensorType(33, "Q4_0_8_8", 32, 18),
        GGUFTensorType(34, "TQ1_0", 256, 54), GGUFTensorType(35, "TQ2_0", 256, 66),
        GGUFTensorType(36, "IQ4_NL_4_4", 32, 18), GGUFTensorType(37, "IQ4_NL_4_8", 32, 18),
        GGUFTensorType(38, "IQ4_NL_8_8", 32, 18), GGUFTensorType(39, "MXFP4", 32, 17),
        GGUFTensorType(40, "NVFP4", 64, 36),
    ]

    private static let byCode = Dictionary(
        (readable + others).map { ($0.code, $0) }, uniquingKeysWith: { first, _ in first })

    /// The type with this number in the file, nil if there is none.
    package init?(_ code: UInt32) {
        guard let type = Self.byCode[code] else { return nil }
        self = type
    }
}
