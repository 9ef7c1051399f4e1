import Glibc

/// Names beside other names.
package enum PathNames {
    /// The directory that holds `path`.
    static func directory(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// The last part of `path`.
    static func name(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return path }
        return String(path[path.utf8.index(after: slash)...])
    }

    /// A name in the directory of `path`.
    static func beside(_ path: String, _ name: String) -> String {
        let directory = directory(of: path)
        return directory == "/" ? "/\(name)" : "\(directory)/\(name)"
    }

    /// What a symbolic link finally points to, whether that exists or not, so that links stay when
    /// their file is replaced. The result is absolute and free of links, and stays what it is when
    /// missing directories are made.
    ///
    /// - Throws: ``StreamError/cannotCreate(path:reason:)`` when links lead in a circle.
    package static func resolving(_ path: String) throws(StreamError) -> String {
        var current = path
        while current.utf8.count > 1, current.utf8.last == UInt8(ascii: "/") {
            current.removeLast()
        }
        // As many as the system follows.
        for _ in 0..<40 {
            if let real = realPath(current) { return real }
            if errno == ELOOP { break }
            guard let link = linkTarget(current) else {
                // Directories that are yet to be made: the name is the same when they are there.
                let parent = try resolving(directory(of: current))
                return parent == "/" ? "/" + name(of: current) : parent + "/" + name(of: current)
            }
            current = link.utf8.first == UInt8(ascii: "/") ? link : beside(current, link)
        }
        throw .cannotCreate(path: path, reason: systemMessage(ELOOP))
    }

    /// The path without links; nil if it leads nowhere, with the reason in `errno`.
    static func realPath(_ path: String) -> String? {
        guard let resolved = realpath(path.systemPath, nil) else { return nil }
        defer { free(resolved) }
        return String(systemPath: resolved)
    }

    private static func linkTarget(_ path: String) -> String? {
        withUnsafeTemporaryAllocation(byteCount: Int(PATH_MAX), alignment: 1) { buffer in
            guard let start = buffer.assumingMemoryBound(to: CChar.self).baseAddress else {
                return nil
            }
            let count = readlink(path.systemPath, start, buffer.count)
            guard count > 0 else { return nil }
            return String(systemBytes: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }

    /// Whether the last part of the path is nothing that a file could be named.
    static func isUnnamed(_ path: String) -> Bool {
        ["", ".", ".."].contains(name(of: path))
    }

    /// Makes a rename in `path` durable, as far as the file system supports that.
    static func synchronizeDirectory(_ path: String) {
        let descriptor = open(path.systemPath, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }
}

/// The hidden names that a run uses beside its output `NAME`: `.NAME.lock`, and
/// `.NAME.PID-….tmp` for what is being written. The next run into the same output removes what a
/// run that was killed left behind.
struct HiddenNames {
    /// The resolved path of the output.
    let target: String

    /// What the names begin with. Names that would grow too long are cut and told apart by a sum.
    private var stem: String {
        let name = PathNames.name(of: target).systemBytes
        guard name.count > 200 else { return "." + PathNames.name(of: target) }
        var sum: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in name { sum = (sum ^ UInt64(byte)) &* 0x100_0000_01b3 }
        let cut = name[..<160].withUnsafeBytes { String(systemBytes: $0) }
        return ".\(cut)~\(String(sum, radix: 36))"
    }

    /// Locked by the run that writes the output.
    var lock: String { PathNames.beside(target, stem + ".lock") }

    /// A fresh name for what is on its way to the output.
    func temporary() -> String { fresh("tmp") }

    /// A fresh name for the older output, on file systems that cannot exchange two names.
    func older() -> String { fresh("old") }

    private func fresh(_ ending: String) -> String {
        let unique = String(UInt32.random(in: 0 ... .max), radix: 36)
        return PathNames.beside(target, "\(stem).\(getpid())-\(unique).\(ending)")
    }

    /// Something that a run left beside the output.
    struct Leftover {
        let path: String
        /// Whether it is the older output itself, under way from or to its name.
        let isOlder: Bool
    }

    /// What runs that are no more left beside the output. The caller holds the lock.
    func leftovers() -> [Leftover] {
        let prefix = (stem + ".").systemBytes
        return FileTree.entries(of: PathNames.directory(of: target)).compactMap { name in
            let bytes = name.systemBytes
            guard bytes.starts(with: prefix),
                let (pid, ending) = Self.parts(bytes[prefix.count...])
            else { return nil }
            let path = PathNames.beside(target, name)
            return SystemProcess.isAlive(pid, writing: path)
                ? nil : Leftover(path: path, isOlder: ending == "old")
        }
    }

    /// Whether this is a name that a tool uses for a moment in a directory that it writes.
    static func isTemporary(_ name: String) -> Bool {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard name.hasPrefix("."), parts.count >= 4 else { return false }
        return Self.parts(Array(parts.suffix(2).joined(separator: ".").utf8)[...]) != nil
    }

    /// Takes `PID-unique.ending` apart.
    private static func parts(_ bytes: ArraySlice<UInt8>) -> (pid: pid_t, ending: String)? {
        let text = String(decoding: bytes, as: UTF8.self)
        let pieces = text.split(separator: ".", omittingEmptySubsequences: false)
        guard pieces.count == 2, pieces[1] == "tmp" || pieces[1] == "old" else { return nil }
        let numbers = pieces[0].split(separator: "-", omittingEmptySubsequences: false)
        guard numbers.count == 2, let pid = pid_t(numbers[0]), pid > 0,
            UInt64(numbers[1], radix: 36) != nil
        else { return nil }
        return (pid, String(pieces[1]))
    }
}
