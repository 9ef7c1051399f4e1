import Kernels

/// One contiguous block of memory for all parameters of a model, or for their gradients or moments.
///
/// Gaps between tensors (they start on cache lines) stay zero.
public final class ParameterBuffer {
    /// Number of elements.
    public let count: Int
    /// The first element, aligned to 64 bytes.
    public let base: UnsafeMutablePointer<Float>
    private let isSparse: Bool

    private var byteCount: Int { max(1, count) * MemoryLayout<Float>.stride }

    /// `count` zeros.
    ///
    /// - Parameter isSparse: whether only a part is to be in use at a time, so that the whole may be
    ///   larger than memory
    public init(count: Int, isSparse: Bool = false) {
        self.count = count
        self.isSparse = isSparse
        if isSparse {
            base = PageMemory.map(bytes: max(1, count) * MemoryLayout<Float>.stride)
                .bindMemory(to: Float.self, capacity: max(1, count))
        } else {
            base = PageMemory.allocateZeros(max(1, count), of: Float.self)
        }
    }

    deinit {
        if isSparse {
            PageMemory.unmap(base, bytes: byteCount)
        } else {
            PageMemory.deallocate(base)
        }
    }

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

    /// Sets some elements to zero and gives their memory back until they are touched again.
    public func discard(_ range: Range<Int>) {
        PageMemory.discard(
            base + range.lowerBound, bytes: range.count * MemoryLayout<Float>.stride)
    }

    /// A buffer with the same content.
    public func copy() -> ParameterBuffer {
        let result = ParameterBuffer(count: count)
        result.base.update(from: base, count: count)
        return result
    }
}
