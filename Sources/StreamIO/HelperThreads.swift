import Glibc

/// Threads that do the same at the same time. Where the system gives no more threads, because memory or
/// their number is limited, there are fewer.
struct HelperThreads {
    private var threads: [pthread_t] = []

    /// Starts at most `count` threads.
    init(count: Int, _ body: @escaping @Sendable () -> Void) {
        for _ in 0..<max(0, count) {
            let start = Unmanaged.passRetained(Start(body: body))
            var thread = pthread_t()
            let code = pthread_create(
                &thread, nil,
                { argument in
                    guard let argument else { return nil }
                    Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().body()
                    return nil
                }, start.toOpaque())
            guard code == 0 else {
                start.release()
                return
            }
            threads.append(thread)
        }
    }

    /// Waits until all have returned.
    func join() {
        for thread in threads { pthread_join(thread, nil) }
    }

    private final class Start: Sendable {
        let body: @Sendable () -> Void
        init(body: @escaping @Sendable () -> Void) { self.body = body }
    }
}
