// The standard library's Mutex waits by futexes, which the thread sanitizer does not see: it would report
// everything that a lock protects. In a build for it (`make tsan`) locks are those of POSIX.
#if CPO_THREAD_SANITIZER
    import Glibc

    /// A lock and what it protects.
    public struct Mutex<Value: ~Copyable>: ~Copyable, @unchecked Sendable {
        private let lock: UnsafeMutablePointer<pthread_mutex_t>
        private let value: UnsafeMutablePointer<Value>

        /// A lock that nobody holds.
        public init(_ initial: consuming sending Value) {
            lock = .allocate(capacity: 1)
            pthread_mutex_init(lock, nil)
            value = .allocate(capacity: 1)
            value.initialize(to: initial)
        }

        deinit {
            pthread_mutex_destroy(lock)
            lock.deallocate()
            value.deinitialize(count: 1)
            value.deallocate()
        }

        /// Calls `body` with what is protected while nobody else can reach it.
        public borrowing func withLock<Result: ~Copyable, Failure: Error>(
            _ body: (inout sending Value) throws(Failure) -> sending Result
        ) throws(Failure) -> sending Result {
            pthread_mutex_lock(lock)
            defer { pthread_mutex_unlock(lock) }
            return try body(&value.pointee)
        }
    }
#else
    public import Synchronization

    /// A lock and what it protects.
    public typealias Mutex<Value: ~Copyable> = Synchronization.Mutex<Value>
#endif
