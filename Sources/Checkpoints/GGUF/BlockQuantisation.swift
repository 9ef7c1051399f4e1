import Kernels

/// A block format that is written, too. Quantising is that of `quantize_row_*_ref` in `ggml-quants.c`, in
/// single precision and in the same order.
protocol QuantisingFormat: BlockFormat {
    /// Quantises one block.
    ///
    /// - Parameters:
    ///   - values: ``length`` finite elements
    ///   - block: receives ``size`` bytes
    /// - Returns: whether the scale is finite in half precision.
    static func encode(
        _ values: UnsafePointer<Float>, to block: UnsafeMutablePointer<UInt8>
    ) -> Bool
    /// Quantises blocks that follow one another.
    ///
    /// - Returns: the first whose scale is not finite in half precision.
    static func encode(
        blocks: Int, _ values: UnsafePointer<Float>, to target: UnsafeMutablePointer<UInt8>
    ) -> Int?
}

extension QuantisingFormat {
    static func encode(
        blocks: Int, _ values: UnsafePointer<Float>, to target: UnsafeMutablePointer<UInt8>
    ) -> Int? {
        var overflow: Int?
        for block in (0..<blocks).reversed()
        where !encode(values + block &* length, to: target + block &* size) { overflow = block }
        return overflow
    }
}

extension Q8x0: QuantisingFormat {
    /// d = max|w| / 127, q = w / d rounded to nearest, halves away from zero.
    static func encode(
        _ values: UnsafePointer<Float>, to block: UnsafeMutablePointer<UInt8>
    ) -> Bool {
        var largest: Float = 0
        for i in 0..<length { largest = max(largest, values[i].magnitude) }
        let scale = largest / 127
        let inverse = reciprocal(scale)
        for i in 0..<length {
            let quant = (values[i] * inverse).rounded(.toNearestOrAwayFromZero)
            block[2 &+ i] = UInt8(bitPattern: Int8(quant))
        }
        return block.store(half: scale)
    }
}

extension Q4x0: QuantisingFormat {
    /// d = w* / −8 with w* the first element of largest magnitude, q = w / d + 8 rounded to nearest, at
    /// most 15.
    static func encode(
        _ values: UnsafePointer<Float>, to block: UnsafeMutablePointer<UInt8>
    ) -> Bool {
        var largest = values[0]
        for i in 1..<length where values[i].magnitude > largest.magnitude { largest = values[i] }
        let scale = largest / -8
        let inverse = reciprocal(scale)
        // Where the scale has no reciprocal, all quants are those of an overflow in C: zero.
        let offset: Float = inverse == 0 && scale != 0 ? 0 : 8.5
        for i in 0..<length / 2 {
            let low = min(UInt8(values[i] * inverse + offset), 15)
            let high = min(UInt8(values[i + length / 2] * inverse + offset), 15)
            block[2 &+ i] = low | high &<< 4
        }
        return block.store(half: scale)
    }
}

/// 1 / scale; 0 for 0, and for a scale so small that there is none, which becomes 0 in half precision.
@inline(__always)
private func reciprocal(_ scale: Float) -> Float {
    let inverse = scale == 0 ? 0 : 1 / scale
    return inverse.isFinite ? inverse : 0
}

extension UnsafeMutablePointer<UInt8> {
    /// Puts a number in half precision at the start of a block; false if it is too large for that.
    @inline(__always)
    fileprivate func store(half value: Float) -> Bool {
        let bits = FloatConversion.half(value)
        UnsafeMutableRawPointer(self).storeBytes(of: bits, as: UInt16.self)
        return bits & 0x7C00 != 0x7C00
    }
}

/// Quantises the elements of a tensor, whole blocks, on all threads.
///
/// - Parameters:
///   - values: finite
///   - type: Q8_0 or Q4_0
///   - destination: receives the blocks
/// - Returns: the index of the first element of a block whose scale is beyond half precision, nil if there
///   is none.
package func quantise(
    _ values: UnsafeBufferPointer<Float>, as type: GGUFTensorType,
    to destination: UnsafeMutableBufferPointer<UInt8>
) -> Int? {
    guard case .blocks(let format) = type.encoding,
        let format = format as? any QuantisingFormat.Type
    else { preconditionFailure("\(type.name) cannot be written") }
    let blocks = values.count / type.blockLength
    precondition(
        values.count % type.blockLength == 0 && destination.count == blocks * type.blockSize)
    guard let source = values.baseAddress, let target = destination.baseAddress else { return nil }
    let grain = 1 << 11
    var overflows = [Int?](repeating: nil, count: (blocks + grain - 1) / grain)
    overflows.withUnsafeMutableBufferPointer { overflows in
        Parallel.forEachRange(blocks, grain: grain) { range in
            overflows[range.lowerBound / grain] = format.encode(
                blocks: range.count, source + range.lowerBound * type.blockLength,
                to: target + range.lowerBound * type.blockSize
            ).map { (range.lowerBound + $0) * type.blockLength }
        }
    }
    return overflows.lazy.compactMap { $0 }.first
}
