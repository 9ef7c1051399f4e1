import CProduct
import Glibc
import Synchronization

/// A fixed set of POSIX threads that take part in loops.
///
/// A loop is open from when its body is in place until the calling thread finds no iteration left. A worker
/// counts itself in before it looks whether a loop is open, and the caller waits for those that are
/// counted after it closed the loop: either the worker sees that it is closed, or the caller sees the worker.
/// So a worker that comes late, because it slept or had no processor, keeps nobody waiting.
///
/// `@unchecked Sendable`: every mutable field is either atomic or written by the thread that owns the loop
/// while no worker is counted in and none can be, and read by workers that are.
final class ThreadPool: @unchecked Sendable {
    private typealias Body = (Int) -> Void

    var threads: Int { threadCount.load(ordering: .relaxed) }
    private let threadCount = Atomic<Int>(1)
    private var workers: [pthread_t] = []
    private var body: Body?
    private var count = 0
    private var polls = 0
    private let generation = Atomic<Int>(0)
    private let nextIndex = Atomic<Int>(0)
    private let isOpen = Atomic<Bool>(false)
    private let working = Atomic<Int>(0)
    private let callerSleeps = Atomic<Bool>(false)
    private let sleepers = Atomic<Int>(0)
    private let stopping = Atomic<Bool>(false)
    private let inLoop = Atomic<Bool>(false)
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let wake = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let done = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    /// How long a thread waits actively before it goes to sleep: longer than the gaps between the kernels of
    /// a layer, since waking up takes longer than most of them.
    private static let activeSeconds = 50e-6
    /// Such waits, as a number of pauses, whose length differs tenfold between processors.
    private static let activePolls: Int = {
        let pauses = 1000
        let start = StageClock.now
        for _ in 0..<pauses { processor_pause() }
        let each = max(1e-10, (StageClock.now - start) / Double(pauses))
        return max(100, min(50_000, Int(activeSeconds / each)))
    }()

    init() {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(wake, nil)
        pthread_cond_init(done, nil)
    }

    func resize(to threads: Int, waitsActively: Bool) {
        // A loop that runs on another thread has to end first.
        while inLoop.exchange(true, ordering: .acquiringAndReleasing) { sched_yield() }
        defer { inLoop.store(false, ordering: .releasing) }
        stopping.store(true, ordering: .sequentiallyConsistent)
        announce()
        for worker in workers { pthread_join(worker, nil) }
        workers = []
        stopping.store(false, ordering: .sequentiallyConsistent)
        threadCount.store(threads, ordering: .relaxed)
        polls = waitsActively && threads > 1 ? Self.activePolls : 0
        let start = generation.load(ordering: .sequentiallyConsistent)
        for _ in 1..<max(threads, 1) {
            let argument = Unmanaged.passRetained(
                WorkerStart(pool: self, generation: start, polls: polls))
            var thread = pthread_t()
            let status = pthread_create(
                &thread, nil,
                { pointer in
                    guard let pointer else { return nil }
                    let start = Unmanaged<WorkerStart>.fromOpaque(pointer).takeRetainedValue()
                    start.pool.work(after: start.generation, polls: start.polls)
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
            isOpen.store(true, ordering: .sequentiallyConsistent)
            announce()
            drain()
            isOpen.store(false, ordering: .sequentiallyConsistent)
            waitForWorkers()
            self.body = nil
        }
    }

    /// Publishes a new loop (or the wish to stop) and wakes the workers that sleep.
    private func announce() {
        generation.add(1, ordering: .sequentiallyConsistent)
        guard sleepers.load(ordering: .sequentiallyConsistent) > 0 else { return }
        pthread_mutex_lock(mutex)
        pthread_cond_broadcast(wake)
        pthread_mutex_unlock(mutex)
    }

    /// Returns when no worker is counted in.
    private func waitForWorkers() {
        for _ in 0..<polls {
            if working.load(ordering: .sequentiallyConsistent) == 0 { return }
            processor_pause()
        }
        pthread_mutex_lock(mutex)
        callerSleeps.store(true, ordering: .sequentiallyConsistent)
        while working.load(ordering: .sequentiallyConsistent) != 0 {
            pthread_cond_wait(done, mutex)
        }
        callerSleeps.store(false, ordering: .sequentiallyConsistent)
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

    private func work(after start: Int, polls: Int) {
        var seen = start
        while true {
            seen = waitForLoop(after: seen, polls: polls)
            if stopping.load(ordering: .sequentiallyConsistent) { return }
            working.add(1, ordering: .sequentiallyConsistent)
            if isOpen.load(ordering: .sequentiallyConsistent) { drain() }
            let left = working.subtract(1, ordering: .sequentiallyConsistent).newValue
            if left == 0, callerSleeps.load(ordering: .sequentiallyConsistent) {
                pthread_mutex_lock(mutex)
                pthread_cond_signal(done)
                pthread_mutex_unlock(mutex)
            }
        }
    }

    /// Waits, actively for a while, for another generation than `seen`, which it returns.
    private func waitForLoop(after seen: Int, polls: Int) -> Int {
        for _ in 0..<polls {
            let current = generation.load(ordering: .sequentiallyConsistent)
            if current != seen { return current }
            processor_pause()
        }
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        sleepers.add(1, ordering: .sequentiallyConsistent)
        defer { sleepers.subtract(1, ordering: .sequentiallyConsistent) }
        while true {
            let current = generation.load(ordering: .sequentiallyConsistent)
            if current != seen { return current }
            pthread_cond_wait(wake, mutex)
        }
    }

    private final class WorkerStart {
        let pool: ThreadPool
        let generation: Int
        let polls: Int
        init(pool: ThreadPool, generation: Int, polls: Int) {
            self.pool = pool
            self.generation = generation
            self.polls = polls
        }
    }
}
