import StreamIO

/// What a file is that does not begin with a record, and what makes records of it.
struct ForeignInput {
    /// What it is; nil where the parser's own message says it best.
    var kind: String?
    /// What to do about it.
    var hint: String

    /// Recognizes a file by its beginning.
    ///
    /// - Parameters:
    ///   - line: its first line that is not blank
    ///   - file: its name
    init?(firstLine line: UnsafeRawBufferPointer, file: String) {
        let name = file == "standard input" ? "FILE" : file
        for (magic, kind, remedy) in Self.magicNumbers where line.starts(with: magic) {
            self.init(kind: kind, hint: remedy.replacing("FILE", with: name))
            return
        }
        // Every second byte of ASCII text is zero in UTF-16.
        if line.starts(with: [0xFF, 0xFE]) || line.starts(with: [0xFE, 0xFF])
            || line.prefix(64).count(where: { $0 == 0 }) * 3 > min(line.count, 64)
        {
            self.init(kind: "UTF-16 text", hint: "iconv -f UTF-16 -t UTF-8 \(name) makes it UTF-8")
            return
        }
        let text = line.drop { Self.isSpace($0) }
        let last = line.last { !Self.isSpace($0) }
        switch text.first {
        case UInt8(ascii: "["):
            self.init(
                hint: "the file is a JSON array: jq -c '.[]' \(name) makes a line of each element")
        case UInt8(ascii: "{") where last.map { "{[,:".utf8.contains($0) } ?? false:
            self.init(
                hint: "the file is pretty-printed JSON: jq -c . \(name) makes a line of each object"
            )
        case UInt8(ascii: "{"), nil: return nil
        default:
            guard
                let separator = [",", "\t", ";"].first(where: { text.contains(UInt8(ascii: $0)) })
            else { return nil }
            let options =
                separator == ","
                ? "" : separator == ";" ? ", delimiter=\";\"" : ", dialect=\"excel-tab\""
            self.init(
                hint: "if the file is a table: python3 -c 'import csv, json, sys; "
                    + "[print(json.dumps(row)) for row in csv.DictReader(sys.stdin\(options))]' <\(name) "
                    + "makes a line of each row")
        }
    }

    private init(kind: String? = nil, hint: String) {
        self.kind = kind
        self.hint = hint
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0D || byte == 0x0A
    }

    /// First bytes, what they say, and what to do.
    private static let magicNumbers: [([UInt8], String, String)] = [
        ([0x1F, 0x8B], "gzip-compressed data", unpacked("gunzip -c")),
        ([0xFD] + Array("7zXZ".utf8) + [0], "xz-compressed data", unpacked("xz -dc")),
        (Array("BZh".utf8), "bzip2-compressed data", unpacked("bunzip2 -c")),
        ([0x04, 0x22, 0x4D, 0x18], "lz4-compressed data", unpacked("lz4 -dc")),
        (Array("PK".utf8) + [3, 4], "a zip archive", unpacked("unzip -p")),
        (Array("7z".utf8) + [0xBC, 0xAF], "a 7z archive", unpacked("7z x -so")),
        (
            Array("PAR1".utf8), "a Parquet file",
            "python3 -c 'import pandas, sys; pandas.read_parquet(\"FILE\").to_json(sys.stdout, "
                + "orient=\"records\", lines=True)' makes a line of each row"
        ),
        (
            Array("ARROW1".utf8), "an Arrow file",
            "python3 -c 'import pandas, sys; pandas.read_feather(\"FILE\").to_json(sys.stdout, "
                + "orient=\"records\", lines=True)' makes a line of each row"
        ),
        (Array("GGUF".utf8), "a GGUF model", "import-checkpoint reads it; records are JSONL"),
        (Array("%PDF".utf8), "a PDF document", "records are JSONL"),
    ]

    private static func unpacked(_ command: String) -> String {
        "\(command) FILE | …: only zstd is unpacked without being asked"
    }
}

extension RecordError {
    /// The error about a line, with what is known of a file that begins with it.
    func explained(_ line: UnsafeRawBufferPointer, isFirst: Bool) -> RecordError {
        guard isFirst, case .malformed(let location, let reason, _) = self,
            let foreign = ForeignInput(firstLine: line, file: location?.file ?? "FILE")
        else { return self }
        let kind = foreign.kind.map { "\($0) (got no text, expected one JSON object a line)" }
        return .malformed(location: location, reason: kind ?? reason, hint: foreign.hint)
    }
}
