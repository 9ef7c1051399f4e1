import Kernels

/// Parameters of a model, or their moments, in bfloat16: half the memory of a ``ParameterBuffer``.
public final class CompactParameters {
    /// Number of elements.
    public let count: Int
    /// The first element; laid out as ``ParameterLayout`` says.
    public let base: UnsafeMutablePointer<UInt16>

    /// `count` zeros.
    public init(count: Int) {
        self.count = count
        base = PageMemory.allocateZeros(max(1, count), of: UInt16.self)
    }

    deinit { PageMemory.deallocate(base) }

    /// Stores one tensor, rounded to nearest.
    public func store(_ values: UnsafeBufferPointer<Float>, in entry: ParameterEntry) {
        precondition(values.count == entry.count, "values of another tensor")
        guard let source = values.baseAddress else { return }
        roundToNearest(source, into: base + entry.offset, count: entry.count)
    }

    /// The bytes of one tensor.
    public func bytes(of entry: ParameterEntry) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(
            start: base + entry.offset, count: entry.count * MemoryLayout<UInt16>.stride)
    }

    /// Puts some elements into a buffer of the same layout.
    public func widen(_ range: Range<Int>, into buffer: ParameterBuffer) {
        Kernels.widen(
            base + range.lowerBound, into: buffer.base + range.lowerBound, count: range.count)
    }
}

/// Parameters, or moments, in one of the two types that they are held in.
public enum ParameterStorage {
    /// In single precision.
    case single(ParameterBuffer)
    /// In bfloat16.
    case compact(CompactParameters)

    /// Zeros.
    public init(count: Int, isCompact: Bool) {
        self =
            isCompact
            ? .compact(CompactParameters(count: count)) : .single(ParameterBuffer(count: count))
    }

    /// Number of elements.
    public var count: Int {
        switch self {
        case .single(let buffer): buffer.count
        case .compact(let parameters): parameters.count
        }
    }

    /// Whether they are in bfloat16.
    public var isCompact: Bool {
        if case .compact = self { true } else { false }
    }

    /// All of them in single precision: the buffer itself, or a copy that is twice as large.
    public var single: ParameterBuffer {
        switch self {
        case .single(let buffer): return buffer
        case .compact(let parameters):
            let buffer = ParameterBuffer(count: parameters.count)
            parameters.widen(0..<parameters.count, into: buffer)
            return buffer
        }
    }

    /// Fills in one tensor: `body` writes its values in single precision.
    public func fill<Failure: Error>(
        _ entry: ParameterEntry,
        _ body: (UnsafeMutableBufferPointer<Float>) throws(Failure) -> Void
    ) throws(Failure) {
        switch self {
        case .single(let buffer): try body(buffer.elements(of: entry))
        case .compact(let parameters):
            let room = FloatBuffer(capacity: entry.count)
            room.base.update(repeating: 0, count: entry.count)
            try body(UnsafeMutableBufferPointer(start: room.base, count: entry.count))
            parameters.store(
                UnsafeBufferPointer(start: room.base, count: entry.count), in: entry)
        }
    }
}
