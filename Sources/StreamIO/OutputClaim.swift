import Glibc
import Locks

/// Outputs that this process has claimed: found to be writable, and locked, so that no other run
/// writes them.
///
/// A tool claims its outputs before it does any work, for its whole life; what writes an output
/// claims it for as long as that takes unless the tool has. Standard output, devices and pipes are
/// nobody's.
public enum OutputClaim {
    /// Claims a file until ``releaseAll()``.
    ///
    /// - Parameter path: nil and `-` are standard output
    public static func file(_ path: String?) throws(StreamError) {
        guard let path, path != "-" else { return try StandardDescriptors.requireOutput() }
        guard let target = try checkedFile(path) else { return }
        _ = try take(target, path, .file, isFirst: true)
    }

    /// Claims a directory, which must not hold anything but `contents`, until ``releaseAll()``.
    public static func directory(
        _ path: String, _ contents: DirectoryContents
    ) throws(StreamError) {
        _ = try take(
            try checkedDirectory(path), path, .directory(contents), isFirst: true)
    }

    /// Makes sure that a file to which something is to be added can be opened, without doing so.
    /// The file has a lock of its own.
    public static func check(appendingTo path: String) throws(StreamError) {
        guard let target = try checkedFile(path) else { return }
        try refuseOverlap(target, path, isDirectory: false)
        let directory = PathNames.directory(of: target)
        if !FileTree.exists(target), access(directory.systemPath, W_OK) != 0 {
            throw .cannotCreate(path: path, reason: systemMessage(errno))
        }
    }

    /// Gives all outputs back; the last thing that a tool does.
    public static func releaseAll() {
        let all = claims.withLock { table in
            defer { table = [:] }
            return Array(table.values)
        }
        for claim in all { claim.release() }
    }

    // MARK: For what writes

    /// What a claim is for.
    enum Kind: Sendable { case file, directory(DirectoryContents) }

    /// The resolved path of a claimed output.
    package struct Target: Sendable {
        let path: String
        var hidden: HiddenNames { HiddenNames(target: path) }
    }

    /// Claims a file for a writer; nil for devices and pipes, which are written in place, and
    /// without a lock in a directory that this process is about to put in its place.
    package static func taking(file path: String) throws(StreamError) -> (
        target: Target, isHeld: Bool
    )? {
        guard let target = try checkedFile(path) else { return nil }
        if Interruption.isTemporary(inside: target) { return (Target(path: target), false) }
        return (try take(target, path, .file, isFirst: false), true)
    }

    package static func taking(
        directory path: String, _ contents: DirectoryContents
    ) throws(StreamError) -> Target {
        try take(try checkedDirectory(path), path, .directory(contents), isFirst: false)
    }

    package static func release(_ target: Target) {
        let last = claims.withLock { table -> Claim? in
            let key = target.path.systemBytes
            guard var claim = table[key] else { return nil }
            claim.holders -= 1
            table[key] = claim.holders == 0 ? nil : claim
            return claim.holders == 0 ? claim : nil
        }
        last?.release()
    }

    /// Notes what was written to a directory: it is the run's own from now on.
    package static func note(_ files: [String], in target: Target) {
        claims.withLock { $0[target.path.systemBytes]?.written.formUnion(files) }
    }

    /// What was written to a directory.
    package static func written(in target: Target) -> DirectoryContents.Written {
        claims.withLock { $0[target.path.systemBytes]?.written ?? [] }
    }

    // MARK: Claims

    private struct Claim: Sendable {
        let target: String
        let isDirectory: Bool
        let lock: LockFile
        /// Directories that were made for it.
        let made: [String]
        var holders = 1
        /// Whether the tool itself has claimed it.
        var isNamed: Bool
        var written: DirectoryContents.Written = []

        func release() {
            lock.release()
            // Only where nothing came of it.
            for directory in made.reversed() { FileTree.removeEmpty(directory) }
        }
    }

    /// By the bytes of their paths: equal texts may be different names.
    private static let claims = Mutex<[[UInt8]: Claim]>([:])

    private static func take(
        _ target: String, _ path: String, _ kind: Kind, isFirst: Bool
    ) throws(StreamError) -> Target {
        let key = target.systemBytes
        let known = claims.withLock { table -> (exists: Bool, isNamed: Bool) in
            guard let claim = table[key] else { return (false, false) }
            if isFirst, claim.isNamed { return (true, true) }
            table[key]?.holders += 1
            if isFirst { table[key]?.isNamed = true }
            return (true, false)
        }
        if known.isNamed {
            throw .notReplaceable(path: path, reason: "it is already another output of this run")
        }
        if known.exists { return Target(path: target) }
        var isDirectory = false
        if case .directory = kind { isDirectory = true }
        try refuseOverlap(target, path, isDirectory: isDirectory)
        var made: [String] = []
        if isDirectory {
            do throws(StreamError) {
                made = try FileTree.makeDirectories(PathNames.directory(of: target))
            } catch {
                throw .cannotCreate(path: path, reason: error.reason)
            }
        }
        do throws(StreamError) {
            let lock = try LockFile(path: HiddenNames(target: target).lock, output: path)
            let claim = Claim(
                target: target, isDirectory: isDirectory, lock: lock, made: made,
                isNamed: isFirst)
            do throws(StreamError) {
                try Leftovers(target: target, kind: kind).clear()
                if case .directory(let contents) = kind {
                    try requireOwn(target, path, contents)
                }
            } catch {
                claim.release()
                throw error
            }
            claims.withLock { $0[key] = claim }
        } catch {
            for directory in made.reversed() { FileTree.removeEmpty(directory) }
            throw error
        }
        return Target(path: target)
    }

