import Glibc
import Kernels
import StreamIO

/// A file mapped into memory for reading.
final class MappedFile: Sendable {
    let path: String
    /// Size in bytes.
    let count: Int
    /// The content; the memory lives as long as this object.
    ///
    /// The mapping is read-only and private, so that threads may share it.
    nonisolated(unsafe) private let base: UnsafeRawPointer?
    private let descriptor: Int32

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

    init(_ path: String) throws(CheckpointError) {
        self.path = path
        descriptor = open(path.systemPath, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw .missing(path: path, reason: systemMessage(errno))
        }
        do throws(CheckpointError) {
            (base, count) = try Self.map(descriptor, path)
        } catch {
            close(descriptor)
            throw error
        }
        if let base { MappedMemory.add(base, count: count, path: path) }
    }

    private static func map(
        _ descriptor: Int32, _ path: String
    ) throws(CheckpointError) -> (UnsafeRawPointer?, Int) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw .unreadable(path: path, reason: systemMessage(errno))
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw .missing(path: path, reason: "not a regular file")
        }
        let count = Int(status.st_size)
        if count == 0 { return (nil, 0) }
        let mapping = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0)
        guard let mapping, mapping != MAP_FAILED else {
            if errno == ENOMEM { PageMemory.exhausted(bytes: count) }
            throw .unreadable(path: path, reason: systemMessage(errno))
        }
        return (UnsafeRawPointer(mapping), count)
    }

    /// Fails if the file has become shorter: what was read may be zeros in the place of its bytes.
    func requireWhole() throws(CheckpointError) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw .unreadable(path: path, reason: systemMessage(errno))
        }
        guard Int(status.st_size) >= count else {
            throw .unreadable(
                path: path,
                reason: "it was cut while it was read (got \(status.st_size) bytes, "
                    + "expected \(count))")
        }
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
        if let base {
            MappedMemory.remove(base)
            munmap(UnsafeMutableRawPointer(mutating: base), count)
        }
        close(descriptor)
    }
}

/// The text of an `errno` value, in lower case as messages want it.
func systemMessage(_ code: Int32) -> String { String(cString: strerror(code)).lowercased() }

/// Whether there is anything at `path`.
package func fileExists(_ path: String) -> Bool { FileTree.exists(path) }

/// Whether there is a directory at `path`.
func isDirectory(_ path: String) -> Bool { FileTree.isDirectory(path) }

/// The whole content of a small file.
package func readFile(_ path: String) throws(CheckpointError) -> [UInt8] {
    let file = try MappedFile(path)
    let bytes = [UInt8](file.bytes)
    try file.requireWhole()
    return bytes
}

/// The names in a directory, sorted; `.` and `..` left out.
package func directoryEntries(_ path: String) throws(CheckpointError) -> [String] {
    guard access(path.systemPath, R_OK) == 0 else {
        throw .missing(path: path, reason: systemMessage(errno))
    }
    guard isDirectory(path) else { throw .missing(path: path, reason: systemMessage(ENOTDIR)) }
    return FileTree.entries(of: path).sorted()
}

/// `directory/name` without doubled slashes.
func joinPath(_ directory: String, _ name: String) -> String {
    directory.hasSuffix("/") ? directory + name : directory + "/" + name
}
