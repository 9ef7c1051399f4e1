import Glibc
import Kernels
import Testing

/// Loops on threads: each iteration once, whatever the number of threads and of processors.
@Suite(.serialized) struct ThreadPoolTests {
    /// Many short loops, with pauses in which workers fall asleep.
    @Test(arguments: [(1, 1), (2, 2), (3, 1), (7, 2), (2, 64)])
    func everyIterationIsDoneOnce(_ threads: Int, _ processors: Int) {
        defer { Parallel.configure(threads: 1) }
        Parallel.configure(threads: threads, processors: processors)
        #expect(Parallel.threads == threads)
        for loop in 0..<400 {
            let count = loop % 23
            var results = [Int](repeating: 0, count: count)
            results.withUnsafeMutableBufferPointer { results in
                Parallel.forEach(count) { results[$0] += $0 + loop }
            }
            #expect(results == (0..<count).map { $0 + loop })
            if loop % 100 == 99 { usleep(2000) }
        }
    }

    @Test func aLoopInsideALoopRunsOnItsOwnThread() {
        defer { Parallel.configure(threads: 1) }
        Parallel.configure(threads: 3)
        var results = [Int](repeating: 0, count: 40)
        results.withUnsafeMutableBufferPointer { results in
            Parallel.forEach(8) { outer in
                Parallel.forEach(5) { results[outer * 5 + $0] += 1 }
            }
        }
        #expect(results.allSatisfy { $0 == 1 })
    }

    /// A caller that is done waits for a worker in its last iteration, asleep if that takes long.
    @Test func theCallerWaitsForWorkers() {
        defer { Parallel.configure(threads: 1) }
        Parallel.configure(threads: 4, processors: 1)
        for _ in 0..<20 {
            var results = [Int](repeating: 0, count: 4)
            results.withUnsafeMutableBufferPointer { results in
                Parallel.forEach(4) {
                    usleep(UInt32(500 * $0))
                    results[$0] = 1
                }
            }
            #expect(results == [1, 1, 1, 1])
        }
    }
}
