/// What a directory that a tool writes may hold. Anything else in it is somebody's own, and a
/// directory that holds such things is never replaced.
public struct DirectoryContents: Sendable {
    /// Some of the files, by their names.
    public struct Files: Sendable {
        fileprivate let names: @Sendable (String) -> Bool
        fileprivate let recognizes: (@Sendable (_ head: [UInt8]) -> Bool)?

        /// Files whose names `names` accepts, and whose first bytes, 64 KiB at most, `recognizes`
        /// accepts; a name that anybody might choose says little.
        public init(
            where names: @escaping @Sendable (String) -> Bool,
            recognizes: (@Sendable (_ head: [UInt8]) -> Bool)? = nil
        ) {
            self.names = names
            self.recognizes = recognizes
        }

        /// Files of these names.
        public init(
            _ names: [String], recognizes: (@Sendable (_ head: [UInt8]) -> Bool)? = nil
        ) {
            let known = Set(names)
            self.init(where: known.contains, recognizes: recognizes)
        }
    }

    /// Some of the directories, by their names, and what they hold.
    public struct Directories: Sendable {
        fileprivate let names: @Sendable (String) -> Bool
        fileprivate let contents: DirectoryContents

        /// Directories whose names `names` accepts.
        public init(
            where names: @escaping @Sendable (String) -> Bool, holding contents: DirectoryContents
        ) {
            self.names = names
            self.contents = contents
        }
    }

    /// The files.
    public var files: [Files]
    /// The directories.
    public var directories: [Directories]

    /// What a directory may hold.
    public init(files: [Files], directories: [Directories] = []) {
        self.files = files
        self.directories = directories
    }

    // MARK: Looking

    /// Names that an earlier write of this run gave, by their path in the directory; they are the
    /// run's own whatever they are.
    package typealias Written = Set<String>

    /// The paths, in the directory, of what does not belong to it, sorted; a directory that is
    /// foreign as a whole stands there with a slash.
    func foreign(in directory: String, written: Written = []) -> [String] {
        var foreign: [String] = []
        visit(directory, "", written) { path, kind in
            if kind == .foreign { foreign.append(path) }
        }
        return foreign.sorted()
    }

    /// Removes what belongs to the directory, and the directory itself if nothing is left.
    ///
    /// - Parameter leavings: whether files that tools use for a moment belong to it too
    /// - Returns: whether everything is gone.
    func remove(_ directory: String, written: Written = [], leavings: Bool = false) -> Bool {
        visit(directory, "", written) { path, kind in
            let isLeaving = leavings && HiddenNames.isTemporary(PathNames.name(of: path))
            switch kind {
            case .file: FileTree.unlinkFile("\(directory)/\(path)")
            case .directory: FileTree.removeEmpty("\(directory)/\(path)")
            case .foreign: if isLeaving { FileTree.unlinkFile("\(directory)/\(path)") }
            }
        }
        return FileTree.removeEmpty(directory)
    }

    private enum Entry { case file, directory, foreign }

    /// Calls `body` with everything in the directory, what is in a directory before itself.
    private func visit(
        _ root: String, _ prefix: String, _ written: Written, _ body: (String, Entry) -> Void
    ) {
        for name in FileTree.entries(of: prefix.isEmpty ? root : "\(root)/\(prefix)") {
            let path = prefix + name
            switch FileTree.kind(of: "\(root)/\(path)") {
            case .nothing: break
            case .file:
                let isOwn = written.contains(path) || owns(name, "\(root)/\(path)")
                body(path, isOwn ? .file : .foreign)
            case .directory:
                let known = directories.first { $0.names(name) }?.contents
                let hasWritten = written.contains { $0.hasPrefix(path + "/") }
                guard known != nil || hasWritten else {
                    body(path + "/", .foreign)
                    break
                }
                (known ?? DirectoryContents(files: []))
                    .visit(root, path + "/", written, body)
                body(path, .directory)
            case .other: body(path, .foreign)
            }
        }
    }

    private func owns(_ name: String, _ path: String) -> Bool {
        files.contains { files in
            guard files.names(name) else { return false }
            guard let recognizes = files.recognizes else { return true }
            return FileTree.head(of: path, limit: 1 << 16).map(recognizes) ?? false
        }
    }
}
