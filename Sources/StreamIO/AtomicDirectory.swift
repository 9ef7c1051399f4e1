import CLinux
import Glibc

/// Directories that appear whole or not at all.
public enum AtomicDirectory {
    /// Writes a directory: calls `body` with the path of an empty temporary directory beside
    /// `path`, then syncs all its files and moves it to `path`; an older directory there is
    /// exchanged in one step and removed.
    ///
    /// A directory that holds more than `contents` is somebody's own and is not replaced. What
    /// others put there while this run writes is kept, in a directory beside. Missing parents are
    /// made. When `body` fails nothing is left behind.
    public static func write<R>(
        to path: String, holding contents: DirectoryContents, _ body: (String) throws -> R
    ) throws -> R {
        let target = try OutputClaim.taking(directory: path, contents)
        defer { OutputClaim.release(target) }
        let temporary = target.hidden.temporary()
        guard mkdir(temporary.systemPath, 0o777) == 0 else {
            throw StreamError.cannotCreate(path: path, reason: systemMessage(errno))
        }
        let token = Interruption.removingOnExit(temporary)
        var isOwn = true
        defer {
            if isOwn { FileTree.remove(temporary) }
            Interruption.forget(token)
        }
        let result = try body(temporary)
        try FileTree.synchronize(temporary)
        let files = FileTree.files(in: temporary)
        let written = OutputClaim.written(in: target)
        // From here on the older directory may stand at the temporary name, and is looked through
        // before anything of it is removed.
        Interruption.forget(token)
        isOwn = false
        do {
            let older = try moveIntoPlace(temporary, target, path)
            OutputClaim.note(files, in: target)
            if let older { discard(older, of: target.path, contents, written: written) }
        } catch {
            FileTree.remove(temporary)
            throw error
        }
        PathNames.synchronizeDirectory(PathNames.directory(of: target.path))
        return result
    }

    /// - Returns: where the older directory is now, if there was one.
    private static func moveIntoPlace(
        _ temporary: String, _ target: OutputClaim.Target, _ path: String
    ) throws(StreamError) -> String? {
        let (source, goal) = (temporary.systemPath, target.path.systemPath)
        // Replaces nothing, or an empty directory.
        if rename(source, goal) == 0 { return nil }
        guard errno == ENOTEMPTY || errno == EEXIST else {
            throw .cannotCreate(path: path, reason: systemMessage(errno))
        }
        let exchange: UInt32 = 2  // RENAME_EXCHANGE
        if renameat2(AT_FDCWD, source, AT_FDCWD, goal, exchange) == 0 { return temporary }
        guard errno == EINVAL || errno == ENOSYS || errno == ENOTSUP else {
            throw .cannotCreate(path: path, reason: systemMessage(errno))
        }
        return try moveAside(temporary, target, path)
    }

    /// For file systems that cannot exchange: for a moment there is no directory of that name. A run
    /// that is killed then leaves the older one under a name that the next brings back.
    package static func moveAside(
        _ temporary: String, _ target: OutputClaim.Target, _ path: String
    ) throws(StreamError) -> String {
        let backup = target.hidden.older()
        guard rename(target.path.systemPath, backup.systemPath) == 0 else {
            throw .cannotCreate(path: path, reason: systemMessage(errno))
        }
        guard rename(temporary.systemPath, target.path.systemPath) == 0 else {
            let code = errno
            rename(backup.systemPath, target.path.systemPath)
            throw .cannotCreate(path: path, reason: systemMessage(code))
        }
        return backup
    }

    /// Removes a directory that once was, or was to be, the one at `target`. What is not a tool's own
    /// in it stays, under a name that can be seen.
    package static func discard(
        _ directory: String, of target: String, _ contents: DirectoryContents,
        written: DirectoryContents.Written = [], leavings: Bool = false
    ) {
        if contents.remove(directory, written: written, leavings: leavings) { return }
        let foreign = OutputClaim.list(FileTree.files(in: directory).sorted())
        let doNotReplace: UInt32 = 1  // RENAME_NOREPLACE
        for number in 1...1000 {
            let kept = PathNames.beside(target, "\(PathNames.name(of: target)).kept-\(number)")
            let (source, goal) = (directory.systemPath, kept.systemPath)
            var result = renameat2(AT_FDCWD, source, AT_FDCWD, goal, doNotReplace)
            if result != 0, errno == EINVAL, FileTree.kind(of: kept) == .nothing {
                result = rename(source, goal)
            }
            if result == 0 {
                Notice.give("\(target) held files of others, which are now in \(kept): \(foreign)")
                return
            }
            guard errno == EEXIST || errno == EINVAL else { break }
        }
        Notice.give("\(target) held files of others, which are now in \(directory): \(foreign)")
    }
}
