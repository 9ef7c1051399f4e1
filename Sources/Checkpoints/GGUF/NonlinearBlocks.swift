// Blocks whose quants are places in a table of sixteen levels, denser around zero.

/// The levels, `kvalues_iq4nl` in `ggml-common.h`.
private var levels: SIMD16<Float> {
    SIMD16(-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113)
}

/// d, 16 bytes of nibbles q as in Q4_0: w = d·level(q).
enum IQ4NL: BlockFormat {
    static let length = 32
    static let size = 18

    @inline(__always)
    static func decode(_ block: UnsafePointer<UInt8>, to values: UnsafeMutablePointer<Float>) {
        let (scale, levels) = (block.half(at: 0), levels)
        for i in 0..<16 {
            let pair = Int(block[2 &+ i])
            values[i] = scale * levels[pair & 15]
            values[i &+ 16] = scale * levels[pair &>> 4]
        }
    }
}

/// d, 16 bits with the upper two bits of the scales s of groups of 32, group 0 lowest, 4 bytes with the
/// lower four, 128 bytes of nibbles q, 16 a group as in Q4_0: w = d·(s − 32)·level(q).
enum IQ4XS: BlockFormat {
    static let length = 256
    static let size = 136

    static func decode(_ block: UnsafePointer<UInt8>, to values: UnsafeMutablePointer<Float>) {
        let (scale, levels) = (block.half(at: 0), levels)
        let upper = block.word(at: 2)
        for group in 0..<8 {
            let low = block[4 &+ group / 2] &>> UInt8(group % 2 &* 4) & 15
            let high = UInt8(truncatingIfNeeded: upper &>> UInt16(group &* 2)) & 3
            let d = scale * Float(Int32(low | high &<< 4) &- 32)
            let quants = block + (8 &+ group &* 16)
            let target = values + group &* 32
            for i in 0..<16 {
                let pair = Int(quants[i])
                target[i] = d * levels[pair & 15]
                target[i &+ 16] = d * levels[pair &>> 4]
            }
        }
    }
}
