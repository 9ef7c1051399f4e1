import Glibc

/// Memory for floats, aligned for vector loads, that grows and is used again: kernels allocate
/// nothing in the steady state.
public final class FloatBuffer {
    /// The first element.
    public private(set) var base: UnsafeMutablePointer<Float>
    /// Number of elements that fit.
    public private(set) var capacity: Int

    /// Memory for `capacity` floats, not initialised.
    public init(capacity: Int = 0) {
        self.capacity = max(16, capacity)
        base = Self.allocate(self.capacity)
    }

    deinit { base.deallocate() }

    /// Makes room for `count` floats; the content is lost when the buffer has to grow.
    @discardableResult
    public func reserve(_ count: Int) -> UnsafeMutablePointer<Float> {
        if count > capacity {
            base.deallocate()
            capacity = max(count, capacity + capacity / 4)
            base = Self.allocate(capacity)
        }
        return base
    }

    /// A view of `rows` × `columns`, after making room for it.
    public func matrix(rows: Int, columns: Int) -> MatrixView {
        MatrixView(reserve(rows * columns), rows: rows, columns: columns)
    }

    private static func allocate(_ count: Int) -> UnsafeMutablePointer<Float> {
        UnsafeMutableRawPointer.allocate(
            byteCount: count * MemoryLayout<Float>.stride, alignment: 64
        ).bindMemory(to: Float.self, capacity: count)
    }
}
