/// Which systems of a run are which, by the names that the pipelines give: `NAME`, `NAME-alphaA` for
/// an ensemble, and `@DECODING` behind it where texts were not generated greedily.
package enum Systems {
    /// Names of the system that went on with MLE, best first.
    static let mle = ["mle-continued", "mle", "mle-reference"]

    /// What MLE is compared with besides CPO.
    static let baselines = ["pss", "dpo", "dpo-an"]

    /// CPO by kinds of negatives, in the paper's order; `r` for ranked.
    static let strategies = [
        "cpo", "an", "anr", "bn", "bnr", "mn", "mnr", "tn", "tnr", "mixn", "mixnr",
    ]

    /// The name without its decoding: `cpo` for `cpo@top-p`.
    static func trained(_ name: String) -> String {
        name.firstIndex(of: "@").map { String(name[..<$0]) } ?? name
    }

    /// How the texts were generated: `top-p` for `cpo@top-p`, else `greedy`.
    package static func decoding(of name: String) -> String {
        name.firstIndex(of: "@").map { String(name[name.index(after: $0)...]) } ?? "greedy"
    }

    /// The texts of `system` under the decoding of `name`.
    static func name(_ system: String, decodedLike name: String) -> String {
        name.firstIndex(of: "@").map { system + name[$0...] } ?? system
    }

    static func isMLE(_ name: String) -> Bool { mle.contains(trained(name)) }

    /// The weight α of MLE in an ensemble's name: 0.3 for `cpo-alpha0.3`; nil for other names.
    package static func alpha(of name: String) -> Double? {
        guard let range = trained(name).firstRange(of: "alpha") else { return nil }
        let digits = trained(name)[range.upperBound...].drop { $0 == "-" || $0 == "=" }
        guard let value = Double(digits), (0...1).contains(value) else { return nil }
        return value
    }

    /// What an ensemble is made of besides MLE: `cpo` for `cpo-alpha0.3`.
    package static func stem(of name: String) -> String {
        let name = trained(name)
        guard let range = name.firstRange(of: "alpha") else { return name }
        let stem = name[..<range.lowerBound]
        return String(stem.hasSuffix("-") ? stem.dropLast() : stem)
    }

    /// The order of systems in tables: MLE, other baselines, CPO by strategy, ensembles by weight, the rest.
    package static func inOrder(_ names: some Sequence<String>) -> [String] {
        func key(_ name: String) -> (Int, Int, Double, String) {
            let system = trained(name)
            if let place = mle.firstIndex(of: system) { return (0, place, 0, name) }
            if let place = baselines.firstIndex(of: system) { return (1, place, 0, name) }
            if let place = strategies.firstIndex(of: system) { return (2, place, 0, name) }
            if let alpha = alpha(of: name) {
                let place = strategies.firstIndex(of: stem(of: name)) ?? strategies.count
                return (3, place, alpha, name)
            }
            return (system.hasPrefix("cpo") ? 2 : 4, strategies.count, 0, name)
        }
        return Set(names).sorted { key($0) < key($1) }
    }

    /// The name in words.
    package static func label(_ name: String) -> String {
        let system = trained(name)
        let suffix = system == name ? "" : ", \(decoding(of: name))"
        if let alpha = alpha(of: system) {
            return label(stem(of: system)) + ", α = \(shortest(alpha))" + suffix
        }
        let words =
            switch system {
            case "mle-continued", "mle": "MLE continued"
            case "mle-reference": "MLE reference"
            case "pss": "PSS"
            case "dpo": "DPO, unhelpful answers"
            case "dpo-an": "DPO, one AN negative (stand-in)"
            case "cpo": "CPO"
            case "mixn": "CPO + MixN"
            case "mixnr": "CPO + MixNR"
            default:
                strategies.contains(system) ? "CPO + \(system.uppercased())" : system
            }
        return words + suffix
    }
}
