/// A line on the terminal that says how far a tool is, how fast, and how long it will take.
///
/// Drawn at most five times a second, and only where a person looks at standard error.
public struct Progress {
    private let unit: String
    private let total: Int?
    private let log: Log
    private let clock = ContinuousClock()
    private let start: ContinuousClock.Instant
    private var lastDrawn: ContinuousClock.Instant?

    /// - Parameters:
    ///   - unit: what is counted, in the plural
    ///   - total: how many there will be, if that is known
    public init(unit: String, total: Int? = nil, log: Log) {
        self.unit = unit
        self.total = total
        self.log = log
        start = clock.now
    }

    /// Seconds since the beginning.
    public var seconds: Double { (clock.now - start) / .seconds(1) }

    /// So many of something a second since the beginning, in about three digits.
    public func rate(of count: Int) -> String {
        Self.short(Double(count) / max(1e-9, seconds))
    }

    /// Says that `done` are done, with something to add.
    public mutating func update(_ done: Int, _ remark: String = "") {
        guard log.drawsProgress else { return }
        let now = clock.now
        if let lastDrawn, now - lastDrawn < .milliseconds(200) { return }
        lastDrawn = now
        let elapsed = max(1e-9, (now - start) / .seconds(1))
        let rate = Double(done) / elapsed
        var line = "\r\u{1b}[K\(log.tool): \(done)"
        if let total { line += "/\(total)" }
        line += " \(unit), \(Self.short(rate))/s"
        if let total, rate > 0 {
            line += ", \(Self.duration(Double(total - done) / rate)) left"
        }
        if !remark.isEmpty { line += ", \(remark)" }
        Log.emit(line)
    }

    /// Clears the line.
    public mutating func finish() {
        if lastDrawn != nil { Log.emit("\r\u{1b}[K") }
        lastDrawn = nil
    }

    /// A number with about three digits.
    public static func short(_ value: Double) -> String {
        let digits = value >= 100 ? 0 : value >= 10 ? 1 : 2
        return fixed(value, digits)
    }

    /// A number with so many digits after the point.
    public static func fixed(_ value: Double, _ digits: Int) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let scaled = Int((abs(value) * scale).rounded())
        let sign = value < 0 && scaled > 0 ? "-" : ""
        guard digits > 0 else { return "\(sign)\(scaled)" }
        let fraction = String(scaled % Int(scale))
        let zeros = String(repeating: "0", count: digits - fraction.count)
        return "\(sign)\(scaled / Int(scale)).\(zeros)\(fraction)"
    }

    private static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds < 1e8 else { return "?" }
        let whole = Int(seconds.rounded())
        let (hours, minutes) = (whole / 3600, whole / 60 % 60)
        if hours > 0 { return "\(hours) h \(minutes) min" }
        return minutes > 0 ? "\(minutes) min \(whole % 60) s" : "\(whole) s"
    }
}
