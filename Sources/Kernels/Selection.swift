// Reading a row of logits: its largest elements, sums of exponentials, what lies above a threshold.

/// Whether none of `count` elements is infinite or no number.
public func areFinite(_ x: UnsafePointer<Float>, count: Int) -> Bool {
    // Zero times what is not finite is no number, and so is every sum with it.
    sum(x, count: count) { $0 * 0 } == 0
}

/// The index of the largest of `count` ≥ 1 elements, the first of equal ones.
public func indexOfMaximum(_ x: UnsafePointer<Float>, count: Int) -> Int {
    let top = maximum(x, count: count)
    var i = 0
    while i + 16 <= count {
        if any(x.vector(at: i) .== Vector(repeating: top)) { break }
        i += 16
    }
    while i < count {
        if x[i] == top { return i }
        i += 1
    }
    return 0
}

/// Σ e^(x[i] − shift) over elements that are at least `threshold`; `x` stays as it is.
public func sumOfExponentials(
    _ x: UnsafePointer<Float>, minus shift: Float, atLeast threshold: Float = -.infinity,
    count: Int
) -> Float {
    let offset = Vector(repeating: shift)
    let limit = Vector(repeating: threshold)
    var total = Vector.zero
    var i = 0
    while i + 16 <= count {
        let value = x.vector(at: i)
        total += exponential(value - offset).replacing(with: 0, where: value .< limit)
        i += 16
    }
    if i < count {
        let value = x.partialVector(at: i, count: count - i, filler: -.infinity)
        var last = exponential(value - offset).replacing(with: 0, where: value .< limit)
        for lane in (count - i)..<16 { last[lane] = 0 }
        total += last
    }
    return total.sum()
}

/// ln Σ e^x[i]; `x` stays as it is.
public func logSumOfExponentials(_ x: UnsafePointer<Float>, count: Int) -> Float {
    let top = maximum(x, count: count)
    return top + logarithm(sumOfExponentials(x, minus: top, count: count))
}

/// The `rank`-th largest element, counted from 1; `rank` is in 1 ... `count`.
///
/// - Complexity: one pass, and O(log rank) for each element that is among the largest so far.
public func largestElement(_ x: UnsafePointer<Float>, rank: Int, count: Int) -> Float {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: rank) { heap in
        // A heap of the largest so far with the smallest of them on top.
        for i in 0..<rank { heap[i] = x[i] }
        for i in stride(from: rank / 2 - 1, through: 0, by: -1) { siftDown(heap, i) }
        var i = rank
        while i < count {
            if i + 16 <= count, !any(x.vector(at: i) .> Vector(repeating: heap[0])) {
                i += 16
                continue
            }
            let end = min(count, i + 16)
            while i < end {
                if x[i] > heap[0] {
                    heap[0] = x[i]
                    siftDown(heap, 0)
                }
                i += 1
            }
        }
        return heap[0]
    }
}

private func siftDown(_ heap: UnsafeMutableBufferPointer<Float>, _ start: Int) {
    var parent = start
    while true {
        var child = 2 * parent + 1
        guard child < heap.count else { return }
        if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
        guard heap[child] < heap[parent] else { return }
        heap.swapAt(parent, child)
        parent = child
    }
}

/// The indices of elements that are at least `threshold`, ascending.
public func indices(
    of x: UnsafePointer<Float>, atLeast threshold: Float, count: Int
) -> [Int32] {
    var result: [Int32] = []
    var i = 0
    while i < count {
        if i + 16 <= count, !any(x.vector(at: i) .>= Vector(repeating: threshold)) {
            i += 16
            continue
        }
        let end = min(count, i + 16)
        while i < end {
            if x[i] >= threshold { result.append(Int32(i)) }
            i += 1
        }
    }
    return result
}
