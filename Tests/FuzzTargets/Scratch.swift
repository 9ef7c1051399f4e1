import Glibc
import StreamIO
import TestSupport

/// A directory in which a target finds its input as files. One process reads one input at a time.
enum Scratch {
    private static let base: String? = {
        let directory = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(directory)/fuzz-XXXXXX".utf8CString)
        let path = template.withUnsafeMutableBufferPointer { buffer in
            buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) }
        }
        guard let path else { return nil }
        atexit { if let base = Scratch.base { FileTree.remove(base) } }
        return path
    }()

    /// Calls `body` with a directory that holds these files and nothing else.
    static func withFiles(
        _ files: [(name: String, content: ArraySlice<UInt8>)], _ body: (String) throws -> Void
    ) throws {
        guard let base else { throw Finding("no directory can be made for the input's files") }
        let directory = base + "/input"
        FileTree.remove(directory)
        mkdir(directory, 0o700)
        for (name, content) in files {
            if let slash = name.lastIndex(of: "/") {
                mkdir("\(directory)/\(name[..<slash])", 0o700)
            }
            try writeFile("\(directory)/\(name)", Array(content))
        }
        try body(directory)
    }

    /// Calls `body` with the path of a file that holds the input.
    static func withFile(
        _ input: [UInt8], _ name: String = "input", _ body: (String) throws -> Void
    ) throws {
        try withFiles([(name, input[...])]) { try body("\($0)/\(name)") }
    }
}
