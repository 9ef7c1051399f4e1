// English in small pieces: lists, articles, capitals, numbers.

/// `a`, `a and b`, `a, b and c`.
func list(_ items: [String], _ conjunction: String = "and") -> String {
    guard items.count > 1, let last = items.last else { return items.first ?? "" }
    return items.dropLast().joined(separator: ", ") + " \(conjunction) \(last)"
}

/// One item a line, each after a dash.
func bullets(_ items: [String]) -> String {
    items.map { "- \($0)" }.joined(separator: "\n")
}

/// One item a line, numbered from 1.
func numbered(_ items: [String]) -> String {
    items.enumerated().map { "\($0.offset + 1). \($0.element)" }.joined(separator: "\n")
}

/// `text` with its first letter in upper case.
func capitalized(_ text: String) -> String {
    text.prefix(1).uppercased() + text.dropFirst()
}

/// `noun` after `a` or `an`, by its first letter (good for every noun in the tables).
func withArticle(_ noun: String) -> String {
    ("aeiou".contains(noun.prefix(1).lowercased()) ? "an " : "a ") + noun
}

/// 1234567 as `1,234,567`.
func grouped(_ number: Int) -> String {
    var digits = Array(String(abs(number)))
    var place = digits.count - 3
    while place > 0 {
        digits.insert(",", at: place)
        place -= 3
    }
    return (number < 0 ? "-" : "") + String(digits)
}

/// Small numbers in words, as running text has them.
func inWords(_ number: Int) -> String {
    let words = [
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
        "eleven", "twelve",
    ]
    return words.indices.contains(number) ? words[number] : grouped(number)
}

/// `1st`, `2nd`, `3rd`, `11th` …
func ordinal(_ number: Int) -> String {
    let suffix =
        switch (number % 100, number % 10) {
        case (11...13, _): "th"
        case (_, 1): "st"
        case (_, 2): "nd"
        case (_, 3): "rd"
        default: "th"
        }
    return "\(number)\(suffix)"
}

/// Puts values into `{name}` places; a place without a value is a mistake in the template.
func fill(_ template: String, _ values: [String: String]) -> String {
    var result = ""
    var rest = Substring(template)
    while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
        let name = String(rest[rest.index(after: open)..<close])
        guard let value = values[name] else {
            preconditionFailure("template has no value for {\(name)}")
        }
        result += rest[..<open] + value
        rest = rest[rest.index(after: close)...]
    }
    return result + rest
}

/// Rows of a table written as text: one row a line, cells between bars.
func rows(_ table: String, columns: Int) -> [[String]] {
    table.split(separator: "\n").map { line in
        let cells = line.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
        precondition(cells.count == columns, "row with \(cells.count) cells: \(line)")
        return cells
    }
}
