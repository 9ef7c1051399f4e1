import StreamIO

/// What `make bench` measured: the content of `bench.json`.
package struct BenchResults {
    /// The name of the file in its directory.
    static let fileName = "bench.json"

    /// One of the things that are compared in a work.
    struct Side {
        let label: String
        /// Which peer this is; variants of one peer share it.
        let group: String
        let runs: [Double]
        let median: Double
        let memoryMiB: Double?
        /// How many times better ours is; nil for ours itself.
        let ratio: Double?
        /// Whether no other variant of the same peer was faster.
        let isBest: Bool
        /// Other numbers that the side gave, by name.
        let inner: [(name: String, value: Double)]
        let command: String?
    }

    /// A result that was held against a peer's before anything was timed.
    struct Check {
        let name: String
        let ours: Double?
        let peer: Double?
        let tolerance: Double?
        let passed: Bool
    }

    /// How near a work comes to the fastest matrix product of the machine.
    struct Roof {
        let precision: String
        let gflops: Double
        let roof: Double
        /// What the matrix products alone reach.
        let products: Double?
        let stages: [(name: String, value: Double)]

        var share: Double { gflops / roof }
    }

    struct Work {
        let name: String
        let title: String
        let unit: String
        let ours: Side
        let others: [Side]
        let checks: [Check]
        let roof: Roof?
        let remarks: [String]
    }

    /// The cost of a step while one thing grows, with the line of least squares.
    struct Scaling {
        let name: String
        let xLabel: String
        let points: [Plot.Point]
        let slope: Double
        let intercept: Double
        let rSquared: Double
    }

    var title: String?
    var date: String?
    var machine: String?
    var threads: Int?
    var rounds: Int?
    var dataset: String?
    var versions: [(name: String, value: String)] = []
    var works: [Work] = []
    var scaling: [Scaling] = []
    /// Names of works that ended in an error or gave wrong results.
    var failed: [String] = []

    /// Reads the results in a directory; nil if there are none.
    ///
    /// - Throws: ``ReportError`` or `StreamError` for a file that is there but unusable.
    package init?(directory: String) throws {
        let path = directory + "/" + Self.fileName
        guard FileTree.exists(path) else { return nil }
        let fields = try JSONFile.object(path)
        guard fields["works"] != nil else {
            throw ReportError.badFile(
                path: path, got: "no works", expected: "what make bench writes")
        }
        title = fields.text("title")
        date = fields.text("date")
        machine = RunDescription.machine(fields)
        threads = fields["threads"]?.integer
        rounds = fields["rounds"]?.integer
        dataset = fields["dataset"]?.object?.text("name")
        versions = (fields["versions"]?.object?.sorted ?? []).map { ($0.key, $0.value.plainText) }
        failed = fields.plainTexts("failed")
        do throws(MissingField) {
            works = try fields.objects("works").map { object throws(MissingField) in
                try Work(object)
            }
            scaling = try fields.objects("scaling").map { object throws(MissingField) in
                try Scaling(object)
            }
        } catch {
            throw ReportError.badFile(
                path: path, got: "no \(error.name) in \(error.place)",
                expected: "what make bench writes")
        }
    }
}

// MARK: Parsing

/// A field that something in `bench.json` must have.
private struct MissingField: Error {
    let name: String
    let place: String
}

extension JSONObject {
    fileprivate func needed(_ key: String, _ place: String) throws(MissingField) -> Double {
        guard let value = self[key]?.number else { throw MissingField(name: key, place: place) }
        return value
    }

    /// The numbers among the members of the object in a member.
    fileprivate func numbersByName(_ key: String) -> [(name: String, value: Double)] {
        (self[key]?.object?.sorted ?? []).compactMap { key, value, _ in
            value.number.map { (key, $0) }
        }
    }
}

extension BenchResults.Side {
    fileprivate init(_ fields: JSONObject, in work: String) throws(MissingField) {
        guard let label = fields.text("label") else {
            throw MissingField(name: "label", place: work)
        }
        self.label = label
        group = fields.text("group") ?? label
        runs = fields["runs"]?.elements?.compactMap(\.number) ?? []
        median = try fields.needed("median", work)
        memoryMiB = fields["memory_mib"]?.number
        ratio = fields["ratio"]?.number
        isBest = fields["best"]?.bool != false
        inner = fields.numbersByName("inner")
        command = fields.text("command")
    }
}

extension BenchResults.Work {
    fileprivate init(_ fields: JSONObject) throws(MissingField) {
        guard let name = fields.text("name") else {
            throw MissingField(name: "name", place: "a work")
        }
        self.name = name
        title = fields.text("title") ?? name
        unit = fields.text("unit") ?? ""
        ours = try BenchResults.Side(fields["ours"]?.object ?? [:], in: name)
        others = try fields.objects("others").map { side throws(MissingField) in
            try BenchResults.Side(side, in: name)
        }
        checks = (fields["validation"]?.object?.objects("checks") ?? []).map { check in
            BenchResults.Check(
                name: check.text("name") ?? "", ours: check["ours"]?.number,
                peer: check["peer"]?.number, tolerance: check["tolerance"]?.number,
                passed: check["passed"]?.bool == true)
        }
        let roof = fields["roof"]?.object ?? [:]
        self.roof =
            roof.isEmpty
            ? nil
            : BenchResults.Roof(
                precision: roof.text("precision") ?? "",
                gflops: try roof.needed("gflops", name),
                roof: try roof.needed("roof_gflops", name),
                products: roof["products_gflops"]?.number,
                stages: roof.numbersByName("stages"))
        remarks = fields.plainTexts("remarks")
    }
}

extension BenchResults.Scaling {
    fileprivate init(_ fields: JSONObject) throws(MissingField) {
        guard let name = fields.text("name") else {
            throw MissingField(name: "name", place: "scaling")
        }
        self.name = name
        xLabel = fields.text("x_label") ?? name
        points = try fields.objects("points").map { point throws(MissingField) in
            Plot.Point(x: try point.needed("x", name), y: try point.needed("seconds", name))
        }
        slope = try fields.needed("slope", name)
        intercept = try fields.needed("intercept", name)
        rSquared = try fields.needed("r_squared", name)
    }
}
