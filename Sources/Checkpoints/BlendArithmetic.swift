/// One input's share of a tensor.
struct BlendPart {
    /// The elements as stored.
    let bytes: UnsafeRawBufferPointer
    let type: TensorType
    let weight: Double
}

/// Hands the weighted sum of `parts` to `sink`, a block at a time, each element rounded once.
///
/// Where all inputs have the same value the output has it too, so that a blend of a checkpoint with
/// itself is that checkpoint to the bit.
///
/// - Throws: ``CheckpointError/notFinite(file:tensor:index:)`` if an input holds NaN or infinity,
///   ``CheckpointError/overflow(tensor:type:index:)`` if the output type cannot hold a value.
func blend(
    _ parts: [BlendPart], as type: TensorType, tensor: String, to sink: SafetensorsWriter.Sink
) throws {
    guard let first = parts.first else { return }
    let count = first.bytes.count / first.type.size
    let block = 1 << 16
    let capacity = min(block, max(count, 1))
    var sum = [Double](repeating: 0, count: capacity)
    var lead = [Double](repeating: 0, count: capacity)
    var values = [Double](repeating: 0, count: capacity)
    var same = [Bool](repeating: true, count: capacity)
    for start in stride(from: 0, to: count, by: block) {
        let length = min(block, count - start)
        load(first, start, length, into: &lead)
        for i in 0..<length {
            sum[i] = lead[i] * first.weight
            same[i] = true
        }
        for part in parts.dropFirst() {
            load(part, start, length, into: &values)
            for i in 0..<length {
                sum[i] += values[i] * part.weight
                same[i] = same[i] && values[i] == lead[i]
            }
        }
        for i in 0..<length where same[i] { sum[i] = lead[i] }
        for i in 0..<length where !sum[i].isFinite {
            throw CheckpointError.notFinite(file: "blend", tensor: tensor, index: start + i)
        }
        try store(sum, length, as: type, tensor: tensor, start: start, to: sink)
    }
}

private func load(_ part: BlendPart, _ start: Int, _ count: Int, into values: inout [Double]) {
    let size = part.type.size
    guard let source = part.bytes.baseAddress.map({ $0 + start * size }) else { return }
    func half(_ index: Int) -> UInt16 {
        source.loadUnaligned(fromByteOffset: 2 &* index, as: UInt16.self)
    }
    values.withUnsafeMutableBufferPointer { values in
        switch part.type {
        case .f16:
            for i in 0..<count { values[i] = Double(FloatConversion.float(half: half(i))) }
        case .bf16:
            for i in 0..<count { values[i] = Double(FloatConversion.float(bfloat16: half(i))) }
        case .f32:
            for i in 0..<count {
                values[i] = Double(
                    source.loadUnaligned(fromByteOffset: 4 &* i, as: Float.self))
            }
        default:
            for i in 0..<count {
                values[i] = source.loadUnaligned(fromByteOffset: 8 &* i, as: Double.self)
            }
        }
    }
}

private func store(
    _ values: [Double], _ count: Int, as type: TensorType, tensor: String, start: Int,
    to sink: SafetensorsWriter.Sink
) throws {
    func overflow(_ index: Int) -> CheckpointError {
        .overflow(tensor: tensor, type: type.rawValue, index: start + index)
    }
    switch type {
    case .f64:
        try values[..<count].withUnsafeBytes(sink)
    case .f32:
        let floats = values[..<count].map(Float.init)
        if let index = floats.firstIndex(where: \.isInfinite) { throw overflow(index) }
        try floats.withUnsafeBytes(sink)
    case .f16, .bf16:
        let infinity: UInt16 = type == .f16 ? 0x7C00 : 0x7F80
        let halves = values[..<count].map { value in
            let odd = FloatConversion.roundedToOdd(value)
            return type == .f16 ? FloatConversion.half(odd) : FloatConversion.bfloat16(odd)
        }
        if let index = halves.firstIndex(where: { $0 & 0x7FFF == infinity }) {
            throw overflow(index)
        }
        try halves.withUnsafeBytes(sink)
    default: preconditionFailure("\(type.rawValue) is not blended")
    }
}
