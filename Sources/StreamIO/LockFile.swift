import Glibc

/// The lock on an output: a hidden file beside it, locked by the run that writes the output and
/// removed by it in the end.
///
/// The system gives the lock of a process that is no more back, so that a file which a killed run
/// left behind harms nobody; the next run takes it over.
struct LockFile: Sendable {
    private let path: String
    private let descriptor: Int32

    /// Takes the lock at once or not at all.
    ///
    /// - Parameters:
    ///   - path: the lock file
    ///   - output: the output's name for messages
    init(path: String, output: String) throws(StreamError) {
        while true {
            let descriptor = try Self.open(path, output)
            if let owner = Self.owner(descriptor, path) {
                close(descriptor)
                throw .inUse(path: output, owner: owner)
            }
            // The last owner may have removed the file after it was opened here.
            var opened = stat()
            var named = stat()
            guard fstat(descriptor, &opened) == 0, stat(path.systemPath, &named) == 0,
                opened.st_ino == named.st_ino, opened.st_dev == named.st_dev
            else {
                close(descriptor)
                continue
            }
            let owner = Array("\(getpid()) \(SystemProcess.host)\n".utf8)
            ftruncate(descriptor, 0)
            _ = owner.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
            self.path = path
            self.descriptor = descriptor
            return
        }
    }

    /// Gives the lock back; nothing stays behind.
    func release() {
        // While it is locked, so that nobody else's is removed.
        unlink(path.systemPath)
        close(descriptor)
    }

    private static func open(_ path: String, _ output: String) throws(StreamError) -> Int32 {
        let flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW
        let (descriptor, code) = retrying { Glibc.open(path.systemPath, flags, 0o666) }
        if descriptor >= 0 { return descriptor }
        guard code == EACCES, FileTree.kind(of: path) == .file else {
            throw .cannotCreate(path: output, reason: systemMessage(code))
        }
        // Another user's: it can be asked whether it is locked, and removed if it is not.
        let (readable, _) = retrying { Glibc.open(path.systemPath, O_RDONLY | O_CLOEXEC) }
        guard readable >= 0 else {
            throw .cannotCreate(path: output, reason: systemMessage(code))
        }
        defer { close(readable) }
        if let owner = owner(readable, path) { throw .inUse(path: output, owner: owner) }
        guard unlink(path.systemPath) == 0 else {
            throw .cannotCreate(path: output, reason: systemMessage(code))
        }
        return try open(path, output)
    }

    /// Who holds the lock, if it is not ours now. One that was killed gives it back in a moment.
    private static func owner(_ descriptor: Int32, _ path: String) -> String? {
        while true {
            let (result, code) = retrying { flock(descriptor, LOCK_EX | LOCK_NB) }
            if result == 0 { return nil }
            let words = (SystemProcess.text(path) ?? "").split(whereSeparator: \.isWhitespace)
            let pid = words.first.flatMap { pid_t($0) }
            let host = words.count > 1 ? String(words[1]) : nil
            let isHere = host == SystemProcess.host
            let owner = pid.map { "process \($0)" + (host.map { " on \($0)" } ?? "") }
            if code == EWOULDBLOCK {
                if let pid, isHere, SystemProcess.isEnding(pid) {
                    usleep(10_000)
                    continue
                }
                return owner ?? "another process"
            }
            // A file system without locks: who is named in the file is believed, if it can be alive.
            guard let pid, pid != getpid() else { return nil }
            return !isHere || SystemProcess.exists(pid) ? owner : nil
        }
    }
}
