import Kernels

/// A matrix whose rows lie apart, with a mark in between that kernels must leave alone.
final class SpacedMatrix {
    let rows: Int
    let columns: Int
    let view: MatrixView
    private let memory: FloatBuffer
    private static let mark: Float = 1.25e30

    init(_ rows: Int, _ columns: Int, padding: Int = 0, _ value: (Int, Int) -> Float) {
        self.rows = rows
        self.columns = columns
        let stride = columns + padding
        memory = FloatBuffer(capacity: max(1, rows * stride))
        memory.base.update(repeating: Self.mark, count: memory.capacity)
        view = MatrixView(memory.base, rows: rows, columns: columns, stride: stride)
        for row in 0..<rows {
            for column in 0..<columns {
                memory.base[row * stride + column] = value(row, column)
            }
        }
    }

    /// Uniform numbers in −scale ..< scale.
    convenience init(
        _ rows: Int, _ columns: Int, padding: Int = 0, random name: String, scale: Float = 1
    ) {
        var stream = RandomStream(seed: 11, name: name)
        self.init(rows, columns, padding: padding) { _, _ in
            scale * Float(2 * stream.uniform() - 1)
        }
    }

    subscript(_ row: Int, _ column: Int) -> Double {
        Double(view.base[row * view.stride + column])
    }

    /// A row.
    func doubles(_ row: Int) -> [Double] { (0..<columns).map { self[row, $0] } }

    /// Whether nothing was written between the rows or behind the last.
    var marksStand: Bool {
        (0..<memory.capacity).allSatisfy { index in
            let (row, column) = (index / view.stride, index % view.stride)
            return (row < rows && column < columns) || memory.base[index] == Self.mark
        }
    }
}

/// Uniform numbers in −scale ..< scale.
func randoms(_ count: Int, _ name: String, scale: Double = 1) -> [Float] {
    var stream = RandomStream(seed: 12, name: name)
    return (0..<count).map { _ in Float(scale * (2 * stream.uniform() - 1)) }
}

/// The slope of a smooth function, by central differences of two step sizes.
func slope(at x: Double, _ function: (Double) -> Double) -> Double {
    func difference(_ step: Double) -> Double {
        (function(x + step) - function(x - step)) / (2 * step)
    }
    return (4 * difference(5e-5) - difference(1e-4)) / 3
}

/// Sizes around multiples of the vector width.
let oddSizes = [1, 2, 15, 16, 17, 31, 33, 63, 65, 127, 1001]
