extension ComparisonName {
    /// Takes `A-vs-B.JUDGE`, `A-vs-B` or `SYSTEM.JUDGE` apart. Without `-vs-` the opponent is the
    /// ground truth. A last part that begins with a digit belongs to the name: `cpo-alpha0.3`.
    package init(file: String) {
        var rest = Substring(file)
        var judge = ""
        if let dot = rest.lastIndex(of: "."), let first = rest[dot...].dropFirst().first,
            first.isLetter
        {
            judge = String(rest[rest.index(after: dot)...])
            rest = rest[..<dot]
        }
        self.judge = judge.isEmpty ? "unnamed judge" : judge
        if let split = rest.firstRange(of: "-vs-") {
            a = String(rest[..<split.lowerBound])
            b = Self.canonical(String(rest[split.upperBound...]))
        } else {
            a = String(rest)
            b = Self.truth
        }
    }

    /// One word for the several that people use for the record's own response.
    static func canonical(_ name: String) -> String {
        ["truth", "ground-truth", "response", "reference-text", "gold"].contains(name)
            ? truth : name
    }
}
