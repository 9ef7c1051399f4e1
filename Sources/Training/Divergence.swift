/// Where and why a run had to stop because a number was not finite.
public struct Divergence: Sendable, Hashable {
    /// The step, counted from 1.
    public var step: Int
    /// What is not finite, e.g. `loss`.
    public var what: String
    /// Its value; nil for one of many.
    public var value: Double?
    /// Where it is not finite first: a tensor or a layer.
    public var place: String?
    /// Ids of the records that cause it, each on its own; empty if none does.
    public var records: [String] = []
    /// Whether weights and moments are still those before the step.
    public var leavesWeights = true
    /// What became of the last good state.
    public var outcome: String?

    /// Something that is not finite in a step.
    public init(step: Int, what: String, value: Double?, place: String? = nil) {
        self.step = step
        self.what = what
        self.value = value
        self.place = place
    }
}

extension Divergence: CustomStringConvertible {
    /// One line.
    public var description: String {
        // The sign of what is no number says nothing.
        let state = value.map { $0.isNaN ? "nan" : "\($0)" } ?? "not finite"
        var text = "training diverged at step \(step): \(what) is \(state)"
        if let place { text += ", first in \(place)" }
        if !records.isEmpty {
            let shown = records.prefix(8).map { "\"\($0)\"" }.joined(separator: ", ")
            text += records.count == 1 ? "; record \(shown)" : "; records \(shown)"
            if records.count > 8 { text += " and \(records.count - 8) more" }
        }
        if let outcome { text += "; \(outcome)" }
        return text
    }
}
