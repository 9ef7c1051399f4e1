/// A plot before it is drawn.
package struct Plot {
    package struct Point: Hashable, Sendable {
        let x: Double
        let y: Double
        /// Bounds of an interval, if there is one: of y, or of x in a plot with categories.
        var low: Double?
        var high: Double?

        package init(x: Double, y: Double, low: Double? = nil, high: Double? = nil) {
            (self.x, self.y, self.low, self.high) = (x, y, low, high)
        }
    }

    package struct Series {
        /// Bars need categories; they begin at the plot's first level, else at zero.
        package enum Style { case line, linesAndPoints, points, bars }
        let name: String
        let points: [Point]
        var style = Style.line

        package init(name: String, points: [Point], style: Style = .line) {
            (self.name, self.points, self.style) = (name, points, style)
        }
    }

    /// File name without `.svg`, unique in its report.
    let name: String
    let title: String
    let xLabel: String
    var yLabel = ""
    var series: [Series]
    /// Dashed lines across the plot, such as a win rate of one half.
    var levels: [Double] = []
    /// Names along the y axis, from the top; point y = index.
    var categories: [String] = []
    /// Whether equal distances along the values' axis are equal ratios; all values must be positive.
    var isLogarithmic = false
    var caption = ""

    package init(
        name: String, title: String, xLabel: String, yLabel: String = "", series: [Series],
        levels: [Double] = [], categories: [String] = [], isLogarithmic: Bool = false,
        caption: String = ""
    ) {
        self.name = name
        self.title = title
        self.xLabel = xLabel
        self.yLabel = yLabel
        self.series = series
        self.levels = levels
        self.categories = categories
        self.isLogarithmic = isLogarithmic
        self.caption = caption
    }

    /// The most points that are drawn of a series.
    static let resolution = 300

    var isEmpty: Bool { series.allSatisfy(\.points.isEmpty) }

    /// A name without characters that mean something to shells, gnuplot or HTML.
    package static func safeName(_ text: String) -> String {
        String(
            text.unicodeScalars.map { scalar -> Character in
                let kept = scalar.properties.numericType != nil || scalar.properties.isAlphabetic
                return scalar.isASCII && kept || scalar == "." || scalar == "-"
                    ? Character(scalar) : "-"
            })
    }
}

extension [Plot.Point] {
    /// At most ``Plot/resolution`` points: the means of neighbours.
    package var thinned: [Plot.Point] {
        guard count > Plot.resolution else { return self }
        let size = (count + Plot.resolution - 1) / Plot.resolution
        return stride(from: 0, to: count, by: size).map { start in
            let part = self[start..<Swift.min(start + size, count)]
            let scale = 1 / Double(part.count)
            return Plot.Point(
                x: part.reduce(0) { $0 + $1.x } * scale, y: part.reduce(0) { $0 + $1.y } * scale)
        }
    }
}

// MARK: The gnuplot script

extension Plot {
    /// Colours that stand out on white and on black.
    private static let colours = ["#2f81f7", "#e0662a", "#2da160", "#a371f7", "#d4a017"]

