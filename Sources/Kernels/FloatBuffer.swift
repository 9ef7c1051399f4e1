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
        base = PageMemory.allocate(self.capacity, of: Float.self)
    }

    deinit { PageMemory.deallocate(base) }

    /// Makes room for `count` floats; the content is lost when the buffer has to grow.
    @discardableResult
    public func reserve(_ count: Int) -> UnsafeMutablePointer<Float> {
        if count > capacity {
            PageMemory.deallocate(base)
            capacity = max(count, capacity + capacity / 4)
            base = PageMemory.allocate(capacity, of: Float.self)
        }
        return base
    }

    /// A view of `rows` × `columns`, after making room for it.
    public func matrix(rows: Int, columns: Int) -> MatrixView {
        MatrixView(reserve(PageMemory.size(rows, columns)), rows: rows, columns: columns)
    }
}
