/// Rows of work for one thread in element-wise loops over activations.
let rowGrain = 16

/// output = silu(gate) ⊙ up, where silu(g) = g / (1 + e⁻ᵍ) (SwiGLU; Shazeer 2020).
///
/// - Parameters:
///   - gate: (count)
///   - up: (count)
///   - output: (count), may be `gate` or `up`
public func swigluForward(
    gate: UnsafePointer<Float>, up: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>,
    count: Int
) {
    Parallel.forEachRange(count, grain: 1 << 13) { range in
        let start = range.lowerBound
        map(gate + start, up + start, into: output + start, count: range.count) { g, u in
            g * logistic(g) * u
        }
    }
}

/// Backward of ``swigluForward(gate:up:into:count:)``: overwrites `gate` and `up` with their
/// gradients.
public func swigluBackward(
    gate: UnsafeMutablePointer<Float>, up: UnsafeMutablePointer<Float>,
    gradient: UnsafePointer<Float>, count: Int
) {
    Parallel.forEachRange(count, grain: 1 << 13) { range in
        for i in stride(from: range.lowerBound, to: range.upperBound, by: 16) {
            let lanes = min(16, range.upperBound - i)
            let g = gate.vector(at: i, count: lanes)
            let u = up.vector(at: i, count: lanes)
            let d = gradient.vector(at: i, count: lanes)
            let s = logistic(g)
            let silu = g * s
            let gateGradient = d * u * (s + silu * (1 - s))
            let upGradient = d * silu
            gate.store(gateGradient, at: i, count: lanes)
            up.store(upGradient, at: i, count: lanes)
        }
    }
}

private let sqrtTwoOverPi: Float = 0.797_884_56
private let geluCubic: Float = 0.044_715

/// GELU in its tanh form in each lane.
@inline(__always)
private func geluTanh(_ x: Vector) -> Vector {
    let inner = sqrtTwoOverPi * (x + geluCubic * x * x * x)
    return 0.5 * x * (1 + hyperbolicTangent(inner))
}

/// The derivative of GELU in its tanh form.
@inline(__always)
private func geluTanhSlope(_ x: Vector) -> Vector {
    let square = x * x
    let t = hyperbolicTangent(sqrtTwoOverPi * (x + geluCubic * square * x))
    let slope = sqrtTwoOverPi * (1 + 3 * geluCubic * square)
    return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * slope
}

/// GELU in its tanh form, GPT-2's `gelu_new`: x/2 · (1 + tanh(√(2/π)·(x + 0.044715·x³))).
public func geluTanhForward(
    _ x: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>, count: Int
) {
    StageClock.measure(.pointwise) {
        Parallel.forEachRange(count, grain: 1 << 13) { range in
            let start = range.lowerBound
            map(x + start, into: output + start, count: range.count) { geluTanh($0) }
        }
    }
}

/// Backward of ``geluTanhForward(_:into:count:)``: overwrites `gradient`, with respect to the
/// output, by the one with respect to `x`.
public func geluTanhBackward(
    _ x: UnsafePointer<Float>, gradient: UnsafeMutablePointer<Float>, count: Int
) {
    StageClock.measure(.pointwise) {
        Parallel.forEachRange(count, grain: 1 << 13) { range in
            let start = range.lowerBound
            map(x + start, gradient + start, into: gradient + start, count: range.count) {
                $1 * geluTanhSlope($0)
            }
        }
    }
}

/// GELU in its exact form, BERT's `gelu`, in place.
public func geluErfInPlace(_ x: UnsafeMutablePointer<Float>, count: Int) {
    Parallel.forEachRange(count, grain: 1 << 13) { range in
        let start = range.lowerBound
        map(x + start, into: x + start, count: range.count) { geluErf($0) }
    }
}

/// GELU in its exact form in each lane: x/2 · (1 + erf(x/√2)).
///
/// erf by formula 7.1.26 of Abramowitz and Stegun, absolute error below 1.5e-7.
@inline(__always)
func geluErf(_ x: Vector) -> Vector {
    let z = x * 0.707_106_77
    var magnitude = z
    magnitude.replace(with: -z, where: z .< 0)
    let t = 1 / (1 + 0.327_591_1 * magnitude)
    var poly = Vector(repeating: 1.061_405_429)
    poly = Vector(repeating: -1.453_152_027).addingProduct(poly, t)
    poly = Vector(repeating: 1.421_413_741).addingProduct(poly, t)
    poly = Vector(repeating: -0.284_496_736).addingProduct(poly, t)
    poly = Vector(repeating: 0.254_829_592).addingProduct(poly, t)
    var erf = 1 - poly * t * exponential(-magnitude * magnitude)
    erf.replace(with: -erf, where: z .< 0)
    return 0.5 * x * (1 + erf)
}

