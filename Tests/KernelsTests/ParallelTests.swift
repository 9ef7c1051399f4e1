import Kernels
import Locks
import Testing

/// Loops on several threads. Other suites change the number of threads meanwhile, which must not matter.
@Suite struct ParallelTests {
    /// How often a loop came by each index.
    private final class Visits: Sendable {
        private let counts: Mutex<[Int]>
        init(_ count: Int) { counts = Mutex([Int](repeating: 0, count: count)) }
        func add(_ index: Int) { counts.withLock { $0[index] += 1 } }
        var all: [Int] { counts.withLock { $0 } }
    }

    @Test(arguments: [1, 2, 3, 8], [0, 1, 2, 3, 7, 1000])
    func everyIndexOnce(_ threads: Int, _ count: Int) {
        defer { Parallel.configure(threads: 1) }
        Parallel.configure(threads: threads)
        for _ in 0..<20 {
            let visits = Visits(count)
            Parallel.forEach(count) { visits.add($0) }
            #expect(visits.all == [Int](repeating: 1, count: count))
        }
    }

    @Test(arguments: [1, 3], [0, 1, 15, 16, 17, 1000])
    func rangesCoverEverythingOnce(_ threads: Int, _ count: Int) {
        defer { Parallel.configure(threads: 1) }
        Parallel.configure(threads: threads)
        for grain in [1, 7, 16, 2000] {
            let visits = Visits(count)
            Parallel.forEachRange(count, grain: grain) { range in
                #expect(range.count == grain || range.upperBound == count)
                for index in range { visits.add(index) }
            }
            #expect(visits.all == [Int](repeating: 1, count: count))
        }
    }

    @Test func loopsInsideLoopsRun() {
        defer { Parallel.configure(threads: 1) }
        Parallel.configure(threads: 3)
        let visits = Visits(30 * 40)
        Parallel.forEach(30) { outer in
            Parallel.forEach(40) { inner in visits.add(outer * 40 + inner) }
        }
        #expect(visits.all == [Int](repeating: 1, count: 1200))
    }

    /// Loops of threads that know nothing of each other.
    @Test func loopsFromManyThreadsAtOnce() async {
        defer { Parallel.configure(threads: 1) }
        Parallel.configure(threads: 3)
        let visits = Visits(6 * 500)
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<6 {
                group.addTask { Parallel.forEach(500) { visits.add(task * 500 + $0) } }
            }
        }
        #expect(visits.all == [Int](repeating: 1, count: 3000))
    }

    @Test func sumsDoNotDependOnThreads() {
        defer { Parallel.configure(threads: 1) }
        let x = SpacedMatrix(1003, 65, random: "rows")
        let results = [1, 2, 3, 8].map { threads in
            Parallel.configure(threads: threads)
            var total = [Float](repeating: 0, count: 65)
            addColumnSums(of: x.view, to: &total)
            return total + [Float(sumOfSquares(x.view.base, count: 1003 * 65))]
        }
        #expect(results.allSatisfy { $0 == results[0] })
    }
}
