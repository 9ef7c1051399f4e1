// Legend: T rows (tokens), C channels.

/// RMSNorm (Zhang & Sennrich 2019): y = x / √(mean(x²) + ε) ⊙ (weight + offset).
///
/// - Parameters:
///   - x: (T, groups·C)
///   - weight: (C)
///   - offset: what is added to each weight: 1 where weights are stored less one
///   - groups: runs of C channels in a row that are normed on their own
///   - y: (T, groups·C)
///   - inverseRMS: (T, groups), kept for the backward pass
public func rmsNormForward(
    _ x: MatrixView, weight: UnsafePointer<Float>, offset: Float = 0, groups: Int = 1,
    epsilon: Float, into y: MatrixView, inverseRMS: UnsafeMutablePointer<Float>
) {
    StageClock.measure(.pointwise) {
        let channels = x.columns / groups
        Parallel.forEachRange(x.rows, grain: rowGrain) { rows in
            for row in rows {
                for group in 0..<groups {
                    let start = group * channels
                    let source = UnsafePointer(x.base + row * x.stride + start)
                    let square = sum(source, count: channels) { $0 * $0 }
                    let factor = 1 / (square / Float(channels) + epsilon).squareRoot()
                    inverseRMS[row * groups + group] = factor
                    map(source, weight, into: y.base + row * y.stride + start, count: channels) {
                        x, w in x * factor * (w + offset)
                    }
                }
            }
        }
    }
}

/// Backward of ``rmsNormForward(_:weight:offset:groups:epsilon:into:inverseRMS:)``.
///
/// With r = 1/rms and w = weight + offset: dx += r·(w ⊙ dy) − x·r³/C·Σ(w ⊙ dy ⊙ x) and
/// dw += Σ_rows dy ⊙ x·r.
///
/// - Parameters:
///   - gradient: dy, (T, groups·C)
///   - xGradient: (T, groups·C), accumulated
///   - weightGradient: (C), accumulated
public func rmsNormBackward(
    _ x: MatrixView, weight: UnsafePointer<Float>, offset: Float = 0, groups: Int = 1,
    inverseRMS: UnsafePointer<Float>, gradient: MatrixView, xGradient: MatrixView,
    weightGradient: UnsafeMutablePointer<Float>
) {
    StageClock.measure(.pointwise) {
        let channels = x.columns / groups
        reduceOverRows(x.rows, width: channels, into: weightGradient) { rows, partial in
            for row in rows {
                for group in 0..<groups {
                    let start = group * channels
                    differentiateRMSNorm(
                        UnsafePointer(x.base + row * x.stride + start), weight, offset,
                        inverseRMS[row * groups + group],
                        UnsafePointer(gradient.base + row * gradient.stride + start),
                        xGradient.base + row * xGradient.stride + start, partial,
                        count: channels)
                }
            }
        }
    }
}

/// One row, or one group of channels of it.
@inline(__always)
private func differentiateRMSNorm(
    _ source: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, _ offset: Float, _ r: Float,
    _ dy: UnsafePointer<Float>, _ dx: UnsafeMutablePointer<Float>,
    _ partial: UnsafeMutablePointer<Float>, count channels: Int
) {
    var projection: Float = 0
    var total = Vector.zero
    var i = 0
    while i + 16 <= channels {
        let product = dy.vector(at: i) * source.vector(at: i)
        partial.store(
            partial.vector(at: i).addingProduct(product, Vector(repeating: r)), at: i)
        total.addProduct(product, weight.vector(at: i) + offset)
        i += 16
    }
    while i < channels {
        let product = dy[i] * source[i]
        partial[i] += product * r
        projection += product * (weight[i] + offset)
        i += 1
    }
    projection += total.sum()
    let pull = projection * r * r * r / Float(channels)
    i = 0
    while i + 16 <= channels {
        let change =
            dy.vector(at: i) * (weight.vector(at: i) + offset) * r - source.vector(at: i) * pull
        dx.store(dx.vector(at: i) + change, at: i)
        i += 16
    }
    while i < channels {
        dx[i] += dy[i] * (weight[i] + offset) * r - source[i] * pull
        i += 1
    }
}

