import Glibc
import Locks

import struct Synchronization.Atomic

/// Signals that ask a process to end: SIGINT, SIGTERM, SIGHUP (the terminal is gone), SIGXCPU (the
/// limit of processor time is near).
///
/// By default such a signal removes what is half written and ends the process with 128 and its
/// number: 130 for SIGINT, 143 for SIGTERM. A loop that wants to save its state first calls ``beginPolling()``, looks at
/// ``requested`` now and then and stops in order when it is true; a second signal ends the
/// process at once.
public enum Interruption {
    /// Whether a signal came while the tool polls.
    public static var requested: Bool { received.load(ordering: .relaxed) != 0 }

    /// The signal that came, if any.
    public static var signal: Int32? {
        let number = received.load(ordering: .relaxed)
        return number == 0 ? nil : number
    }

    /// From now on a first signal only sets ``requested``.
    public static func beginPolling() { isPolled.store(true, ordering: .relaxed) }

    /// Waits for the end of the process if a signal is ending it. What fails meanwhile, because
    /// files go away, is no news.
    public static func waitIfEnding() {
        while isEnding.load(ordering: .acquiring) { pause() }
    }

    /// Takes over the signals; called once, by the run wrapper of the tools.
    ///
    /// A signal that the parent process ignores (as `nohup` does) stays ignored. SIGPIPE and SIGXFSZ
    /// are ignored: the write that caused them fails, which is said.
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
        installFaultHandler()
        for number in [SIGPIPE, SIGXFSZ] { Glibc.signal(number, SIG_IGN) }
        for number in [SIGINT, SIGTERM, SIGHUP, SIGXCPU] {
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

    // MARK: Files that are cut

    /// Has `body` tell the user of an error that ends the process at once.
    public static func deliverFaults(to body: @escaping @Sendable (StreamError) -> Void) {
        faultHandler.withLock { $0 = body }
    }

    private static let faultHandler = Mutex<(@Sendable (StreamError) -> Void)?>(nil)
    private static let faultAddress = Atomic<UInt>(0)
    private static let isForeignFault = Atomic<Bool>(false)

    private static func installFaultHandler() {
        var action = sigaction()
        // The thread that read stays here until the watching thread knows what it read.
        action.__sigaction_handler.sa_sigaction = { number, information, _ in
            let address = information?.pointee._sifields._sigfault.si_addr
            Interruption.faultAddress.store(UInt(bitPattern: address), ordering: .releasing)
            var byte = UInt8(truncatingIfNeeded: number)
            _ = Glibc.write(Interruption.wakeDescriptor.load(ordering: .acquiring), &byte, 1)
            while !Interruption.isForeignFault.load(ordering: .acquiring) { usleep(1000) }
        }
        action.sa_flags = SA_SIGINFO
        sigaction(SIGBUS, &action, nil)
    }

    private static func handleFault() {
        guard let path = MappedMemory.path(at: faultAddress.load(ordering: .acquiring)) else {
            // Somebody else's fault, which happens again and ends the process as it would have.
            Glibc.signal(SIGBUS, SIG_DFL)
            isForeignFault.store(true, ordering: .releasing)
            return
        }
        let error = StreamError.readFailed(path: path, reason: "it was cut while it was read")
        faultHandler.withLock { $0 }?(error)
        end(error.exitStatus.rawValue)
    }

    // MARK: Temporary files and directories

    /// Has `path`, a file or a directory with all that is in it, removed when a signal ends the
    /// process.
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

    /// Whether `path` is in a directory that goes when a signal ends the process.
    static func isTemporary(inside path: String) -> Bool {
        temporaries.withLock { table in
            table.paths.values.contains { path.utf8.starts(with: ($0 + "/").utf8) }
        }
    }

    /// What goes when a signal ends the process.
    package static var temporaryPaths: [String] { temporaries.withLock { Array($0.paths.values) } }

    // MARK: Watching

    private struct Temporaries {
        var next = 0
        var paths: [Int: String] = [:]
    }

    private static let received = Atomic<Int32>(0)
    private static let isPolled = Atomic<Bool>(false)
    private static let isEnding = Atomic<Bool>(false)
    private static let wakeDescriptor = Atomic<Int32>(-1)
    private static let temporaries = Mutex(Temporaries())

    private static func watch(_ descriptor: Int32) {
        var byte: UInt8 = 0
        while retrying({ read(descriptor, &byte, 1) }).result == 1 {
            let number = Int32(byte)
            if number == SIGBUS {
                handleFault()
                continue
            }
            let isFirst = received.load(ordering: .relaxed) == 0
            if isPolled.load(ordering: .relaxed), isFirst {
                received.store(number, ordering: .relaxed)
                continue
            }
            end(128 + number)
        }
    }

    private static func end(_ status: Int32) -> Never {
        isEnding.store(true, ordering: .releasing)
        removeTemporaries()
        OutputClaim.releaseAll()
        _exit(status)
    }

    /// The other threads go on meanwhile and may add to a directory while it is emptied.
    private static func removeTemporaries() {
        for _ in 0..<10 {
            let left = temporaryPaths.filter { FileTree.kind(of: $0) != .nothing }
            if left.isEmpty { return }
            for path in left { FileTree.remove(path) }
        }
    }
}
