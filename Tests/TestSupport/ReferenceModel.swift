import Glibc
import Transformer

/// The decoder families in double precision, as their papers write them: one sequence at a time, loops
/// over indices, no kernels of the package, nothing shared or kept between calls. Forward only;
/// gradients come from central differences.
public struct ReferenceModel: Sendable {
    /// The shape.
    public let configuration: DecoderConfiguration
    /// Where each tensor is in ``parameters``.
    public let layout: ParameterLayout
    /// The weights, laid out as ``layout`` says.
    public var parameters: [Double]

    /// The function that `parameters` describe.
    public init(_ configuration: DecoderConfiguration, _ parameters: ParameterBuffer) {
        self.configuration = configuration
        layout = ParameterLayout(configuration)
        self.parameters = (0..<parameters.count).map { Double(parameters.base[$0]) }
    }

    /// log π of each of `targets`, pairs of a row and the token it is to predict, given `inputs`.
    public func logProbabilities(
        inputs: [Int32], targets: [(row: Int, token: Int32)]
    ) -> [Double] {
        let hidden = hiddenStates(inputs)
        return targets.map { target in
            let logits = logits(hidden[target.row])
            let top = logits.max() ?? 0
            let total = logits.reduce(0.0) { $0 + exp($1 - top) }
            return logits[Int(target.token)] - top - log(total)
        }
    }

    /// The logits behind each row of a sequence, (T, V).
    public func logits(_ inputs: [Int32]) -> [[Double]] { hiddenStates(inputs).map(logits) }

    private func logits(_ row: [Double]) -> [Double] {
        let head = tensor(configuration.tiedHead ? .embedding : .head)
        return (0..<configuration.vocabularySize).map {
            product(row, head + $0 * configuration.width) * Double(configuration.logitMultiplier)
        }
    }

    // MARK: Layers

    /// The hidden states behind the final norm, (T, C).
    private func hiddenStates(_ tokens: [Int32]) -> [[Double]] {
        let width = configuration.width
        let table = tensor(.embedding)
        let positions = configuration.hasLearnedPositions ? tensor(.positions) : nil
        var x = tokens.enumerated().map { position, token in
            (0..<width).map { channel in
                (parameters[table + Int(token) * width + channel]
                    + (positions.map { parameters[$0 + position * width + channel] } ?? 0))
                    * Double(configuration.embeddingMultiplier)
            }
        }
        for layer in 0..<configuration.layerCount { block(layer, &x) }
        return norm(x, .finalNorm)
    }

    private func block(_ layer: Int, _ x: inout [[Double]]) {
        let c = configuration
        func part(_ part: BlockPart) -> ParameterRole { .block(layer, part) }
        /// The outputs of some layers side by side.
        func linears(_ x: [[Double]], _ parts: [BlockPart]) -> [[Double]] {
            parts.map { linear(x, part($0)) }.reduce(x.map { _ in [] }) { zip($0, $1).map(+) }
        }
        func optionalNorm(_ x: [[Double]], _ role: BlockPart) -> [[Double]] {
            layout[part(role), .weight] == nil ? x : norm(x, part(role))
        }
        let isFused = layout[part(.queryKeyValue), .weight] != nil
        let qkv = linears(
            optionalNorm(x, .attentionNorm), isFused ? [.queryKeyValue] : [.query, .key, .value])
        func heads(_ start: Int, _ width: Int, _ role: BlockPart) -> [[Double]] {
            let values = qkv.map { Array($0[start..<start + width]) }
            guard c.queryKeyNorm != .none else { return values }
            return norm(
                values, part(role), width: c.queryKeyNorm == .whole ? width : c.headWidth)
        }
        let attended = attention(
            queries: rotated(heads(0, c.queryWidth, .queryNorm), layer),
            keys: rotated(heads(c.queryWidth, c.keyValueWidth, .keyNorm), layer),
            values: qkv.map { Array($0.suffix(c.keyValueWidth)) },
            window: c.attention(ofLayer: layer).window)
        add(
            optionalNorm(linear(attended, part(.attentionOutput)), .attentionOutputNorm), to: &x)
        let normed = optionalNorm(x, .feedForwardNorm)
        let hidden: [[Double]]
        if c.isGated {
            let isFused = layout[part(.gateUp), .weight] != nil
            hidden = linears(normed, isFused ? [.gateUp] : [.gate, .up]).map { row in
                (0..<c.feedForwardWidth).map { activated(row[$0]) * row[$0 + c.feedForwardWidth] }
            }
        } else {
            hidden = linear(normed, part(.up)).map { $0.map(activated) }
        }
        add(optionalNorm(linear(hidden, part(.down)), .feedForwardOutputNorm), to: &x)
    }

