import Glibc
import Kernels

/// How queries and keys rotate with their positions.
public struct RotaryTraits: Sendable, Hashable {
    /// θ, the base of the frequencies.
    public var theta: Float
    /// Channels of a head that rotate, the first ones; nil for all. If it is odd, one more does, as in the
    /// reference implementations.
    public var width: Int?
    /// What is done to the frequencies so that longer texts fit.
    public var scaling: RotaryScaling

    /// Traits of a block.
    public init(theta: Float = 10_000, width: Int? = nil, scaling: RotaryScaling = .none) {
        self.theta = theta
        self.width = width
        self.scaling = scaling
    }

    /// Pairs of channels that rotate.
    package func pairs(headWidth: Int) -> Int { ((width ?? headWidth) + 1) / 2 }

    /// The rotation of heads with so many channels.
    func embedding(headWidth: Int) -> RotaryEmbedding {
        let width = width ?? headWidth
        let plain = rotaryFrequencies(width: width, theta: theta)
        return RotaryEmbedding(
            headWidth: headWidth,
            inverseFrequencies: scaling.scaled(plain, width: width, theta: theta),
            magnitude: scaling.magnitude)
    }
}

/// Changes of the rotary frequencies.
public enum RotaryScaling: Sendable, Hashable {
    /// None.
    case none
    /// Positions divided by a factor (Chen et al. 2023).
    case linear(factor: Float)
    /// Llama 3.1's: high frequencies stay, low ones are divided, those between interpolated.
    case llama3(factor: Float, low: Float, high: Float, positions: Int)
    /// YaRN (Peng et al. 2023): low and high frequencies as in ``llama3(factor:low:high:positions:)``,
    /// by a ramp over channels, and a factor on cosines and sines.
    case yarn(YaRN)
    /// Frequencies divided by one factor each (Ding et al. 2024), and a factor on cosines and sines.
    /// Texts are no longer than the factors are for.
    case longRope(LongRope)

    /// The parameters of YaRN.
    public struct YaRN: Sendable, Hashable {
        /// What the lowest frequencies are divided by.
        public var factor: Float
        /// Positions that the model was first trained with.
        public var positions: Int
        /// Turns over those positions from which on frequencies stay.
        public var fast: Float
        /// Turns up to which they are divided.
        public var slow: Float
        /// Whether the ramp begins and ends at whole channels.
        public var truncates: Bool
        /// The factor on cosines and sines.
        public var magnitude: Float

        /// Parameters with all their values.
        public init(
            factor: Float, positions: Int, fast: Float = 32, slow: Float = 1,
            truncates: Bool = true, magnitude: Float
        ) {
            self.factor = factor
            self.positions = positions
            self.fast = fast
            self.slow = slow
            self.truncates = truncates
            self.magnitude = magnitude
        }
    }

    /// The parameters of LongRoPE.
    public struct LongRope: Sendable, Hashable {
        /// What each frequency is divided by in texts of up to ``positions`` tokens.
        public var short: [Float]
        /// The same for longer texts.
        public var long: [Float]
        /// Positions that the model was first trained with.
        public var positions: Int
        /// The factor on cosines and sines.
        public var magnitude: Float

        /// Parameters with all their values.
        public init(short: [Float], long: [Float], positions: Int, magnitude: Float) {
            self.short = short
            self.long = long
            self.positions = positions
            self.magnitude = magnitude
        }
    }

    /// The factor on cosines and sines.
    public var magnitude: Float {
        switch self {
        case .none, .linear, .llama3: 1
        case .yarn(let yarn): yarn.magnitude
        case .longRope(let longRope): longRope.magnitude
        }
    }

    /// The factor on cosines and sines that YaRN has for a factor on positions.
    public static func yarnMagnitude(factor: Float, scale: Float = 1) -> Float {
        factor <= 1 ? 1 : 0.1 * scale * logf(factor) + 1
    }

    /// The factor on cosines and sines that LongRoPE has for a factor on positions.
    public static func longRopeMagnitude(factor: Float, positions: Int) -> Float {
        factor <= 1 ? 1 : (1 + logf(factor) / logf(Float(positions))).squareRoot()
    }

    /// What each frequency of a rotation over so many channels is divided by.
    package func factors(width: Int, theta: Float) -> [Float] {
        let plain = rotaryFrequencies(width: width, theta: theta)
        return zip(plain, scaled(plain, width: width, theta: theta)).map { $0 / $1 }
    }

    /// The frequencies of a rotation over so many channels, lowest channel first.
    func scaled(_ frequencies: [Float], width: Int, theta: Float) -> [Float] {
        switch self {
        case .none: return frequencies
        case .linear(let factor): return frequencies.map { $0 / factor }
        case .llama3(let factor, let low, let high, let positions):
            let length = Float(positions)
            return frequencies.map { frequency in
                let wavelength = 2 * Float.pi / frequency
                if wavelength < length / high { return frequency }
                if wavelength > length / low { return frequency / factor }
                let share = (length / wavelength - low) / (high - low)
                return (1 - share) * frequency / factor + share * frequency
            }
        case .yarn(let yarn):
            let (low, high) = yarn.ramp(width: width, theta: theta)
            return frequencies.enumerated().map { index, frequency in
                let kept = 1 - min(1, max(0, (Float(index) - low) / (high - low)))
                return frequency / yarn.factor * (1 - kept) + frequency * kept
            }
        case .longRope(let longRope):
            return zip(frequencies, longRope.short).map { $0 / $1 }
        }
    }
}

extension RotaryScaling.YaRN {
    /// The channels between which frequencies go from kept to divided.
    fileprivate func ramp(width: Int, theta: Float) -> (low: Float, high: Float) {
        func channel(turns: Float) -> Float {
            Float(width) * logf(Float(positions) / (turns * 2 * .pi)) / (2 * logf(theta))
        }
        var (low, high) = (channel(turns: fast), channel(turns: slow))
        if truncates { (low, high) = (low.rounded(.down), high.rounded(.up)) }
        low = max(low, 0)
        high = min(high, Float(width - 1))
        return (low, low == high ? high + 0.001 : high)
    }
}