/// A function between the matrices of a feed-forward part.
public enum Activation: String, Sendable, Hashable, CaseIterable {
    /// x / (1 + e⁻ˣ).
    case silu
    /// GELU in its tanh form.
    case geluTanh
    /// GELU in its exact form.
    case geluErf
}

/// output = f(gate) ⊙ up.
///
/// - Parameters:
///   - gate: (count)
///   - up: (count)
///   - output: (count), may be `gate` or `up`
public func gatedForward(
    _ activation: Activation, gate: UnsafePointer<Float>, up: UnsafePointer<Float>,
    into output: UnsafeMutablePointer<Float>, count: Int
) {
    func apply(_ value: (Vector) -> Vector) {
        map(gate, up, into: output, count: count) { value($0) * $1 }
    }
    switch activation {
    case .silu: swigluForward(gate: gate, up: up, into: output, count: count)
    case .geluTanh: apply { geluTanh($0) }
    case .geluErf: apply { geluErf($0) }
    }
}

/// Backward of ``gatedForward(_:gate:up:into:count:)``: overwrites `gate` and `up` with their gradients.
public func gatedBackward(
    _ activation: Activation, gate: UnsafeMutablePointer<Float>, up: UnsafeMutablePointer<Float>,
    gradient: UnsafePointer<Float>, count: Int
) {
    func apply(_ value: (Vector) -> Vector, _ slope: (Vector) -> Vector) {
        for i in stride(from: 0, to: count, by: 16) {
            let lanes = min(16, count - i)
            let g = gate.vector(at: i, count: lanes)
            let d = gradient.vector(at: i, count: lanes)
            let gateGradient = d * up.vector(at: i, count: lanes) * slope(g)
            gate.store(gateGradient, at: i, count: lanes)
            up.store(d * value(g), at: i, count: lanes)
        }
    }
    switch activation {
    case .silu: swigluBackward(gate: gate, up: up, gradient: gradient, count: count)
    case .geluTanh: apply({ geluTanh($0) }, { geluTanhSlope($0) })
    case .geluErf: apply({ geluErf($0) }, { geluErfSlope($0) })
    }
}

/// output = f(x).
public func activationForward(
    _ activation: Activation, _ x: UnsafePointer<Float>,
    into output: UnsafeMutablePointer<Float>, count: Int
) {
    func apply(_ value: (Vector) -> Vector) {
        StageClock.measure(.pointwise) {
            Parallel.forEachRange(count, grain: 1 << 13) { range in
                let start = range.lowerBound
                map(x + start, into: output + start, count: range.count) { value($0) }
            }
        }
    }
    switch activation {
    case .silu: apply { $0 * logistic($0) }
    case .geluTanh: geluTanhForward(x, into: output, count: count)
    case .geluErf: apply { geluErf($0) }
    }
}

/// Backward of ``activationForward(_:_:into:count:)``: overwrites `gradient`, with respect to the output,
/// by the one with respect to `x`.
public func activationBackward(
    _ activation: Activation, _ x: UnsafePointer<Float>,
    gradient: UnsafeMutablePointer<Float>, count: Int
) {
    func apply(_ slope: (Vector) -> Vector) {
        StageClock.measure(.pointwise) {
            Parallel.forEachRange(count, grain: 1 << 13) { range in
                let start = range.lowerBound
                map(x + start, gradient + start, into: gradient + start, count: range.count) {
                    $1 * slope($0)
                }
            }
        }
    }
    switch activation {
    case .silu: apply { siluSlope($0) }
    case .geluTanh: geluTanhBackward(x, gradient: gradient, count: count)
    case .geluErf: apply { geluErfSlope($0) }
    }
}

/// The derivative of x / (1 + e⁻ˣ).
@inline(__always)
private func siluSlope(_ x: Vector) -> Vector {
    let s = logistic(x)
    return s + x * s * (1 - s)
}

/// The derivative of GELU in its exact form: Φ(x) + x·φ(x).
@inline(__always)
private func geluErfSlope(_ x: Vector) -> Vector {
    // Φ(x) = gelu(x) / x, but for x = 0.
    var safe = x
    safe.replace(with: 1e-6, where: x .> -1e-6 .& x .< 1e-6)
    let density = 0.398_942_28 * exponential(-0.5 * x * x)
    return geluErf(safe) / safe + x * density
}
