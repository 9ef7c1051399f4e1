import Kernels
import Testing

@Suite struct FloatBufferTests {
    @Test func growsWhenItMustAndStaysOtherwise() {
        let buffer = FloatBuffer()
        for count in [1, 16, 17, 1000, 999, 0, 100_003] {
            let capacity = buffer.capacity
            let base = buffer.base
            let room = buffer.reserve(count)
            #expect(room == buffer.base && buffer.capacity >= count)
            #expect(UInt(bitPattern: room) % 64 == 0)
            if count <= capacity { #expect(room == base && buffer.capacity == capacity) }
            for index in 0..<count { room[index] = Float(index) }
            #expect(count == 0 || room[count - 1] == Float(count - 1))
        }
        let matrix = buffer.matrix(rows: 7, columns: 11)
        #expect(matrix.base == buffer.base && matrix.stride == 11 && matrix.rows == 7)
    }

    @Test func threadsHaveScratchMemoryOfTheirOwnPerUser() {
        let one = ThreadScratch.floats(.attention, count: 100)
        let other = ThreadScratch.floats(.reduction, count: 100)
        #expect(one != other)
        for index in 0..<100 { (one[index], other[index]) = (1, 2) }
        #expect((0..<100).allSatisfy { one[$0] == 1 && other[$0] == 2 })
        #expect(ThreadScratch.floats(.attention, count: 50) == one)
        #expect(UInt(bitPattern: ThreadScratch.memory(.attention, bytes: 1 << 20)) % 64 == 0)
    }
}
