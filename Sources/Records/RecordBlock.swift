import Glibc
import StreamIO

/// Some lines of a record stream that are worked on together, not parsed yet. Blank lines and those
/// of other shards are left out.
package struct RecordBlock: Sendable {
    private struct Line {
        var range: Range<Int>
        /// In the file, from 1.
        var number: Int
    }

    private let bytes: [UInt8]
    private var lines: [Line] = []
    private let file: String
    /// Lines in the files before this one.
    private let linesInOtherFiles: Int

    /// Finds the lines in `bytes`.
    ///
    /// - Parameters:
    ///   - bytes: whole lines
    ///   - file: where they come from
    ///   - linesInFile: how many lines of it were read; those of the block are added
    ///   - linesInOtherFiles: how many lines of other files were read before it
    ///   - recordNumber: how many records of all shards were read; those of the block are added
    ///   - shard: whose lines to keep; nil for all
    init(
        _ bytes: [UInt8], file: String, linesInFile: inout Int, linesInOtherFiles: Int,
        recordNumber: inout Int, _ shard: Shard?
    ) {
        self.bytes = bytes
        self.file = file
        self.linesInOtherFiles = linesInOtherFiles
        bytes.withUnsafeBytes { raw in
            guard let base = raw.baseAddress else { return }
            var start = 0
            while start < raw.count {
                let newline = memchr(base + start, 0x0A, raw.count - start)
                let end = newline.map { UnsafeRawPointer($0) - base } ?? raw.count
                linesInFile += 1
                var range = start..<end
                start = end + 1
                guard raw[range].contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D })
                else { continue }
                recordNumber += 1
                guard shard?.contains(recordNumber: recordNumber) ?? true else { continue }
                // Windows programs begin their files with a byte order mark.
                if linesInFile == 1, raw[range].starts(with: [0xEF, 0xBB, 0xBF]) {
                    range = range.lowerBound + 3..<range.upperBound
                }
                lines.append(Line(range: range, number: linesInFile))
            }
        }
    }

    /// The number of records.
    package var count: Int { lines.count }

    /// A record.
    package func record(_ index: Int) throws(RecordError) -> Record {
        try withText(of: index) { text throws(RecordError) in text.record }
    }

    /// Calls `body` with a record as it stands in its line.
    package func withText<Result>(
        of index: Int, _ body: (RecordText) throws(RecordError) -> Result
    ) throws(RecordError) -> Result {
        let line = lines[index]
        return try bytes.withUnsafeBufferPointer { bytes throws(RecordError) in
            let text = UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: bytes[line.range]))
            let record: RecordText
            do throws(RecordError) {
                record = try RecordText(
                    text, SourceLocation(file: file, line: line.number),
                    defaultID: linesInOtherFiles + line.number)
            } catch {
                throw error.explained(text, isFirst: line.number == 1)
            }
            return try body(record)
        }
    }
}
