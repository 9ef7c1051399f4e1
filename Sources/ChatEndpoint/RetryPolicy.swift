import Glibc

/// Whether and when a call is repeated.
package struct RetryPolicy: Sendable, Hashable {
    /// Repetitions after the first attempt.
    package var retries: Int
    /// Longest time of one attempt.
    package var timeout: Duration
    /// Longest time of a call with all its repetitions.
    package var patience: Duration

    /// A server that asks for a longer pause than this is not waited for.
    package static let longestPause: Duration = .seconds(120)

    /// A policy with all its values.
    package init(retries: Int, timeout: Duration, patience: Duration) {
        self.retries = retries
        self.timeout = timeout
        self.patience = patience
    }

    /// The pause before a repetition where the server names none: half a second, doubled each time
    /// up to 8 seconds, less a random quarter so that callers do not come back all at once.
    ///
    /// - Parameters:
    ///   - repetition: 0 for the first.
    ///   - randomness: between 0 and 1.
    package static func backOff(repetition: Int, randomness: Double) -> Duration {
        let seconds = min(8, 0.5 * pow(2, Double(repetition)))
        return .seconds(seconds * (1 - 0.25 * randomness))
    }

    /// The pause that a response asks for; nil if it asks for none.
    ///
    /// - Parameters:
    ///   - headers: by lower-case name.
    ///   - now: seconds since 1970, from which a date is reckoned.
    package static func requestedPause(
        _ headers: [String: String], now: Double
    ) -> Duration? {
        var seconds: Double?
        if let text = headers["retry-after-ms"], let value = Double(text) {
            seconds = value / 1000
        } else if let text = headers["retry-after"] {
            seconds = Double(text) ?? httpDate(text).map { $0 - now }
        }
        guard let seconds, seconds > 0 else { return nil }
        // Beyond that, however long, the meaning is the same, and a Duration holds it.
        return .seconds(min(seconds, 1e9))
    }

    /// Whether a status is worth another attempt; `x-should-retry` of the server decides first.
    package static func isTransient(status: Int, headers: [String: String]) -> Bool {
        switch headers["x-should-retry"] {
        case "true": true
        case "false": false
        default: [408, 409, 429].contains(status) || status >= 500
        }
    }

    /// Seconds since 1970 of a date as in `Sun, 06 Nov 1994 08:49:37 GMT`.
    private static func httpDate(_ text: String) -> Double? {
        let months = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ]
        let parts = text.split { $0 == " " || $0 == ":" }
        guard parts.count == 8, parts[7] == "GMT",
            let month = months.firstIndex(of: String(parts[2]))
        else { return nil }
        let numbers = [parts[1], parts[3], parts[4], parts[5], parts[6]].compactMap { Int32($0) }
        let ranges: [ClosedRange<Int32>] = [1...31, 1970...9999, 0...23, 0...59, 0...60]
        guard numbers.count == 5, zip(ranges, numbers).allSatisfy({ $0.contains($1) }) else {
            return nil
        }
        var fields = tm()
        fields.tm_mon = Int32(month)
        fields.tm_mday = numbers[0]
        fields.tm_year = numbers[1] - 1900
        (fields.tm_hour, fields.tm_min, fields.tm_sec) = (numbers[2], numbers[3], numbers[4])
        return Double(timegm(&fields))
    }
}
