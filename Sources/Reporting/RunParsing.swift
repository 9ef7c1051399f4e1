import Evaluation
import StreamIO

extension RunDescription {
    init(_ fields: JSONObject) {
        title = fields.text("title")
        experiment = fields.text("experiment")
        data = fields.text("data")
        profile = fields.text("profile")
        base = fields.text("base")
        baseNote = fields.text("base_note")
        dataset = fields.text("dataset")
        datasetNote = fields.text("dataset_note")
        embedder = fields.text("embedder")
        seed = fields["seed"].map(\.plainText)
        machine = Self.machine(fields)
        stages = fields.objects("stages").compactMap { stage in
            stage.text("name").map { Stage(name: $0, seconds: stage["seconds"]?.number) }
        }
        configuration = Self.flat(fields["configuration"]?.object)
        hashes = Self.flat(fields["hashes"]?.object)
        if fields["results"] != nil { results = Set(fields.plainTexts("results")) }
        warnings = fields.plainTexts("warnings")
    }

    /// Names of the parts of `run.json` that are absent.
    var absentParts: [String] {
        let parts: [(String, Bool)] = [
            ("title", title == nil), ("profile", profile == nil), ("base", base == nil),
            ("dataset", dataset == nil), ("embedder", embedder == nil), ("seed", seed == nil),
            ("machine", machine == nil), ("stages", stages.isEmpty),
            ("configuration", configuration.isEmpty), ("hashes", hashes.isEmpty),
        ]
        let absent = parts.filter(\.1).map(\.0)
        return absent.isEmpty ? [] : ["in run.json: \(absent.joined(separator: ", "))"]
    }

    /// The machine in words, if the file describes it.
    static func machine(_ fields: JSONObject) -> String? {
        let machine = fields["machine"]?.object ?? [:]
        let parts = [
            machine.text("cpu"), machine["cores"]?.integer.map { "\($0) cores" },
            machine["memory_gib"]?.number.map { "\(shortest($0)) GiB" },
        ].compactMap(\.self)
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }

    /// Nested objects become names with dots.
    private static func flat(
        _ object: JSONObject?, prefix: String = ""
    ) -> [(name: String, value: String)] {
        (object?.sorted ?? []).flatMap { key, value, _ -> [(name: String, value: String)] in
            value.object.map { flat($0, prefix: prefix + key + ".") }
                ?? [(prefix + key, value.plainText)]
        }
    }
}

extension Comparison {
    /// Takes the names from the fields `a`, `b` and `judge`, or, where these are absent or are paths, from
    /// the file's name.
    init(_ fields: JSONObject, file: String, path: String) throws(ReportError) {
        func plain(_ key: String) -> String? {
            fields.text(key).flatMap { $0.contains("/") || $0.contains(".jsonl") ? nil : $0 }
        }
        let named = ComparisonName(file: file)
        name = ComparisonName(
            a: plain("a") ?? named.a, b: plain("b").map(ComparisonName.canonical) ?? named.b,
            judge: named.judge == "unnamed judge" ? plain("judge") ?? named.judge : named.judge)
        func count(_ key: String) throws(ReportError) -> Int {
            // Beyond 2⁵³ a count is no count, and the sum of some would not fit.
            guard let value = fields[key]?.integer, (0...1 << 53).contains(value) else {
                throw .badFile(
                    path: path, got: fields[key].map { "\(key) = \($0.plainText)" } ?? "no \(key)",
                    expected: "a count in \(key)")
            }
            return value
        }
        wins = try count("wins")
        losses = try count("losses")
        ties = try count("ties")
        errors = try count("errors")
        judged = wins + losses + ties
        let successes = Double(wins) + Double(ties) / 2
        let interval = Interval(successes: successes, count: judged)
        let computed = judged == 0 ? 0.5 : successes / Double(judged)
        if let stated = fields["win_rate"]?.number, abs(stated - computed) > 1e-3, judged > 0 {
            throw .badFile(
                path: path, got: "win_rate \(shortest(stated))",
                expected: "\(fixed(computed, 4)), which its own counts give")
        }
        winRate = computed
        let bounds = fields.plainTexts("interval_95").compactMap { Double($0) }
        lower = fields["ci_low"]?.number ?? (bounds.count == 2 ? bounds[0] : interval.lower)
        upper = fields["ci_high"]?.number ?? (bounds.count == 2 ? bounds[1] : interval.upper)
        consistency = fields["consistency"]?.number
        firstPositionRate = fields["first_position_rate"]?.number
        meanLengthA = fields["mean_a_tokens"]?.number ?? fields["mean_length_a"]?.number
        meanLengthB = fields["mean_b_tokens"]?.number ?? fields["mean_length_b"]?.number
    }
}

extension MauveScore {
    init(
        _ fields: JSONObject, system: String, path: String
    ) throws(ReportError) {
        guard let mean = fields["mauve"]?.number else {
            throw .badFile(path: path, got: "no number in mauve", expected: "the output of mauve")
        }
        self.system = ComparisonName(file: system).a
        self.mean = mean
        deviation = fields["mauve_sd"]?.number
        countP = fields["n_p"]?.integer
        countQ = fields["n_q"]?.integer
        signature = fields.text("signature")
        // The dimension that PCA keeps is a result, not a setting.
        let fromSignature = (signature ?? "").split(separator: "|").filter { part in
            !["mauve:", "sd:", "dim:"].contains { part.hasPrefix($0) }
        }.joined(separator: "|")
        let hyperparameters =
            fields["hyperparameters"]?.object.map { JSONValue.object($0).plainText } ?? ""
        let sizes = (fromSignature.isEmpty ? ["buckets", "n_q"] : ["n_q"]).compactMap { key in
            fields[key].map { "\(key):\($0.plainText)" }
        }
        settings = ([fromSignature, hyperparameters] + sizes).filter { !$0.isEmpty }
            .joined(separator: " · ")
    }
}
