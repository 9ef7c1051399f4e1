import Glibc
public import StreamIO

/// One of the two sides of a comparison.
public enum Side: String, Sendable, Hashable, CaseIterable {
    /// The system under test.
    case a
    /// What it is compared with: another system, or the ground truth.
    case b

    /// The opposite side.
    public var other: Side { self == .a ? .b : .a }
}

/// The outcome of one comparison.
public enum Winner: String, Sendable, Hashable, CaseIterable {
    /// Side a is better.
    case a
    /// Side b is better.
    case b
    /// Neither, or the two orders of presentation disagree.
    case tie
    /// The judge gave no usable answer; never counted as a tie.
    case error

    /// The side that wins.
    public init(_ side: Side) { self = side == .a ? .a : .b }
}

/// One question to a judge: which side was shown first, and what it answered.
public struct JudgedOrder: Sendable, Hashable {
    /// The side shown as "A".
    public let first: Side
    /// The letter that the judge chose, "A" being what was shown first; nil if its answer was not
    /// usable.
    public let answer: Letter?
    /// The probability that the judge gave to side a (whichever letter it bore), if known.
    public let probabilityOfA: Double?
    /// What the judge wrote, if it writes.
    public var text: String?
    /// Why there is no answer.
    public var failure: String?

    /// A judge's letter.
    public enum Letter: String, Sendable, Hashable {
        /// What was shown first.
        case first = "A"
        /// What was shown second.
        case second = "B"
    }

    /// The answer to one question.
    public init(first: Side, answer: Letter?, probabilityOfA: Double? = nil) {
        self.first = first
        self.answer = answer
        self.probabilityOfA = probabilityOfA
    }

    /// The answer of a judge that gave log-probabilities to the two letters. Equal ones count for the
    /// first, which a second question in the other order makes a tie.
    public init(first: Side, logProbabilityA: Double, logProbabilityB: Double) {
        let gap = logProbabilityA - logProbabilityB
        let ofFirst = 1 / (1 + exp(-gap))
        let answer: Letter? = gap.isNaN ? nil : gap >= 0 ? .first : .second
        self.init(
            first: first, answer: answer,
            probabilityOfA: gap.isNaN ? nil : first == .a ? ofFirst : 1 - ofFirst)
    }

    /// A question that brought no answer.
    public init(first: Side, failure: String, text: String? = nil) {
        self.init(first: first, answer: nil)
        self.failure = failure
        self.text = text
    }

    /// The side that the judge chose.
    public var choice: Side? {
        switch answer {
        case .first: first
        case .second: first.other
        case nil: nil
        }
    }
}

/// What a judge found about one record.
public struct Verdict: Sendable, Hashable {
    /// The record.
    public let id: String
    /// Who won.
    public let winner: Winner
    /// The questions asked; empty for judges to whom order means nothing.
    public let orders: [JudgedOrder]
    /// Length of a's output in tokens, if the records have ids.
    public var aTokens: Int?
    /// Length of b's output in tokens, if the records have ids.
    public var bTokens: Int?
    /// Length of a's output in words.
    public var aWords = 0
    /// Length of b's output in words.
    public var bWords = 0
    /// Values from which a judge that measures decided, e.g. two similarities.
    public var values: Measurement?

    /// One number for each side, the larger being better.
    public struct Measurement: Sendable, Hashable {
        /// Side a's number.
        public let a: Double
        /// Side b's number.
        public let b: Double

        /// Two numbers.
        public init(a: Double, b: Double) {
            self.a = a
            self.b = b
        }
    }

    /// The verdict of one or two questions: the winner if all answers agree, a tie if they do not,
    /// an error if one of them is missing.
    public init(id: String, orders: [JudgedOrder]) {
        self.id = id
        self.orders = orders
        let choices = orders.map(\.choice)
        if choices.isEmpty || choices.contains(nil) {
            winner = .error
        } else {
            let sides = Set(choices.compactMap(\.self))
            winner = sides.count == 1 ? sides.first.map(Winner.init) ?? .error : .tie
        }
    }

    /// The verdict of a judge that gives each side a number, the larger being better.
    public init(id: String, a: Double, b: Double) {
        self.id = id
        orders = []
        values = Measurement(a: a, b: b)
        winner = a.isNaN || b.isNaN ? .error : a == b ? .tie : a > b ? .a : .b
    }

    /// A comparison that could not be made.
    public init(failedID id: String) {
        self.id = id
        orders = []
        winner = .error
    }
}

extension Verdict {
    /// The verdict as the fields of a record.
    public var json: JSONObject {
        var fields: JSONObject = [
            "id": .string(id), "winner": .string(winner.rawValue),
            "orders": .array(orders.map { .object($0.json) }),
            "a_tokens": aTokens.map { .integer(Int64($0)) } ?? .null,
            "b_tokens": bTokens.map { .integer(Int64($0)) } ?? .null,
            "a_words": .integer(Int64(aWords)), "b_words": .integer(Int64(bWords)),
        ]
        if let values {
            fields["a_value"] = values.a.isFinite ? .number(values.a) : .null
            fields["b_value"] = values.b.isFinite ? .number(values.b) : .null
        }
        return fields
    }

    /// Reads a verdict back from the fields of a record.
    public init(json fields: JSONObject) throws(EvaluationError) {
        guard let id = fields["id"]?.string else {
            throw .verdict(problem: "no id (expected a string)")
        }
        guard let winner = fields["winner"]?.string.flatMap(Winner.init(rawValue:)) else {
            throw .verdict(problem: "winner of \(id) (expected a, b, tie or error)")
        }
        self.id = id
        self.winner = winner
        orders = fields["orders"]?.elements?.compactMap(JudgedOrder.init(json:)) ?? []
        aTokens = fields["a_tokens"]?.integer
        bTokens = fields["b_tokens"]?.integer
        aWords = fields["a_words"]?.integer ?? 0
        bWords = fields["b_words"]?.integer ?? 0
    }
}

extension JudgedOrder {
    fileprivate var json: JSONObject {
        var fields: JSONObject = [
            "first": .string(first.rawValue),
            "answer": answer.map { .string($0.rawValue) } ?? .null,
            "p_a": probabilityOfA.map { .number($0) } ?? .null,
        ]
        fields["text"] = text.map { .string($0) }
        fields["error"] = failure.map { .string($0) }
        return fields
    }

    fileprivate init?(json: JSONValue) {
        guard let first = json["first"]?.string.flatMap(Side.init(rawValue:)) else { return nil }
        self.init(
            first: first, answer: json["answer"]?.string.flatMap(Letter.init(rawValue:)),
            probabilityOfA: json["p_a"]?.number)
        text = json["text"]?.string
        failure = json["error"]?.string
    }
}
