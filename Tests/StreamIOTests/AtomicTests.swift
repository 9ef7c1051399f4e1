import Glibc
import StreamIO
import TestSupport
import Testing

private struct Stop: Error {}

@Suite struct AtomicTests {
    @Test func fileAppearsWholeAndReplaces() throws {
        try withTemporaryDirectory { directory in
            let path = "\(directory)/f"
            for text in ["old", "new"] {
                try AtomicFile.write(to: path) { writer in
                    try writer.write(Array(text.utf8))
                    if text == "new" { #expect(try readFile(path) == Array("old".utf8)) }
                }
                #expect(try readFile(path) == Array(text.utf8))
            }
            #expect(namesInDirectory(directory) == ["f"])
        }
    }

    @Test(arguments: [true, false]) func fileLeavesNothingOnError(_ exists: Bool) throws {
        try withTemporaryDirectory { directory in
            let path = "\(directory)/f"
            if exists { try writeFile(path, "old") }
            #expect(throws: Stop.self) {
                try AtomicFile.write(to: path) { writer in
                    try writer.write([UInt8](repeating: 1, count: 1_000_000))
                    throw Stop()
                }
            }
            #expect(namesInDirectory(directory) == (exists ? ["f"] : []))
            if exists { #expect(try readFile(path) == Array("old".utf8)) }
        }
    }

    @Test func fileKeepsModeAndSymbolicLink() throws {
        try withTemporaryDirectory { directory in
            try writeFile("\(directory)/real", "old")
            chmod("\(directory)/real", 0o640)
            symlink("real", "\(directory)/link")
            try AtomicFile.write(to: "\(directory)/link") { try $0.write([65]) }
            var status = stat()
            #expect(lstat("\(directory)/link", &status) == 0)
            #expect(status.st_mode & S_IFMT == S_IFLNK)
            #expect(stat("\(directory)/real", &status) == 0)
            #expect(status.st_mode & 0o777 == 0o640)
            #expect(try readFile("\(directory)/real") == [65])
        }
    }

    @Test func fullDisk() throws {
        let error = #expect(throws: StreamError.self) {
            var output = try OutputFile(path: "/dev/full", format: .zstd)
            try output.write([1, 2, 3])
            try output.finish()
        }
        #expect(
            error == .writeFailed(path: "/dev/full", reason: "no space left on device"))
        #expect(error?.exitStatus == .inputOutput)
    }

    @Test func cannotCreate() throws {
        let error = #expect(throws: StreamError.self) {
            try AtomicFile.write(to: "/nowhere/f") { try $0.write([1]) }
        }
        #expect(error?.exitStatus == .cannotCreate)
        #expect(throws: StreamError.cannotCreate(path: "/tmp", reason: "is a directory")) {
            try AtomicFile.write(to: "/tmp") { try $0.write([1]) }
        }
    }

    @Test func directoryAppearsReplacesAndMakesParents() throws {
        try withTemporaryDirectory { directory in
            let path = "\(directory)/a/b"
            for text in ["old", "new"] {
                try AtomicDirectory.write(to: path, holding: .test) { temporary in
                    try writeFile("\(temporary)/config.json", text)
                    try writeFile("\(temporary)/\(text)", text)
                }
                #expect(namesInDirectory(path) == ["config.json", text].sorted())
            }
            #expect(namesInDirectory("\(directory)/a") == ["b"])
        }
    }

    @Test func directoryLeavesNothingOnError() throws {
        try withTemporaryDirectory { directory in
            let path = "\(directory)/b"
            try AtomicDirectory.write(to: path, holding: .test) {
                try writeFile("\($0)/config.json", "old")
            }
            #expect(throws: Stop.self) {
                try AtomicDirectory.write(to: path, holding: .test) { temporary in
                    try writeFile("\(temporary)/config.json", "new")
                    throw Stop()
                }
            }
            #expect(namesInDirectory(directory) == ["b"])
            #expect(try readFile("\(path)/config.json") == Array("old".utf8))
        }
    }

    /// `--out` with a mistyped name must not cost anybody their files.
    @Test func directoryOfOthersIsNotReplaced() throws {
        try withTemporaryDirectory { directory in
            try writeFile("\(directory)/thesis.tex", "precious")
            let error = #expect(throws: StreamError.self) {
                try AtomicDirectory.write(to: directory, holding: .test) {
                    try writeFile("\($0)/config.json", "")
                }
            }
            #expect(error?.exitStatus == .cannotCreate)
            #expect(namesInDirectory(directory) == ["thesis.tex"])
        }
    }

    /// Values of FIPS 180-2.
    @Test func digests() throws {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        let million = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        #expect(SHA256Digest.hex(of: []) == empty)
        #expect(SHA256Digest.hex(of: Array("abc".utf8)) == abc)
        try withTemporaryDirectory { directory in
            try writeFile("\(directory)/a", [UInt8](repeating: 97, count: 1_000_000))
            #expect(try SHA256Digest.hex(ofFile: "\(directory)/a") == million)
        }
    }
}
