import Glibc
import Records
import StreamIO
import TestSupport
import Testing

/// A pipe, both ends closed at the end.
private struct Pipe: ~Copyable {
    let reading: Int32
    let writing: Int32

    init() throws {
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        (reading, writing) = (ends[0], ends[1])
    }

    deinit {
        close(reading)
        close(writing)
    }

    func write(_ bytes: [UInt8]) {
        #expect(Glibc.write(writing, bytes, bytes.count) == bytes.count)
    }
}

/// What is there is read, whatever is still to come.
@Suite struct PausedStreamTests {
    private func lines(
        _ reader: inout LineReader, _ patience: Patience = .none
    ) throws -> String? {
        switch try reader.nextLines(patience) {
        case .item(let bytes): String(decoding: bytes, as: UTF8.self)
        case .pending: nil
        case .end: "end"
        }
    }

    @Test func wholeLinesAreGivenAtOnce() throws {
        let pipe = try Pipe()
        var reader = LineReader(
            InputFile(descriptor: pipe.reading, name: "pipe", isOwned: false))
        #expect(try lines(&reader) == nil)
        pipe.write(Array("on".utf8))
        #expect(try lines(&reader) == nil)
        pipe.write(Array("e\ntwo\nthr".utf8))
        #expect(try lines(&reader) == "one\ntwo\n")
        #expect(try lines(&reader, .milliseconds(1)) == nil)
        pipe.write(Array("ee\n".utf8))
        #expect(try lines(&reader) == "three\n")
        #expect(try lines(&reader) == nil)
    }

    /// A block that was flushed is read to its end, though the frame goes on.
    @Test func flushedBlocksAreRead() throws {
        let text = (0..<60_000).map { "line \($0)\n" }.joined()
        let first = Array(text.utf8)
        try withTemporaryDirectory { directory in
            // All that the encoder hands on when it is flushed, without the frame's end.
            let path = "\(directory)/fifo"
            mkfifo(path, 0o600)
            let reading = open(path, O_RDONLY | O_NONBLOCK)
            defer { close(reading) }
            var output = try OutputFile(path: path, format: .zstd)
            try output.write(first)
            try output.passOn()
            var reader = LineReader(InputFile(descriptor: reading, name: "pipe", isOwned: false))
            var got = ""
            while let piece = try lines(&reader) { got += piece }
            #expect(got == text)
            try output.write(Array("last\n".utf8))
            try output.passOn()
            #expect(try lines(&reader) == "last\n")
            try output.finish()
            #expect(try lines(&reader, .unlimited) == "end")
        }
    }

    /// Compressed files are the same whether anybody asked for what was written so far or not.
    @Test func filesStayAsTheyAre() throws {
        try withTemporaryDirectory { directory in
            for name in ["a", "b"] {
                var output = try OutputFile(path: "\(directory)/\(name)", format: .zstd)
                for index in 0..<100 {
                    try output.write(Array("line \(index)\n".utf8))
                    if name == "b" { try output.passOn() }
                }
                try output.finish()
            }
            #expect(try readFile("\(directory)/a") == readFile("\(directory)/b"))
        }
    }

    /// A batch is what came in a fifth of a second; before the first record is waited for, `pause`
    /// is called.
    @Test func batchesDoNotWait() throws {
        try withTemporaryDirectory { directory in
            let path = "\(directory)/fifo"
            mkfifo(path, 0o600)
            let writing = open(path, O_RDWR)
            let text = #"{"id":"a","text":"x"}"# + "\n" + #"{"id":"b","text":"y"}"# + "\n"
            var reader = try RecordReader(paths: [path])
            var pauses = 0
            let batch = try reader.nextBatch(64) {
                pauses += 1
                _ = write(writing, text, text.utf8.count)
            }
            #expect(batch.map(\.id) == ["a", "b"])
            #expect(pauses == 1)
            close(writing)
            #expect(try reader.nextBatch(64).isEmpty)
        }
    }

    /// A file that becomes shorter while it is read is an error, not the end of the input.
    @Test(arguments: [false, true]) func aFileThatIsCut(_ isCompressed: Bool) throws {
        try withTemporaryDirectory { directory in
            let path = "\(directory)/f"
            var state: UInt64 = 1
            let lines = (0..<80_000).map { _ in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return "\(state)\n"
            }
            var output = try OutputFile(path: path, format: isCompressed ? .zstd : .plain)
            try output.write(Array(lines.joined().utf8))
            try output.finish()
            var reader = LineReader(try InputFile(path: path))
            _ = try reader.next()
            // A whole number of lines.
            truncate(path, isCompressed ? 300_000 : off_t(lines[..<50_000].joined().utf8.count))
            let error = #expect(throws: StreamError.self) {
                while try reader.next() != nil {}
            }
            #expect(error?.exitStatus == .inputOutput)
            #expect(error?.description.contains("it was cut while it was read") == true)
        }
    }
}
