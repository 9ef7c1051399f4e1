import Glibc
import Objectives
import StreamIO
import TestSupport
import Testing

@Suite struct LossTests {
    private let policy = [-31.5, -40.25, -22.0, -67.125]
    private let reference = [-30.0, -41.0, -25.5, -60.0]

    @Test(arguments: 2...12)
    func policyEqualToReferenceGivesLogOfTheNumberOfOutcomes(_ candidates: Int) {
        let scores = (0..<candidates).map { -3.7 * Double($0 + 1) }
        let ranking = Array((0..<candidates).reversed())
        let cpo = cpoLoss(policy: scores, reference: scores, beta: 0.7)
        #expect(abs(cpo.value - log(Double(candidates))) < 1e-12)
        let ranked = rankedCPOLoss(
            policy: scores, reference: scores, beta: 0.7, ranking: ranking)
        #expect(abs(ranked.value - lgamma(Double(candidates + 1))) < 1e-11)
        let rewards = implicitRewards(policy: scores, reference: scores, beta: 0.7)
        #expect(rewards == [Double](repeating: 0, count: candidates))
    }

    @Test func twoCandidatesMakeAllThreeLossesDPO() {
        let policy = Array(policy.prefix(2))
        let reference = Array(reference.prefix(2))
        let dpo = dpoLoss(policy: policy, reference: reference, beta: 0.3)
        let cpo = cpoLoss(policy: policy, reference: reference, beta: 0.3)
        let ranked = rankedCPOLoss(
            policy: policy, reference: reference, beta: 0.3, ranking: [0, 1])
        #expect(abs(dpo.value - cpo.value) < 1e-12)
        #expect(abs(dpo.value - ranked.value) < 1e-12)
        for k in 0..<2 {
            #expect(abs(dpo.gradient[k] - cpo.gradient[k]) < 1e-12)
            #expect(abs(dpo.gradient[k] - ranked.gradient[k]) < 1e-12)
        }
    }

    @Test func aConstantAddedToAllRewardsChangesNothing() {
        let shifted = policy.map { $0 + 123.456 }
        let ranking = [0, 2, 1, 3]
        #expect(
            abs(
                cpoLoss(policy: policy, reference: reference, beta: 0.1).value
                    - cpoLoss(policy: shifted, reference: reference, beta: 0.1).value) < 1e-10)
        #expect(
            abs(
                rankedCPOLoss(policy: policy, reference: reference, beta: 0.1, ranking: ranking)
                    .value
                    - rankedCPOLoss(
                        policy: shifted, reference: reference, beta: 0.1, ranking: ranking
                    ).value) < 1e-10)
    }

    @Test func orderOfNegativesMattersToTheRankingOnly() {
        let order = [0, 3, 1, 2]
        let permuted = order.map { policy[$0] }
        let permutedReference = order.map { reference[$0] }
        #expect(
            abs(
                cpoLoss(policy: policy, reference: reference, beta: 0.4).value
                    - cpoLoss(policy: permuted, reference: permutedReference, beta: 0.4).value)
                < 1e-12)
        let one = rankedCPOLoss(
            policy: policy, reference: reference, beta: 0.4, ranking: [0, 1, 2, 3])
        let other = rankedCPOLoss(
            policy: policy, reference: reference, beta: 0.4, ranking: [0, 3, 1, 2])
        #expect(abs(one.value - other.value) > 1e-3)
    }

    @Test func rewardsInTheThousandsStayFinite() {
        let far = [-9000.0, 0, 4000]
        let near = [0.0, -5000, 0]
        for loss in [
            cpoLoss(policy: far, reference: near, beta: 1),
            rankedCPOLoss(policy: far, reference: near, beta: 1, ranking: [0, 2, 1]),
            dpoLoss(policy: [0, -9000], reference: [-9000, 0], beta: 1),
            dpoLoss(policy: [-9000, 0], reference: [0, -9000], beta: 1),
        ] {
            #expect(loss.value.isFinite)
            for slope in loss.gradient { #expect(slope.isFinite) }
        }
        #expect(cpoLoss(policy: far, reference: near, beta: 1).value == 14000)
    }

    @Test func gradientsAgreeWithCentralDifferences() {
        let ranking = [0, 2, 1, 3]
        let losses: [([Double]) -> LossValue] = [
            { cpoLoss(policy: $0, reference: reference, beta: 0.2) },
            { rankedCPOLoss(policy: $0, reference: reference, beta: 0.2, ranking: ranking) },
        ]
        for loss in losses {
            let gradient = loss(policy).gradient
            for k in policy.indices {
                var up = policy
                var down = policy
                up[k] += 1e-4
                down[k] -= 1e-4
                let slope = (loss(up).value - loss(down).value) / 2e-4
                #expect(abs(slope - gradient[k]) < 1e-8)
            }
        }
    }
}
