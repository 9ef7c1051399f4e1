// Legend: T rows, I inputs, O outputs.

/// What happens to x·Wᵀ + b before it is stored.
public enum LinearEpilogue: Sendable {
    /// Nothing.
    case none
    /// Added to what the output holds.
    case accumulate
    /// GELU in its exact form.
    case geluErf
}

/// A linear layer y = x·Wᵀ + b whose weights were laid out once for the product: for inference.
///
/// Every output row is a function of its input row alone, to the bit: it does not matter which rows
/// share a batch or how many threads work. (A BLAS chooses its kernels by the shape of the whole.)
public final class PackedLinear {
    /// I.
    public let inputWidth: Int
    /// O.
    public let outputWidth: Int

    /// Panels of 32 outputs, each (I, 32), the last one filled up with zeros.
    private let panels: UnsafeMutablePointer<Float>
    /// As long as the panels are wide.
    private let bias: UnsafeMutablePointer<Float>
    private let panelCount: Int

    /// Copies a layer's weights.
    ///
    /// - Parameters:
    ///   - weight: (O, I)
    ///   - bias: (O)
    public init(
        weight: UnsafePointer<Float>, bias: UnsafePointer<Float>, inputWidth: Int, outputWidth: Int
    ) {
        self.inputWidth = inputWidth
        self.outputWidth = outputWidth
        let width = Tile.columns
        let panelCount = (outputWidth + width - 1) / width
        self.panelCount = panelCount
        let count = panelCount * width
        let panels = Self.allocate(count * inputWidth)
        self.panels = panels
        self.bias = Self.allocate(count)
        self.bias.initialize(repeating: 0, count: count)
        self.bias.update(from: bias, count: outputWidth)
        Parallel.forEach(panelCount) { panel in
            let target = panels + panel * inputWidth * width
            for column in 0..<width {
                let output = panel * width + column
                for input in 0..<inputWidth {
                    target[input * width + column] =
                        output < outputWidth ? weight[output * inputWidth + input] : 0
                }
            }
        }
    }

    deinit {
        panels.deallocate()
        bias.deallocate()
    }

    /// Computes y from x.
    ///
    /// - Parameters:
    ///   - x: (T, I)
    ///   - y: (T, O)
    public func forward(_ x: MatrixView, into y: MatrixView, _ epilogue: LinearEpilogue = .none) {
        precondition(x.columns == inputWidth && y.columns == outputWidth && x.rows == y.rows)
        // What one thread takes at a time: its rows and one panel stay in the second-level cache.
        let rowsPerTask = 64
        let panelsPerTask = 12
        let rowTasks = (x.rows + rowsPerTask - 1) / rowsPerTask
        let panelTasks = (panelCount + panelsPerTask - 1) / panelsPerTask
        Parallel.forEach(rowTasks * panelTasks) { task in
            let firstRow = task / panelTasks * rowsPerTask
            let firstPanel = task % panelTasks * panelsPerTask
            let rows = firstRow..<min(firstRow + rowsPerTask, x.rows)
            for panel in firstPanel..<min(firstPanel + panelsPerTask, panelCount) {
                for row in stride(from: rows.lowerBound, to: rows.upperBound, by: Tile.rows) {
                    let column = panel * Tile.columns
                    let target = y.rows(row..<min(row + Tile.rows, rows.upperBound))
                        .columns(column..<min(column + Tile.columns, outputWidth))
                    compute(x, row: row, panel: panel, into: target, epilogue)
                }
            }
        }
    }

    /// One tile of the output, which may stick out of the matrix on both sides.
    @inline(__always)
    private func compute(
        _ x: MatrixView, row: Int, panel: Int, into y: MatrixView, _ epilogue: LinearEpilogue
    ) {
        let weights = UnsafePointer(panels + panel * Tile.columns * inputWidth)
        let bias = UnsafePointer(bias + panel * Tile.columns)
        let first = UnsafePointer(x.base + row * x.stride)
        if y.rows == Tile.rows, y.columns == Tile.columns {
            Tile.multiply(
                first, stride: x.stride, rows: Tile.rows, weights, inner: inputWidth,
                bias: bias, into: y, epilogue)
            return
        }
        withUnsafeTemporaryAllocation(of: Float.self, capacity: Tile.rows * Tile.columns) {
            guard let memory = $0.baseAddress else { return }
            let tile = MatrixView(memory, rows: Tile.rows, columns: Tile.columns)
            for row in 0..<Tile.rows {
                for column in 0..<Tile.columns {
                    let inside = row < y.rows && column < y.columns && epilogue == .accumulate
                    memory[row * Tile.columns + column] =
                        inside ? y.base[row * y.stride + column] : 0
                }
            }
            Tile.multiply(
                first, stride: x.stride, rows: y.rows, weights, inner: inputWidth,
                bias: bias, into: tile, epilogue)
            for row in 0..<y.rows {
                (y.base + row * y.stride).update(
                    from: memory + row * Tile.columns, count: y.columns)
            }
        }
    }

