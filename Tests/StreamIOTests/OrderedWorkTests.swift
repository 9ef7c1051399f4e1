import StreamIO
import Synchronization
import Testing

@Suite struct OrderedWorkTests {
    private struct Refusal: Error, Equatable { var item: Int }

    /// Results come in order, however long each takes, and no more are on their way than said.
    @Test(arguments: [1, 2, 3, 8]) func keepsOrder(threads: Int) throws {
        var source = Source(end: 500)
        try orderedWork(
            threads: threads, context: &source, next: { source, _ in Arrival(source.next()) },
            work: { item in
                var value = UInt64(item)
                for _ in 0..<(item * 7919 % 1000) { value = value &* value &+ 1 }
                return (item, value)
            },
            deliver: { source, output in
                source.delivered.append(output.0)
                source.mostAhead = max(source.mostAhead, source.taken - source.delivered.count)
            })
        #expect(source.delivered == Array(0..<500))
        #expect(source.mostAhead < 4 * threads)
    }

    @Test(arguments: [1, 4]) func deliversWhatComesBeforeAnError(threads: Int) throws {
        var source = Source(end: 100)
        #expect(throws: Refusal(item: 61)) {
            try orderedWork(
                threads: threads, context: &source,
                next: { source, _ in Arrival(source.next()) }, work: { $0 },
                deliver: { source, item in
                    if item == 61 { throw Refusal(item: item) }
                    source.delivered.append(item)
                })
        }
        #expect(source.delivered == Array(0..<61))
        var failing = Source(end: 100)
        #expect(throws: Refusal(item: 7)) {
            try orderedWork(
                threads: threads, context: &failing,
                next: { source, _ in
                    if source.taken == 7 { throw Refusal(item: 7) }
                    return Arrival(source.next())
                }, work: { $0 }, deliver: { $0.delivered.append($1) })
        }
        #expect(failing.delivered == Array(failing.delivered.indices))
    }

    /// While no input comes every result is delivered, and `pause` is called before the wait.
    @Test(arguments: [1, 2, 4]) func noResultWaitsForInput(threads: Int) throws {
        var source = Source(end: 40)
        var pauses: [Int] = []
        try orderedWork(
            threads: threads, context: &source,
            next: { source, patience in
                if source.taken % 7 == 3, case .milliseconds = patience { return .pending }
                return Arrival(source.next())
            }, work: { $0 },
            deliver: { $0.delivered.append($1) },
            pause: { source in
                #expect(source.delivered.count == source.taken)
                pauses.append(source.taken)
            })
        #expect(source.delivered == Array(0..<40))
        #expect(pauses == [3, 10, 17, 24, 31, 38])
    }

    private struct Source {
        let end: Int
        var taken = 0
        var delivered: [Int] = []
        var mostAhead = 0

        mutating func next() -> Int? {
            guard taken < end else { return nil }
            taken += 1
            return taken - 1
        }
    }
}
