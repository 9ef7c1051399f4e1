import StreamIO

/// The long flags that a tool knows, taken from the parser's description of it.
struct FlagNames {
    private let names: Set<String>

    /// The flags of a tool.
    ///
    /// `_dumpHelp()` is public, and what `--experimental-dump-help` prints. The types behind it are in a
    /// module that is no product of swift-argument-parser, so its JSON is read here.
    init(_ tool: any CommandLineTool.Type) throws(JSONError) {
        let description = try JSONValue(parsing: tool._dumpHelp().utf8)
        let arguments = description["command"]?["arguments"]?.elements ?? []
        let spellings = arguments.flatMap { $0["names"]?.elements ?? [] }
        names = Set(
            spellings.filter { $0["kind"]?.string == "long" }.compactMap { $0["name"]?.string })
    }

    /// The name in an argument of the form `--name` or `--name=value`.
    static func name(_ argument: String) -> String? {
        guard argument.hasPrefix("--"), argument.count > 2 else { return nil }
        return String(argument.dropFirst(2).prefix { $0 != "=" })
    }

    /// Whether the tool has this flag.
    func contains(_ name: String) -> Bool { names.contains(name) }

    /// The flag that is most like `name`, if one is alike at all.
    func nearest(to name: String) -> String? {
        names.sorted().map { ($0, Self.distance($0, name)) }.min { $0.1 < $1.1 }
            .flatMap { $0.1 <= max(2, name.count / 3) ? $0.0 : nil }
    }

    /// Levenshtein distance.
    private static func distance(_ a: String, _ b: String) -> Int {
        let b = Array(b.utf8)
        var row = Array(0...b.count)
        for (i, x) in a.utf8.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, y) in b.enumerated() {
                let substitution = diagonal + (x == y ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(substitution, row[j] + 1, diagonal + 1)
            }
        }
        return row[b.count]
    }
}
