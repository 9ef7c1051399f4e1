import Testing
import Training

@Suite struct ScheduleTests {
    @Test func warmUpRisesLinearlyFromTheFirstStep() {
        let schedule = LearningRateSchedule(
            peak: 8, shape: .constant, warmupSteps: 4, totalSteps: 10)
        #expect((0..<6).map(schedule.rate) == [2, 4, 6, 8, 8, 8])
    }

    @Test func linearAndCosineFallToZero() {
        let linear = LearningRateSchedule(peak: 1, shape: .linear, warmupSteps: 0, totalSteps: 4)
        #expect((0..<4).map(linear.rate) == [1, 0.75, 0.5, 0.25])
        let cosine = LearningRateSchedule(peak: 1, shape: .cosine, warmupSteps: 0, totalSteps: 4)
        #expect(cosine.rate(step: 0) == 1)
        #expect(abs(cosine.rate(step: 2) - 0.5) < 1e-12)
        #expect(cosine.rate(step: 4) < 1e-12)
    }

    @Test func fileOrderWrapsAround() {
        let order = BatchOrder(recordCount: 5, batchSize: 3, seed: nil)
        #expect(order.records(step: 0) == [0, 1, 2])
        #expect(order.records(step: 1) == [3, 4, 0])
    }

    @Test func aShuffledEpochTakesEveryRecordOnce() {
        let order = BatchOrder(recordCount: 12, batchSize: 4, seed: 3)
        let epoch = (0..<3).flatMap(order.records)
        #expect(epoch.sorted() == Array(0..<12))
        #expect(epoch != Array(0..<12))
        #expect((3..<6).flatMap(order.records) != epoch)
        #expect(
            order.records(step: 4)
                == BatchOrder(recordCount: 12, batchSize: 4, seed: 3).records(step: 4))
    }
}
