/// What the paper reports, to stand beside a run's own numbers: win rates against the ground truth.
/// Copied from Feng et al. 2025; nothing here is measured by this package.
struct PaperValues {
    struct Column {
        let model: String
        let rates: [String: Double]
    }

    let tables: String
    let columns: [Column]
    /// What is known of the columns but belongs to no row.
    let remarks: [String]

    static let dolly = PaperValues(
        tables: "tables 1 and 2",
        columns: [
            Column(
                model: "GPT2-XL",
                rates: [
                    "mle-continued": 0.471, "pss": 0.086, "dpo": 0.383, "anr": 0.506,
                    "mixnr": 0.476, "mixnr-alpha0.5": 0.479, "mixnr-alpha0.7": 0.487,
                    "mixnr-alpha0.9": 0.485,
                ]),
            Column(
                model: "OpenLlama-3B",
                rates: [
                    "mle-continued": 0.505, "pss": 0.270, "dpo": 0.555, "an": 0.56, "anr": 0.643,
                ]),
        ],
        remarks: ["The best ensemble of MixNR with OpenLlama-3B has 0.620 in the paper."])

    static let wiki = PaperValues(
        tables: "table 3",
        columns: [
            Column(
                model: "OpenLlama-3B",
                rates: [
                    "mle-continued": 0.524, "bnr": 0.610, "bnr-alpha0.1": 0.627,
                    "bnr-alpha0.3": 0.673, "bnr-alpha0.5": 0.645, "bnr-alpha0.7": 0.651,
                    "bnr-alpha0.9": 0.668,
                ])
        ],
        remarks: [])

    /// The paper's values for the data of a run; nil for data that the paper does not have.
    init?(data: String?) {
        switch data {
        case "dolly": self = .dolly
        case "wiki": self = .wiki
        default: return nil
        }
    }

    private init(tables: String, columns: [Column], remarks: [String]) {
        (self.tables, self.columns, self.remarks) = (tables, columns, remarks)
    }
}

extension RunDescription {
    /// The value of a setting, if the run tells it.
    func setting(_ name: String) -> String? {
        configuration.first { $0.name == name }?.value
    }

    /// The paper's name of a system of this run: `cpo` with ranked autoregressive negatives is `anr`.
    func paperName(_ name: String) -> String {
        guard Systems.stem(of: name) == "cpo" else { return name }
        let kinds = (setting("negatives.cpo") ?? "").split(separator: ",").map {
            $0.prefix { $0 != ":" }
        }
        guard let kind = kinds.first, Set(kinds).count == 1,
            trainings.contains(where: { $0.name == "cpo" && $0.method == "ranked" })
        else { return name }
        return kind + "r" + name.dropFirst("cpo".count)
    }

    /// How each system was trained, as the pipelines write it: `NAME:METHOD[:NEGATIVES]`.
    var trainings: [(name: String, method: String, negatives: String?)] {
        (setting("systems") ?? "").split(separator: " ").compactMap { entry in
            let parts = entry.split(separator: ":").map(String.init)
            return parts.count < 2
                ? nil : (parts[0], parts[1], parts.count > 2 ? parts[2] : nil)
        }
    }
}
