import Glibc
import Kernels
import TestSupport
import Testing
import Transformer

/// Attention alone, over trees, against loops in double precision.
@Suite struct AttentionTests {
    struct Heads: Sendable, CustomTestStringConvertible {
        let queries: Int
        let keyValues: Int
        let width: Int
        var packedWidth: Int { (queries + 2 * keyValues) * width }
        var testDescription: String { "\(queries) heads on \(keyValues) of width \(width)" }
    }

    static let heads = [
        Heads(queries: 3, keyValues: 3, width: 5), Heads(queries: 6, keyValues: 2, width: 4),
        Heads(queries: 4, keyValues: 1, width: 17), Heads(queries: 1, keyValues: 1, width: 2),
    ]

    /// One, two and three blocks of queries, in prompts and behind them; a prompt without rows behind it.
    private static let trees = [
        tree(5, [4, 1, 3]), tree(66, [2, 69]), tree(0, [131]), tree(1, [1, 1]), tree(64, [65, 66]),
    ]

    private static func tree(_ prompt: Int, _ continuations: [Int]) -> TokenTree {
        TokenTree(
            prompt: [Int32](repeating: 1, count: prompt),
            continuations: continuations.map { [Int32](repeating: 2, count: $0) })
    }

    /// For each row of the packed trees the rows that it sees.
    private static func visibleRows(_ trees: [TokenTree]) -> [[Int]] {
        var visible: [[Int]] = []
        for tree in trees {
            func append(_ count: Int, after prefix: [Int]) -> [Int] {
                let first = visible.count
                for row in first..<first + count { visible.append(prefix + Array(first...row)) }
                return Array(first..<first + count)
            }
            if tree.continuations.count > 1, !tree.prompt.isEmpty {
                let prompt = append(tree.prompt.count, after: [])
                for continuation in tree.continuations {
                    _ = append(continuation.count - 1, after: prompt)
                }
            } else {
                for continuation in tree.continuations {
                    _ = append(tree.prompt.count + continuation.count - 1, after: [])
                }
            }
        }
        return visible
    }

    private static func random(_ count: Int, _ name: String) -> [Float] {
        var stream = RandomStream(seed: 3, name: name)
        return (0..<count).map { _ in Float(2 * stream.uniform() - 1) }
    }

    /// (T, H·d) from queries, keys and values (T, (H + 2G)·d).
    private static func reference(
        _ qkv: [Double], _ visible: [[Int]], _ heads: Heads
    ) -> [Double] {
        let (width, packed) = (heads.width, heads.packedWidth)
        var output = [Double](repeating: 0, count: visible.count * heads.queries * width)
        for (row, columns) in visible.enumerated() {
            for head in 0..<heads.queries {
                let shared = head / (heads.queries / heads.keyValues)
                let query = row * packed + head * width
                var total = 0.0
                var sum = [Double](repeating: 0, count: width)
                for column in columns {
                    let key = column * packed + (heads.queries + shared) * width
                    let value = key + heads.keyValues * width
                    var score = 0.0
                    for j in 0..<width { score += qkv[query + j] * qkv[key + j] }
                    let weight = exp(score / Double(width).squareRoot())
                    total += weight
                    for j in 0..<width { sum[j] += weight * qkv[value + j] }
                }
                for j in 0..<width {
                    output[(row * heads.queries + head) * width + j] = sum[j] / total
                }
            }
        }
        return output
    }

    @Test(arguments: heads)
    func forwardAndBackwardAgreeWithLoops(_ heads: Heads) {
        let batch = PackedBatch(Self.trees)
        let visible = Self.visibleRows(Self.trees)
        let rows = visible.count
        #expect(batch.rowCount == rows)
        let attention = Attention(
            headCount: heads.queries, keyValueHeadCount: heads.keyValues, headWidth: heads.width)
        let outputs = heads.queries * heads.width
        var qkv = Self.random(rows * heads.packedWidth, "qkv").map { 1.5 * $0 }
        var output = [Float](repeating: .nan, count: rows * outputs)
        var logSumExp = [Float](repeating: .nan, count: rows * heads.queries)
        var weights = Self.random(rows * outputs, "output")
        var gradient = [Float](repeating: .nan, count: qkv.count)
        func view(_ x: UnsafeMutablePointer<Float>, _ columns: Int) -> MatrixView {
            MatrixView(x, rows: rows, columns: columns)
        }
        attention.forward(
            batch, qkv: view(&qkv, heads.packedWidth), output: view(&output, outputs),
            logSumExp: &logSumExp)
        attention.backward(
            batch, qkv: view(&qkv, heads.packedWidth), output: view(&output, outputs),
            logSumExp: logSumExp, outputGradient: view(&weights, outputs),
            qkvGradient: view(&gradient, heads.packedWidth))
        let point = qkv.map(Double.init)
        for (a, b) in zip(output, Self.reference(point, visible, heads)) {
            #expect(abs(Double(a) - b) < 2e-6)
        }

        let boundaries = [0, heads.queries, heads.queries + heads.keyValues]
        let ends = boundaries.dropFirst() + [heads.queries + 2 * heads.keyValues]
        for (name, (first, end)) in zip(["queries", "keys", "values"], zip(boundaries, ends)) {
            let places = qkv.indices.filter {
                (first * heads.width..<end * heads.width).contains($0 % heads.packedWidth)
            }
            let slopes = DirectionalSlopes(of: name, at: places.map { point[$0] }) { part in
                var moved = point
                for (place, value) in zip(places, part) { moved[place] = value }
                let output = Self.reference(moved, visible, heads)
                return zip(output, weights).reduce(0.0) { $0 + $1.0 * Double($1.1) }
            }
            let found = places.map { gradient[$0] }
            #expect(slopes.areConsistent)
            #expect(slopes.error(of: found) < DirectionalSlopes.tolerance, "\(name)")
            for fault in GradientFault.allCases {
                let damaged = fault.applied(to: found, shape: [rows, found.count / rows])
                #expect(slopes.error(of: damaged) > DirectionalSlopes.tolerance, "\(fault) \(name)")
            }
        }
    }
}
