import Glibc

/// eˣ in each lane, to about 1 unit in the last place.
///
/// Writes x = n·ln 2 + r with |r| ≤ ln 2 / 2, approximates eʳ by a polynomial of degree 7 and puts
/// n into the exponent. Arguments below −87 give e⁻⁸⁷ (about 10⁻³⁸), above 88 give e⁸⁸; NaN stays.
@inline(__always)
func exponential(_ x: Vector) -> Vector {
    var c = x
    c.replace(with: Vector(repeating: -87), where: c .< Vector(repeating: -87))
    c.replace(with: Vector(repeating: 88), where: c .> Vector(repeating: 88))
    // Adding 1.5·2²³ rounds to the nearest integer and leaves it in the low bits.
    let roundingShift = Vector(repeating: 12_582_912)
    let shifted = roundingShift.addingProduct(c, Vector(repeating: 1.442_695_04))
    let n = shifted - roundingShift
    // ln 2 in two parts keeps r exact.
    var r = c.addingProduct(n, Vector(repeating: -0.693_359_375))
    r.addProduct(n, Vector(repeating: 2.121_944_4e-4))
    var p = Vector(repeating: 1 / 5040)
    p = Vector(repeating: 1 / 720).addingProduct(p, r)
    p = Vector(repeating: 1 / 120).addingProduct(p, r)
    p = Vector(repeating: 1 / 24).addingProduct(p, r)
    p = Vector(repeating: 1 / 6).addingProduct(p, r)
    p = Vector(repeating: 0.5).addingProduct(p, r)
    p = Vector(repeating: 1).addingProduct(p, r)
    p = Vector(repeating: 1).addingProduct(p, r)
    let exponent =
        (unsafeBitCast(shifted, to: SIMD16<Int32>.self) &<< 23) &+ SIMD16(repeating: 0x3f80_0000)
    return p * unsafeBitCast(exponent, to: Vector.self)
}

/// 1 / (1 + e⁻ˣ) in each lane.
@inline(__always)
func logistic(_ x: Vector) -> Vector {
    let one = Vector(repeating: 1)
    return one / (one + exponential(-x))
}

/// tanh x in each lane: 1 − 2 / (e²ˣ + 1).
@inline(__always)
func hyperbolicTangent(_ x: Vector) -> Vector {
    let one = Vector(repeating: 1)
    return one - 2 / (exponential(2 * x) + one)
}

/// x[i] ← e^(x[i] − shift); returns the sum.
@inline(__always)
public func exponentiate(
    _ x: UnsafeMutablePointer<Float>, minus shift: Float, count: Int
) -> Float {
    let offset = Vector(repeating: shift)
    var total = Vector.zero
    var i = 0
    while i + 16 <= count {
        let value = exponential(x.vector(at: i) - offset)
        x.store(value, at: i)
        total += value
        i += 16
    }
    var result = total.sum()
    if i < count {
        let rest = count - i
        let value = exponential(x.partialVector(at: i, count: rest) - offset)
        x.store(value, at: i, count: rest)
        for lane in 0..<rest { result += value[lane] }
    }
    return result
}

/// The largest of `count` ≥ 1 elements.
@inline(__always)
public func maximum(_ x: UnsafePointer<Float>, count: Int) -> Float {
    var i = 0
    var result = -Float.infinity
    if count >= 16 {
        var top = x.vector(at: 0)
        i = 16
        while i + 16 <= count {
            let next = x.vector(at: i)
            top.replace(with: next, where: next .> top)
            i += 16
        }
        result = top.max()
    }
    while i < count {
        if x[i] > result { result = x[i] }
        i += 1
    }
    return result
}

/// The natural logarithm, so that callers need no C library.
@inline(__always)
public func logarithm(_ x: Float) -> Float { logf(x) }
