import Glibc

/// A file on its way to its name: it appears there, whole, when committed, and never otherwise.
///
/// Where the file system allows, the data is written to a file without a name, so that nothing
/// at all is left behind, not even when the process is killed. Devices and named pipes are
/// written in place.
package struct PendingFile: ~Copyable {
    /// Where the content goes.
    package var writer: FileWriter

    private enum State { case anonymous, temporary(Temporary), inPlace, done }
    private struct Temporary {
        let path: String
        let token: Int
    }
    private let target: OutputClaim.Target
    private let isClaimed: Bool
    private var state: State

    /// Prepares to write `path`.
    package init(path: String) throws(StreamError) {
        try self.init(path: path, allowsAnonymous: true)
    }

    /// - Parameter allowsAnonymous: false does as on file systems on which every file has a name
    package init(path: String, allowsAnonymous: Bool) throws(StreamError) {
        guard let (target, isClaimed) = try OutputClaim.taking(file: path) else {
            let (descriptor, code) = retrying { open(path.systemPath, O_WRONLY | O_CLOEXEC) }
            guard descriptor >= 0 else {
                throw .cannotCreate(path: path, reason: systemMessage(code))
            }
            self.target = OutputClaim.Target(path: path)
            self.isClaimed = false
            writer = FileWriter(descriptor: descriptor, path: path)
            state = .inPlace
            return
        }
        var descriptor: Int32 = -1
        var temporary: Temporary?
        do throws(StreamError) {
            if allowsAnonymous {
                let directory = PathNames.directory(of: target.path)
                (descriptor, _) = retrying {
                    open(
                        directory.systemPath, Self.anonymousFlags | O_WRONLY | O_CLOEXEC, 0o666)
                }
            }
            if descriptor < 0 { (descriptor, temporary) = try Self.named(target, path) }
        } catch {
            if isClaimed { OutputClaim.release(target) }
            throw error
        }
        var status = stat()
        if stat(target.path.systemPath, &status) == 0 {
            fchmod(descriptor, status.st_mode & 0o7777)
        }
        self.target = target
        self.isClaimed = isClaimed
        writer = FileWriter(descriptor: descriptor, path: path)
        state = temporary.map { .temporary($0) } ?? .anonymous
    }

    /// Standard output, which is "committed" by a checked close.
    package static func standardOutput() throws(StreamError) -> PendingFile {
        try StandardDescriptors.requireOutput()
        return PendingFile(inPlace: FileWriter.standardOutput())
    }

    private init(inPlace writer: consuming FileWriter) {
        target = OutputClaim.Target(path: writer.path)
        isClaimed = false
        self.writer = writer
        state = .inPlace
    }

    deinit {
        if case .temporary(let temporary) = state { Self.remove(temporary) }
        if isClaimed { OutputClaim.release(target) }
    }

    /// Whether what is written can be read at once by somebody else.
    var isInPlace: Bool {
        if case .inPlace = state { return true }
        return false
    }

    /// `O_TMPFILE`, which the C importer does not see.
    private static let anonymousFlags: Int32 = 0o20000000 | O_DIRECTORY

    /// A new file with a name of its own, which goes when the process is stopped by a signal.
    private static func named(
        _ target: OutputClaim.Target, _ path: String
    ) throws(StreamError) -> (Int32, Temporary) {
        let name = target.hidden.temporary()
        let token = Interruption.removingOnExit(name)
        let (descriptor, code) = retrying {
            open(name.systemPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        }
        guard descriptor >= 0 else {
            Interruption.forget(token)
            throw .cannotCreate(path: path, reason: systemMessage(code))
        }
        return (descriptor, Temporary(path: name, token: token))
    }

    private static func remove(_ temporary: Temporary) {
        FileTree.unlinkFile(temporary.path)
        Interruption.forget(temporary.token)
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
            let name = target.hidden.temporary()
            let temporary = Temporary(path: name, token: Interruption.removingOnExit(name))
            let source = "/proc/self/fd/\(writer.rawDescriptor)"
            guard
                linkat(AT_FDCWD, source, AT_FDCWD, name.systemPath, AT_SYMLINK_FOLLOW) == 0
            else {
                let code = errno
                Interruption.forget(temporary.token)
                throw .cannotCreate(path: writer.path, reason: systemMessage(code))
            }
            state = .temporary(temporary)
            try moveIntoPlace(temporary)
        case .temporary(let temporary):
            try writer.synchronize()
            try moveIntoPlace(temporary)
        }
        state = .done
    }

    private mutating func moveIntoPlace(_ temporary: Temporary) throws(StreamError) {
        try writer.close()
        guard rename(temporary.path.systemPath, target.path.systemPath) == 0 else {
            throw .cannotCreate(path: writer.path, reason: systemMessage(errno))
        }
        Interruption.forget(temporary.token)
        PathNames.synchronizeDirectory(PathNames.directory(of: target.path))
    }
}
