/// Element types of safetensors files.
public enum TensorType: String, Sendable, Hashable, CaseIterable {
    /// IEEE double precision.
    case f64 = "F64"
    /// IEEE single precision.
    case f32 = "F32"
    /// IEEE half precision.
    case f16 = "F16"
    /// The upper half of a single-precision number.
    case bf16 = "BF16"
    /// 8 bits: 1 sign, 4 exponent, 3 fraction.
    case f8e4m3 = "F8_E4M3"
    /// 8 bits: 1 sign, 5 exponent, 2 fraction.
    case f8e5m2 = "F8_E5M2"
    /// 8 bits of exponent.
    case f8e8m0 = "F8_E8M0"
    /// Signed 64-bit integer.
    case i64 = "I64"
    /// Signed 32-bit integer.
    case i32 = "I32"
    /// Signed 16-bit integer.
    case i16 = "I16"
    /// Signed 8-bit integer.
    case i8 = "I8"
    /// Unsigned 64-bit integer.
    case u64 = "U64"
    /// Unsigned 32-bit integer.
    case u32 = "U32"
    /// Unsigned 16-bit integer.
    case u16 = "U16"
    /// Unsigned 8-bit integer.
    case u8 = "U8"
    /// One byte, 0 or 1.
    case bool = "BOOL"
    /// Two single-precision numbers.
    case c64 = "C64"

    /// Bytes of one element.
    public var size: Int {
        switch self {
        case .f64, .i64, .u64, .c64: 8
        case .f32, .i32, .u32: 4
        case .f16, .bf16, .i16, .u16: 2
        case .f8e4m3, .f8e5m2, .f8e8m0, .i8, .u8, .bool: 1
        }
    }

    /// Whether tensors of this type can be read as `Float`.
    public var isFloatingPoint: Bool {
        switch self {
        case .f64, .f32, .f16, .bf16: true
        default: false
        }
    }
}

/// The types that weights are written in, named as in `config.json`.
public enum WeightType: String, Sendable, Hashable, CaseIterable, Codable {
    /// IEEE single precision.
    case float32
    /// The upper half of a single-precision number, rounded to nearest even.
    case bfloat16
    /// IEEE half precision, rounded to nearest even.
    case float16

    /// The element type in the file.
    public var tensorType: TensorType {
        switch self {
        case .float32: .f32
        case .bfloat16: .bf16
        case .float16: .f16
        }
    }

    /// The type that holds elements of `type` best: float32 for all that are not of 16 bits.
    public init(_ type: TensorType) {
        switch type {
        case .bf16: self = .bfloat16
        case .f16: self = .float16
        default: self = .float32
        }
    }
}

/// Name, type and shape of a tensor.
public struct TensorDescription: Sendable, Hashable {
    /// Its name.
    public let name: String
    /// The type of its elements.
    public let type: TensorType
    /// Its shape, row-major; empty for a scalar.
    public let shape: [Int]

    /// A description with all its values.
    public init(name: String, type: TensorType, shape: [Int]) {
        self.name = name
        self.type = type
        self.shape = shape
    }

    /// Number of elements.
    public var count: Int { shape.reduce(1, *) }
    /// Size in bytes.
    public var byteCount: Int { count * type.size }
}
