public import Records

extension RecordReader {
    /// Says how many bad records were dropped, if any were.
    public func reportDropped(_ log: Log) {
        if skipped > 0 { log.warning("\(skipped) bad records dropped") }
    }
}

extension RecordsInFlight {
    /// Says how many records were left out, and how many bad ones dropped.
    ///
    /// - Parameter what: what those left out are, in the plural
    public func reportDropped(leftOut what: String, _ log: Log) {
        if leftOut > 0 { log.warning("\(leftOut) \(what) dropped") }
        reader.reportDropped(log)
    }
}
