import Evaluation
import Kernels
import StreamIO
import TestSupport
import Testing

@Suite(.serialized) struct MauveTests {
    init() { Parallel.configure(threads: 2) }

    @Test(
        "MAUVE of reference features lies within three deviations of the reference mean",
        arguments: 0..<4)
    func agreesWithReference(index: Int) throws {
        let features = try Oracles.features("mauve_features.safetensors")
        let expected = try #require(Oracles.json("mauve_features.json").elements)[index]
        let score = try MauveScore(
            p: #require(features["p\(index)"]), q: #require(features["q\(index)"]))
        let mean = try #require(expected["mauve_mean_over_10_seeds"]?.number)
        let deviation = try #require(expected["mauve_std"]?.number)
        #expect(abs(score.mauve.mean - mean) <= 3 * deviation, "\(score.mauve) for \(mean)")
        let integral = try #require(expected["frontier_integral_mean"]?.number)
        #expect(abs(score.frontierIntegral.mean - integral) < max(0.01, 0.05 * integral))
        #expect(Double(score.buckets) == expected["num_buckets"]?.number)
        #expect(score.pCount == 400 && score.qCount == 400)
        #expect(score.mauve.deviation.map { $0 > 0 && $0 < 0.05 } == true)
    }

    @Test("the number of threads changes no bit; the seed does")
    func threadsDoNotMatter() throws {
        let p = try cloud(seed: 1, count: 300, width: 24, shift: 0)
        let q = try cloud(seed: 2, count: 250, width: 24, shift: 0.4)
        let two = try MauveScore(p: p, q: q)
        Parallel.configure(threads: 1)
        let one = try MauveScore(p: p, q: q)
        #expect(one == two)
        var options = MauveOptions()
        options.seed = 99
        let other = try MauveScore(p: p, q: q, options: options)
        #expect(other.mauve != one.mauve)
        #expect(abs(other.mauve.mean - one.mauve.mean) < 0.1)
    }

    @Test("a set against itself scores 1; a shifted one less, a far one almost nothing")
    func ordersDistributions() throws {
        let p = try cloud(seed: 1, count: 400, width: 16, shift: 0)
        let itself = try MauveScore(p: p, q: p)
        #expect(abs(itself.mauve.mean - 1) < 1e-9)
        #expect(itself.frontierIntegral.mean < 1e-12)
        let near = try MauveScore(p: p, q: cloud(seed: 3, count: 400, width: 16, shift: 0.5))
        let far = try MauveScore(p: p, q: cloud(seed: 4, count: 400, width: 16, shift: 9))
        #expect(near.mauve.mean < itself.mauve.mean)
        #expect(far.mauve.mean < 0.05)
        #expect(near.mauveStar.mean > far.mauveStar.mean)
    }

    @Test("well separated groups are found whole: the histograms are their true shares")
    func findsGroups() throws {
        // Four directions; p has them 10:20:30:40, q 40:30:20:10.
        func groups(_ sizes: [Int]) throws -> FeatureSet {
            var random = RandomStream(seed: 7, name: "groups", "\(sizes)")
            var values: [Float] = []
            for (axis, size) in sizes.enumerated() {
                for _ in 0..<size {
                    for column in 0..<6 {
                        let noise = Float(random.uniform() - 0.5) * 0.02
                        values.append((column == axis ? 1 : 0) + noise)
                    }
                }
            }
            return try FeatureSet(values: values, width: 6)
        }
        var options = MauveOptions()
        options.buckets = 4
        options.restarts = 20
        let score = try MauveScore(
            p: groups([10, 20, 30, 40]), q: groups([40, 30, 20, 10]), options: options)
        let exact = try DivergenceFrontier(
            p: Histogram(weights: [1, 2, 3, 4]), q: Histogram(weights: [4, 3, 2, 1]))
        #expect(abs(score.mauve.mean - exact.mauve) < 1e-9)
        #expect(score.mauve.deviation.map { $0 < 1e-9 } == true)
        #expect(abs(score.frontierIntegral.mean - exact.frontierIntegral) < 1e-9)
        #expect(score.dimensions <= 4)
    }

    @Test("more dimensions than samples, repeated rows and zero rows are legal")
    func unusualShapes() throws {
        let wide = try MauveScore(
            p: cloud(seed: 1, count: 40, width: 200, shift: 0),
            q: cloud(seed: 2, count: 40, width: 200, shift: 0.2))
        #expect(wide.mauve.mean > 0 && wide.mauve.mean <= 1)
        let zeros = try FeatureSet(values: [Float](repeating: 0, count: 8 * 40), width: 8)
        #expect(try abs(MauveScore(p: zeros, q: zeros).mauve.mean - 1) < 1e-9)
        var options = MauveOptions()
        options.buckets = 10
        let few = [Float]([1, 0, 0, 1, -1, 0])
        let repeated = try FeatureSet(values: (0..<20).flatMap { _ in few }, width: 2)
        let score = try MauveScore(p: repeated, q: repeated, options: options)
        #expect(abs(score.mauve.mean - 1) < 1e-9)
    }

    @Test(
        "one tenth of the smaller sample, halves to even, at least 2",
        arguments: [(400, 500, 40), (25, 99, 2), (35, 35, 4), (45, 50, 4), (3, 900, 2)])
    func bucketRule(p: Int, q: Int, expected: Int) {
        #expect(MauveOptions().bucketCount(p: p, q: q) == expected)
    }

    @Test("too few samples need force; sizes, values and options are checked")
    func refusals() throws {
        let small = try cloud(seed: 1, count: 7, width: 4, shift: 0)
        var options = MauveOptions()
        options.buckets = 4
        #expect(throws: EvaluationError.tooFewSamples(got: 7, expected: 8)) {
            try MauveScore(p: small, q: small, options: options)
        }
        options.force = true
        let forced = try MauveScore(p: small, q: small, options: options)
        #expect(forced.warnings.count == 2)
        #expect(throws: EvaluationError.self) {
            try MauveScore(p: small, q: cloud(seed: 1, count: 7, width: 5, shift: 0))
        }
        #expect(throws: EvaluationError.notFinite(what: "feature 1 of row", index: 1)) {
            try FeatureSet(values: [1, 2, 3, .nan], width: 2)
        }
        #expect(throws: EvaluationError.self) { try FeatureSet(values: [1, 2, 3], width: 2) }
        #expect(throws: EvaluationError.self) { try FeatureSet(values: [], width: 2) }
        options.seeds = 0
        #expect(throws: EvaluationError.self) {
            try MauveScore(p: small, q: small, options: options)
        }
    }

    @Test("the signature and the JSON name all that the number depends on")
    func report() throws {
        let p = try cloud(seed: 1, count: 100, width: 8, shift: 0)
        let q = try cloud(seed: 2, count: 120, width: 8, shift: 0.3)
        let score = try MauveScore(p: p, q: q)
        let json = score.json(version: "9.9")
        let signature = score.signature(version: "9.9")
        #expect(signature.hasPrefix("mauve:0."))
        #expect(signature.contains("|buckets:10|c:5|dim:\(score.dimensions)|"))
        #expect(signature.hasSuffix("|seeds:5|v:9.9"))
        #expect(json["signature"] == .string(signature))
        #expect(json["mauve"]?.number == score.mauve.mean)
        #expect(json["n_p"] == .integer(100))
        #expect(json["n_q"] == .integer(120))
        var single = MauveOptions()
        single.seeds = 1
        #expect(try MauveScore(p: p, q: q, options: single).json(version: "1")["mauve_sd"] == .null)
    }
}

/// Random points around a centre that lies `shift` along every axis.
func cloud(seed: UInt64, count: Int, width: Int, shift: Float) throws -> FeatureSet {
    var random = RandomStream(seed: seed, name: "cloud")
    let values = (0..<count * width).map { index in
        let spread = 1 / (1 + 0.2 * Float(index % width))
        return (Float(random.uniform() + random.uniform() - 1)) * spread * 2
            + (index % width % 2 == 0 ? shift : 0)
    }
    return try FeatureSet(values: values, width: width)
}