    /// The script that draws the plot into the file `output`.
    package func script(output: String) -> String {
        let height = categories.isEmpty ? 290 : 110 + 30 * categories.count
        var lines = [
            "set terminal svg size 420,\(height) dynamic noenhanced font 'sans-serif,13'",
            "set output \(quoted(output))",
            "set border 3 lw 1",
            "set tics nomirror out",
            "set grid lt 1 lc rgb '#808080' lw 0.3",
            "set xlabel \(quoted(xLabel))",
        ]
        if isLogarithmic { lines.append("set logscale \(categories.isEmpty ? "y" : "x") 2") }
        if !yLabel.isEmpty { lines.append("set ylabel \(quoted(yLabel))") }
        lines.append(
            series.count > 1 ? "set key outside top center horizontal samplen 1.5" : "set key off")
        let dashed = "nohead lc rgb '#808080' lw 1.5 dt 2"
        if categories.isEmpty {
            for level in levels {
                lines.append(
                    "set arrow from graph 0, first \(level) to graph 1, first \(level) \(dashed)")
            }
            lines += range(covering: levels + series.flatMap(\.values), axis: "y")
            // Bars at the ends would lie on the frame.
            if series.contains(where: \.hasIntervals) {
                lines += range(covering: series.flatMap { $0.points.map(\.x) }, axis: "x")
            }
        } else {
            let tics = categories.enumerated().map { "\(quoted($0.element)) \($0.offset)" }
            lines.append("set ytics (\(tics.joined(separator: ", ")))")
            lines.append("set yrange [\(Double(categories.count) - 0.5):-0.5]")
            for level in levels {
                lines.append(
                    "set arrow from first \(level), graph 0 to first \(level), graph 1 \(dashed)")
            }
            let values = series.flatMap { $0.points.flatMap { [$0.x, $0.low, $0.high] } }
            lines += range(covering: levels + values.compactMap(\.self), axis: "x")
        }
        var clauses: [String] = []
        for (index, series) in series.enumerated() where !series.points.isEmpty {
            lines.append("$data\(index) << END")
            lines += series.points.map { point in
                if series.style == .bars { return bar(point) }
                let bounds = point.low.flatMap { low in point.high.map { " \(low) \($0)" } } ?? ""
                return "\(point.x) \(point.y)" + bounds
            }
            lines.append("END")
            clauses += self.clauses(series, index: index)
        }
        lines.append("plot " + clauses.joined(separator: ", "))
        return lines.joined(separator: "\n") + "\n"
    }

    /// A point with the left, right, top and bottom of its bar.
    private func bar(_ point: Point) -> String {
        "\(point.x) \(point.y) \(levels.first ?? 0) \(point.x) \(point.y - 0.3) \(point.y + 0.3)"
    }

    private func clauses(_ series: Series, index: Int) -> [String] {
        let look = "lc rgb '\(Self.colours[index % Self.colours.count])' lw 2"
        let title = "title \(quoted(series.name))"
        var clauses: [String] = []
        switch series.style {
        case .line: clauses.append("$data\(index) using 1:2 with lines \(look) \(title)")
        case .linesAndPoints:
            clauses.append("$data\(index) using 1:2 with linespoints pt 7 ps 0.6 \(look) \(title)")
        case .bars:
            clauses.append(
                "$data\(index) using 1:2:3:4:5:6 with boxxyerror fill solid 0.6 \(look) \(title)")
        case .points:
            if !series.hasIntervals {
                clauses.append("$data\(index) using 1:2 with points pt 7 ps 0.7 \(look) \(title)")
            }
        }
        if series.hasIntervals {
            let kind = categories.isEmpty ? "yerrorbars" : "xerrorbars"
            let title = series.style == .points ? title : "notitle"
            clauses.append("$data\(index) using 1:2:3:4 with \(kind) pt 7 ps 0.7 \(look) \(title)")
        }
        return clauses
    }

    /// A range that is never empty and leaves some air; gnuplot fails on a range of zero width.
    private func range(covering values: [Double], axis: String) -> [String] {
        guard let low = values.min(), let high = values.max() else { return [] }
        if isLogarithmic, low > 0, axis == (categories.isEmpty ? "y" : "x") {
            return ["set \(axis)range [\(low / 1.2):\(high * 1.2)]"]
        }
        let air = high > low ? 0.06 * (high - low) : max(0.05, abs(high) * 0.05)
        return ["set \(axis)range [\(low - air):\(high + air)]"]
    }

    /// Text in single quotes, in which gnuplot knows no escapes but the doubled quote.
    private func quoted(_ text: String) -> String {
        let flat = text.unicodeScalars.map { $0.value < 0x20 ? " " : String($0) }.joined()
        return "'" + flat.replacing("'", with: "''") + "'"
    }
}

extension Plot.Series {
    fileprivate var hasIntervals: Bool {
        !points.isEmpty && points.allSatisfy { $0.low != nil && $0.high != nil }
    }

    fileprivate var values: [Double] {
        points.flatMap { [$0.y, $0.low, $0.high].compactMap(\.self) }
    }
}
