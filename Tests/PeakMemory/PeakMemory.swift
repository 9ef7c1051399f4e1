import Glibc

/// `peak-memory FILE COMMAND [ARGUMENT...]` runs a command, ends with its status (128 + number if a signal
/// ended it), and writes to FILE the most memory in bytes that it, or one of its children, had at a time.
///
/// The kernel begins to count a process's memory with that of the process that started it, so that tests,
/// which hold much themselves, cannot measure a small tool; this program holds next to nothing.
@main enum PeakMemory {
    static func main() {
        let arguments = CommandLine.unsafeArgv
        guard CommandLine.argc > 2, let path = arguments[2] else { fail("FILE COMMAND", 64) }
        var process = pid_t()
        let code = posix_spawnp(&process, path, nil, nil, arguments + 2, environ)
        guard code == 0 else { fail("\(String(cString: path)): \(text(code))", 127) }
        var status: Int32 = 0
        var usage = rusage()
        while wait4(process, &status, 0, &usage) < 0 {
            guard errno == EINTR else { fail("wait4: \(text(errno))", 70) }
        }
        let name = CommandLine.arguments[1]
        guard let file = fopen(name, "w") else { fail("\(name): \(text(errno))", 73) }
        fputs("\(usage.ru_maxrss << 10)\n", file)
        guard fclose(file) == 0 else { fail("\(name): \(text(errno))", 74) }
        let signal = status & 0x7F
        exit(signal == 0 ? (status >> 8) & 0xFF : 128 + signal)
    }

    private static func text(_ code: Int32) -> String { String(cString: strerror(code)) }

    private static func fail(_ message: String, _ status: Int32) -> Never {
        let line = Array("peak-memory: \(message)\n".utf8)
        _ = write(2, line, line.count)
        exit(status)
    }
}
