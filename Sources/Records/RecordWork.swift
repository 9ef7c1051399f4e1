package import StreamIO

/// What became of the records of a block.
package struct WorkedBlock<Counts: Sendable>: Sendable {
    /// The lines to write, newlines included.
    package var lines: [UInt8] = []
    /// How many records they are.
    package var written = 0
    /// How many records could be read.
    package var read = 0
    /// What was counted.
    package var counts: Counts
    /// What was wrong with records, in their order. Unless bad records are dropped this is at most
    /// one, and nothing after it was worked on.
    package var failures: [RecordError] = []
}

extension RecordBlock {
    /// Works on the records one after the other.
    ///
    /// - Parameters:
    ///   - counts: what to count from
    ///   - skipsBad: whether to go on after a bad record
    ///   - work: what to do with a record: writes its line without the newline, or returns false to
    ///     leave it out
    package func worked<Counts: Sendable>(
        counts: Counts, skipsBad: Bool,
        _ work: (RecordText, inout JSONSerializer, inout Counts) throws(RecordError) -> Bool
    ) -> WorkedBlock<Counts> {
        var result = WorkedBlock(counts: counts)
        var lines = JSONSerializer()
        for index in 0..<count {
            let begin = lines.count
            do throws(RecordError) {
                try withText(of: index) { record throws(RecordError) in
                    result.read += 1
                    guard try work(record, &lines, &result.counts) else { return }
                    lines.append(0x0A)
                    result.written += 1
                }
            } catch {
                lines.truncate(to: begin)
                result.failures.append(error)
                if !skipsBad { break }
            }
        }
        result.lines = [UInt8](lines.bytes)
        return result
    }
}

extension RecordReader {
    /// Works on all blocks on several threads and hands the results to `deliver` in order; calls
    /// `pause` before it waits for input with nothing left to deliver.
    package mutating func forEachBlock<Counts: Sendable>(
        threads: Int, _ work: @Sendable (RecordBlock) -> WorkedBlock<Counts>,
        deliver: (inout RecordReader, WorkedBlock<Counts>) throws -> Void,
        pause: () throws -> Void = {}
    ) throws {
        try orderedWork(
            threads: threads, context: &self,
            next: { reader, patience in try reader.nextBlock(patience) }, work: work
        ) { reader, block in
            reader.count += block.read
            try deliver(&reader, block)
        } pause: { _ in
            try pause()
        }
    }
}

extension JSONSerializer {
    /// Writes a value of a record, or all of one.
    mutating func write(
        _ value: JSONValue, spelling: [UInt8]? = nil, _ location: SourceLocation?
    ) throws(RecordError) {
        do throws(JSONError) {
            try write(value, spelling: spelling)
        } catch {
            throw .unfit(location: location, reason: error.description, hint: nil)
        }
    }
}