    /// A file in a directory that is replaced as a whole would be lost with it.
    private static func refuseOverlap(
        _ target: String, _ path: String, isDirectory: Bool
    ) throws(StreamError) {
        let bytes = target.systemBytes + [UInt8(ascii: "/")]
        let other = claims.withLock { table in
            table.values.first { claim in
                let claimed = claim.target.systemBytes + [UInt8(ascii: "/")]
                return claim.isDirectory && bytes.starts(with: claimed)
                    || isDirectory && claimed.starts(with: bytes)
            }
        }
        guard let other else { return }
        let directory = other.isDirectory ? other.target : path
        throw .notReplaceable(
            path: path,
            reason: "\(directory) is another output of this run and is replaced as a whole")
    }

    // MARK: Checks

    /// Where a file will go, links followed; nil for what is written in place.
    private static func checkedFile(_ path: String) throws(StreamError) -> String? {
        var status = stat()
        let exists = stat(path.systemPath, &status) == 0
        let reason = errno
        // Descriptors under these names belong to somebody else.
        if path.hasPrefix("/dev/") && !path.hasPrefix("/dev/shm/") || path.hasPrefix("/proc/") {
            guard exists else {
                throw .cannotCreate(path: path, reason: systemMessage(reason))
            }
            try requireWritable(path, path)
            return nil
        }
        if exists {
            let kind = status.st_mode & S_IFMT
            if kind == S_IFDIR { throw .cannotCreate(path: path, reason: systemMessage(EISDIR)) }
            try requireWritable(path, path)
            if kind != S_IFREG { return nil }
        } else if PathNames.isUnnamed(path) {
            throw .cannotCreate(
                path: path, reason: systemMessage(path.isEmpty ? ENOENT : EISDIR))
        }
        return try PathNames.resolving(path)
    }

    /// Where a directory will go, links followed.
    private static func checkedDirectory(_ path: String) throws(StreamError) -> String {
        guard !path.isEmpty else {
            throw .cannotCreate(path: path, reason: systemMessage(ENOENT))
        }
        let target = try PathNames.resolving(path)
        var status = stat()
        guard stat(target.systemPath, &status) == 0 else {
            guard !PathNames.isUnnamed(target) else {
                throw .cannotCreate(path: path, reason: systemMessage(ENOENT))
            }
            return target
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw .cannotCreate(path: path, reason: systemMessage(ENOTDIR))
        }
        let current = PathNames.realPath(".") ?? "/"
        guard target != "/", current != target, !current.hasPrefix(target + "/") else {
            throw .notReplaceable(path: path, reason: "it holds the working directory")
        }
        guard !MountPoints.contains(target) else {
            throw .notReplaceable(path: path, reason: "it is a mount point")
        }
        try requireWritable(target, path)
        return target
    }

    private static func requireOwn(
        _ target: String, _ path: String, _ contents: DirectoryContents
    ) throws(StreamError) {
        guard FileTree.isDirectory(target) else { return }
        let foreign = contents.foreign(in: target)
        guard foreign.isEmpty else {
            throw .notReplaceable(
                path: path,
                reason: "got \(list(foreign)) in it, expected nothing but an earlier output")
        }
    }

    /// The first of some names, and how many more there are.
    static func list(_ names: [String]) -> String {
        let shown = names.prefix(8).joined(separator: ", ")
        return names.count > 8 ? "\(shown) and \(names.count - 8) more" : shown
    }

    private static func requireWritable(_ target: String, _ path: String) throws(StreamError) {
        guard access(target.systemPath, W_OK) == 0 else {
            throw .cannotCreate(path: path, reason: systemMessage(errno))
        }
    }
}

/// Directories on which a file system is mounted; they cannot be replaced.
private enum MountPoints {
    static func contains(_ path: String) -> Bool {
        guard let table = FileTree.head(of: "/proc/self/mountinfo", limit: 1 << 20) else {
            return false
        }
        let wanted = path.systemBytes
        return table.split(separator: UInt8(ascii: "\n")).contains { line in
            let fields = line.split(separator: UInt8(ascii: " "), maxSplits: 5)
            return fields.count > 4 && unescaped(fields[4]) == wanted
        }
    }

    /// White space and backslashes stand there as `\040`.
    private static func unescaped(_ field: ArraySlice<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = field
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == UInt8(ascii: "\\"), digits.count == 3,
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
            {
                bytes.append(value)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return bytes
    }
}

/// What earlier runs into an output left beside it when they were killed.
private struct Leftovers {
    let target: String
    let kind: OutputClaim.Kind

    /// Removes what is of no use, and brings an older output back that was on its way.
    func clear() throws(StreamError) {
        for leftover in HiddenNames(target: target).leftovers() {
            if leftover.isOlder, !FileTree.exists(target),
                rename(leftover.path.systemPath, target.systemPath) == 0
            {
                Notice.give("\(target): brought back after a run that was killed")
                continue
            }
            switch (FileTree.kind(of: leftover.path), kind) {
            case (.file, _): FileTree.unlinkFile(leftover.path)
            case (.directory, .directory(let contents)):
                AtomicDirectory.discard(leftover.path, of: target, contents, leavings: true)
            default: break
            }
        }
    }
}
