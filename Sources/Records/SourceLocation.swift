/// Where a record was read: file and line, from 1.
public struct SourceLocation: Sendable, Hashable, CustomStringConvertible {
    /// The file's name; `standard input` for that.
    public var file: String
    /// The line in it, from 1.
    public var line: Int

    /// A line of a file.
    public init(file: String, line: Int) {
        self.file = file
        self.line = line
    }

    /// `file:line`.
    public var description: String { "\(file):\(line)" }
}
