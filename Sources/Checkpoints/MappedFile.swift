import Glibc
import Kernels

/// A file mapped into memory for reading.
final class MappedFile: Sendable {
    let path: String
    /// Size in bytes.
    let count: Int
    /// The content; the memory lives as long as this object.
    ///
    /// The mapping is read-only and private, so that threads may share it.
    nonisolated(unsafe) private let base: UnsafeRawPointer?

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

    init(_ path: String) throws(CheckpointError) {
        self.path = path
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw .missing(path: path, reason: systemMessage(errno))
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw .unreadable(path: path, reason: systemMessage(errno))
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw .missing(path: path, reason: "not a regular file")
        }
        count = Int(status.st_size)
        if count == 0 {
            base = nil
            return
        }
        let mapping = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0)
        guard let mapping, mapping != MAP_FAILED else {
            if errno == ENOMEM { PageMemory.exhausted(bytes: count) }
            throw .unreadable(path: path, reason: systemMessage(errno))
        }
        base = UnsafeRawPointer(mapping)
    }

    /// Gives up the pages of a range that was read, so that a program that goes through a large file
    /// does not keep all of it; they come back from the page cache when they are read again.
    func release(_ range: Range<Int>) {
        let page = 1 << 16
        let start = (range.lowerBound + page - 1) / page * page
        guard let base, range.upperBound - start >= page else { return }
        madvise(
            UnsafeMutableRawPointer(mutating: base + start),
            (range.upperBound - start) / page * page, MADV_DONTNEED)
    }

    deinit {
        if let base { munmap(UnsafeMutableRawPointer(mutating: base), count) }
    }
}

/// The text of an `errno` value, in lower case as messages want it.
func systemMessage(_ code: Int32) -> String { String(cString: strerror(code)).lowercased() }

/// Whether there is anything at `path`.
package func fileExists(_ path: String) -> Bool { access(path, F_OK) == 0 }

/// Whether there is a directory at `path`.
func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}

/// The whole content of a small file.
package func readFile(_ path: String) throws(CheckpointError) -> [UInt8] {
    let file = try MappedFile(path)
    return [UInt8](file.bytes)
}

/// The names in a directory, sorted; `.` and `..` left out.
package func directoryEntries(_ path: String) throws(CheckpointError) -> [String] {
    guard let directory = opendir(path) else {
        throw .missing(path: path, reason: systemMessage(errno))
    }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
        let name = withUnsafeBytes(of: entry.pointee.d_name) {
            String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
}

/// `directory/name` without doubled slashes.
func joinPath(_ directory: String, _ name: String) -> String {
    directory.hasSuffix("/") ? directory + name : directory + "/" + name
}