    private static func allocate(_ count: Int) -> UnsafeMutablePointer<Float> {
        UnsafeMutableRawPointer.allocate(
            byteCount: count * MemoryLayout<Float>.stride, alignment: 64
        ).bindMemory(to: Float.self, capacity: count)
    }
}

/// The part of a product that is computed in registers: 8 rows by two vectors.
private enum Tile {
    static let rows = 8
    static let columns = 32

    /// y ← epilogue(x·W + b) for one tile, summing over inputs in their order.
    ///
    /// - Parameters:
    ///   - x: the first row; `rows` ≤ 8 of them exist
    ///   - weights: (I, 32)
    ///   - bias: (32)
    ///   - y: (8, 32)
    @inline(__always)
    static func multiply(
        _ x: UnsafePointer<Float>, stride: Int, rows: Int, _ weights: UnsafePointer<Float>,
        inner: Int, bias: UnsafePointer<Float>, into y: MatrixView, _ epilogue: LinearEpilogue
    ) {
        // Rows that do not exist repeat the last one.
        let last = rows - 1
        let x0 = x
        let x1 = x + min(1, last) * stride
        let x2 = x + min(2, last) * stride
        let x3 = x + min(3, last) * stride
        let x4 = x + min(4, last) * stride
        let x5 = x + min(5, last) * stride
        let x6 = x + min(6, last) * stride
        let x7 = x + min(7, last) * stride
        var r0 = RowSums()
        var r1 = RowSums()
        var r2 = RowSums()
        var r3 = RowSums()
        var r4 = RowSums()
        var r5 = RowSums()
        var r6 = RowSums()
        var r7 = RowSums()
        var line = weights
        for k in 0..<inner {
            let low = line.vector(at: 0)
            let high = line.vector(at: 16)
            line += columns
            r0.add(x0[k], low, high)
            r1.add(x1[k], low, high)
            r2.add(x2[k], low, high)
            r3.add(x3[k], low, high)
            r4.add(x4[k], low, high)
            r5.add(x5[k], low, high)
            r6.add(x6[k], low, high)
            r7.add(x7[k], low, high)
        }
        let bias = (bias.vector(at: 0), bias.vector(at: 16))
        r0.store(bias, y.base, epilogue)
        r1.store(bias, y.base + y.stride, epilogue)
        r2.store(bias, y.base + 2 * y.stride, epilogue)
        r3.store(bias, y.base + 3 * y.stride, epilogue)
        r4.store(bias, y.base + 4 * y.stride, epilogue)
        r5.store(bias, y.base + 5 * y.stride, epilogue)
        r6.store(bias, y.base + 6 * y.stride, epilogue)
        r7.store(bias, y.base + 7 * y.stride, epilogue)
        guard epilogue == .geluErf else { return }
        for row in 0..<Self.rows {
            let line = y.base + row * y.stride
            line.store(geluErf(line.vector(at: 0)), at: 0)
            line.store(geluErf(line.vector(at: 16)), at: 16)
        }
    }
}

/// One row of a tile.
private struct RowSums {
    var low = Vector.zero
    var high = Vector.zero

    @inline(__always)
    mutating func add(_ x: Float, _ low: Vector, _ high: Vector) {
        let factor = Vector(repeating: x)
        self.low.addProduct(factor, low)
        self.high.addProduct(factor, high)
    }

    @inline(__always)
    func store(
        _ bias: (low: Vector, high: Vector), _ y: UnsafeMutablePointer<Float>,
        _ epilogue: LinearEpilogue
    ) {
        var low = low + bias.low
        var high = high + bias.high
        if epilogue == .accumulate {
            low += y.vector(at: 0)
            high += y.vector(at: 16)
        }
        y.store(low, at: 0)
        y.store(high, at: 16)
    }
}
