/// Sixteen floats: one AVX-512 register, two of AVX2.
@usableFromInline typealias Vector = SIMD16<Float>

extension UnsafePointer<Float> {
    /// The sixteen floats from `self + offset` on.
    @inline(__always)
    func vector(at offset: Int) -> Vector {
        UnsafeRawPointer(self + offset).loadUnaligned(as: Vector.self)
    }

    /// The `count` ≤ 16 floats from `self + offset` on, the other lanes zero.
    @inline(__always)
    func vector(at offset: Int, count: Int) -> Vector {
        count == 16 ? vector(at: offset) : partialVector(at: offset, count: count)
    }

    /// The `count` < 16 floats from `self + offset` on, the other lanes filled with `filler`.
    @inline(__always)
    func partialVector(at offset: Int, count: Int, filler: Float = 0) -> Vector {
        var result = Vector(repeating: filler)
        for lane in 0..<count { result[lane] = self[offset + lane] }
        return result
    }
}

extension UnsafeMutablePointer<Float> {
    /// The sixteen floats from `self + offset` on.
    @inline(__always)
    func vector(at offset: Int) -> Vector {
        UnsafePointer(self).vector(at: offset)
    }

    /// The `count` ≤ 16 floats from `self + offset` on, the other lanes zero.
    @inline(__always)
    func vector(at offset: Int, count: Int) -> Vector {
        UnsafePointer(self).vector(at: offset, count: count)
    }

    /// The `count` < 16 floats from `self + offset` on, the other lanes filled with `filler`.
    @inline(__always)
    func partialVector(at offset: Int, count: Int, filler: Float = 0) -> Vector {
        UnsafePointer(self).partialVector(at: offset, count: count, filler: filler)
    }

    /// Stores sixteen floats from `self + offset` on.
    @inline(__always)
    func store(_ vector: Vector, at offset: Int) {
        UnsafeMutableRawPointer(self + offset).storeBytes(of: vector, as: Vector.self)
    }

    /// Stores the first `count` ≤ 16 lanes from `self + offset` on.
    @inline(__always)
    func store(_ vector: Vector, at offset: Int, count: Int) {
        if count == 16 {
            store(vector, at: offset)
            return
        }
        for lane in 0..<count { self[offset + lane] = vector[lane] }
    }
}

/// Computes `output[i] = transform(a[i])` for `count` elements; `output` may be `a`.
@inline(__always)
func map(
    _ a: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>, count: Int,
    _ transform: (Vector) -> Vector
) {
    var i = 0
    while i + 16 <= count {
        output.store(transform(a.vector(at: i)), at: i)
        i += 16
    }
    if i < count {
        let rest = count - i
        output.store(transform(a.partialVector(at: i, count: rest)), at: i, count: rest)
    }
}

/// Computes `output[i] = transform(a[i], b[i])` for `count` elements; `output` may be `a` or `b`.
@inline(__always)
func map(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
    into output: UnsafeMutablePointer<Float>, count: Int,
    _ transform: (Vector, Vector) -> Vector
) {
    var i = 0
    while i + 16 <= count {
        output.store(transform(a.vector(at: i), b.vector(at: i)), at: i)
        i += 16
    }
    if i < count {
        let rest = count - i
        output.store(
            transform(
                a.partialVector(at: i, count: rest), b.partialVector(at: i, count: rest)),
            at: i, count: rest)
    }
}

/// The sum of `term(i-th sixteen lanes)`, sixteen partial sums added at the end.
@inline(__always)
func sum(
    _ a: UnsafePointer<Float>, count: Int, _ term: (Vector) -> Vector
) -> Float {
    var total = Vector.zero
    var i = 0
    while i + 16 <= count {
        total += term(a.vector(at: i))
        i += 16
    }
    if i < count {
        // Filled lanes must add nothing, whatever the term makes of zero.
        var last = term(a.partialVector(at: i, count: count - i))
        for lane in (count - i)..<16 { last[lane] = 0 }
        total += last
    }
    return total.sum()
}

/// Σ a[i]·b[i].
@inline(__always)
public func dot(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, count: Int) -> Float {
    var total = Vector.zero
    var i = 0
    while i + 16 <= count {
        total.addProduct(a.vector(at: i), b.vector(at: i))
        i += 16
    }
    var result = total.sum()
    while i < count {
        result += a[i] * b[i]
        i += 1
    }
    return result
}

/// y ← y + alpha·x.
@inline(__always)
public func accumulate(
    _ x: UnsafePointer<Float>, scaledBy alpha: Float, into y: UnsafeMutablePointer<Float>,
    count: Int
) {
    let factor = Vector(repeating: alpha)
    map(x, y, into: y, count: count) { x, y in y.addingProduct(factor, x) }
}

/// x ← alpha·x.
@inline(__always)
public func scale(_ x: UnsafeMutablePointer<Float>, by alpha: Float, count: Int) {
    map(x, into: x, count: count) { $0 * alpha }
}

/// y ← x ⊙ (y − shift).
@inline(__always)
public func multiplyShifted(
    _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, minus shift: Float, count: Int
) {
    let offset = Vector(repeating: shift)
    map(x, y, into: y, count: count) { x, y in x * (y - offset) }
}

/// target ← target + alpha·source, on all threads; both of the same shape.
public func addRows(_ source: MatrixView, scaledBy alpha: Float, to target: MatrixView) {
    StageClock.measure(.pointwise) {
        Parallel.forEachRange(source.rows, grain: rowGrain) { rows in
            for row in rows {
                accumulate(
                    source.base + row * source.stride, scaledBy: alpha,
                    into: target.base + row * target.stride, count: source.columns)
            }
        }
    }
}

/// x ← alpha·x, on all threads.
public func scaleRows(_ x: MatrixView, by alpha: Float) {
    StageClock.measure(.pointwise) {
        Parallel.forEachRange(x.rows, grain: rowGrain) { rows in
            for row in rows { scale(x.base + row * x.stride, by: alpha, count: x.columns) }
        }
    }
}

/// target ← source, on all threads; both of the same shape.
public func copy(_ source: MatrixView, into target: MatrixView) {
    Parallel.forEachRange(source.rows, grain: 64) { rows in
        for row in rows {
            (target.base + row * target.stride).update(
                from: source.base + row * source.stride, count: source.columns)
        }
    }
}
