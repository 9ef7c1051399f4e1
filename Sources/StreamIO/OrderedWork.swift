import Dispatch
import Locks

/// Takes items from `next`, works on them on several threads, and hands what comes out to `deliver`
/// in the order of the items.
///
/// `next` and `deliver` run on the calling thread, which also works when there is nothing to hand
/// on; so one thread is enough, and no more than `threads` are ever busy. The number of items on
/// their way is bounded. No result waits for the next item.
///
/// - Parameters:
///   - threads: how many threads work, the calling one included
///   - context: what `next`, `deliver` and `pause` change
///   - next: the next item; must not be pending when its patience is unlimited
///   - work: called on any thread
///   - deliver: takes the results
///   - pause: called when all results are delivered and the next item must be waited for
/// - Throws: what `next`, `deliver` and `pause` throw. Results before the failing one have been delivered.
package func orderedWork<Item: Sendable, Output: Sendable, Context: ~Copyable>(
    threads: Int, context: inout Context,
    next: (inout Context, Patience) throws -> Arrival<Item>,
    work: @Sendable (Item) -> Output, deliver: (inout Context, Output) throws -> Void,
    pause: (inout Context) throws -> Void = { _ in }
) throws {
    try withoutActuallyEscaping(work) { work in
        let desk = WorkDesk<Item, Output>()
        let helpers = HelperThreads(count: threads - 1) { desk.help(work) }
        defer {
            desk.close(helpers: threads)
            helpers.join()
        }
        // Enough that helpers find work while this thread is busy with an item of its own.
        let limit = 4 * threads
        var taken = 0
        var delivered = 0
        var isAtEnd = false
        while true {
            if let output = desk.output(delivered) {
                delivered += 1
                try deliver(&context, output)
                continue
            }
            if !isAtEnd, taken - delivered < limit {
                var arrival = try next(&context, .none)
                if case .pending = arrival, taken == delivered {
                    try pause(&context)
                    arrival = try next(&context, .unlimited)
                }
                switch arrival {
                case .item(let item):
                    desk.add(item, number: taken)
                    taken += 1
                    continue
                case .end:
                    isAtEnd = true
                    continue
                case .pending: break
                }
            }
            if isAtEnd, delivered == taken { return }
            if let (number, item) = desk.take() {
                desk.put(work(item), number: number)
            } else {
                // Looks for input again and again, for there may be idle threads.
                desk.waitForOutput(isAtEnd || taken - delivered >= limit ? nil : 50)
            }
        }
    }
}

/// Where items wait for a thread and results for their turn.
private final class WorkDesk<Item: Sendable, Output: Sendable>: Sendable {
    private struct State {
        /// In the order of their numbers.
        var items: [(number: Int, item: Item)] = []
        var outputs: [Int: Output] = [:]
        var isClosed = false
    }

    private let state = Mutex(State())
    private let itemsAdded = DispatchSemaphore(value: 0)
    private let outputsAdded = DispatchSemaphore(value: 0)

    func add(_ item: Item, number: Int) {
        state.withLock { $0.items.append((number, item)) }
        itemsAdded.signal()
    }

    func take() -> (number: Int, item: Item)? {
        state.withLock { $0.items.isEmpty ? nil : $0.items.removeFirst() }
    }

    func put(_ output: Output, number: Int) {
        state.withLock { $0.outputs[number] = output }
    }

    func output(_ number: Int) -> Output? {
        state.withLock { $0.outputs.removeValue(forKey: number) }
    }

    /// Returns when a helper has finished something, or after so many milliseconds, at the latest;
    /// possibly earlier.
    func waitForOutput(_ milliseconds: Int?) {
        _ = outputsAdded.wait(
            timeout: milliseconds.map { .now() + .milliseconds($0) } ?? .distantFuture)
    }

    /// What a helper does until the desk is closed.
    func help(_ work: (Item) -> Output) {
        while true {
            itemsAdded.wait()
            if state.withLock({ $0.isClosed }) { return }
            // The calling thread may have been faster.
            guard let (number, item) = take() else { continue }
            put(work(item), number: number)
            outputsAdded.signal()
        }
    }

    func close(helpers: Int) {
        state.withLock { $0.isClosed = true }
        for _ in 0..<helpers { itemsAdded.signal() }
    }
}
