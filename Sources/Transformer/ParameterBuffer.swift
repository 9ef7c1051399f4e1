import Kernels

/// One contiguous block of memory for all parameters of a model, or for their gradients or moments.
///
/// Gaps between tensors (they start on cache lines) stay zero.
public final class ParameterBuffer {
    /// Number of elements.
    public let count: Int
    /// The first element, aligned to 64 bytes.
    public let base: UnsafeMutablePointer<Float>

    /// `count` zeros.
    public init(count: Int) {
        self.count = count
        base = PageMemory.allocateZeros(max(1, count), of: Float.self)
    }

    deinit { PageMemory.deallocate(base) }

    /// The elements of one tensor.
    public func elements(of entry: ParameterEntry) -> UnsafeMutableBufferPointer<Float> {
        UnsafeMutableBufferPointer(start: base + entry.offset, count: entry.count)
    }

    /// Sets all elements to zero.
    public func zero() {
        Parallel.forEachRange(count, grain: 1 << 18) { range in
            (base + range.lowerBound).update(repeating: 0, count: range.count)
        }
    }

    /// A buffer with the same content.
    public func copy() -> ParameterBuffer {
        let result = ParameterBuffer(count: count)
        result.base.update(from: base, count: count)
        return result
    }
}
