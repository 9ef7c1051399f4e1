import Glibc
import Transformer

/// The losses as their papers write them, in double precision: no trick for large rewards, no
/// gradients.
public enum ReferenceLoss {
    /// β · (log π(y|x) − log π_ref(y|x)) of each candidate.
    public static func rewards(
        _ policy: [Double], _ reference: [Double], beta: Double
    ) -> [Double] {
        policy.indices.map { beta * (policy[$0] - reference[$0]) }
    }

    /// −log softmax of the first candidate's reward.
    public static func cpo(_ rewards: [Double]) -> Double {
        -log(exp(rewards[0]) / rewards.reduce(0.0) { $0 + exp($1) })
    }

    /// −log of the Plackett–Luce probability of a ranking: one choice after the other from what is left.
    public static func rankedCPO(_ rewards: [Double], ranking: [Int]) -> Double {
        ranking.indices.reduce(0.0) { total, place in
            let left = ranking[place...].reduce(0.0) { $0 + exp(rewards[$1]) }
            return total - log(exp(rewards[ranking[place]]) / left)
        }
    }

    /// −log σ of the difference of the first two rewards.
    public static func dpo(_ rewards: [Double]) -> Double {
        -log(1 / (1 + exp(rewards[1] - rewards[0])))
    }
}
