import Evaluation
import StreamIO
import TestSupport
import Testing

@Suite struct DivergenceFrontierTests {
    @Test(
        "curve, MAUVE and frontier integral of the reference histograms")
    func agreesWithReference() throws {
        let cases = try #require(Oracles.json("mauve_histograms.json").elements)
        try #require(!cases.isEmpty)
        for example in cases {
            let frontier = try DivergenceFrontier(
                p: Histogram(weights: try #require(example["p"]?.numbers)),
                q: Histogram(weights: try #require(example["q"]?.numbers)),
                scalingFactor: try #require(example["scaling_factor"]?.number),
                points: Int(try #require(example["divergence_curve_points"]?.number)))
            #expect(abs(frontier.mauve - (example["mauve"]?.number ?? .nan)) < 1e-6)
            #expect(
                abs(frontier.frontierIntegral - (example["frontier_integral"]?.number ?? .nan))
                    < 1e-6)
            let curve = try #require(example["curve"]?.elements)
            try #require(curve.count == frontier.curve.count)
            for (point, expected) in zip(frontier.curve, curve) {
                let expected = try #require(expected.numbers)
                #expect(abs(point.x - expected[0]) < 1e-6)
                #expect(abs(point.y - expected[1]) < 1e-6)
            }
        }
    }

    @Test("equal histograms score 1, disjoint ones next to nothing")
    func extremes() throws {
        let p = try Histogram(weights: [0.2, 0.3, 0.5, 0])
        let same = try DivergenceFrontier(p: p, q: p)
        #expect(abs(same.mauve - 1) < 1e-12)
        #expect(same.frontierIntegral == 0)

        let apart = try DivergenceFrontier(
            p: Histogram(weights: [1, 1, 0, 0]), q: Histogram(weights: [0, 0, 3, 1]))
        // For disjoint distributions KL(q‖r) = −log(1 − w) and KL(p‖r) = −log w.
        #expect(apart.mauve < 0.01)
        #expect(abs(apart.frontierIntegral - 1) < 1e-12)
        let middle = apart.curve[13]
        #expect(abs(middle.x - 0.03125) < 1e-9)
        #expect(abs(middle.y - 0.03125) < 1e-9)
    }

    @Test("exchanging the sides mirrors the curve and keeps the scores")
    func symmetry() throws {
        let p = try Histogram(weights: [5, 1, 0, 4, 2])
        let q = try Histogram(weights: [1, 3, 2, 2, 0])
        let forward = try DivergenceFrontier(p: p, q: q)
        let backward = try DivergenceFrontier(p: q, q: p)
        #expect(abs(forward.mauve - backward.mauve) < 1e-12)
        #expect(abs(forward.frontierIntegral - backward.frontierIntegral) < 1e-12)
        let stretched = try DivergenceFrontier(p: p, q: q, scalingFactor: 1)
        #expect(stretched.mauve > forward.mauve)
    }

    @Test(
        "what is not a histogram is refused",
        arguments: [[], [0, 0], [1, -1], [.nan, 1], [.infinity, 1]] as [[Double]])
    func refusesNonsense(weights: [Double]) {
        #expect(throws: EvaluationError.notAHistogram(what: "histogram")) {
            try Histogram(weights: weights)
        }
    }

    @Test("histograms of different length, bad scaling factor, too few points")
    func refusesBadOptions() throws {
        let p = try Histogram(weights: [1, 2])
        let q = try Histogram(weights: [1, 2, 3])
        #expect(throws: EvaluationError.self) { try DivergenceFrontier(p: p, q: q) }
        #expect(throws: EvaluationError.self) {
            try DivergenceFrontier(p: p, q: p, scalingFactor: 0)
        }
        #expect(throws: EvaluationError.self) { try DivergenceFrontier(p: p, q: p, points: 1) }
    }
}
