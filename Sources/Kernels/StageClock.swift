import Glibc
import Locks

import struct Synchronization.Atomic

/// What the time of a training step goes into.
public enum Stage: String, Sendable, CaseIterable {
    /// Matrix products of the forward pass: linear layers and the vocabulary projection.
    case forwardProducts = "forward_products"
    /// Those of the gradients of layers' inputs.
    case inputProducts = "input_gradient_products"
    /// Those of the gradients of weights.
    case weightProducts = "weight_gradient_products"
    /// Attention, forward and backward.
    case attention
    /// Norms, activation functions, rotary positions.
    case pointwise
    /// Softmax over the vocabulary, its gradient, and the loss.
    case softmax
    /// Embedding tables: looking up and adding gradients.
    case embedding
    /// Norm of the gradient, update of the parameters.
    case optimizer
}

/// Seconds by stage, and the arithmetic of the products.
public struct StageTimes: Sendable {
    /// Seconds that each stage took; stages that did not occur are absent.
    public internal(set) var seconds: [Stage: Double] = [:]
    /// Floating-point operations of stages that are matrix products.
    public internal(set) var operations: [Stage: Double] = [:]

    /// No time at all.
    public init() {}

    /// Adds the times of another part of the run.
    public mutating func add(_ other: StageTimes) {
        seconds.merge(other.seconds, uniquingKeysWith: +)
        operations.merge(other.operations, uniquingKeysWith: +)
    }

    /// Seconds of all matrix products.
    public var productSeconds: Double { operations.keys.reduce(0) { $0 + (seconds[$1] ?? 0) } }
    /// Floating-point operations of all matrix products.
    public var productOperations: Double { operations.values.reduce(0, +) }
}

/// Measures where time goes, when asked to; costs next to nothing otherwise.
///
/// Stages are measured on the thread that calls the kernels, which waits for the others.
public enum StageClock {
    private static let isOn = Atomic<Bool>(false)
    private static let times = Mutex(StageTimes())

    /// Begins to measure.
    public static func start() { isOn.store(true, ordering: .relaxed) }

    /// The times since the last call, or since the start; nil if nothing is being measured.
    public static func take() -> StageTimes? {
        guard isOn.load(ordering: .relaxed) else { return nil }
        return times.withLock { current in
            defer { current = StageTimes() }
            return current
        }
    }

    /// Runs `body` and adds its time to `stage`. Stages do not nest.
    ///
    /// - Parameter operations: floating-point operations, of matrix products
    @inline(__always)
    public static func measure(_ stage: Stage, operations: Double = 0, _ body: () -> Void) {
        guard isOn.load(ordering: .relaxed) else {
            body()
            return
        }
        let start = now
        body()
        let elapsed = now - start
        times.withLock {
            $0.seconds[stage, default: 0] += elapsed
            if operations > 0 { $0.operations[stage, default: 0] += operations }
        }
    }

    /// Seconds on a clock that never goes back.
    static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
