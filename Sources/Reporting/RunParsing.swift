import Evaluation
import StreamIO

extension RunDescription {
    init(_ fields: JSONObject) {
        title = fields.string("title")
        experiment = fields.string("experiment")
        data = fields.string("data")
        profile = fields.string("profile")
        base = fields.string("base")
        baseNote = fields.string("base_note")
        dataset = fields.string("dataset")
        datasetNote = fields.string("dataset_note")
        embedder = fields.string("embedder")
        seed = fields["seed"].map(\.plainText)
        machine = Self.machine(fields)
        stages = fields.array("stages").compactMap { value in
            guard case .object(let stage) = value, let name = stage.string("name") else {
                return nil
            }
            return Stage(name: name, seconds: stage.number("seconds"))
        }
        configuration = Self.flat(fields.object("configuration"))
        hashes = Self.flat(fields.object("hashes"))
        if fields["results"] != nil {
            results = Set(fields.array("results").map(\.plainText))
        }
        warnings = fields.array("warnings").map(\.plainText)
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
        let machine = fields.object("machine")
        let parts = [
            machine.string("cpu"), machine.integer("cores").map { "\($0) cores" },
            machine.number("memory_gib").map { "\(shortest($0)) GiB" },
        ].compactMap(\.self)
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }

    /// Nested objects become names with dots.
    private static func flat(
        _ object: JSONObject, prefix: String = ""
    ) -> [(name: String, value: String)] {
        object.keys.sorted().flatMap { key -> [(name: String, value: String)] in
            if case .object(let inner)? = object[key] {
                return flat(inner, prefix: prefix + key + ".")
            }
            return [(prefix + key, object[key]?.plainText ?? "")]
        }
    }
}

extension Comparison {
    /// Takes the names from the fields `a`, `b` and `judge`, or, where these are absent or are paths, from
    /// the file's name.
    init(_ fields: JSONObject, file: String, path: String) throws(ReportError) {
        func plain(_ key: String) -> String? {
            fields.string(key).flatMap { $0.contains("/") || $0.contains(".jsonl") ? nil : $0 }
        }
        let named = ComparisonName(file: file)
        name = ComparisonName(
            a: plain("a") ?? named.a, b: plain("b").map(ComparisonName.canonical) ?? named.b,
            judge: named.judge == "unnamed judge" ? plain("judge") ?? named.judge : named.judge)
        func count(_ key: String) throws(ReportError) -> Int {
            // Beyond 2⁵³ a count is no count, and the sum of some would not fit.
            guard let value = fields.integer(key), (0...1 << 53).contains(value) else {
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
        if let stated = fields.number("win_rate"), abs(stated - computed) > 1e-3, judged > 0 {
            throw .badFile(
                path: path, got: "win_rate \(shortest(stated))",
                expected: "\(fixed(computed, 4)), which its own counts give")
        }
        winRate = computed
        let bounds = fields.array("interval_95").compactMap { Double($0.plainText) }
        lower = fields.number("ci_low") ?? (bounds.count == 2 ? bounds[0] : interval.lower)
        upper = fields.number("ci_high") ?? (bounds.count == 2 ? bounds[1] : interval.upper)
        consistency = fields.number("consistency")
        firstPositionRate = fields.number("first_position_rate")
        meanLengthA = fields.number("mean_a_tokens", "mean_length_a")
        meanLengthB = fields.number("mean_b_tokens", "mean_length_b")
    }
}

extension MauveScore {
    init(
        _ fields: JSONObject, system: String, path: String
    ) throws(ReportError) {
        guard let mean = fields.number("mauve") else {
            throw .badFile(path: path, got: "no number in mauve", expected: "the output of mauve")
        }
        self.system = ComparisonName(file: system).a
        self.mean = mean
        deviation = fields.number("mauve_sd")
        countP = fields.integer("n_p")
        countQ = fields.integer("n_q")
        signature = fields.string("signature")
        // The dimension that PCA keeps is a result, not a setting.
        let fromSignature = (signature ?? "").split(separator: "|").filter { part in
            !["mauve:", "sd:", "dim:"].contains { part.hasPrefix($0) }
        }.joined(separator: "|")
        let hyperparameters = JSONValue.object(fields.object("hyperparameters")).plainText
        let sizes = (fromSignature.isEmpty ? ["buckets", "n_q"] : ["n_q"]).compactMap { key in
            fields[key].map { "\(key):\($0.plainText)" }
        }
        settings = ([fromSignature, hyperparameters] + sizes).filter { !$0.isEmpty }
            .joined(separator: " · ")
    }
}
