import Kernels

/// A format that stores the elements of a row in blocks of equal size. Each is described by the place
/// of its parts in a block and by a formula for an element w; the layouts are those of `ggml-common.h`,
/// the formulas those of `dequantize_row_*` in `ggml-quants.c`, evaluated in single precision in the
/// same order, so that the results are the same to the bit.
///
/// In the descriptions d is a block's scale and m its minimum, both in half precision, q an element's
/// quant, and "low nibbles" the lower four bits of bytes.
protocol BlockFormat {
    /// Elements of a block.
    static var length: Int { get }
    /// Bytes of a block.
    static var size: Int { get }
    /// Computes the elements of one block.
    ///
    /// - Parameters:
    ///   - block: ``size`` bytes at any address
    ///   - values: receives ``length`` elements
    static func decode(_ block: UnsafePointer<UInt8>, to values: UnsafeMutablePointer<Float>)
    /// Computes the elements of blocks that follow one another.
    static func decode(
        blocks: Int, _ source: UnsafePointer<UInt8>, to values: UnsafeMutablePointer<Float>)
}

extension BlockFormat {
    static func decode(
        blocks: Int, _ source: UnsafePointer<UInt8>, to values: UnsafeMutablePointer<Float>
    ) {
        for block in 0..<blocks {
            decode(source + block &* size, to: values + block &* length)
        }
    }
}

extension UnsafePointer<UInt8> {
    /// The number in half precision at an offset.
    @inline(__always)
    func half(at offset: Int) -> Float { FloatConversion.float(half: word(at: offset)) }

    /// The 16 bits at an offset.
    @inline(__always)
    func word(at offset: Int) -> UInt16 {
        UnsafeRawPointer(self).loadUnaligned(fromByteOffset: offset, as: UInt16.self)
    }

    /// The 32 bits at an offset.
    @inline(__always)
    func doubleWord(at offset: Int) -> UInt32 {
        UnsafeRawPointer(self).loadUnaligned(fromByteOffset: offset, as: UInt32.self)
    }
}

/// Converts the elements of a tensor to single precision, on all threads.
///
/// - Parameters:
///   - bytes: the tensor as stored, whole blocks
///   - type: one of ``GGUFTensorType/readable``
///   - destination: receives the elements
package func dequantise(
    _ bytes: UnsafeRawBufferPointer, _ type: GGUFTensorType,
    to destination: UnsafeMutableBufferPointer<Float>
) {
    precondition(
        destination.count % type.blockLength == 0
            && bytes.count == destination.count / type.blockLength * type.blockSize)
    guard let source = bytes.baseAddress, let target = destination.baseAddress else { return }
    Parallel.forEachRange(
        destination.count / type.blockLength, grain: (1 << 16) / type.blockLength
    ) { blocks in
        let source = source + blocks.lowerBound * type.blockSize
        let target = target + blocks.lowerBound * type.blockLength
        switch type.encoding {
        case .plain(let element):
            convert(
                UnsafeRawBufferPointer(start: source, count: blocks.count * type.blockSize),
                element, to: UnsafeMutableBufferPointer(start: target, count: blocks.count))
        case .blocks(let format):
            format.decode(
                blocks: blocks.count, source.assumingMemoryBound(to: UInt8.self), to: target)
        case .unreadable:
            preconditionFailure("\(type.name) cannot be read")
        }
    }
}
