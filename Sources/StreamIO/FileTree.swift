import Glibc

/// Work on whole directories.
package enum FileTree {
    /// The names in the directory `path`, without `.` and `..`; empty if it cannot be read.
    package static func entries(of path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let capacity = MemoryLayout.size(ofValue: entry.pointee.d_name)
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: capacity) {
                    String(cString: $0)
                }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// Removes `path` and everything in it, as far as possible; links are not followed.
    package static func remove(_ path: String) {
        guard isDirectory(path) else {
            unlink(path)
            return
        }
        for name in entries(of: path) { remove("\(path)/\(name)") }
        rmdir(path)
    }

    /// Waits until all files and directories in `path` are on the disk.
    static func synchronize(_ path: String) throws(StreamError) {
        if isDirectory(path) {
            for name in entries(of: path) { try synchronize("\(path)/\(name)") }
        }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        // Links, and files that their owner may not read, have nothing to be synchronised.
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let (result, code) = retrying { fsync(descriptor) }
        guard result == 0 || code == EINVAL || code == EROFS else {
            throw .writeFailed(path: path, reason: systemMessage(code))
        }
    }

    private static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}
