import Kernels

/// Two answers to one query that a judge is to compare.
public struct Comparison: Sendable, Hashable {
    /// The record.
    public var id: String
    /// What was asked, as judge templates show it.
    public var query: String
    /// What a language model continues, template and all.
    public var prompt: String
    /// Side a's answer.
    public var a: String
    /// Side b's answer.
    public var b: String
    /// The ground truth, where the answers are compared with it.
    public var reference: String?
    /// Length of a's answer in tokens, if the records have ids.
    public var aTokens: Int?
    /// Length of b's answer in tokens, if the records have ids.
    public var bTokens: Int?

    /// A comparison of two texts.
    public init(
        id: String, query: String, prompt: String, a: String, b: String, reference: String? = nil,
        aTokens: Int? = nil, bTokens: Int? = nil
    ) {
        self.id = id
        self.query = query
        self.prompt = prompt
        self.a = a
        self.b = b
        self.reference = reference
        self.aTokens = aTokens
        self.bTokens = bTokens
    }

    /// The answer of one side.
    public func answer(of side: Side) -> String { side == .a ? a : b }

    /// `verdict` with the lengths of this comparison's answers.
    func measured(_ verdict: Verdict) -> Verdict {
        var verdict = verdict
        verdict.aTokens = aTokens
        verdict.bTokens = bTokens
        verdict.aWords = wordCount(a)
        verdict.bWords = wordCount(b)
        return verdict
    }
}

/// The orders in which a judge sees the two sides.
public enum PresentationOrder: String, Sendable, Hashable, CaseIterable {
    /// Each pair twice, once with each side first; disagreement is a tie.
    case both
    /// Each pair once, the side that comes first drawn from the seed and the record's id.
    case random
    /// Each pair once, side a first.
    case fixed

    /// The sides that come first, question by question, about one record.
    public func firstSides(id: String, seed: UInt64) -> [Side] {
        switch self {
        case .both: return [.a, .b]
        case .fixed: return [.a]
        case .random:
            var random = RandomStream(seed: seed, name: "order", id)
            return [random.integer(below: 2) == 0 ? .a : .b]
        }
    }
}

/// What a judge is asked about one record in one order.
public struct JudgeQuestion: Sendable, Hashable {
    /// The side shown as "A".
    public let first: Side
    /// The filled template.
    public let text: String
}

extension Comparison {
    /// The questions that this comparison makes.
    public func questions(
        template: JudgeTemplate, order: PresentationOrder, seed: UInt64
    ) -> [JudgeQuestion] {
        order.firstSides(id: id, seed: seed).map { first in
            JudgeQuestion(
                first: first,
                text: template.filled(
                    query: query, a: answer(of: first), b: answer(of: first.other)))
        }
    }

    /// The verdict that the answers to these questions make.
    public func verdict(_ orders: [JudgedOrder]) -> Verdict {
        measured(Verdict(id: id, orders: orders))
    }
}
