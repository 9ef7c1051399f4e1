import Glibc
import Kernels
import Testing

@Suite struct CachedAttentionTests {
    /// The wide, the narrow and the scalar loops over channels, alone and one after the other.
    @Test(arguments: [1, 2, 15, 16, 17, 64, 80, 83, 130], [1, 15, 16, 17, 31, 33, 63, 65, 127])
    func agreesWithALoop(_ width: Int, _ visible: Int) {
        for first in Set([0, 1, 7, 15]) where first < visible {
            check(width, visible, first: first)
        }
    }

    /// - Parameter first: positions at the start that are out of the window
    private func check(_ width: Int, _ visible: Int, first: Int) {
        let heads = 3
        let blockCount = (visible + cacheBlockPositions - 1) / cacheBlockPositions
        // Another head's keys and values lie before and behind, positions to come behind the last.
        let (keyOffset, valueOffset) = (7, 7 + 16 * width + 5)
        let blocks = (0..<blockCount).map { block in
            SpacedMatrix(1, valueOffset + 16 * width + 3, random: "block \(block)", scale: 2)
        }
        let queries = randoms(heads * width, "queries", scale: 2)
        var output = [Float](repeating: .nan, count: heads * width)
        var scores = [Float](repeating: .nan, count: blockCount * cacheBlockPositions)
        let scale = 1 / Float(width).squareRoot()
        attendToCache(
            queries: queries, heads: heads, headWidth: width, blocks: blocks.map(\.view.base),
            keyOffset: keyOffset, valueOffset: valueOffset, first: first, visible: visible,
            scale: scale,
            scores: &scores, output: &output)
        for head in 0..<heads {
            let products = (first..<visible).map { position in
                let block = blocks[position / 16]
                return (0..<width).reduce(0.0) {
                    $0 + Double(queries[head * width + $1])
                        * block[0, keyOffset + $1 * 16 + position % 16]
                } * Double(scale)
            }
            let total = products.reduce(0.0) { $0 + exp($1) }
            for channel in 0..<width {
                let expected =
                    (first..<visible).reduce(0.0) { sum, position in
                        sum + exp(products[position - first])
                            * blocks[position / 16][
                                0, valueOffset + position % 16 * width + channel]
                    } / total
                #expect(abs(Double(output[head * width + channel]) - expected) < 5e-6)
            }
        }
    }
}
