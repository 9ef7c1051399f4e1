import Glibc

/// Questions about other processes of this machine.
package enum SystemProcess {
    /// Whether a process of this number is at work. One that has ended and that its parent has not
    /// asked for yet still has its number, but writes nothing any more.
    package static func exists(_ pid: pid_t) -> Bool {
        guard kill(pid, 0) == 0 || errno == EPERM else { return false }
        guard let line = text("/proc/\(pid)/stat"), let end = line.lastIndex(of: ")") else {
            return true
        }
        let state = line[end...].split(separator: " ").dropFirst().first
        return state != "Z" && state != "X"
    }

    /// Whether the process that once was `pid` may still be at work on the file at `path`. A process
    /// that began after the last change of the file only has its number.
    static func isAlive(_ pid: pid_t, writing path: String) -> Bool {
        guard exists(pid) else { return false }
        var status = stat()
        guard lstat(path.systemPath, &status) == 0, let start = startTime(pid) else { return true }
        let changed = Double(status.st_mtim.tv_sec) + Double(status.st_mtim.tv_nsec) * 1e-9
        // The time when the machine started is known to the second.
        return start < changed + 1.5
    }

    /// Seconds since 1970 at which a process began; nil if that cannot be told.
    private static func startTime(_ pid: pid_t) -> Double? {
        guard let line = text("/proc/\(pid)/stat"), let machine = text("/proc/stat"),
            // The name, in parentheses, may hold anything.
            let end = line.lastIndex(of: ")")
        else { return nil }
        let fields = line[end...].split(separator: " ")
        let boot = machine.split(separator: "\n").first { $0.hasPrefix("btime ") }
        guard fields.count > 20, let ticks = Double(fields[20]),
            let seconds = boot.flatMap({ Double($0.dropFirst(6)) })
        else { return nil }
        return seconds + ticks / Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
    }

    /// The name of this machine.
    package static var host: String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            guard let start = buffer.baseAddress, gethostname(start, buffer.count - 1) == 0 else {
                return "?"
            }
            start[buffer.count - 1] = 0
            return String(cString: start)
        }
    }

    /// The start of a small text file.
    static func text(_ path: String, limit: Int = 1 << 16) -> String? {
        FileTree.head(of: path, limit: limit).map { String(decoding: $0, as: UTF8.self) }
    }
}
