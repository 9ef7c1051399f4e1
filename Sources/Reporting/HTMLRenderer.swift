/// Escaping for HTML.
package enum HTML {
    /// `text` fit for element content and for attribute values in quotes. Control characters that HTML does not
    /// allow become a visible replacement.
    package static func escaped(_ text: String) -> String {
        var result = ""
        result.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            case "\n", "\t": result.unicodeScalars.append(scalar)
            case "\0"..."\u{1F}", "\u{7F}"..."\u{9F}": result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

/// Renders a document as one HTML file that needs nothing else.
package struct HTMLRenderer {
    /// Drawings by plot name.
    let drawings: [String: SVG]

    package init(drawings: [String: SVG]) {
        self.drawings = drawings
    }

    package func render(_ document: Document) -> String {
        let title = HTML.escaped(document.title)
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta name="generator" content="\(Report.generator)">
            <title>\(title)</title>
            <style>
            \(stylesheet)
            </style>
            </head>
            <body>
            <main>
            <h1>\(title)</h1>
            \(document.blocks.map(render).joined(separator: "\n"))
            </main>
            </body>
            </html>

            """
    }

    private func render(_ block: Document.Block) -> String {
        switch block {
        case .heading(let text): return "<h2>\(HTML.escaped(text))</h2>"
        case .subheading(let text): return "<h3>\(HTML.escaped(text))</h3>"
        case .paragraph(let text): return "<p>\(HTML.escaped(text))</p>"
        case .list(let items): return list(items)
        case .alert(let title, let items):
            return "<div class=\"alert\" role=\"note\">\n<strong>\(HTML.escaped(title))</strong>\n"
                + list(items) + "\n</div>"
        case .table(let table): return render(table)
        case .figures(let plots):
            return "<div class=\"figures\">\n\(plots.map(render).joined(separator: "\n"))\n</div>"
        case .sample(let sample): return render(sample)
        }
    }

    private func list(_ items: [String]) -> String {
        "<ul>\n" + items.map { "<li>\(HTML.escaped($0))</li>\n" }.joined() + "</ul>"
    }

    private func render(_ table: Table) -> String {
        let kind = table.numeric ? "numeric" : "names"
        var html = "<div class=\"scroll\" tabindex=\"0\"><table class=\"\(kind)\">\n"
        if let caption = table.caption {
            html += "<caption>\(HTML.escaped(caption))</caption>\n"
        }
        html += "<thead><tr>"
        html += table.header.enumerated().map { index, cell in
            let place = index < table.nameColumns ? " class=\"name\"" : ""
            return "<th scope=\"col\"\(place)>\(HTML.escaped(cell))</th>"
        }.joined()
        html += "</tr></thead>\n<tbody>\n"
        for row in table.rows {
            let cells = row.enumerated().map { index, cell in
                if index == 0 { return "<th scope=\"row\">\(HTML.escaped(cell))</th>" }
                let place = index < table.nameColumns ? " class=\"name\"" : ""
                return "<td\(place)>\(HTML.escaped(cell))</td>"
            }
            html += "<tr>\(cells.joined())</tr>\n"
        }
        return html + "</tbody>\n</table></div>"
    }

    private func render(_ plot: Plot) -> String {
        let drawing = drawings[plot.name]?.element ?? ""
        let caption = plot.caption.isEmpty ? "" : " <small>\(HTML.escaped(plot.caption))</small>"
        return "<figure>\n<figcaption>\(HTML.escaped(plot.title))\(caption)</figcaption>\n"
            + drawing + "\n</figure>"
    }

    private func render(_ sample: Sample) -> String {
        var html = "<article class=\"sample\">\n<h3>\(HTML.escaped(sample.id))</h3>\n"
        html += "<div class=\"prompt\"><pre>\(HTML.escaped(sample.prompt))</pre></div>\n"
        html += "<div class=\"texts\">\n"
        for text in sample.texts {
            let verdict = text.verdict.map { " <small>\(HTML.escaped($0))</small>" } ?? ""
            html += "<section><h4>\(HTML.escaped(text.label))\(verdict)</h4>"
            html +=
                text.text.isEmpty
                ? "<p class=\"empty\">(no text)</p>" : "<pre>\(HTML.escaped(text.text))</pre>"
            html += "</section>\n"
        }
        return html + "</div>\n</article>"
    }
}
