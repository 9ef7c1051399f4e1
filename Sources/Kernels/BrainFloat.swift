import Glibc

/// Sixteen bfloat16 numbers, the upper halves of floats.
typealias HalfVector = SIMD16<UInt16>

extension UnsafeMutablePointer<UInt16> {
    /// The `count` ≤ 16 numbers from `self + offset` on, the other lanes zero.
    @inline(__always)
    func vector(at offset: Int, count: Int = 16) -> HalfVector {
        if count == 16 {
            return UnsafeRawPointer(self + offset).loadUnaligned(as: HalfVector.self)
        }
        var result = HalfVector.zero
        for lane in 0..<count { result[lane] = self[offset + lane] }
        return result
    }

    /// Stores the first `count` ≤ 16 lanes from `self + offset` on.
    @inline(__always)
    func store(_ vector: HalfVector, at offset: Int, count: Int = 16) {
        if count == 16 {
            UnsafeMutableRawPointer(self + offset).storeBytes(of: vector, as: HalfVector.self)
            return
        }
        for lane in 0..<count { self[offset + lane] = vector[lane] }
    }
}

/// The floats that bfloat16 numbers are.
@inline(__always)
func widened(_ bits: HalfVector) -> Vector {
    unsafeBitCast(SIMD16<UInt32>(truncatingIfNeeded: bits) &<< 16, to: Vector.self)
}

/// The nearest bfloat16 numbers, ties to even; what is not a number stays so.
@inline(__always)
func nearest(_ values: Vector) -> HalfVector {
    let bits = unsafeBitCast(values, to: SIMD16<UInt32>.self)
    let odd = (bits &>> 16) & SIMD16(repeating: 1)
    return upperHalves(bits, rounding: odd &+ SIMD16(repeating: 0x7fff))
}

/// One of the two bfloat16 numbers around each value, chosen such that the mean over all draws is the
/// value; numbers that are bfloat16 already stay.
///
/// - Parameter draws: uniform in 0 ..< 2¹⁶
@inline(__always)
func stochastic(_ values: Vector, draws: SIMD16<UInt32>) -> HalfVector {
    upperHalves(unsafeBitCast(values, to: SIMD16<UInt32>.self), rounding: draws)
}

/// The upper halves of `bits + rounding`; infinity and NaN are cut, with a bit set that keeps the latter.
@inline(__always)
private func upperHalves(
    _ bits: SIMD16<UInt32>, rounding: SIMD16<UInt32>
) -> HalfVector {
    let magnitude = bits & SIMD16(repeating: 0x7fff_ffff)
    var sum = bits &+ rounding
    let special = magnitude .>= SIMD16(repeating: 0x7f80_0000)
    let isNaN = magnitude .> SIMD16(repeating: 0x7f80_0000)
    sum.replace(with: bits, where: special)
    sum.replace(with: bits | SIMD16(repeating: 0x40_0000), where: isNaN)
    return HalfVector(truncatingIfNeeded: sum &>> 16)
}

/// Turns bfloat16 numbers into floats.
public func widen(
    _ source: UnsafeMutablePointer<UInt16>, into target: UnsafeMutablePointer<Float>, count: Int
) {
    Parallel.forEachRange(count, grain: 1 << 16) { range in
        for i in stride(from: range.lowerBound, to: range.upperBound, by: 16) {
            let lanes = min(16, range.upperBound - i)
            target.store(widened(source.vector(at: i, count: lanes)), at: i, count: lanes)
        }
    }
}

/// Rounds floats to the nearest bfloat16 numbers, ties to even.
public func roundToNearest(
    _ source: UnsafePointer<Float>, into target: UnsafeMutablePointer<UInt16>, count: Int
) {
    Parallel.forEachRange(count, grain: 1 << 16) { range in
        for i in stride(from: range.lowerBound, to: range.upperBound, by: 16) {
            let lanes = min(16, range.upperBound - i)
            target.store(nearest(source.vector(at: i, count: lanes)), at: i, count: lanes)
        }
    }
}

/// Rounds floats to bfloat16 numbers at random, without bias: see ``RoundingDraws``.
public func roundStochastically(
    _ source: UnsafePointer<Float>, into target: UnsafeMutablePointer<UInt16>, count: Int,
    draws: RoundingDraws
) {
    Parallel.forEachRange(count, grain: 1 << 14) { range in
        for i in stride(from: range.lowerBound, to: range.upperBound, by: 16) {
            let lanes = min(16, range.upperBound - i)
            let values = source.vector(at: i, count: lanes)
            target.store(
                stochastic(values, draws: draws.vector(at: i).parts.0), at: i, count: lanes)
        }
    }
}

/// Random numbers for rounding: those of an element are a function of the key and its index alone
/// (SplitMix64, Steele et al. 2014, entered at any place), so that threads change nothing.
public struct RoundingDraws: Sendable {
    private let key: UInt64

    /// The numbers that belong to a seed, a tensor and a step.
    public init(seed: UInt64, tensor: String, step: Int) {
        var stream = RandomStream(seed: seed, name: "rounding", tensor, String(step))
        key = stream.next()
    }

    /// 64 random bits for each of sixteen elements.
    struct Bits {
        fileprivate var low: SIMD8<UInt64>
        fileprivate var high: SIMD8<UInt64>

        /// Three independent draws in 0 ..< 2¹⁶ for each element.
        @inline(__always)
        var parts: (SIMD16<UInt32>, SIMD16<UInt32>, SIMD16<UInt32>) {
            (part(0), part(16), part(32))
        }

        @inline(__always)
        private func part(_ shift: UInt64) -> SIMD16<UInt32> {
            let mask = SIMD8<UInt64>(repeating: 0xffff)
            let shifts = SIMD8(repeating: shift)
            return SIMD16(
                lowHalf: SIMD8<UInt32>(truncatingIfNeeded: (low &>> shifts) & mask),
                highHalf: SIMD8<UInt32>(truncatingIfNeeded: (high &>> shifts) & mask))
        }
    }

    /// The bits of elements `index ..< index + 16`.
    @inline(__always)
    func vector(at index: Int) -> Bits {
        let lanes = SIMD8<UInt64>(1, 2, 3, 4, 5, 6, 7, 8) &+ UInt64(truncatingIfNeeded: index)
        return Bits(low: mixed(lanes), high: mixed(lanes &+ 8))
    }

    @inline(__always)
    private func mixed(_ counter: SIMD8<UInt64>) -> SIMD8<UInt64> {
        var z = counter &* 0x9e37_79b9_7f4a_7c15 &+ key
        z = (z ^ (z &>> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z &>> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z &>> 31)
    }
}
