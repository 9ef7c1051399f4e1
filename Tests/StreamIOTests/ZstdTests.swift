import StreamIO
import TestSupport
import Testing

/// A frame of one raw block, laid out by hand after RFC 8878, so that the reader is not only
/// tested against our own writer.
private func rawFrame(_ text: String) -> [UInt8] {
    let content = Array(text.utf8)
    let block = UInt32(content.count) << 3 | 1  // last block, raw
    return [0x28, 0xB5, 0x2F, 0xFD, 0x20, UInt8(content.count)]
        + [UInt8(block & 255), UInt8(block >> 8 & 255), UInt8(block >> 16)] + content
}

private let skippableFrame: [UInt8] = [0x53, 0x2A, 0x4D, 0x18, 5, 0, 0, 0, 1, 2, 3, 4, 5]

private func lines(of path: String) throws -> [String] {
    var reader = LineReader(try InputFile(path: path))
    var lines: [String] = []
    while let line = try reader.next() { lines.append(String(decoding: line, as: UTF8.self)) }
    return lines
}

@Suite struct ZstdTests {
    @Test(arguments: [
        ("one frame", rawFrame("a\nb\n"), ["a", "b"]),
        ("two frames", rawFrame("a\nb") + rawFrame("c\nd\n"), ["a", "bc", "d"]),
        ("skippable first", skippableFrame + rawFrame("a\n"), ["a"]),
        ("skippable between", rawFrame("a\n") + skippableFrame + rawFrame("b\n"), ["a", "b"]),
        ("skippable last", rawFrame("a\n") + skippableFrame, ["a"]),
        ("empty frame", rawFrame("") + rawFrame("a\n"), ["a"]),
        ("plain", Array("a\r\n\nb".utf8), ["a\r", "", "b"]),
        ("nothing", [], []),
    ]) func reads(_ name: String, _ bytes: [UInt8], _ expected: [String]) throws {
        try withTemporaryDirectory { directory in
            try writeFile("\(directory)/in", bytes)
            #expect(try lines(of: "\(directory)/in") == expected)
        }
    }

    /// Cut anywhere but at the border of frames, a file is an error that names it.
    @Test func refusesEveryTruncation() throws {
        let first = rawFrame("hello\n")
        let whole = first + skippableFrame + rawFrame("world\n")
        let borders = [0, first.count, first.count + skippableFrame.count]
        try withTemporaryDirectory { directory in
            let path = "\(directory)/cut.zst"
            for length in 0..<whole.count {
                try writeFile(path, Array(whole.prefix(length)))
                if borders.contains(length) {
                    #expect(throws: Never.self) { try lines(of: path) }
                } else {
                    #expect(throws: StreamError.truncatedFrame(path: path), "\(length) bytes") {
                        try lines(of: path)
                    }
                }
            }
        }
    }

    @Test func refusesDamage() throws {
        try withTemporaryDirectory { directory in
            let path = "\(directory)/bad.zst"
            try writeFile(path, rawFrame("a\n") + Array("garbage".utf8))
            let error = #expect(throws: StreamError.self) { try lines(of: path) }
            #expect(error?.exitStatus == .badData)
            #expect(error?.description.hasPrefix(path) == true)
        }
    }

    /// Lines across all buffer borders, some longer than the buffers, survive compression.
    @Test(arguments: [OutputFile.Format.zstd, .plain])
    func roundTripsLongLines(_ format: OutputFile.Format) throws {
        let lengths = [0, 1, 131_071, 131_072, 262_143, 262_144, 262_145, 1_500_000, 7, 600_000]
        let expected = lengths.enumerated().map { index, length in
            String(repeating: Character(Unicode.Scalar(UInt8(97 + index))), count: length)
        }
        try withTemporaryDirectory { directory in
            let path = "\(directory)/long"
            var output = try OutputFile(path: path, format: format)
            for line in expected { try output.write(Array(line.utf8) + [10]) }
            try output.finish()
            let isCompressed = try readFile(path).starts(with: [0x28, 0xB5, 0x2F, 0xFD])
            #expect(isCompressed == (format == .zstd))
            #expect(try lines(of: path) == expected)
        }
    }

    @Test func missingInput() {
        #expect(throws: StreamError.missing(path: "/none/x", reason: "no such file or directory")) {
            _ = try InputFile(path: "/none/x")
        }
        #expect(throws: StreamError.missing(path: "/tmp", reason: "is a directory")) {
            _ = try InputFile(path: "/tmp")
        }
    }
}
