/// Files that appear whole or not at all.
public enum AtomicFile {
    /// Writes a file: calls `body` with a writer, then syncs the content to disk and puts it
    /// under its name, replacing an older file there.
    ///
    /// When `body` or the writing fails nothing is left behind and an older file stays as it was.
    public static func write<R>(
        to path: String, _ body: (inout FileWriter) throws -> R
    ) throws -> R {
        var file = try PendingFile(path: path)
        let result = try body(&file.writer)
        try file.commit()
        return result
    }
}
