import Records
import StreamIO
import TestSupport
import Testing

@Suite struct RecordsInFlightTests {
    @Test("work is given out in order, and the records come back with the positions behind them")
    func order() throws {
        try withRecords(skipsBad: false, #"{"id":"a","n":1}"#, #"{"id":"b"}"#, #"{"id":"c","n":3}"#)
        {
            records throws in
            #expect(try records.nextNumber() == 1)
            #expect(try records.nextNumber() == 3)
            #expect(try records.nextNumber() == nil)
            let (first, second) = (records.done(), records.done())
            #expect(first.record.id == "a" && first.position == 1)
            #expect(second.record.id == "c" && second.position == 3)
            #expect(records.leftOut == 1)
        }
    }

    @Test("records that cannot be worked on are dropped, or end everything")
    func badRecords() throws {
        let lines = [#"{"id":"a","n":"one"}"#, #"{"id":"b","n":2}"#]
        try withRecords(skipsBad: true, lines[0], lines[1]) { records throws in
            #expect(try records.nextNumber() == 2)
            #expect(records.reader.skipped == 1 && records.leftOut == 0)
            let done = records.done()
            #expect(done.record.id == "b" && done.position == 2)
        }
        try withRecords(skipsBad: false, lines[0], lines[1]) { records throws in
            #expect(throws: RecordError.self) { try records.nextNumber() }
        }
    }

    private func withRecords(
        skipsBad: Bool, _ lines: String..., body: (inout RecordsInFlight) throws -> Void
    ) throws {
        try withTemporaryDirectory { directory in
            try writeFile("\(directory)/in", lines.joined(separator: "\n") + "\n")
            var records = RecordsInFlight(
                from: try RecordReader(
                    paths: ["\(directory)/in"], options: .init(skipsBad: skipsBad)))
            try body(&records)
        }
    }
}

extension RecordsInFlight {
    /// The field `n` of the next record that has one.
    fileprivate mutating func nextNumber() throws -> Int64? {
        let next = try next(mayWait: true, pause: {}) { record throws(RecordError) -> Int64? in
            switch record["n"] {
            case nil: return nil
            case .integer(let number)?: return number
            case _?:
                throw .wrongType(
                    location: record.location, field: "n", got: "text", expected: "a number")
            }
        }
        guard case .item(let number) = next else { return nil }
        return number
    }
}
