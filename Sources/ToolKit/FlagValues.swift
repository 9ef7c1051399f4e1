import ArgumentParser

/// Refuses a number that is too small for its flag.
///
/// - Parameters:
///   - flag: the flag's name as typed
///   - value: nil if it was not given
public func require(_ flag: String, _ value: Int?, atLeast minimum: Int) throws {
    if let value, value < minimum {
        throw ValidationError("\(flag) (got \(value), expected at least \(minimum))")
    }
}

/// Refuses a number that is out of its flag's range, or none.
public func require(_ flag: String, _ value: Double, in range: ClosedRange<Int>) throws {
    guard value >= Double(range.lowerBound), value <= Double(range.upperBound) else {
        throw ValidationError(
            "\(flag) (got \(value), expected \(range.lowerBound) to \(range.upperBound))")
    }
}