    private func activated(_ v: Double) -> Double {
        switch configuration.activation {
        case .silu: v / (1 + exp(-v))
        case .geluTanh:
            0.5 * v * (1 + tanh((2 / Double.pi).squareRoot() * (v + 0.044715 * v * v * v)))
        case .geluErf: 0.5 * v * (1 + erf(v / 2.0.squareRoot()))
        }
    }

    /// Causal attention; heads of keys and values are shared by groups of query heads.
    private func attention(
        queries: [[Double]], keys: [[Double]], values: [[Double]], window: Int?
    ) -> [[Double]] {
        let (heads, width) = (configuration.headCount, configuration.headWidth)
        let group = heads / configuration.keyValueHeadCount
        let scale =
            configuration.attentionScale.map { Double($0) } ?? 1 / Double(width).squareRoot()
        return queries.indices.map { row in
            var output = [Double](repeating: 0, count: heads * width)
            let seen = (0...row).filter { row - $0 < window ?? .max }
            for head in 0..<heads {
                let (own, shared) = (head * width, head / group * width)
                var scores = seen.map { column in
                    var total = 0.0
                    for j in 0..<width {
                        total += queries[row][own + j] * keys[column][shared + j]
                    }
                    return total * scale
                }
                let top = scores.max() ?? 0
                scores = scores.map { exp($0 - top) }
                let total = scores.reduce(0, +)
                for (score, column) in zip(scores, seen) {
                    for j in 0..<width {
                        output[own + j] += score / total * values[column][shared + j]
                    }
                }
            }
            return output
        }
    }

    /// Of the channels of every head that rotate, j and j + d/2 turned by position · frequency.
    private func rotated(_ x: [[Double]], _ layer: Int) -> [[Double]] {
        guard let rotary = configuration.attention(ofLayer: layer).rotary else { return x }
        let width = rotary.width ?? configuration.headWidth
        let half = (width + 1) / 2
        let frequencies = ReferenceRotation.frequencies(rotary, width)
        let magnitude = Double(rotary.scaling.magnitude)
        return x.enumerated().map { position, row in
            var result = row
            for start in stride(from: 0, to: row.count, by: configuration.headWidth) {
                for j in 0..<half {
                    let angle = Double(position) * frequencies[j]
                    let (a, b) = (row[start + j] * magnitude, row[start + half + j] * magnitude)
                    result[start + j] = a * cos(angle) - b * sin(angle)
                    result[start + half + j] = b * cos(angle) + a * sin(angle)
                }
            }
            return result
        }
    }

    /// LayerNorm or RMSNorm.
    ///
    /// - Parameter width: channels that are normed together; nil for the whole row
    private func norm(_ x: [[Double]], _ role: ParameterRole, width: Int? = nil) -> [[Double]] {
        let weight = tensor(role)
        let bias = layout[role, .bias]?.offset
        let offset = configuration.norm == .rmsPlusOne ? 1.0 : 0
        return x.map { row in
            let width = width ?? row.count
            return stride(from: 0, to: row.count, by: width).flatMap { start in
                let row = Array(row[start..<start + width])
                let count = Double(width)
                let mean = bias == nil ? 0 : row.reduce(0, +) / count
                let variance = row.reduce(0.0) { $0 + ($1 - mean) * ($1 - mean) } / count
                let deviation = (variance + Double(configuration.normEpsilon)).squareRoot()
                return row.indices.map { i in
                    (row[i] - mean) / deviation * (parameters[weight + i] + offset)
                        + (bias.map { parameters[$0 + i] } ?? 0)
                }
            }
        }
    }

