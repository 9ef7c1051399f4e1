extension Blend.Input {
    /// An input written `DIR:W`. The last colon counts, so that directories may have others.
    ///
    /// - Throws: ``CheckpointError/coefficients(_:)`` if there is no directory or no number.
    public init(parsing text: String) throws(CheckpointError) {
        guard let colon = text.lastIndex(of: ":"), colon != text.startIndex,
            let weight = Double(text[text.index(after: colon)...])
        else {
            throw .coefficients("bad input (got \(text), expected DIR:W with a number W)")
        }
        self.init(directory: String(text[..<colon]), weight: weight)
    }
}

extension WeightFiles {
    /// A number of bytes written like `5GB`, `500MB`, `2GiB` or `1000000`.
    ///
    /// - Throws: ``CheckpointError/size(_:)``.
    public static func size(parsing text: String) throws(CheckpointError) -> Int {
        let units: [(String, Int)] = [
            ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("KB", 1000),
            ("MB", 1_000_000), ("GB", 1_000_000_000), ("B", 1),
        ]
        let unit = units.first { text.hasSuffix($0.0) } ?? ("", 1)
        guard let number = Int(text.dropLast(unit.0.count)), number > 0 else {
            throw .size(text)
        }
        let (size, overflow) = number.multipliedReportingOverflow(by: unit.1)
        guard !overflow else { throw .size(text) }
        return size
    }
}
