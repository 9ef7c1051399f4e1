import Kernels
import Transformer

/// How the hidden states of a text's tokens become one vector.
enum Pooling: String, CaseIterable {
    /// Their mean.
    case mean
    /// The first token's, which BERT calls `[CLS]`.
    case first = "cls"
    /// The last token's.
    case last = "lasttoken"
    /// The largest value of each channel.
    case maximum = "max"
    /// Their sum divided by √length: the mean, once vectors have unit length.
    case meanSquareRoot = "mean_sqrt_len_tokens"

    /// The mode of a pooling module's configuration, in either of its spellings: one flag per mode,
    /// or `pooling_mode` with a name.
    init(_ file: ConfigurationFile) throws(EmbeddingError) {
        let flagPrefix = "pooling_mode_"
        var modes = file.trueKeys.filter { $0.hasPrefix(flagPrefix) }.map {
            String($0.dropFirst(flagPrefix.count))
        }
        if let name = try file.string("pooling_mode") { modes.append(name) }
        guard modes.count == 1, let mode = modes.first else {
            throw .unsupported(
                file: file.path,
                what: "pooling (got \(modes.isEmpty ? "none" : modes.joined(separator: " + ")), "
                    + "expected exactly one mode)")
        }
        let suffix = "_tokens"
        let single = "_token"
        for known in Self.allCases
        where [known.rawValue, known.rawValue + suffix, known.rawValue + single].contains(mode) {
            self = known
            return
        }
        throw .unsupported(
            file: file.path,
            what: "pooling by \(mode) (expected mean, cls, lasttoken, max or mean_sqrt_len_tokens)")
    }

    /// Pools each sequence and scales the vectors to unit length.
    ///
    /// - Parameters:
    ///   - states: of at least one row a sequence
    ///   - output: for each sequence where its (C) vector goes
    func pool(_ states: HiddenStates, into output: [UnsafeMutablePointer<Float>]) {
        let matrix = states.matrix
        let width = matrix.columns
        Parallel.forEach(states.ranges.count) { index in
            let rows = states.ranges[index]
            let vector = output[index]
            func line(_ row: Int) -> UnsafeMutablePointer<Float> {
                matrix.base + row * matrix.stride
            }
            switch self {
            case .first: vector.update(from: line(rows.lowerBound), count: width)
            case .last: vector.update(from: line(rows.upperBound - 1), count: width)
            case .mean, .meanSquareRoot:
                vector.update(repeating: 0, count: width)
                for row in rows { accumulate(line(row), scaledBy: 1, into: vector, count: width) }
            case .maximum:
                vector.update(from: line(rows.lowerBound), count: width)
                for row in rows {
                    for channel in 0..<width {
                        vector[channel] = max(vector[channel], line(row)[channel])
                    }
                }
            }
            normalize(vector, count: width)
        }
    }

    /// Divides by the Euclidean norm, or by 1e-12 if that is larger, so that zeros stay zeros.
    private func normalize(_ vector: UnsafeMutablePointer<Float>, count: Int) {
        var square = 0.0
        for channel in 0..<count { square += Double(vector[channel]) * Double(vector[channel]) }
        scale(vector, by: Float(1 / max(square.squareRoot(), 1e-12)), count: count)
    }
}