    /// y = x·Wᵀ + b.
    private func linear(_ x: [[Double]], _ role: ParameterRole) -> [[Double]] {
        guard let entry = layout[role, .weight] else { preconditionFailure("no \(role)") }
        let isTransposed = configuration.storage == .inputByOutput
        let outputs = entry.shape[isTransposed ? 1 : 0]
        let bias = layout[role, .bias]?.offset
        return x.map { row in
            (0..<outputs).map { output in
                var total = bias.map { parameters[$0 + output] } ?? 0
                if isTransposed {
                    for i in row.indices {
                        total += row[i] * parameters[entry.offset + i * outputs + output]
                    }
                } else {
                    total += product(row, entry.offset + output * row.count)
                }
                return total
            }
        }
    }

    private func product(_ row: [Double], _ start: Int) -> Double {
        var total = 0.0
        for i in row.indices { total += row[i] * parameters[start + i] }
        return total
    }

    private func add(_ y: [[Double]], to x: inout [[Double]]) {
        let multiplier = Double(configuration.residualMultiplier)
        for (row, line) in y.enumerated() {
            for (i, value) in line.enumerated() { x[row][i] += multiplier * value }
        }
    }

    private func tensor(_ role: ParameterRole) -> Int {
        guard let entry = layout[role, .weight] else { preconditionFailure("no \(role)") }
        return entry.offset
    }
}

/// Rotary frequencies in double precision, as the papers on scaling have them.
private enum ReferenceRotation {
    static func frequencies(_ rotary: RotaryTraits, _ width: Int) -> [Double] {
        let theta = Double(rotary.theta)
        return (0..<(width + 1) / 2).map { pair in
            let plain = pow(theta, -2 * Double(pair) / Double(width))
            switch rotary.scaling {
            case .none: return plain
            case .linear(let factor): return plain / Double(factor)
            case .llama3(let factor, let low, let high, let positions):
                let turns = Double(positions) * plain / (2 * .pi)
                let share = (turns - Double(low)) / Double(high - low)
                let kept = min(1, max(0, share))
                return plain * (kept + (1 - kept) / Double(factor))
            case .yarn(let yarn):
                func pairWith(turns: Float) -> Double {
                    log(Double(yarn.positions) / (Double(turns) * 2 * .pi)) * Double(width)
                        / (2 * log(theta))
                }
                var (first, last) = (pairWith(turns: yarn.fast), pairWith(turns: yarn.slow))
                if yarn.truncates { (first, last) = (floor(first), ceil(last)) }
                (first, last) = (max(0, first), min(Double(width - 1), last))
                if first == last { last += 0.001 }
                let divided = min(1, max(0, (Double(pair) - first) / (last - first)))
                return plain * (1 - divided + divided / Double(yarn.factor))
            case .longRope(let longRope): return plain / Double(longRope.short[pair])
            }
        }
    }
}

extension ReferenceModel {
    /// log π(y|x) of each continuation of a tree; the first token of a text without a prompt is given.
    public func sequenceLogProbabilities(_ tree: TokenTree) -> [Double] {
        tree.continuations.map { continuation in
            let text = tree.prompt + continuation
            return logProbabilities(
                inputs: Array(text.dropLast()),
                targets: (max(1, tree.prompt.count)..<max(1, text.count)).map {
                    (row: $0 - 1, token: text[$0])
                }
            ).reduce(0, +)
        }
    }
}
