import Embedding
import Foundation
import Transformer

/// BERT written down as in the paper, in double precision, one text at a time.
struct EncoderReference {
    let model: TinyBERT
    private let configuration = TinyBERT.configuration

    typealias Matrix = [[Double]]

    private func vector(_ name: String) -> [Double] { model.values(name).map(Double.init) }

    private func rows(_ name: String, _ width: Int) -> Matrix {
        let values = vector(name)
        return stride(from: 0, to: values.count, by: width).map { Array(values[$0..<$0 + width]) }
    }

    private func linear(_ x: Matrix, _ name: String) -> Matrix {
        let weight = rows(name + ".weight", x[0].count)
        let bias = vector(name + ".bias")
        return x.map { row in
            zip(weight, bias).map { w, b in zip(w, row).reduce(b) { $0 + $1.0 * $1.1 } }
        }
    }

    private func norm(_ x: Matrix, _ name: String) -> Matrix {
        let weight = vector(name + ".weight")
        let bias = vector(name + ".bias")
        return x.map { row in
            let mean = row.reduce(0, +) / Double(row.count)
            let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(row.count)
            let deviation = (variance + Double(configuration.normEpsilon)).squareRoot()
            return row.indices.map { (row[$0] - mean) / deviation * weight[$0] + bias[$0] }
        }
    }

    private func add(_ a: Matrix, _ b: Matrix) -> Matrix {
        zip(a, b).map { zip($0, $1).map { $0 + $1 } }
    }

    private func attention(_ q: Matrix, _ k: Matrix, _ v: Matrix) -> Matrix {
        let d = configuration.headWidth
        var output = q.map { $0.map { _ in 0.0 } }
        for head in 0..<configuration.headCount {
            let channels = head * d..<(head + 1) * d
            for i in q.indices {
                let scores = k.map { key in
                    channels.reduce(0) { $0 + q[i][$1] * key[$1] } / Double(d).squareRoot()
                }
                let weights = scores.map { exp($0) }
                let total = weights.reduce(0, +)
                for c in channels {
                    output[i][c] = zip(weights, v).reduce(0) { $0 + $1.0 / total * $1.1[c] }
                }
            }
        }
        return output
    }

    /// The last block's output, one row a token.
    func hiddenStates(_ ids: [Int32]) -> Matrix {
        let width = configuration.width
        let words = rows("embeddings.word_embeddings.weight", width)
        let positions = rows("embeddings.position_embeddings.weight", width)
        let type = rows("embeddings.token_type_embeddings.weight", width)[0]
        var x = ids.enumerated().map { position, id in
            (0..<width).map { words[Int(id)][$0] + positions[position][$0] + type[$0] }
        }
        x = norm(x, "embeddings.LayerNorm")
        for layer in 0..<configuration.layerCount {
            let prefix = "encoder.layer.\(layer)."
            let attended = attention(
                linear(x, prefix + "attention.self.query"),
                linear(x, prefix + "attention.self.key"),
                linear(x, prefix + "attention.self.value"))
            x = norm(
                add(x, linear(attended, prefix + "attention.output.dense")),
                prefix + "attention.output.LayerNorm")
            let hidden = linear(x, prefix + "intermediate.dense").map {
                $0.map { $0 / 2 * (1 + erf($0 / 2.0.squareRoot())) }
            }
            x = norm(add(x, linear(hidden, prefix + "output.dense")), prefix + "output.LayerNorm")
        }
        return x
    }
}

/// Scales to unit length.
func unit(_ vector: [Double]) -> [Float] {
    let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return vector.map { Float($0 / length) }
}
