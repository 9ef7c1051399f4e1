import Kernels
import Sampling
import StreamIO
import TestSupport
import Testing

@Suite struct SamplingFilterTests {
    @Test func probabilitiesAreThoseOfTransformers() throws {
        let cases = try #require(Oracles.json("samplers.json").elements)
        #expect(cases.count == 15)
        for item in cases {
            let filter = SamplingFilter(
                temperature: Float(try #require(item["temperature"]?.number)),
                topK: Int(try #require(item["top_k"]?.number)),
                topP: try #require(item["top_p"]?.number))
            let logits = try #require(item["logits"]).doubles.map { Float($0) }
            let expected = try #require(item["probabilities"]).doubles
            let got = filter.probabilities(logits)
            #expect(zip(got, expected).allSatisfy { ($0 == 0) == ($1 == 0) }, "\(filter)")
            #expect(zip(got, expected).allSatisfy { abs($0 - $1) < 1e-6 }, "\(filter)")
        }
    }

    @Test func tiesWithTheLastOfTopKStay() {
        let got = SamplingFilter(topK: 2).probabilities([1, 3, 1, 0, 1])
        #expect(got.map { $0 > 0 } == [true, true, true, false, true])
    }

    @Test func theTokenThatCrossesTopPStays() {
        // Probabilities 0.5, 0.3, 0.2.
        let logits: [Float] = [0.5, 0.3, 0.2].map { logarithm($0) }
        #expect(
            SamplingFilter(topP: 0.6).probabilities(logits).map { $0 > 0 } == [true, true, false])
        #expect(
            SamplingFilter(topP: 0.4).probabilities(logits).map { $0 > 0 } == [true, false, false])
        #expect(
            SamplingFilter(topP: 0.9).probabilities(logits).map { $0 > 0 } == [true, true, true])
    }

    /// A slow reference by a full sort, on a large vocabulary with long tails.
    @Test(arguments: [(0, 0.5), (0, 0.95), (0, 0.999), (37, 0.9), (5000, 0.99), (50, 1.0)])
    func largeVocabulariesAgreeWithAFullSort(topK: Int, topP: Double) {
        var random = RandomStream(seed: 3, name: "logits")
        for spread in [0.01, 3.0, 12.0] as [Float] {
            let logits = (0..<20_011).map { _ in spread * Float(random.uniform() - 0.5) }
            let order = logits.indices.sorted { logits[$0] > logits[$1] }
            let kept = order.prefix(topK == 0 ? order.count : topK)
            let weights = kept.map { Double(logits[$0] - logits[order[0]]) }.map(exponential)
            let total = weights.reduce(0, +)
            var expected = Set<Int>()
            var sum = 0.0
            for (index, weight) in zip(kept, weights) where sum < topP * total || topP == 1 {
                expected.insert(index)
                sum += weight
            }
            let got = SamplingFilter(topK: topK, topP: topP).probabilities(logits)
            let gotSet = Set(got.indices.filter { got[$0] > 0 })
            // Rounding may move the limit by a few of many nearly equal tokens.
            #expect(gotSet.symmetricDifference(expected).count <= expected.count / 1000 + 1)
            #expect(abs(got.reduce(0, +) - 1) < 1e-9)
        }
    }

    @Test(arguments: [
        SamplingFilter(), SamplingFilter(temperature: 0.7), SamplingFilter(topK: 4),
        SamplingFilter(temperature: 1.3, topP: 0.8),
    ])
    func drawsFollowTheProbabilities(_ filter: SamplingFilter) {
        let logits: [Float] = [0.3, -1, 2, 1.5, -.infinity, 0.7, 1.9, -0.2, 0.1]
        let expected = filter.probabilities(logits)
        var random = RandomStream(seed: 11, name: "draws")
        let draws = 100_000
        var copy = logits
        let tokens = copy.withUnsafeMutableBufferPointer {
            filter.draw(
                $0.baseAddress!, count: logits.count,
                uniforms: (0..<draws).map { _ in random.uniform() })
        }
        for id in logits.indices {
            let share = Double(tokens.count { Int($0) == id }) / Double(draws)
            #expect(abs(share - expected[id]) < 0.008)
            if expected[id] == 0 { #expect(share == 0) }
        }
    }

    @Test func inverseOfTheCumulativeDistributionInOrderOfIDs() {
        let logits: [Float] = [0.1, 0.2, 0.3, 0.4].map { logarithm($0) }
        for filter in [SamplingFilter(), SamplingFilter(topK: 3)] {
            let probabilities = filter.probabilities(logits)
            for step in 0..<40 {
                let uniform = (Double(step) + 0.5) / 40
                var sum = 0.0
                let expected = probabilities.firstIndex {
                    sum += $0
                    return sum > uniform
                }
                var copy = logits
                let got = copy.withUnsafeMutableBufferPointer {
                    filter.draw($0.baseAddress!, count: 4, uniforms: [uniform])[0]
                }
                #expect(Int(got) == expected)
            }
        }
    }

    private func exponential(_ x: Double) -> Double {
        var values = [Float(x)]
        return Double(
            values.withUnsafeMutableBufferPointer {
                exponentiate($0.baseAddress!, minus: 0, count: 1)
            })
    }

    @Test func selectionKernels() {
        var random = RandomStream(seed: 2, name: "selection")
        for count in [1, 15, 16, 17, 1000] {
            let x = (0..<count).map { _ in Float(random.integer(below: 50)) }
            let sorted = x.sorted(by: >)
            #expect(indexOfMaximum(x, count: count) == x.firstIndex(of: sorted[0]))
            for rank in Set([1, min(3, count), count]) {
                #expect(largestElement(x, rank: rank, count: count) == sorted[rank - 1])
                let above = indices(of: x, atLeast: sorted[rank - 1], count: count)
                #expect(above.map { Int($0) } == x.indices.filter { x[$0] >= sorted[rank - 1] })
            }
        }
    }
}
