/// Cuts a list into runs that together have at most `limit` rows; an element that alone has more is a run of
/// its own. The one way in which anything is cut into batches by rows.
///
/// - Parameter counts: rows of each element
/// - Returns: ranges of `counts`, in order.
public func rowRuns(_ counts: [Int], limit: Int) -> [Range<Int>] {
    var runs: [Range<Int>] = []
    var start = 0
    var rows = 0
    for (index, count) in counts.enumerated() {
        if index > start, rows + count > limit {
            runs.append(start..<index)
            start = index
            rows = 0
        }
        rows += count
    }
    if start < counts.count { runs.append(start..<counts.count) }
    return runs
}
