// Numbers as reports show them.

/// `value` with a fixed number of digits after the point.
package func fixed(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite, abs(value) < 1e12 else { return "\(value)" }
    var scale: Int64 = 1
    for _ in 0..<digits { scale *= 10 }
    let scaled = Int64((abs(value) * Double(scale)).rounded())
    let sign = value < 0 && scaled != 0 ? "-" : ""
    let whole = String(scaled / scale)
    guard digits > 0 else { return sign + whole }
    let fraction = String(scaled % scale)
    return sign + whole + "." + String(repeating: "0", count: digits - fraction.count) + fraction
}

/// `value` in its shortest form, whole numbers without a point.
func shortest(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : "\(value)"
}

/// A share as per cent with one digit.
func percent(_ share: Double) -> String {
    fixed(100 * share, 1) + " %"
}

/// Seconds as `1 h 02 min`, `3 min 05 s` or `4.2 s`.
package func duration(_ seconds: Double) -> String {
    guard seconds >= 60 else { return fixed(seconds, 1) + " s" }
    let whole = Int(seconds.rounded())
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return whole >= 3600
        ? "\(whole / 3600) h \(two(whole % 3600 / 60)) min"
        : "\(whole / 60) min \(two(whole % 60)) s"
}
