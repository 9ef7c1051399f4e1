import Glibc
import StreamIO

/// Calls `body` with the path of a fresh directory, which is removed afterwards.
public func withTemporaryDirectory<R>(_ body: (String) throws -> R) throws -> R {
    let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    let template = strdup("\(base)/cpo-test-XXXXXX")
    defer { free(template) }
    guard let template, mkdtemp(template) != nil else {
        throw ToolRunner.Failure(description: "no temporary directory in \(base)")
    }
    let path = String(cString: template)
    defer { FileTree.remove(path) }
    return try body(path)
}

/// Writes a file in place.
public func writeFile(_ path: String, _ bytes: [UInt8]) throws {
    let file = fopen(path, "wb")
    guard let file else { throw ToolRunner.Failure(description: "cannot create \(path)") }
    let written = fwrite(bytes, 1, bytes.count, file)
    guard fclose(file) == 0, written == bytes.count else {
        throw ToolRunner.Failure(description: "cannot write \(path)")
    }
}

/// Writes a file in place.
public func writeFile(_ path: String, _ text: String) throws {
    try writeFile(path, Array(text.utf8))
}

/// The bytes of a file as they are on disk.
public func readFile(_ path: String) throws -> [UInt8] {
    guard let file = fopen(path, "rb") else {
        throw ToolRunner.Failure(description: "cannot open \(path)")
    }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = fread(&buffer, 1, buffer.count, file)
        if count == 0 { return bytes }
        bytes.append(contentsOf: buffer[..<count])
    }
}

/// The names in a directory, sorted.
public func namesInDirectory(_ path: String) -> [String] { FileTree.entries(of: path).sorted() }

/// Questions about files.
public enum TestFile {
    /// Whether there is a readable file or directory at `path`.
    public static func exists(_ path: String) -> Bool { access(path, R_OK) == 0 }
}
