import Glibc
import Records
import StreamIO

extension FuzzTarget {
    /// JSON: what is accepted reads the same when it is written again, and so do its members.
    static let json = FuzzTarget("json") { input in
        let members = try accepting { try input.withUnsafeBytes { try JSONMembers(parsing: $0) } }
        let value = try accepting { try JSONValue(parsing: input) }
        try require(
            value == nil || members != nil,
            "what has a value has members, not \(text(input))")
        guard let value else { return }
        let written = try value.serialized()
        try require(
            try JSONValue(parsing: written) == value, "\(text(written)) reads as \(text(input))")
        guard let fields = value.object, let members = members ?? nil else { return }
        try require(
            members.members.map(\.key) == fields.keys.sorted { JSONString.precedes($0, $1) },
            "both parsers find the same keys")
    }

    /// JSON lines as records, with every access to the known fields.
    static let records = FuzzTarget("records") { input in
        try Scratch.withFile(input, "records.jsonl") { path in
            var reader = try RecordReader(
                paths: [path], options: .init(skipsBad: true, allowsEmpty: true))
            while let record = try reader.next() {
                try readFields(of: record)
                let line = try JSONValue.object(record.fields).serialized()
                let again = try Record(parsing: line)
                try require(again == record, "\(text(line)) reads as the record that was written")
            }
            var strict = try RecordReader(paths: [path], options: .init(shard: Shard("2/3")))
            _ = try strict.all()
        }
    }

    private static func readFields(of record: Record) throws {
        for key in ["prompt", "instruction", "response"] {
            _ = try accepting { try record.optionalString(key) }
        }
        for key in ["prompt_ids", "response_ids"] {
            _ = try accepting { try record.optionalTokenIDs(key) }
        }
        _ = try accepting { try record.optionalNumbers("numbers") }
        _ = try accepting { try record.optionalNumber("value") }
        _ = try accepting { try record.optionalInteger("value") }
        _ = try accepting { try record.optionalBool("value") }
        _ = try accepting { try record.optionalObject("reference") }
        let negatives = try accepting { try record.optionalNegatives() } ?? nil
        guard let negatives else { return }
        var copy = record
        copy.setNegatives(negatives)
        try require(copy == record, "negatives that are stored again are the same")
        _ = try accepting { try record.optionalRanking(candidates: negatives.count + 1) }
    }

    /// Compressed streams. A small one may hold very much; it is read as a stream.
    static let zstd = FuzzTarget("zstd") { input in
        try Scratch.withFile(input) { path in
            try readBytes(path)
            var lines = LineReader(try InputFile(path: path))
            var length = 0
            while length < 16 << 20, let line = try lines.next() { length += line.count + 1 }
        }
    }

    /// Apart from what else reads the file: only one window of the decoder is there at a time.
    private static func readBytes(_ path: String) throws {
        var file = try InputFile(path: path)
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        var total = 0
        while total < 64 << 20 {
            let count = try buffer.withUnsafeMutableBytes { try file.read(into: $0) }
            if count == 0 { return }
            total += count
        }
    }
}

extension Record {
    /// The record in a line.
    fileprivate init(parsing line: [UInt8]) throws {
        let fields = try JSONValue(parsing: line)
        guard let members = fields.object, let id = members["id"]?.string else {
            throw Finding("a record is written without its id: \(text(line))")
        }
        self.init(id: id, fields: members)
    }
}
