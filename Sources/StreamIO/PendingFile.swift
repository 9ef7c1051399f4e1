import Glibc

/// A file on its way to its name: it appears there, whole, when committed, and never otherwise.
///
/// Where the file system allows, the data is written to a file without a name, so that nothing
/// at all is left behind, not even when the process is killed. Devices and named pipes are
/// written in place.
package struct PendingFile: ~Copyable {
    /// Where the content goes.
    package var writer: FileWriter

    private enum State { case anonymous, temporary(String), inPlace, done }
    private let target: String
    private var state: State

    /// Prepares to write `path`.
    package init(path: String) throws(StreamError) {
        let target = PathNames.resolvingLink(path)
        var status = stat()
        let exists = stat(target, &status) == 0
        let kind = status.st_mode & S_IFMT
        if exists, kind == S_IFDIR {
            throw .cannotCreate(path: path, reason: systemMessage(EISDIR))
        }
        // Descriptors under these names belong to somebody else.
        let isDescriptor = path.hasPrefix("/dev/") || path.hasPrefix("/proc/")
        if isDescriptor || (exists && kind != S_IFREG) {
            let (descriptor, code) = retrying { open(target, O_WRONLY | O_CLOEXEC) }
            guard descriptor >= 0 else {
                throw .cannotCreate(path: path, reason: systemMessage(code))
            }
            self.target = target
            writer = FileWriter(descriptor: descriptor, path: path)
            state = .inPlace
            return
        }
        if exists, access(target, W_OK) != 0 {
            throw .cannotCreate(path: path, reason: systemMessage(errno))
        }
        let directory = PathNames.directory(of: target)
        var temporary: String?
        var (descriptor, code) = retrying {
            open(directory, PathNames.anonymousFlags | O_WRONLY | O_CLOEXEC, 0o666)
        }
        if descriptor < 0 {
            let name = PathNames.temporary(beside: target)
            (descriptor, code) = retrying {
                open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
            }
            temporary = name
        }
        guard descriptor >= 0 else {
            throw .cannotCreate(path: path, reason: systemMessage(code))
        }
        if exists { fchmod(descriptor, status.st_mode & 0o7777) }
        self.target = target
        writer = FileWriter(descriptor: descriptor, path: path)
        state = temporary.map { .temporary($0) } ?? .anonymous
    }

    /// Standard output, which is "committed" by a checked close.
    package static func standardOutput() -> PendingFile {
        PendingFile(inPlace: FileWriter.standardOutput())
    }

    private init(inPlace writer: consuming FileWriter) {
        target = writer.path
        self.writer = writer
        state = .inPlace
    }

    deinit {
        if case .temporary(let name) = state { unlink(name) }
    }

    /// Puts the finished content under its name.
    package mutating func commit() throws(StreamError) {
        switch state {
        case .done: return
        case .inPlace:
            try writer.close()
        case .anonymous:
            try writer.synchronize()
            // A file without a name cannot replace another, so it gets a temporary one first.
            let name = PathNames.temporary(beside: target)
            let source = "/proc/self/fd/\(writer.rawDescriptor)"
            guard linkat(AT_FDCWD, source, AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0 else {
                throw .cannotCreate(path: writer.path, reason: systemMessage(errno))
            }
            state = .temporary(name)
            try moveIntoPlace(name)
        case .temporary(let name):
            try writer.synchronize()
            try moveIntoPlace(name)
        }
        state = .done
    }

    private mutating func moveIntoPlace(_ name: String) throws(StreamError) {
        try writer.close()
        guard rename(name, target) == 0 else {
            throw .cannotCreate(path: writer.path, reason: systemMessage(errno))
        }
        PathNames.synchronizeDirectory(PathNames.directory(of: target))
    }
}

/// Names beside other names.
enum PathNames {
    /// `O_TMPFILE`, which the C importer does not see.
    static let anonymousFlags: Int32 = 0o20000000 | O_DIRECTORY

    /// The directory that holds `path`.
    static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// A fresh hidden name in the directory of `path`.
    static func temporary(beside path: String) -> String {
        let directory = directory(of: path)
        let name = path.split(separator: "/").last ?? "output"
        let unique = String(UInt32.random(in: 0 ... .max), radix: 36)
        return "\(directory)/.\(name).\(getpid())-\(unique).tmp"
    }

    /// What a symbolic link finally points to, so that a replaced file keeps its links;
    /// `path` itself if it does not exist.
    static func resolvingLink(_ path: String) -> String {
        guard let resolved = realpath(path, nil) else { return path }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// Makes a rename in `path` durable, as far as the file system supports that.
    static func synchronizeDirectory(_ path: String) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }
}
