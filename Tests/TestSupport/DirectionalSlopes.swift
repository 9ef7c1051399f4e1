import Glibc
import Kernels

/// The slopes of a function along random directions, by central differences in double precision, and
/// whether a computed gradient has them.
///
/// A direction v has independent standard normal elements. If a computed gradient is wrong by e, then
/// e·v is normal with deviation ‖e‖, whichever way the error points: nothing about the directions is
/// taken from the gradient. An error of a twentieth of the gradient's norm stays below
/// ``tolerance`` in one direction of six hundred, in four directions once in 10¹¹ times; and
/// directions are a function of seed and name, so a test that passes always does.
public struct DirectionalSlopes: Sendable {
    /// Directions that are looked along.
    public static let directionCount = 4
    /// How far the slope of a computed gradient may be from the true one, relative to the norm of the
    /// gradient.
    public static let tolerance = 1e-4

    /// What the function is differentiated by.
    public let name: String
    /// The directions.
    public let directions: [[Double]]
    /// The slope along each direction, extrapolated from two step sizes (Richardson).
    public let values: [Double]
    /// For each direction how far the slopes of the larger step and of half of it are from that.
    public let errors: [(large: Double, small: Double)]

    /// Measures `function` around `point`, where it must be smooth.
    ///
    /// - Parameter relativeStep: the larger step, in norms of the point
    public init(
        of name: String, at point: [Double], seed: UInt64 = 1,
        directions count: Int = directionCount, relativeStep: Double = 1e-3,
        _ function: ([Double]) -> Double
    ) {
        var values: [Double] = []
        var errors: [(large: Double, small: Double)] = []
        let directions = (0..<count).map { number in
            var random = RandomStream(seed: seed, name: "direction", name, String(number))
            return point.map { _ in
                (-2 * log(1 - random.uniform())).squareRoot() * cos(2 * .pi * random.uniform())
            }
        }
        let size = Self.norm(point)
        for direction in directions {
            func slope(_ step: Double) -> Double {
                func shifted(_ amount: Double) -> Double {
                    function(point.indices.map { point[$0] + amount * direction[$0] })
                }
                return (shifted(step) - shifted(-step)) / (2 * step)
            }
            // With a thousandth of the point's norm truncation and rounding both stay far below the
            // tolerance.
            let step = relativeStep * max(size, 1e-3) / max(Self.norm(direction), 1e-3)
            let (large, small) = (slope(step), slope(step / 2))
            let limit = (4 * small - large) / 3
            values.append(limit)
            errors.append((abs(large - limit), abs(small - limit)))
        }
        self.name = name
        self.directions = directions
        self.values = values
        self.errors = errors
    }

    /// An estimate of the gradient's norm in which no computed gradient has a part.
    public var norm: Double {
        (values.reduce(0.0) { $0 + $1 * $1 } / Double(max(1, values.count))).squareRoot()
    }

    /// Whether the slopes converge as central differences do, the error of half the step being a
    /// quarter, or agree but for rounding.
    public var areConsistent: Bool {
        errors.allSatisfy { $0.small <= 0.3 * $0.large + 1e-7 * norm + 1e-12 }
    }

    /// The largest difference between a slope and that of a computed gradient, relative to the norm of
    /// the gradient.
    public func error(of gradient: some Collection<Float>) -> Double {
        let errors = zip(directions, values).map { direction, value in
            let slope = zip(gradient, direction).reduce(0.0) { $0 + Double($1.0) * $1.1 }
            let error = abs(slope - value) / max(norm, 1e-12)
            return error.isFinite ? error : .infinity
        }
        return gradient.count == directions.first?.count ? errors.max() ?? .infinity : .infinity
    }

    private static func norm(_ x: [Double]) -> Double {
        (x.reduce(0.0) { $0 + $1 * $1 }).squareRoot()
    }
}
