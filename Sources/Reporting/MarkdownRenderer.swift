/// Renders a document as Markdown (GitHub's dialect, for its tables), with plots as files beside it.
package struct MarkdownRenderer {
    package init() {}

    /// `text` without anything that Markdown or HTML inside it would take for markup; on one line.
    package static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\\", "`", "*", "_", "[", "]", "|", "#", "~", "!":
                result += "\\"
                result.unicodeScalars.append(scalar)
            case "\0"..."\u{1F}", "\u{7F}": result += " "
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// `text` in a code block whose fence is longer than any run of backticks inside.
    static func fenced(_ text: String) -> String {
        var longest = 2
        var run = 0
        for byte in text.utf8 {
            run = byte == UInt8(ascii: "`") ? run + 1 : 0
            longest = max(longest, run)
        }
        let fence = String(repeating: "`", count: longest + 1)
        return "\(fence)text\n\(text)\n\(fence)"
    }

    package func render(_ document: Document) -> String {
        let title = "# " + Self.escaped(document.title)
        let mark = "<!-- \(Report.generator) -->"
        return ([title, mark] + document.blocks.map(render)).joined(separator: "\n\n") + "\n"
    }

    private func render(_ block: Document.Block) -> String {
        switch block {
        case .heading(let text): return "## " + Self.escaped(text)
        case .subheading(let text): return "### " + Self.escaped(text)
        case .paragraph(let text): return Self.escaped(text)
        case .list(let items): return list(items)
        case .alert(let title, let items):
            return
                (["**\(Self.escaped(title))**", ""]
                + list(items).split(separator: "\n").map(String.init))
                .map { $0.isEmpty ? ">" : "> " + $0 }.joined(separator: "\n")
        case .table(let table): return render(table)
        case .figures(let plots):
            return plots.map { plot in
                let caption = plot.caption.isEmpty ? "" : "\n\n" + Self.escaped(plot.caption)
                return "![\(Self.escaped(plot.title))](\(plot.name).svg)" + caption
            }.joined(separator: "\n\n")
        case .sample(let sample): return render(sample)
        }
    }

    private func list(_ items: [String]) -> String {
        items.map { "- " + Self.escaped($0) }.joined(separator: "\n")
    }

    private func render(_ table: Table) -> String {
        func line(_ cells: [String]) -> String {
            "| " + cells.map(Self.escaped).joined(separator: " | ") + " |"
        }
        let rules = table.header.indices.map {
            $0 >= table.nameColumns && table.numeric ? "---:" : "---"
        }
        var lines: [String] = []
        if let caption = table.caption { lines += [Self.escaped(caption), ""] }
        lines += [line(table.header), "|" + rules.joined(separator: "|") + "|"]
        lines += table.rows.map(line)
        return lines.joined(separator: "\n")
    }

    private func render(_ sample: Sample) -> String {
        var parts = ["### " + Self.escaped(sample.id), Self.fenced(sample.prompt)]
        for text in sample.texts {
            let verdict = text.verdict.map { " (\(Self.escaped($0)))" } ?? ""
            parts.append("**\(Self.escaped(text.label))**\(verdict)")
            parts.append(text.text.isEmpty ? "(no text)" : Self.fenced(text.text))
        }
        return parts.joined(separator: "\n\n")
    }
}
