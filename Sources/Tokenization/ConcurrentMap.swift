import Dispatch
import Synchronization

/// `elements.map(transform)` on up to `threads` threads; the order is that of `elements`.
func concurrentMap<Element: Sendable, Output: Sendable>(
    _ elements: [Element], threads: Int, _ transform: @Sendable (Element) -> Output
) -> [Output] {
    guard threads > 1, elements.count > 1 else { return elements.map(transform) }
    // A few parts for each thread, since texts differ in length.
    let parts = min(elements.count, 4 * threads)
    let results = Mutex([[Output]](repeating: [], count: parts))
    let next = Atomic(0)
    withoutActuallyEscaping(transform) { transform in
        DispatchQueue.concurrentPerform(iterations: min(threads, parts)) { _ in
            while true {
                let part = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard part < parts else { return }
                let range = elements.count * part / parts..<elements.count * (part + 1) / parts
                let outputs = elements[range].map(transform)
                results.withLock { $0[part] = outputs }
            }
        }
    }
    return results.withLock { Array($0.joined()) }
}
