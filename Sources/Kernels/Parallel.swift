import Glibc

/// The one owner of parallelism: a pool of threads that share the iterations of a loop.
///
/// Kernels cut their work by size alone, never by the number of threads, so results do not depend on
/// it.
public enum Parallel {
    /// Sets the number of threads, the calling one included. Call it before the first loop.
    ///
    /// - Parameters:
    ///   - threads: at least 1; fewer, if the system does not give so many
    ///   - processors: how many there are for them; more threads than that do not wait actively, which
    ///     would take time from those that have work. Without it those that are online.
    public static func configure(threads: Int, processors: Int? = nil) {
        let processors = processors ?? sysconf(Int32(_SC_NPROCESSORS_ONLN))
        pool.resize(to: max(1, threads), waitsActively: threads <= processors)
    }

    /// The number of threads that share a loop.
    public static var threads: Int { pool.threads }

    /// Calls `body` once with each of `0 ..< count`, on all threads, and returns when all are done.
    ///
    /// Iterations must not touch each other's output: they write through pointers, which no checker
    /// follows, so that the closure cannot be declared safe to send. A loop inside a loop runs on its
    /// own thread.
    public static func forEach(_ count: Int, _ body: (Int) -> Void) {
        pool.run(count, body)
    }

    /// Cuts `0 ..< count` into ranges of `grain` (the last may be shorter) and calls `body` with each.
    public static func forEachRange(
        _ count: Int, grain: Int, _ body: (Range<Int>) -> Void
    ) {
        forEach((count + grain - 1) / grain) { index in
            body(index * grain..<min(count, (index + 1) * grain))
        }
    }

    private static let pool = ThreadPool()
}
