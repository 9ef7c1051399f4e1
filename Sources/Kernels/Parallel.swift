import Glibc
import Synchronization

/// The one owner of parallelism: a pool of threads that share the iterations of a loop.
///
/// OpenBLAS is held to one thread a call, so processors are never oversubscribed. Kernels cut their
/// work by size alone, never by the number of threads, so results do not depend on it.
public enum Parallel {
    /// Sets the number of threads, the calling one included. Call it before the first loop.
    ///
    /// - Parameter threads: at least 1.
    public static func configure(threads: Int) {
        BLAS.useOneThread()
        pool.resize(to: max(1, threads))
    }

    /// The number of threads that share a loop.
    public static var threads: Int { pool.threads }

    /// Calls `body` once with each of `0 ..< count`, on all threads, and returns when all are done.
    ///
    /// Iterations must not touch each other's output. A loop inside a loop runs on its own thread.
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

/// A fixed set of POSIX threads that wait for loops.
///
/// `@unchecked Sendable`: every mutable field is either atomic or written only by the thread that
/// owns the loop, before `generation` publishes it, and read by the workers after they saw that.
private final class ThreadPool: @unchecked Sendable {
    private typealias Body = (Int) -> Void

    var threads: Int { threadCount.load(ordering: .relaxed) }
    private let threadCount = Atomic<Int>(1)
    private var workers: [pthread_t] = []
    private var body: Body?
    private var count = 0
    private let generation = Atomic<Int>(0)
    private let nextIndex = Atomic<Int>(0)
    private let busyWorkers = Atomic<Int>(0)
    private let stopping = Atomic<Bool>(false)
    private let inLoop = Atomic<Bool>(false)
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let wake = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    /// Polls before a worker goes to sleep, some fifty microseconds: longer than the gaps between the
    /// kernels of a layer, since waking up takes longer than most of them.
    private static let spins = 50_000

    init() {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(wake, nil)
    }

    func resize(to threads: Int) {
        // A loop that runs on another thread has to end first.
        while inLoop.exchange(true, ordering: .acquiringAndReleasing) { sched_yield() }
        defer { inLoop.store(false, ordering: .releasing) }
        stopping.store(true, ordering: .releasing)
        announce()
        for worker in workers { pthread_join(worker, nil) }
        workers = []
        stopping.store(false, ordering: .releasing)
        threadCount.store(threads, ordering: .relaxed)
        let start = generation.load(ordering: .acquiring)
        for _ in 1..<max(threads, 1) {
            let argument = Unmanaged.passRetained(WorkerStart(pool: self, generation: start))
            var thread = pthread_t()
            let status = pthread_create(
                &thread, nil,
                { pointer in
                    guard let pointer else { return nil }
                    let start = Unmanaged<WorkerStart>.fromOpaque(pointer).takeRetainedValue()
                    start.pool.work(after: start.generation)
                    return nil
                }, argument.toOpaque())
            guard status == 0 else {
                argument.release()
                threadCount.store(workers.count + 1, ordering: .relaxed)
                return
            }
            workers.append(thread)
        }
    }

    func run(_ count: Int, _ body: (Int) -> Void) {
        guard count > 1, !inLoop.exchange(true, ordering: .acquiringAndReleasing) else {
            for index in 0..<max(0, count) { body(index) }
            return
        }
        defer { inLoop.store(false, ordering: .releasing) }
        // Another thread may change the workers, but not during a loop.
        guard !workers.isEmpty else {
            for index in 0..<count { body(index) }
            return
        }
        withoutActuallyEscaping(body) { escapingBody in
            self.body = escapingBody
            self.count = count
            nextIndex.store(0, ordering: .relaxed)
            busyWorkers.store(workers.count, ordering: .relaxed)
            announce()
            drain()
            var polls = 0
            while busyWorkers.load(ordering: .acquiring) != 0 {
                polls += 1
                if polls > Self.spins { sched_yield() }
            }
            self.body = nil
        }
    }

    /// Publishes a new loop (or the wish to stop) and wakes the workers that sleep.
    private func announce() {
        pthread_mutex_lock(mutex)
        generation.add(1, ordering: .acquiringAndReleasing)
        pthread_cond_broadcast(wake)
        pthread_mutex_unlock(mutex)
    }

    private func drain() {
        guard let body else { return }
        while true {
            let index = nextIndex.add(1, ordering: .relaxed).oldValue
            guard index < count else { return }
            body(index)
        }
    }

    private func work(after start: Int) {
        var seen = start
        while true {
            var polls = 0
            while generation.load(ordering: .acquiring) == seen, polls < Self.spins { polls += 1 }
            if generation.load(ordering: .acquiring) == seen {
                pthread_mutex_lock(mutex)
                while generation.load(ordering: .acquiring) == seen {
                    pthread_cond_wait(wake, mutex)
                }
                pthread_mutex_unlock(mutex)
            }
            seen = generation.load(ordering: .acquiring)
            if stopping.load(ordering: .acquiring) { return }
            drain()
            busyWorkers.subtract(1, ordering: .acquiringAndReleasing)
        }
    }

    private final class WorkerStart {
        let pool: ThreadPool
        let generation: Int
        init(pool: ThreadPool, generation: Int) {
            self.pool = pool
            self.generation = generation
        }
    }
}
