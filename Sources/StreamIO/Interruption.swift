import Glibc
import Synchronization

/// SIGINT and SIGTERM.
///
/// By default a signal removes temporary directories and ends the process with status 130 or
/// 143. A loop that wants to save its state first calls ``beginPolling()``, looks at
/// ``requested`` now and then and stops in order when it is true; a second signal ends the
/// process at once.
public enum Interruption {
    /// Whether a signal came while the tool polls.
    public static var requested: Bool { received.load(ordering: .relaxed) != 0 }

    /// The signal that came, if any: SIGINT or SIGTERM.
    public static var signal: Int32? {
        let number = received.load(ordering: .relaxed)
        return number == 0 ? nil : number
    }

    /// From now on a first signal only sets ``requested``.
    public static func beginPolling() { isPolled.store(true, ordering: .relaxed) }

    /// From now on a signal ends the process again.
    public static func endPolling() { isPolled.store(false, ordering: .relaxed) }

    /// Takes over SIGINT and SIGTERM; called once, by the run wrapper of the tools.
    ///
    /// A signal that the parent process ignores (as `nohup` does) stays ignored.
    public static func install() {
        let pair = UnsafeMutablePointer<Int32>.allocate(capacity: 2)
        guard pipe(pair) == 0 else { return }
        for end in 0..<2 { _ = fcntl(pair[end], F_SETFD, FD_CLOEXEC) }
        wakeDescriptor.store(pair[1], ordering: .releasing)
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { argument in
                let ends = argument?.assumingMemoryBound(to: Int32.self)
                Interruption.watch(ends?.pointee ?? -1)
                return nil
            }, pair)
        guard code == 0 else { return }
        pthread_detach(thread)
        for number in [SIGINT, SIGTERM] {
            var previous = sigaction()
            sigaction(number, nil, &previous)
            let isIgnored = withUnsafeBytes(of: previous.__sigaction_handler) {
                $0.loadUnaligned(as: Int.self) == 1  // SIG_IGN
            }
            if isIgnored { continue }
            var action = sigaction()
            // Only what POSIX allows in a handler: hand the number to the watching thread.
            action.__sigaction_handler.sa_handler = { number in
                var byte = UInt8(truncatingIfNeeded: number)
                let saved = errno
                _ = Glibc.write(
                    Interruption.wakeDescriptor.load(ordering: .acquiring), &byte, 1)
                errno = saved
            }
            action.sa_flags = SA_RESTART
            sigaction(number, &action, nil)
        }
    }

    // MARK: Temporary directories

    /// Has `path` removed when a signal ends the process.
    static func removingOnExit(_ path: String) -> Int {
        temporaries.withLock { table in
            table.next += 1
            table.paths[table.next] = path
            return table.next
        }
    }

    static func forget(_ token: Int) {
        temporaries.withLock { table in table.paths[token] = nil }
    }

    // MARK: Watching

    private struct Temporaries {
        var next = 0
        var paths: [Int: String] = [:]
    }

    private static let received = Atomic<Int32>(0)
    private static let isPolled = Atomic<Bool>(false)
    private static let wakeDescriptor = Atomic<Int32>(-1)
    private static let temporaries = Mutex(Temporaries())

    private static func watch(_ descriptor: Int32) {
        var byte: UInt8 = 0
        while retrying({ read(descriptor, &byte, 1) }).result == 1 {
            let number = Int32(byte)
            let isFirst = received.load(ordering: .relaxed) == 0
            if isPolled.load(ordering: .relaxed), isFirst {
                received.store(number, ordering: .relaxed)
                continue
            }
            let paths = temporaries.withLock { table in Array(table.paths.values) }
            for path in paths { FileTree.remove(path) }
            _exit(128 + number)
        }
    }
}
