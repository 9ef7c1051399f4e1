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

    /// Computed with another implementation, which gives the numbers that the authors of Philox list.
    @Test func numbersAreThoseOfThePaper() {
        func first(_ stream: RandomStream) -> [UInt64] {
            var stream = stream
            return (0..<5).map { _ in stream.next() }
        }
        #expect(
            first(RandomStream(seed: 0)) == [
                0x24cb_d2fb_a9e3_9636, 0x40f0_c400_7d5e_c3be, 0xad38_dba7_408f_e20b,
                0xb364_6a67_32fb_f513, 0x7a03_f245_adba_da99,
            ])
        #expect(
            first(RandomStream(seed: 7, name: "record", "3")) == [
                0x4b26_34ee_9a8c_bf60, 0xa654_dc27_e73f_6213, 0xb464_fe0c_daa2_d09b,
                0x8afb_876d_d777_91cb, 0xcc49_32cb_becb_e8b1,
            ])
        #expect(
            first(RandomStream(seed: .max, name: "naïve", "", "x")) == [
                0x76bf_2075_0665_b184, 0x12b6_2b77_fb2a_ccdd, 0x65ca_f83a_a0ca_53de,
                0x3bf9_e2b8_d0d1_f765, 0x7fed_2c8a_e2f1_0a4d,
            ])
    }

    @Test func uniformNumbersFillTheInterval() {
        var stream = RandomStream(seed: 1, name: "uniform")
        var buckets = [Int](repeating: 0, count: 10)
        for _ in 0..<100_000 { buckets[Int(stream.uniform() * 10)] += 1 }
        // Six standard deviations of a binomial count.
        for count in buckets { #expect(abs(count - 10_000) < 6 * 95) }
    }
}
