import Objectives
import TestSupport
import Testing

/// Values and gradients of the losses against their formulas, for many shapes and in random
/// directions.
@Suite struct LossGradientTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let kind: String
        let candidates: Int
        let beta: Double
        var testDescription: String { "\(kind), K = \(candidates), β = \(beta)" }

        /// Log-probabilities that differ by some tens.
        var policy: [Double] {
            (0..<candidates).map { -40 - 13 * Double(($0 * 7 + candidates) % 5) / beta / 5 }
        }
        var reference: [Double] {
            (0..<candidates).map { -41 - 11 * Double(($0 * 3 + candidates) % 7) / beta / 7 }
        }
        /// A ranking without a pattern: 5 shares no factor with the numbers of candidates.
        var ranking: [Int] { (0..<candidates).map { ($0 * 5 + 2) % candidates } }

        func loss(_ policy: [Double]) -> LossValue {
            switch kind {
            case "cpo": cpoLoss(policy: policy, reference: reference, beta: beta)
            case "dpo": dpoLoss(policy: policy, reference: reference, beta: beta)
            default:
                rankedCPOLoss(policy: policy, reference: reference, beta: beta, ranking: ranking)
            }
        }

        func formula(_ policy: [Double]) -> Double {
            let rewards = ReferenceLoss.rewards(policy, reference, beta: beta)
            return switch kind {
            case "cpo": ReferenceLoss.cpo(rewards)
            case "dpo": ReferenceLoss.dpo(rewards)
            default: ReferenceLoss.rankedCPO(rewards, ranking: ranking)
            }
        }
    }

    static let cases = [0.1, 1, 3].flatMap { beta in
        [Case(kind: "dpo", candidates: 2, beta: beta)]
            + [2, 3, 4, 7, 16].flatMap { candidates in
                ["cpo", "ranked"].map { Case(kind: $0, candidates: candidates, beta: beta) }
            }
    }

    @Test(arguments: cases)
    func valueAndGradientAreThoseOfTheFormula(_ test: Case) {
        let loss = test.loss(test.policy)
        let value = test.formula(test.policy)
        #expect(abs(loss.value - value) < 1e-10 * max(1, value))
        let slopes = DirectionalSlopes(of: "policy", at: test.policy, relativeStep: 2e-5) {
            test.formula($0)
        }
        #expect(slopes.areConsistent)
        let gradient = loss.gradient.map { Float($0) }
        #expect(slopes.error(of: gradient) < 1e-6)
        // Not those of one half: a candidate alone may have next to no gradient.
        for fault in GradientFault.allCases where fault != .halfScaled && fault != .halfZeroed {
            let damaged = fault.applied(to: gradient, shape: [gradient.count])
            #expect(slopes.error(of: damaged) > 1e-6, "\(fault)")
        }
    }
}
