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
        let head = tensor(configuration.tiedHead ? embeddingName : "lm_head.weight")
        return targets.map { target in
            let logits = (0..<configuration.vocabularySize).map { token in
                product(hidden[target.row], head + token * configuration.width)
            }
            let top = logits.max() ?? 0
            let total = logits.reduce(0.0) { $0 + exp($1 - top) }
            return logits[Int(target.token)] - top - log(total)
        }
    }

    /// The logits behind each row of a sequence, (T, V).
    public func logits(_ inputs: [Int32]) -> [[Double]] {
        let head = tensor(configuration.tiedHead ? embeddingName : "lm_head.weight")
        return hiddenStates(inputs).map { row in
            (0..<configuration.vocabularySize).map {
                product(row, head + $0 * configuration.width)
            }
        }
    }

    // MARK: Layers

    private var isGPT2: Bool { configuration.architecture == .gpt2 }

    private var embeddingName: String {
        isGPT2 ? "transformer.wte.weight" : "model.embed_tokens.weight"
    }

    /// The hidden states behind the final norm, (T, C).
    private func hiddenStates(_ tokens: [Int32]) -> [[Double]] {
        let width = configuration.width
        let table = tensor(embeddingName)
        var x = tokens.enumerated().map { position, token in
            (0..<width).map { channel in
                var value = parameters[table + Int(token) * width + channel]
                if isGPT2 {
                    value +=
                        parameters[
                            tensor("transformer.wpe.weight") + position * width + channel]
                }
                return value
            }
        }
        for layer in 0..<configuration.layerCount {
            isGPT2 ? gpt2Block(layer, &x) : llamaBlock(layer, &x)
        }
        return norm(x, isGPT2 ? "transformer.ln_f" : "model.norm")
    }

    private func gpt2Block(_ layer: Int, _ x: inout [[Double]]) {
        let prefix = "transformer.h.\(layer)."
        let width = configuration.width
        let qkv = convolution(norm(x, prefix + "ln_1"), prefix + "attn.c_attn", 3 * width)
        let attended = attention(
            queries: qkv.map { Array($0[0..<width]) },
            keys: qkv.map { Array($0[width..<2 * width]) },
            values: qkv.map { Array($0[(2 * width)...]) })
        add(convolution(attended, prefix + "attn.c_proj", width), to: &x)
        let inner = convolution(
            norm(x, prefix + "ln_2"), prefix + "mlp.c_fc", configuration.feedForwardWidth)
        let activated = inner.map { row in
            row.map { v in
                0.5 * v
                    * (1 + tanh((2 / Double.pi).squareRoot() * (v + 0.044715 * v * v * v)))
            }
        }
        add(convolution(activated, prefix + "mlp.c_proj", width), to: &x)
    }

    private func llamaBlock(_ layer: Int, _ x: inout [[Double]]) {
        let prefix = "model.layers.\(layer)."
        let c = configuration
        let normed = norm(x, prefix + "input_layernorm")
        let attended = attention(
            queries: rotated(linear(normed, prefix + "self_attn.q_proj", c.queryWidth)),
            keys: rotated(linear(normed, prefix + "self_attn.k_proj", c.keyValueWidth)),
            values: linear(normed, prefix + "self_attn.v_proj", c.keyValueWidth))
        add(linear(attended, prefix + "self_attn.o_proj", c.width), to: &x)
        let second = norm(x, prefix + "post_attention_layernorm")
        let gate = linear(second, prefix + "mlp.gate_proj", c.feedForwardWidth)
        let up = linear(second, prefix + "mlp.up_proj", c.feedForwardWidth)
        let hidden = zip(gate, up).map { zip($0, $1).map { $0 / (1 + exp(-$0)) * $1 } }
        add(linear(hidden, prefix + "mlp.down_proj", c.width), to: &x)
    }

    /// Causal attention; heads of keys and values are shared by groups of query heads.
    private func attention(
        queries: [[Double]], keys: [[Double]], values: [[Double]]
    ) -> [[Double]] {
        let (heads, width) = (configuration.headCount, configuration.headWidth)
        let group = heads / configuration.keyValueHeadCount
        return queries.indices.map { row in
            var output = [Double](repeating: 0, count: heads * width)
            for head in 0..<heads {
                let (own, shared) = (head * width, head / group * width)
                var scores = (0...row).map { column in
                    var total = 0.0
                    for j in 0..<width {
                        total += queries[row][own + j] * keys[column][shared + j]
                    }
                    return total / Double(width).squareRoot()
                }
                let top = scores.max() ?? 0
                scores = scores.map { exp($0 - top) }
                let total = scores.reduce(0, +)
                for column in 0...row {
                    let weight = scores[column] / total
                    for j in 0..<width {
                        output[own + j] += weight * values[column][shared + j]
                    }
                }
            }
            return output
        }
    }

    /// Channels j and j + d/2 of every head turned by position · θ^(−2j/d).
    private func rotated(_ x: [[Double]]) -> [[Double]] {
        let (width, half) = (configuration.headWidth, configuration.headWidth / 2)
        return x.enumerated().map { position, row in
            var result = row
            for start in stride(from: 0, to: row.count, by: width) {
                for j in 0..<half {
                    let angle =
                        Double(position)
                        * pow(Double(configuration.ropeTheta), -2 * Double(j) / Double(width))
                    let (a, b) = (row[start + j], row[start + half + j])
                    result[start + j] = a * cos(angle) - b * sin(angle)
                    result[start + half + j] = b * cos(angle) + a * sin(angle)
                }
            }
            return result
        }
    }

    /// LayerNorm or RMSNorm with the parameters `name + ".weight"` and `name + ".bias"`.
    private func norm(_ x: [[Double]], _ name: String) -> [[Double]] {
        let weight = tensor(name + ".weight")
        let bias = isGPT2 ? tensor(name + ".bias") : 0
        return x.map { row in
            let count = Double(row.count)
            let mean = isGPT2 ? row.reduce(0, +) / count : 0
            let variance = row.reduce(0.0) { $0 + ($1 - mean) * ($1 - mean) } / count
            let deviation = (variance + Double(configuration.normEpsilon)).squareRoot()
            return row.indices.map { i in
                (row[i] - mean) / deviation * parameters[weight + i]
                    + (isGPT2 ? parameters[bias + i] : 0)
            }
        }
    }

    /// y = x·Wᵀ with W (out, in).
    private func linear(_ x: [[Double]], _ name: String, _ outputs: Int) -> [[Double]] {
        let weight = tensor(name + ".weight")
        return x.map { row in
            (0..<outputs).map { product(row, weight + $0 * row.count) }
        }
    }

    /// y = x·W + b with W (in, out), as GPT-2 stores it.
    private func convolution(_ x: [[Double]], _ name: String, _ outputs: Int) -> [[Double]] {
        let (weight, bias) = (tensor(name + ".weight"), tensor(name + ".bias"))
        return x.map { row in
            var y = Array(parameters[bias..<bias + outputs])
            for (i, value) in row.enumerated() {
                for o in 0..<outputs { y[o] += value * parameters[weight + i * outputs + o] }
            }
            return y
        }
    }

    private func product(_ row: [Double], _ start: Int) -> Double {
        var total = 0.0
        for i in row.indices { total += row[i] * parameters[start + i] }
        return total
    }

    private func add(_ y: [[Double]], to x: inout [[Double]]) {
        for (row, line) in y.enumerated() {
            for (i, value) in line.enumerated() { x[row][i] += value }
        }
    }

    private func tensor(_ name: String) -> Int {
        guard let entry = layout[name] else { preconditionFailure("no parameter \(name)") }
        return entry.offset
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