/// LayerNorm (Ba et al. 2016): y = (x − mean) / √(variance + ε) ⊙ weight + bias.
///
/// - Parameters:
///   - x: (T, C)
///   - weight: (C)
///   - bias: (C)
///   - y: (T, C), may be `x`
///   - statistics: (T, 2): mean and 1/√(variance + ε), kept for the backward pass
public func layerNormForward(
    _ x: MatrixView, weight: UnsafePointer<Float>, bias: UnsafePointer<Float>, epsilon: Float,
    into y: MatrixView, statistics: UnsafeMutablePointer<Float>
) {
    StageClock.measure(.pointwise) {
        let channels = x.columns
        Parallel.forEachRange(x.rows, grain: rowGrain) { rows in
            for row in rows {
                let source = UnsafePointer(x.base + row * x.stride)
                let target = y.base + row * y.stride
                let mean = sum(source, count: channels) { $0 } / Float(channels)
                let variance =
                    sum(source, count: channels) { ($0 - mean) * ($0 - mean) } / Float(channels)
                let factor = 1 / (variance + epsilon).squareRoot()
                statistics[2 * row] = mean
                statistics[2 * row + 1] = factor
                map(source, weight, into: target, count: channels) { x, w in (x - mean) * factor * w
                }
                map(target, bias, into: target, count: channels) { $0 + $1 }
            }
        }
    }
}

/// Backward of ``layerNormForward(_:weight:bias:epsilon:into:statistics:)``.
///
/// With x̂ the normalised input and g = w ⊙ dy: dx += (g − mean(g) − x̂·mean(g ⊙ x̂)) / σ.
///
/// - Parameters:
///   - gradient: dy, (T, C)
///   - xGradient: (T, C), accumulated
///   - weightGradient: (C), accumulated
///   - biasGradient: (C), accumulated
public func layerNormBackward(
    _ x: MatrixView, weight: UnsafePointer<Float>, statistics: UnsafePointer<Float>,
    gradient: MatrixView, xGradient: MatrixView,
    weightGradient: UnsafeMutablePointer<Float>, biasGradient: UnsafeMutablePointer<Float>
) {
    StageClock.measure(.pointwise) {
        let channels = x.columns
        let sums = UnsafeMutablePointer<Float>.allocate(capacity: 2 * channels)
        sums.initialize(repeating: 0, count: 2 * channels)
        defer { sums.deallocate() }
        reduceOverRows(x.rows, width: 2 * channels, into: sums) { rows, partial in
            for row in rows {
                let source = UnsafePointer(x.base + row * x.stride)
                let dy = UnsafePointer(gradient.base + row * gradient.stride)
                let dx = xGradient.base + row * xGradient.stride
                let mean = statistics[2 * row]
                let r = statistics[2 * row + 1]
                var gradientSum: Float = 0
                var projection: Float = 0
                for i in 0..<channels {
                    let normalized = (source[i] - mean) * r
                    let g = dy[i] * weight[i]
                    partial[i] += dy[i] * normalized
                    partial[channels + i] += dy[i]
                    gradientSum += g
                    projection += g * normalized
                }
                let meanGradient = gradientSum / Float(channels)
                let meanProjection = projection / Float(channels)
                for i in 0..<channels {
                    let normalized = (source[i] - mean) * r
                    dx[i] += r * (dy[i] * weight[i] - meanGradient - normalized * meanProjection)
                }
            }
        }
        accumulate(sums, scaledBy: 1, into: weightGradient, count: channels)
        accumulate(sums + channels, scaledBy: 1, into: biasGradient, count: channels)
    }
}
