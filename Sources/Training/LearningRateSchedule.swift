import Glibc

/// How the learning rate changes over a run.
public struct LearningRateSchedule: Sendable, Hashable {
    /// The course after warm-up.
    public enum Shape: String, Sendable, CaseIterable {
        /// Stays.
        case constant
        /// Falls linearly to zero at the end of the run.
        case linear
        /// Falls as half a cosine wave to zero at the end of the run.
        case cosine
    }

    /// The rate after warm-up.
    public var peak: Double
    /// The course after warm-up.
    public var shape: Shape
    /// Steps over which the rate rises linearly.
    public var warmupSteps: Int
    /// Steps of the whole run.
    public var totalSteps: Int

    /// A schedule.
    public init(peak: Double, shape: Shape, warmupSteps: Int, totalSteps: Int) {
        self.peak = peak
        self.shape = shape
        self.warmupSteps = warmupSteps
        self.totalSteps = totalSteps
    }

    /// The rate of step `step`, counted from 0: peak · min(1, (step + 1) / warmupSteps), times the
    /// course from the end of warm-up on.
    public func rate(step: Int) -> Double {
        if step < warmupSteps { return peak * Double(step + 1) / Double(warmupSteps) }
        let progress =
            Double(step - warmupSteps) / Double(max(1, totalSteps - warmupSteps))
        switch shape {
        case .constant: return peak
        case .linear: return peak * max(0, 1 - progress)
        case .cosine: return peak * 0.5 * (1 + cos(.pi * min(1, progress)))
        }
    }
}
