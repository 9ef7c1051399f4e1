import Glibc

/// Work on files and whole directories.
package enum FileTree {
    /// The names in the directory `path`, without `.` and `..`; empty if it cannot be read.
    package static func entries(of path: String) -> [String] {
        guard let directory = opendir(path.systemPath) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let capacity = MemoryLayout.size(ofValue: entry.pointee.d_name)
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: capacity) {
                    String(systemPath: $0)
                }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// What stands at a path; links are not followed.
    package enum Kind { case nothing, file, directory, other }

    package static func kind(of path: String) -> Kind {
        var status = stat()
        guard lstat(path.systemPath, &status) == 0 else { return .nothing }
        return switch status.st_mode & S_IFMT {
        case S_IFREG: .file
        case S_IFDIR: .directory
        default: .other
        }
    }

    /// Whether there is anything at `path`, links followed.
    package static func exists(_ path: String) -> Bool { access(path.systemPath, F_OK) == 0 }

    /// Whether there is a directory at `path`, links followed.
    package static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return stat(path.systemPath, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// The first bytes of a file; nil if it cannot be read.
    package static func head(of path: String, limit: Int) -> [UInt8]? {
        let descriptor = open(path.systemPath, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: limit)
        var filled = 0
        while filled < limit {
            let (count, _) = retrying {
                bytes.withUnsafeMutableBytes {
                    read(descriptor, $0.baseAddress.map { $0 + filled }, limit - filled)
                }
            }
            guard count >= 0 else { return nil }
            if count == 0 { break }
            filled += count
        }
        return Array(bytes[..<filled])
    }

    /// Removes `path` and everything in it, as far as possible; links are not followed.
    package static func remove(_ path: String) {
        guard kind(of: path) == .directory else {
            unlink(path.systemPath)
            return
        }
        for name in entries(of: path) { remove("\(path)/\(name)") }
        rmdir(path.systemPath)
    }

    /// Removes a file or link; whether it is gone.
    @discardableResult
    static func unlinkFile(_ path: String) -> Bool { unlink(path.systemPath) == 0 }

    /// Removes an empty directory; whether it is gone.
    @discardableResult
    static func removeEmpty(_ path: String) -> Bool { rmdir(path.systemPath) == 0 }

    /// The files in the directory `path` and below, by their paths in it.
    package static func files(in path: String, _ prefix: String = "") -> [String] {
        entries(of: path).flatMap { name -> [String] in
            kind(of: "\(path)/\(name)") == .directory
                ? files(in: "\(path)/\(name)", "\(prefix)\(name)/") : [prefix + name]
        }
    }

    /// `mkdir -p`.
    ///
    /// - Returns: the directories that were not there before, the outermost first.
    static func makeDirectories(_ path: String) throws(StreamError) -> [String] {
        if mkdir(path.systemPath, 0o777) == 0 { return [path] }
        let code = errno
        if code == EEXIST, isDirectory(path) { return [] }
        let parent = PathNames.directory(of: path)
        guard code == ENOENT, parent != path else {
            throw .cannotCreate(path: path, reason: systemMessage(code == EEXIST ? ENOTDIR : code))
        }
        let made = try makeDirectories(parent)
        if mkdir(path.systemPath, 0o777) == 0 { return made + [path] }
        guard errno == EEXIST else {
            throw .cannotCreate(path: path, reason: systemMessage(errno))
        }
        return made
    }

    /// Waits until all files and directories in `path` are on the disk.
    static func synchronize(_ path: String) throws(StreamError) {
        if kind(of: path) == .directory {
            for name in entries(of: path) { try synchronize("\(path)/\(name)") }
        }
        let descriptor = open(path.systemPath, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        // Links, and files that their owner may not read, have nothing to be synchronised.
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let (result, code) = retrying { fsync(descriptor) }
        guard result == 0 || code == EINVAL || code == EROFS else {
            throw .writeFailed(path: path, reason: systemMessage(code))
        }
    }
}
