import Glibc

/// Questions about other processes of this machine.
package enum SystemProcess {
    /// Whether a process of this number is at work. One that has ended and that its parent has not
    /// asked for yet still has its number, but writes nothing any more.
    package static func exists(_ pid: pid_t) -> Bool {
        guard kill(pid, 0) == 0 || errno == EPERM else { return false }
        guard let state = fields(pid)?[1] else { return true }
        return state != "Z" && state != "X"
    }

    /// Whether a process was killed, or has returned, but still holds what the system takes back.
    static func isEnding(_ pid: pid_t) -> Bool {
        if let fields = fields(pid), fields.count > 7, let flags = UInt(fields[7]) {
            let isExiting: UInt = 0x4  // PF_EXITING
            if flags & isExiting != 0 { return true }
        }
        let status = text("/proc/\(pid)/status") ?? ""
        return status.split(separator: "\n").contains { line in
            guard line.hasPrefix("SigPnd:") || line.hasPrefix("ShdPnd:") else { return false }
            let pending = UInt64(line.dropFirst(7).drop { $0 == "\t" }, radix: 16) ?? 0
            return pending & 1 << UInt64(SIGKILL - 1) != 0
        }
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
        guard let fields = fields(pid), let machine = text("/proc/stat") else { return nil }
        let boot = machine.split(separator: "\n").first { $0.hasPrefix("btime ") }
        guard fields.count > 20, let ticks = Double(fields[20]),
            let seconds = boot.flatMap({ Double($0.dropFirst(6)) })
        else { return nil }
        return seconds + ticks / Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
    }

    /// What the system says of a process, from the end of its name on: `)`, the state, and so on.
    private static func fields(_ pid: pid_t) -> [Substring]? {
        // The name, in parentheses, may hold anything.
        guard let line = text("/proc/\(pid)/stat"), let end = line.lastIndex(of: ")") else {
            return nil
        }
        let fields = line[end...].split(separator: " ")
        return fields.count > 1 ? fields : nil
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
