import CLinux
import Glibc

/// Standard input, output and error of a process that may have been started without them.
public enum StandardDescriptors {
    /// Puts something harmless where a descriptor is closed, so that no file or pipe that is opened
    /// later takes its number: reading from such an input and writing to such an output fails,
    /// messages are lost. To be called before anything is opened.
    public static func fillGaps() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
            let mode = descriptor == STDOUT_FILENO ? O_RDONLY : O_WRONLY
            // The lowest free number is this one. Where there are no devices the root directory
            // stands in, which cannot be read or written at all.
            if open("/dev/null", mode) < 0 { open("/", pathOnly) }
        }
    }

    /// Fails if standard input cannot be read.
    package static func requireInput() throws(StreamError) {
        guard isOpen(STDIN_FILENO, for: O_RDONLY) else {
            throw .readFailed(path: "standard input", reason: "it is closed")
        }
    }

    /// Fails if standard output cannot be written.
    package static func requireOutput() throws(StreamError) {
        guard isOpen(STDOUT_FILENO, for: O_WRONLY) else {
            throw .writeFailed(path: "standard output", reason: "it is closed")
        }
    }

    /// `O_PATH`, which the C importer does not see.
    private static let pathOnly: Int32 = 0o10000000

    private static func isOpen(_ descriptor: Int32, for mode: Int32) -> Bool {
        let flags = fcntl(descriptor, F_GETFL)
        guard flags >= 0, flags & pathOnly == 0 else { return false }
        return flags & O_ACCMODE == mode || flags & O_ACCMODE == O_RDWR
    }
}
