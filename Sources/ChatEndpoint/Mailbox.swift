import Dispatch
import Locks

/// Hands values from tasks to a thread that waits for them.
///
/// The tools are synchronous: one thread reads, writes and keeps count, and only calls run beside
/// each other.
final class Mailbox<Value: Sendable>: Sendable {
    private let values = Mutex<[Value]>([])
    private let available = DispatchSemaphore(value: 0)

    /// Delivers a value.
    func put(_ value: Value) {
        values.withLock { $0.append(value) }
        available.signal()
    }

    /// Waits for a value. Must not be called from a task.
    func take() -> Value {
        while true {
            available.wait()
            // Each signal follows a value, and this thread alone removes them.
            if let value = values.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) {
                return value
            }
        }
    }
}
