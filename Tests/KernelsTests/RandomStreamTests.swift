import Kernels
import Testing

@Suite struct RandomStreamTests {
    @Test func aNameGivesTheSameNumbersAndAnotherNameOthers() {
        func first(_ stream: RandomStream) -> [UInt64] {
            var stream = stream
            return (0..<5).map { _ in stream.next() }
        }
        let one = first(RandomStream(seed: 7, name: "record", "3"))
        #expect(one == first(RandomStream(seed: 7, name: "record", "3")))
        #expect(one != first(RandomStream(seed: 8, name: "record", "3")))
        #expect(one != first(RandomStream(seed: 7, name: "record3", "")))
        #expect(one != first(RandomStream(seed: 7, name: "record", "4")))
    }

    @Test func uniformNumbersFillTheInterval() {
        var stream = RandomStream(seed: 1, name: "uniform")
        var buckets = [Int](repeating: 0, count: 10)
        for _ in 0..<100_000 { buckets[Int(stream.uniform() * 10)] += 1 }
        // Six standard deviations of a binomial count.
        for count in buckets { #expect(abs(count - 10_000) < 6 * 95) }
    }
}
