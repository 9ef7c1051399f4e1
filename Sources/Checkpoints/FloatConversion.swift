/// Conversions between the floating-point types of files. All round to nearest even.
///
/// They work on bit patterns, as integer operations vectorise on every processor while half
/// precision in Swift compiles to a library call where the target does not promise F16C.
package enum FloatConversion {
    // MARK: Half precision

    @inline(__always)
    package static func float(half bits: UInt16) -> Float {
        let magnitude = UInt32(bits & 0x7FFF) << 13
        // As a float the pattern is 2⁻¹¹² times its value; the product is exact, subnormals too.
        var value = Float(bitPattern: magnitude) * Float(bitPattern: 0x7780_0000)
        if magnitude >= 0x0F80_0000 {
            value = Float(bitPattern: magnitude | 0x7F80_0000)
        }
        return Float(bitPattern: value.bitPattern | UInt32(bits & 0x8000) << 16)
    }

    @inline(__always)
    package static func half(_ value: Float) -> UInt16 {
        let bits = value.bitPattern
        let sign = UInt16(truncatingIfNeeded: bits >> 16) & 0x8000
        let magnitude = bits & 0x7FFF_FFFF
        if magnitude > 0x7F80_0000 {
            // Keep a NaN one, and quiet.
            return sign | 0x7E00 | UInt16(truncatingIfNeeded: magnitude >> 13) & 0x3FF
        }
        if magnitude >= 0x4780_0000 { return sign | 0x7C00 }
        if magnitude < 0x3880_0000 {
            // Subnormal: adding 0.5 aligns the fraction, and the addition rounds to nearest even.
            let aligned = Float(bitPattern: magnitude) + 0.5
            return sign | UInt16(truncatingIfNeeded: aligned.bitPattern &- 0x3F00_0000)
        }
        let odd = (magnitude >> 13) & 1
        return sign
            | UInt16(truncatingIfNeeded: (magnitude &- 0x3800_0000 &+ 0xFFF &+ odd) >> 13)
    }

    // MARK: bfloat16

    @inline(__always)
    package static func float(bfloat16 bits: UInt16) -> Float {
        Float(bitPattern: UInt32(bits) << 16)
    }

    @inline(__always)
    package static func bfloat16(_ value: Float) -> UInt16 {
        let bits = value.bitPattern
        if bits & 0x7FFF_FFFF > 0x7F80_0000 {
            return UInt16(truncatingIfNeeded: bits >> 16) | 0x0040
        }
        return UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ ((bits >> 16) & 1)) >> 16)
    }

    // MARK: Double precision

    /// The float next to `value` towards zero, with its last bit set unless it is exact.
    ///
    /// Rounding this again to a type with at least two bits less gives what rounding `value`
    /// itself gives (Boldo and Melquiond, "Emulation of a FMA and correctly rounded sums").
    @inline(__always)
    package static func roundedToOdd(_ value: Double) -> Float {
        let nearest = Float(value)
        if Double(nearest) == value || nearest.isNaN { return nearest }
        let magnitude = nearest.bitPattern
        let truncated = Double(nearest).magnitude > value.magnitude ? magnitude - 1 : magnitude
        return Float(bitPattern: truncated | 1)
    }
}

// MARK: Whole tensors

/// Converts the elements of a tensor to single precision.
///
/// - Parameters:
///   - bytes: the elements as stored, little endian, `type.size · destination.count` bytes at any
///     address
///   - type: F32, F16, BF16 or F64
///   - destination: receives the values
func convert(
    _ bytes: UnsafeRawBufferPointer, _ type: TensorType,
    to destination: UnsafeMutableBufferPointer<Float>
) {
    precondition(bytes.count == destination.count * type.size && type.isFloatingPoint)
    guard let source = bytes.baseAddress, let target = destination.baseAddress else { return }
    let count = destination.count
    switch type {
    case .f32:
        UnsafeMutableRawPointer(target).copyMemory(from: source, byteCount: bytes.count)
    case .f16:
        for i in 0..<count {
            target[i] = FloatConversion.float(
                half: source.loadUnaligned(fromByteOffset: 2 &* i, as: UInt16.self))
        }
    case .bf16:
        for i in 0..<count {
            target[i] = FloatConversion.float(
                bfloat16: source.loadUnaligned(fromByteOffset: 2 &* i, as: UInt16.self))
        }
    default:
        for i in 0..<count {
            target[i] = Float(source.loadUnaligned(fromByteOffset: 8 &* i, as: Double.self))
        }
    }
}

/// The index of the first NaN or infinity, nil if all values are finite.
package func firstNonFinite(_ values: UnsafeBufferPointer<Float>) -> Int? {
    // A block at a time without leaving the loop, so that it vectorises.
    let block = 4096
    var start = 0
    while start < values.count {
        let end = min(start + block, values.count)
        var largest: UInt32 = 0
        for i in start..<end { largest = max(largest, values[i].bitPattern & 0x7FFF_FFFF) }
        if largest >= 0x7F80_0000 {
            return (start..<end).first { !values[$0].isFinite }
        }
        start = end
    }
    return nil
}

/// Hands `values` to `sink` in the type `type`, some at a time.
///
/// - Throws: ``CheckpointError/overflow(tensor:type:index:)`` if a finite value becomes infinite,
///   and what `sink` throws.
package func encode(
    _ values: UnsafeBufferPointer<Float>, as type: WeightType, tensor: String,
    to sink: (UnsafeRawBufferPointer) throws -> Void
) throws {
    if type == .float32 {
        try sink(UnsafeRawBufferPointer(values))
        return
    }
    let block = 1 << 16
    var converted = [UInt16](repeating: 0, count: min(block, values.count))
    var start = 0
    while start < values.count {
        let count = min(block, values.count - start)
        let source = UnsafeBufferPointer(rebasing: values[start..<start + count])
        let overflow = converted.withUnsafeMutableBufferPointer { target -> Bool in
            var infinities = 0
            if type == .bfloat16 {
                for i in 0..<count {
                    target[i] = FloatConversion.bfloat16(source[i])
                    infinities &+= target[i] & 0x7FFF == 0x7F80 ? 1 : 0
                }
            } else {
                for i in 0..<count {
                    target[i] = FloatConversion.half(source[i])
                    infinities &+= target[i] & 0x7FFF == 0x7C00 ? 1 : 0
                }
            }
            return infinities > 0
        }
        if overflow {
            let infinity: UInt16 = type == .bfloat16 ? 0x7F80 : 0x7C00
            for i in 0..<count where converted[i] & 0x7FFF == infinity && source[i].isFinite {
                throw CheckpointError.overflow(
                    tensor: tensor, type: type.rawValue, index: start + i)
            }
        }
        try converted.withUnsafeBytes {
            try sink(UnsafeRawBufferPointer(rebasing: $0[..<(2 * count)]))
        }
        start += count
    }
}
