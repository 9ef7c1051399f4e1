import CLinux
import Glibc

/// Directories that appear whole or not at all.
public enum AtomicDirectory {
    /// Names of which an existing directory must hold one to be taken for an earlier output.
    public static let defaultMarkers = [
        "config.json", "tokenizer.json", "tokenizer.model", "vocab.json", "model.safetensors",
        "training-state", "report.md", "index.html",
    ]

    /// Writes a directory: calls `body` with the path of an empty temporary directory beside
    /// `path`, then syncs all its files and moves it to `path`; an older directory there is
    /// exchanged in one step and removed.
    ///
    /// A directory that holds none of `markers` is somebody's own and is not replaced. Missing
    /// parents are made. When `body` fails nothing is left behind.
    public static func write<R>(
        to path: String, markers: [String] = defaultMarkers, _ body: (String) throws -> R
    ) throws -> R {
        var target = PathNames.resolvingLink(path)
        while target.count > 1, target.hasSuffix("/") { target.removeLast() }
        try checkReplaceable(target, markers: markers)
        try makeDirectories(PathNames.directory(of: target))
        let temporary = PathNames.temporary(beside: target)
        guard mkdir(temporary, 0o777) == 0 else {
            throw StreamError.cannotCreate(path: path, reason: systemMessage(errno))
        }
        let token = Interruption.removingOnExit(temporary)
        defer {
            FileTree.remove(temporary)
            Interruption.forget(token)
        }
        let result = try body(temporary)
        try FileTree.synchronize(temporary)
        try moveIntoPlace(temporary, target)
        PathNames.synchronizeDirectory(PathNames.directory(of: target))
        return result
    }

    /// After this `temporary` is gone or holds the old content.
    private static func moveIntoPlace(
        _ temporary: String, _ target: String
    ) throws(StreamError) {
        // Replaces nothing, or an empty directory.
        if rename(temporary, target) == 0 { return }
        guard errno == ENOTEMPTY || errno == EEXIST else {
            throw .cannotCreate(path: target, reason: systemMessage(errno))
        }
        let exchange: UInt32 = 2  // RENAME_EXCHANGE
        if renameat2(AT_FDCWD, temporary, AT_FDCWD, target, exchange) == 0 { return }
        guard errno == EINVAL || errno == ENOSYS || errno == ENOTSUP else {
            throw .cannotCreate(path: target, reason: systemMessage(errno))
        }
        // The file system cannot exchange: for a moment there is no directory of that name.
        let backup = PathNames.temporary(beside: target)
        guard rename(target, backup) == 0 else {
            throw .cannotCreate(path: target, reason: systemMessage(errno))
        }
        guard rename(temporary, target) == 0 else {
            let code = errno
            rename(backup, target)
            throw .cannotCreate(path: target, reason: systemMessage(code))
        }
        FileTree.remove(backup)
    }

    private static func checkReplaceable(
        _ target: String, markers: [String]
    ) throws(StreamError) {
        var status = stat()
        guard stat(target, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw .cannotCreate(path: target, reason: systemMessage(ENOTDIR))
        }
        let current = PathNames.resolvingLink(".")
        guard target != "/", current != target, !current.hasPrefix(target + "/") else {
            throw .notReplaceable(path: target, reason: "it holds the working directory")
        }
        let entries = FileTree.entries(of: target)
        guard entries.isEmpty || entries.contains(where: markers.contains) else {
            throw .notReplaceable(
                path: target,
                reason: "got a directory of other files, expected none or an earlier output")
        }
    }

    /// `mkdir -p`.
    static func makeDirectories(_ path: String) throws(StreamError) {
        if mkdir(path, 0o777) == 0 || errno == EEXIST { return }
        let code = errno
        let parent = PathNames.directory(of: path)
        guard code == ENOENT, parent != path else {
            throw .cannotCreate(path: path, reason: systemMessage(code))
        }
        try makeDirectories(parent)
        guard mkdir(path, 0o777) == 0 || errno == EEXIST else {
            throw .cannotCreate(path: path, reason: systemMessage(errno))
        }
    }
}
