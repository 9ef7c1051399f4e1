import Locks

/// How fast calls go out: at most so many at once, at most so many a minute, and fewer of both when
/// the server says that it is too much.
final class Pace: Sendable {
    private struct State {
        var limit: Int
        var successes = 0
        /// No call begins earlier.
        var opening: ContinuousClock.Instant
        /// When the next call of the minute's budget may begin.
        var nextTurn: ContinuousClock.Instant
    }

    private let maximum: Int
    private let interval: Duration
    private let state: Mutex<State>
    private let clock = ContinuousClock()

    /// - Parameters:
    ///   - concurrency: most calls at once.
    ///   - perMinute: most calls a minute; nil for any number.
    init(concurrency: Int, perMinute: Double?) {
        maximum = concurrency
        interval = perMinute.map { .seconds(60 / $0) } ?? .zero
        let now = ContinuousClock().now
        state = Mutex(State(limit: concurrency, opening: now, nextTurn: now))
    }

    /// How many calls may be under way now.
    var limit: Int { state.withLock { $0.limit } }

    /// Waits until a call may begin.
    func turn() async throws {
        let now = clock.now
        let start = state.withLock { state in
            let start = max(now, state.opening, state.nextTurn)
            state.nextTurn = start + interval
            return start
        }
        if start > now { try await Task.sleep(until: start, clock: clock) }
    }

    /// The server answered: after as many answers as calls are allowed, one more is.
    func noteSuccess() {
        state.withLock { state in
            state.successes += 1
            guard state.limit < maximum, state.successes >= state.limit else { return }
            state.limit += 1
            state.successes = 0
        }
    }

    /// The server has too many calls: half as many from now on, and none before the pause is over.
    func noteOverload(pause: Duration) {
        let end = clock.now + pause
        state.withLock { state in
            state.limit = max(1, state.limit / 2)
            state.successes = 0
            state.opening = max(state.opening, end)
        }
    }
}
