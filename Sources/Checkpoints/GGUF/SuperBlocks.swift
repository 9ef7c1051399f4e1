// Blocks of 256 elements in groups, whose own scales are quantised too. "Two bits at 2j" are those of
// 32 bytes for the 32 elements of the j-th quarter of a half, and so on: a byte holds what belongs to
// elements that are 32 apart.

/// 16 bytes with the scale s (low) and minimum n (high nibble) of groups of 16, 64 bytes of q, two bits
/// each, d, m: w = (d·s)·q − m·n.
enum Q2K: BlockFormat {
    static let length = 256
    static let size = 84

    static func decode(_ block: UnsafePointer<UInt8>, to values: UnsafeMutablePointer<Float>) {
        let (scale, minimum) = (block.half(at: 80), block.half(at: 82))
        for group in 0..<16 {
            let factors = block[group]
            let (d, m) = (scale * Float(factors & 15), minimum * Float(factors &>> 4))
            let quants = block + (16 &+ group / 8 &* 32 &+ group % 2 &* 16)
            let shift = UInt8(group / 2 % 4 &* 2)
            let target = values + group &* 16
            for i in 0..<16 { target[i] = d * Float(quants[i] &>> shift & 3) - m }
        }
    }
}

/// 32 bytes of third bits, 64 bytes of the two lower bits, 12 bytes with the scales s of groups of 16, d:
/// w = d·(s − 32)·(q − 4).
///
/// The scales have 6 bits: the lower four of group g in byte g % 8, low nibbles first, the upper two in
/// byte 8 + g % 4 at 2·(g / 4).
enum Q3K: BlockFormat {
    static let length = 256
    static let size = 110

    static func decode(_ block: UnsafePointer<UInt8>, to values: UnsafeMutablePointer<Float>) {
        let scale = block.half(at: 108)
        let scales = block + 96
        for group in 0..<16 {
            let low = scales[group % 8] &>> UInt8(group / 8 &* 4) & 15
            let high = scales[8 &+ group % 4] &>> UInt8(group / 4 &* 2) & 3
            let d = scale * Float(Int32(low | high &<< 4) &- 32)
            let third = block + group % 2 &* 16
            let quants = block + (32 &+ group / 8 &* 32 &+ group % 2 &* 16)
            let (bit, shift) = (UInt8(group / 2), UInt8(group / 2 % 4 &* 2))
            let target = values + group &* 16
            for i in 0..<16 {
                let q = quants[i] &>> shift & 3 | (third[i] &>> bit & 1) &<< 2
                target[i] = d * Float(Int32(q) &- 4)
            }
        }
    }
}

/// The 6-bit scales s and minima n of eight groups in 12 bytes, as Q4_K and Q5_K have them: those of the
/// first four groups in bytes 0–3 and 4–7, whose upper two bits complete the nibbles (low s, high n) of
/// the last four groups in bytes 8–11.
private struct GroupFactors {
    let bytes: UnsafePointer<UInt8>

    @inline(__always)
    subscript(group: Int) -> (scale: Float, minimum: Float) {
        if group < 4 { return (Float(bytes[group] & 63), Float(bytes[group &+ 4] & 63)) }
        let nibbles = bytes[group &+ 4]
        return (
            Float(nibbles & 15 | (bytes[group &- 4] &>> 6) &<< 4),
            Float(nibbles &>> 4 | (bytes[group] &>> 6) &<< 4)
        )
    }
}

/// d, m, 12 bytes of factors of groups of 32, 128 bytes of nibbles q, low ones for an even group, high
/// ones for the next: w = (d·s)·q − m·n.
enum Q4K: BlockFormat {
    static let length = 256
    static let size = 144

    static func decode(_ block: UnsafePointer<UInt8>, to values: UnsafeMutablePointer<Float>) {
        let (scale, minimum) = (block.half(at: 0), block.half(at: 2))
        let factors = GroupFactors(bytes: block + 4)
        for group in 0..<8 {
            let (s, n) = factors[group]
            let (d, m) = (scale * s, minimum * n)
            let quants = block + (16 &+ group / 2 &* 32)
            let shift = UInt8(group % 2 &* 4)
            let target = values + group &* 32
            for i in 0..<32 { target[i] = d * Float(quants[i] &>> shift & 15) - m }
        }
    }
}

/// d, m, 12 bytes of factors of groups of 32, 32 bytes of fifth bits, the g-th of a byte for group g, 128
/// bytes of nibbles as in Q4_K: w = (d·s)·q − m·n.
enum Q5K: BlockFormat {
    static let length = 256
    static let size = 176

    static func decode(_ block: UnsafePointer<UInt8>, to values: UnsafeMutablePointer<Float>) {
        let (scale, minimum) = (block.half(at: 0), block.half(at: 2))
        let factors = GroupFactors(bytes: block + 4)
        let fifth = block + 16
        for group in 0..<8 {
            let (s, n) = factors[group]
            let (d, m) = (scale * s, minimum * n)
            let quants = block + (48 &+ group / 2 &* 32)
            let (bit, shift) = (UInt8(group), UInt8(group % 2 &* 4))
            let target = values + group &* 32
            for i in 0..<32 {
                let q = quants[i] &>> shift & 15 | (fifth[i] &>> bit & 1) &<< 4
                target[i] = d * Float(q) - m
            }
        }
    }
}

/// 128 bytes of nibbles, 64 bytes of the two upper bits, 16 × Int8 scales s of groups of 16, d:
/// w = (d·s)·(q − 32).
///
/// Of each half the low nibbles of 64 bytes are the first 64 elements, the high ones the last.
enum Q6K: BlockFormat {
    static let length = 256
    static let size = 210

    static func decode(_ block: UnsafePointer<UInt8>, to values: UnsafeMutablePointer<Float>) {
        let scale = block.half(at: 208)
        for group in 0..<16 {
            let d = scale * Float(Int8(bitPattern: block[192 &+ group]))
            let lower = block + (group / 8 &* 64 &+ group % 4 &* 16)
            let upper = block + (128 &+ group / 8 &* 32 &+ group % 2 &* 16)
            let (nibble, pair) = (UInt8(group / 4 % 2 &* 4), UInt8(group / 2 % 4 &* 2))
            let target = values + group &* 16
            for i in 0..<16 {
                let q = lower[i] &>> nibble & 15 | (upper[i] &>> pair & 3) &<< 4
                target[i] = d * Float(Int32(q) &- 32)
            }
        }
    }
}
