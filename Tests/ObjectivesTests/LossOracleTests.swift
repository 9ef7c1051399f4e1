import Objectives
import TestSupport
import Testing

/// The losses and their gradients against PyTorch.
@Suite struct LossOracleTests {
    private struct Loss: Decodable {
        let loss: Double
        let gradPolicy: [Double]?
    }

    private struct Case: Decodable {
        let policy: [Double]
        let reference: [Double]
        let beta: Double
        let ranking: [Int]
        let cpo: Loss
        let cpoRanked: Loss
        let dpo: Loss?
    }

    private func compare(_ found: LossValue, _ expected: Loss) {
        let size = max(1, abs(expected.loss))
        #expect(abs(found.value - expected.loss) < 1e-10 * size)
        guard let gradient = expected.gradPolicy else {
            #expect(found.gradient.allSatisfy { $0.isFinite })
            return
        }
        for (a, b) in zip(found.gradient, gradient) { #expect(abs(a - b) < 1e-10 * size) }
    }

    @Test func lossesAndGradientsAreThoseOfTheOracles() throws {
        let cases = try Oracles.decode([Case].self, from: "losses.json")
        #expect(cases.count == 17)
        for test in cases {
            let (policy, reference, beta) = (test.policy, test.reference, test.beta)
            compare(cpoLoss(policy: policy, reference: reference, beta: beta), test.cpo)
            compare(
                rankedCPOLoss(
                    policy: policy, reference: reference, beta: beta, ranking: test.ranking),
                test.cpoRanked)
            guard let dpo = test.dpo else { continue }
            compare(
                dpoLoss(
                    policy: Array(policy.prefix(2)), reference: Array(reference.prefix(2)),
                    beta: beta), dpo)
        }
    }
}
