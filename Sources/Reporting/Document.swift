/// A report before it is HTML or Markdown. All texts are plain; escaping is the renderers' work.
package struct Document {
    var title: String
    var blocks: [Block] = []

    enum Block {
        case heading(String)
        case subheading(String)
        case paragraph(String)
        case list([String])
        /// Something that a reader must not miss.
        case alert(title: String, items: [String])
        case table(Table)
        /// Plots that belong together.
        case figures([Plot])
        case sample(Sample)
    }
}

/// Rows of cells under a header. The first columns hold names; the others are set to the right if the table is
/// `numeric`.
struct Table {
    var header: [String]
    var rows: [[String]]
    var numeric = false
    var nameColumns = 1
    var caption: String?

    /// The table without the columns that hold nothing but dashes.
    func withoutEmptyColumns() -> Table {
        let kept = header.indices.filter { column in
            rows.isEmpty || rows.contains { $0[column] != "—" }
        }
        var table = self
        table.header = kept.map { header[$0] }
        table.rows = rows.map { row in kept.map { row[$0] } }
        return table
    }
}

/// One prompt with several texts side by side.
struct Sample {
    struct Text {
        let label: String
        let text: String
        /// What the judges said, if they did.
        let verdict: String?
    }

    let id: String
    let prompt: String
    let texts: [Text]
}
