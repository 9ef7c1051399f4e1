import Glibc

/// Writes a line to standard error at once: the process may die of what comes next.
public func say(_ line: String) {
    var text = line + "\n"
    text.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
}
