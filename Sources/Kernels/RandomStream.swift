/// A counter-based random number generator: Philox 4×32-10 (Salmon et al. 2011).
///
/// The n-th number is a function of the key and n alone, so a stream named by what it is for (seed,
/// record, kind, index) gives the same numbers whatever else runs, in whatever order.
public struct RandomStream: RandomNumberGenerator, Sendable {
    private let key: UInt64
    private var counter: UInt64 = 0
    private var spare: UInt64?

    /// The stream that belongs to a seed and a name.
    ///
    /// - Parameters:
    ///   - seed: the run's seed
    ///   - name: what the numbers are for; its parts are told apart by their boundaries
    public init(seed: UInt64, name: String...) {
        var hash = Self.mix(seed)
        for part in name {
            // FNV-1a over the bytes, then a mix, so that ("a", "bc") and ("ab", "c") differ.
            for byte in part.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
            hash = Self.mix(hash ^ UInt64(part.utf8.count))
        }
        key = hash
    }

    /// The next 64 random bits.
    public mutating func next() -> UInt64 {
        if let value = spare {
            spare = nil
            return value
        }
        let (low, high) = Self.block(key: key, counter: counter)
        counter += 1
        spare = high
        return low
    }

    /// A number in 0 ..< 1 with 53 random bits.
    public mutating func uniform() -> Double {
        Double(next() >> 11) * 0x1p-53
    }

    /// An integer in 0 ..< bound, without bias.
    public mutating func integer(below bound: Int) -> Int {
        Int.random(in: 0..<bound, using: &self)
    }

    private static func mix(_ value: UInt64) -> UInt64 {
        var z = value &+ 0x9e37_79b9_7f4a_7c15
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    private static func block(key: UInt64, counter: UInt64) -> (UInt64, UInt64) {
        var x0 = UInt32(truncatingIfNeeded: counter)
        var x1 = UInt32(truncatingIfNeeded: counter >> 32)
        var x2: UInt32 = 0
        var x3: UInt32 = 0
        var k0 = UInt32(truncatingIfNeeded: key)
        var k1 = UInt32(truncatingIfNeeded: key >> 32)
        for _ in 0..<10 {
            let p0 = UInt64(x0) &* 0xd251_1f53
            let p1 = UInt64(x2) &* 0xcd9e_8d57
            let y0 = UInt32(truncatingIfNeeded: p1 >> 32) ^ x1 ^ k0
            let y2 = UInt32(truncatingIfNeeded: p0 >> 32) ^ x3 ^ k1
            (x0, x1) = (y0, UInt32(truncatingIfNeeded: p1))
            (x2, x3) = (y2, UInt32(truncatingIfNeeded: p0))
            k0 = k0 &+ 0x9e37_79b9
            k1 = k1 &+ 0xbb67_ae85
        }
        return (UInt64(x1) << 32 | UInt64(x0), UInt64(x3) << 32 | UInt64(x2))
    }
}
