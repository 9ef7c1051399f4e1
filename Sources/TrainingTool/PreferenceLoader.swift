public import Records
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

    /// Only the ground truth and the first negative, for DPO.
    public var pair: PreferenceExample {
        var pair = example
        pair.tree.continuations = Array(pair.tree.continuations.prefix(2))
        pair.ranking = nil
        return pair
    }
}

/// Makes examples of records.
public struct PreferenceLoader: Sendable {
    private let limits: SequenceLimits
    private let usesRanking: Bool?

    /// - Parameter usesRanking: whether rankings are required (true), ignored (false), or taken where
    ///   they are (nil)
    public init(limits: SequenceLimits, usesRanking: Bool?) {
        self.limits = limits
        self.usesRanking = usesRanking
    }

    /// Reads one record.
    public func load(_ record: Record) throws(RecordError) -> PreferenceRecord {
        let tree = try record.candidateTree(limits, negativesRequired: true)
        let candidates = tree.continuations.count
        let ranking: [Int]?
        switch usesRanking {
        case true?: ranking = try record.ranking(candidates: candidates)
        case false?: ranking = nil
        case nil: ranking = try record.optionalRanking(candidates: candidates)
        }
        var rankingIsNamed = true
        if ranking != nil { rankingIsNamed = try record.checkRanking() }
        return PreferenceRecord(
            example: PreferenceExample(tree: tree, ranking: ranking),
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
    public func kind(
        _ records: [PreferenceRecord], _ given: PreferenceLossKind?
    ) throws -> PreferenceLossKind {
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
