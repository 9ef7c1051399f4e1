/// A drawing, fit for use inside a page and as a file.
package struct SVG {
    let plot: Plot
    /// The `<svg>` element. Its ids carry the plot's name, since several drawings share a page, and
    /// its black is the colour of the surrounding text, which makes it readable on any background.
    package let element: String

    package init(plot: Plot, drawing: String) {
        self.plot = plot
        var text = drawing
        if let start = text.firstRange(of: "<svg") { text.removeSubrange(..<start.lowerBound) }
        if let end = text.lastRange(of: "</svg>") { text.removeSubrange(end.upperBound...) }
        Self.remove("<title>", through: "</title>", in: &text)
        Self.remove("<desc>", through: "</desc>", in: &text)
        for (old, new) in [
            ("id='", "id='\(plot.name)-"), ("id=\"", "id=\"\(plot.name)-"),
            ("href='#", "href='#\(plot.name)-"), ("url(#", "url(#\(plot.name)-"),
            (" color=\"black\"", ""), ("stroke='black'", "stroke='currentColor'"),
            ("stroke=\"black\"", "stroke=\"currentColor\""),
            ("fill=\"black\"", "fill=\"currentColor\""), ("fill = 'black'", "fill='currentColor'"),
        ] { text = text.replacing(old, with: new) }
        let label = HTML.escaped(plot.title)
        element = text.replacing(
            "<svg", with: "<svg role=\"img\" aria-label=\"\(label)\"", maxReplacements: 1)
    }

    /// The drawing as a file of its own, on a light card so that it can be read wherever it is shown.
    var file: String {
        let card = "style=\"background:#ffffff;color:#1f2328\""
        return "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!-- \(Report.generator) -->\n"
            + element.replacing("<svg", with: "<svg \(card)", maxReplacements: 1) + "\n"
    }

    private static func remove(_ start: String, through end: String, in text: inout String) {
        guard let first = text.firstRange(of: start),
            let last = text[first.upperBound...].firstRange(of: end)
        else { return }
        text.removeSubrange(first.lowerBound..<last.upperBound)
    }
}

extension String {
    fileprivate func lastRange(of text: String) -> Range<Index>? {
        ranges(of: text).last
    }
}
