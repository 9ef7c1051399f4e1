extension ComparisonName {
    /// Takes `A-vs-B.JUDGE`, `A-vs-B` or `SYSTEM.JUDGE` apart. Without `-vs-` the opponent is the
    /// ground truth. A last part that begins with a digit belongs to the name: `blend-0.3`.
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

/// Which systems of a run are which, by the names that the pipelines give.
package enum Systems {
    /// Names of the system that went on with MLE, best first.
    static let mle = ["mle-continued", "mle", "mle-reference"]

    /// The weight α of MLE in an ensemble's name: `cpo-alpha0.3`, `blend-0.3`; nil for other names.
    package static func alpha(of name: String) -> Double? {
        for mark in ["alpha", "blend-"] {
            guard let range = name.firstRange(of: mark) else { continue }
            let digits = name[range.upperBound...].drop { $0 == "-" || $0 == "=" }
            if let value = Double(digits), (0...1).contains(value) { return value }
        }
        return nil
    }

    /// What an ensemble is made of besides MLE: `cpo` for `cpo-alpha0.3` and for `blend-0.3`.
    package static func stem(of name: String) -> String {
        guard let range = name.firstRange(of: "alpha") else { return "cpo" }
        let stem = name[..<range.lowerBound]
        return String(stem.hasSuffix("-") ? stem.dropLast() : stem)
    }

    /// The order of systems in tables: MLE, then CPO, then ensembles by weight, then the rest.
    package static func inOrder(_ names: some Sequence<String>) -> [String] {
        func key(_ name: String) -> (Int, Double, String) {
            if let place = mle.firstIndex(of: name) { return (0, Double(place), name) }
            if let alpha = alpha(of: name) { return (2, alpha, name) }
            return (name.hasPrefix("cpo") ? 1 : 3, 0, name)
        }
        return Set(names).sorted { key($0) < key($1) }
    }
}
