public import Objectives
public import Records
public import Scoring
import StreamIO
public import Training
import Transformer

/// A record of preference data, read and checked.
public struct PreferenceRecord: Sendable {
    /// Prompt, candidates, ranking.
    public var example: PreferenceExample
    /// The reference scores that the record carries.
    public var reference: ReferenceField?
    /// Whether its ranking names the candidates that it belongs to; true without a ranking.
    public var rankingIsNamed = true
}

/// Makes examples of records.
public struct PreferenceLoader: Sendable {
    private let limits: SequenceLimits
    private let given: PreferenceLoss?

    /// - Parameter loss: what is minimized; nil leaves that to the records
    public init(limits: SequenceLimits, loss: PreferenceLoss?) {
        self.limits = limits
        given = loss
    }

    /// Reads one record.
    public func load(_ record: Record) throws(RecordError) -> PreferenceRecord {
        let tree = try record.candidateTree(limits, negativesRequired: true)
        let candidates = tree.continuations.count
        let ranking: [Int]?
        switch given?.needsRanking {
        case true?: ranking = try record.ranking(candidates: candidates)
        case false?: ranking = nil
        case nil: ranking = try record.optionalRanking(candidates: candidates)
        }
        var rankingIsNamed = true
        if ranking != nil { rankingIsNamed = try record.checkRanking() }
        let negatives = try record.negatives()
        let similarities = negatives.compactMap(\.similarity)
        return PreferenceRecord(
            example: PreferenceExample(
                tree: tree, ranking: ranking,
                similarities: similarities.count == negatives.count ? [1] + similarities : nil,
                kinds: [nil] + negatives.map(\.kind)),
            reference: try ReferenceField(record, candidates: candidates),
            rankingIsNamed: rankingIsNamed)
    }

    /// What cannot be checked: rankings and reference scores that do not say which candidates they
    /// belong to, as older versions wrote them.
    public func warnings(_ records: [PreferenceRecord]) -> [String] {
        let counts = [
            ("a ranking", records.count { !$0.rankingIsNamed }),
            (
                "reference scores",
                records.count { $0.reference != nil && $0.reference?.candidates == nil }
            ),
        ]
        return counts.filter { $0.1 > 0 }.map { what, count in
            "\(count) records have \(what) without the hash of the candidates: whether they were "
                + "replaced since cannot be checked"
        }
    }

    /// The loss for these records: the one given, else eq. 2 if all have a ranking, eq. 1 if none has.
    public func loss(of records: [PreferenceRecord]) throws -> PreferenceLoss {
        if let given { return given }
        let ranked = records.count { $0.example.ranking != nil }
        guard ranked == 0 || ranked == records.count else {
            throw RecordError.unfit(
                location: nil,
                reason: "some records have a ranking and some have none "
                    + "(got \(ranked) of \(records.count), expected all or none)",
                hint: "give --no-ranking, or run rank-by-embedding on all of them")
        }
        return ranked > 0 ? .rankedCPO : .cpo
    }
}
