public import Records
import StreamIO

/// Files that a judge reads: pairs of answers, joined by id, verdicts, templates.
public enum JudgeInput {
    /// Reads comparisons of one file with its own responses, or of two files.
    public static func comparisons(
        a pathA: String, b pathB: String?, fields: ComparisonFields, allowEmpty: Bool
    ) throws -> [Comparison] {
        let first = try records(pathA, allowEmpty: allowEmpty)
        guard let pathB else {
            try requireUnique(first.map(\.id), in: pathA)
            return try first.map { try Comparison(outputAgainstResponseOf: $0, fields: fields) }
        }
        let second = try records(pathB, allowEmpty: allowEmpty)
        return try joinByID(first, second, id: \.id, names: (pathA, pathB)).map {
            try Comparison($0, $1, fields: fields)
        }
    }

    /// Reads verdicts that an earlier run wrote.
    public static func verdicts(_ path: String) throws -> [Verdict] {
        try records(path, allowEmpty: false).map { record in
            do throws(EvaluationError) {
                return try Verdict(json: record.fields)
            } catch {
                throw error.at(record.location)
            }
        }
    }

    /// A template by name, or from a file; a newline at the end of the file is not part of it.
    public static func template(_ name: String) throws -> JudgeTemplate {
        switch name {
        case "dolly": return .dolly
        case "wiki": return .wiki
        default:
            var lines = LineReader(try InputFile(path: name))
            var text: [[UInt8]] = []
            while let line = try lines.next() { text.append(line) }
            let bytes = Array(text.joined(separator: [0x0A]))
            return try JudgeTemplate(name: name, text: String(decoding: bytes, as: UTF8.self))
        }
    }

    private static func records(_ path: String, allowEmpty: Bool) throws -> [Record] {
        var reader = try RecordReader(
            paths: [path], options: RecordReader.Options(allowsEmpty: allowEmpty))
        do {
            return try reader.all()
        } catch let error as RecordError {
            throw error.withoutSkipping
        }
    }
}

extension Record {
    /// A verdict as a line of the judge's output.
    public init(_ verdict: Verdict) { self.init(id: verdict.id, fields: verdict.json) }
}
