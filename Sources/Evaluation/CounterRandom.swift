/// Random numbers that are a function of (seed, stream, counter), so that a draw never depends on
/// what other threads or earlier records have drawn.
///
/// The counter goes through the finaliser of SplitMix64 (Steele, Lea and Flood 2014).
struct CounterRandom {
    private let key: UInt64
    private var counter: UInt64 = 0

    /// A generator for one purpose: equal arguments give equal draws.
    init(seed: UInt64, stream: UInt64) {
        key = Self.mixed(Self.mixed(seed) ^ (stream &* 0xD1B5_4A32_D192_ED03))
    }

    /// The next 64 random bits.
    mutating func next() -> UInt64 {
        counter &+= 0x9E37_79B9_7F4A_7C15
        return Self.mixed(key &+ counter)
    }

    /// A number in `0 ..< bound`, without the bias of a plain remainder.
    mutating func below(_ bound: Int) -> Int {
        Int(next().multipliedFullWidth(by: UInt64(bound)).high)
    }

    private static func mixed(_ value: UInt64) -> UInt64 {
        var bits = value
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }
}
