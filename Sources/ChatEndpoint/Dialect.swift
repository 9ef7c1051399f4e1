/// How the server at hand wants requests, learnt from what it refuses.
///
/// The interface has drifted: newer models refuse `max_tokens`, older servers do not know
/// `max_completion_tokens`, reasoning models accept no temperature. A refusal that names such a
/// field changes how requests are sent from then on, and does not count as a failure.
package struct Dialect: Sendable, Hashable {
    /// Fields that limit the length of an answer.
    package enum LengthField: String, Sendable, Hashable, CaseIterable {
        case maxCompletionTokens = "max_completion_tokens"
        case maxTokens = "max_tokens"

        var other: Self { self == .maxTokens ? .maxCompletionTokens : .maxTokens }
    }

    /// The field that limits the length.
    package private(set) var lengthField: LengthField
    /// There, and back again if that was not what the server meant.
    private var lengthFieldChanges: Int
    /// Whether `temperature` is left out.
    package private(set) var omitsTemperature = false
    /// Whether `seed` is left out.
    package private(set) var omitsSeed = false
    /// Most alternatives to a token that may be asked for.
    package private(set) var mostAlternatives = 20

    /// What is sent first.
    ///
    /// - Parameter lengthField: nil begins with `max_completion_tokens` and changes if need be.
    package init(lengthField: LengthField? = nil) {
        self.lengthField = lengthField ?? .maxCompletionTokens
        lengthFieldChanges = lengthField == nil ? 2 : 0
    }

    /// Changes what the server's refusal names; false if it names nothing that can be changed.
    package mutating func adapt(toRefusal text: String) -> Bool {
        let words = Set(
            text.split { !($0.isASCII && ($0.isLetter || $0.isNumber)) && $0 != "_" })
        if words.contains(Substring(lengthField.rawValue)), lengthFieldChanges > 0 {
            changeLengthField()
        } else if words.contains("temperature"), !omitsTemperature {
            omitsTemperature = true
        } else if words.contains("seed"), !omitsSeed {
            omitsSeed = true
        } else if words.contains("top_logprobs"), mostAlternatives > 5 {
            mostAlternatives = 5
        } else {
            return false
        }
        return true
    }

    /// An answer that is longer than it may be shows that the server ignores the field.
    package mutating func adapt(toAnswerOf tokens: Int, limit: Int) -> Bool {
        guard tokens > limit, lengthFieldChanges == 2 else { return false }
        changeLengthField()
        return true
    }

    private mutating func changeLengthField() {
        lengthField = lengthField.other
        lengthFieldChanges -= 1
    }

    /// What differs from the usual, for logs and results.
    package var departures: [String] {
        var texts: [String] = []
        if lengthField == .maxTokens { texts.append("max_tokens") }
        if omitsTemperature { texts.append("no temperature") }
        if omitsSeed { texts.append("no seed") }
        if mostAlternatives < 20 { texts.append("top_logprobs \(mostAlternatives)") }
        return texts
    }
}
