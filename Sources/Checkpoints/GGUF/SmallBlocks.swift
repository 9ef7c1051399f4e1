// Blocks of 32 elements with one scale. Nibbles: the low ones are the first 16 elements, the high
// ones the last 16.

/// d, 32 × Int8 q: w = d·q.
enum Q8x0: BlockFormat {
    static let length = 32
    static let size = 34

    @inline(__always)
    static func decode(_ block: UnsafePointer<UInt8>, to values: UnsafeMutablePointer<Float>) {
        let scale = block.half(at: 0)
        for i in 0..<32 { values[i] = scale * Float(Int8(bitPattern: block[2 &+ i])) }
    }
}

/// d, 16 bytes of nibbles q: w = d·(q − 8).
enum Q4x0: BlockFormat {
    static let length = 32
    static let size = 18

    @inline(__always)
    static func decode(_ block: UnsafePointer<UInt8>, to values: UnsafeMutablePointer<Float>) {
        let scale = block.half(at: 0)
        for i in 0..<16 {
            let pair = Int32(block[2 &+ i])
            values[i] = Float(pair & 15 &- 8) * scale
            values[i &+ 16] = Float(pair &>> 4 &- 8) * scale
        }
    }
}

/// d, m, 16 bytes of nibbles q: w = d·q + m.
enum Q4x1: BlockFormat {
    static let length = 32
    static let size = 20

    @inline(__always)
    static func decode(_ block: UnsafePointer<UInt8>, to values: UnsafeMutablePointer<Float>) {
        let (scale, minimum) = (block.half(at: 0), block.half(at: 2))
        for i in 0..<16 {
            let pair = block[4 &+ i]
            values[i] = Float(pair & 15) * scale + minimum
            values[i &+ 16] = Float(pair &>> 4) * scale + minimum
        }
    }
}

/// d, 32 bits of which the i-th is the fifth bit of element i, 16 bytes of nibbles: w = d·(q − 16).
enum Q5x0: BlockFormat {
    static let length = 32
    static let size = 22

    @inline(__always)
    static func decode(_ block: UnsafePointer<UInt8>, to values: UnsafeMutablePointer<Float>) {
        let scale = block.half(at: 0)
        let high = block.doubleWord(at: 2)
        for i in 0..<16 {
            let pair = UInt32(block[6 &+ i])
            let first = pair & 15 | (high &>> UInt32(i) & 1) &<< 4
            let second = pair &>> 4 | (high &>> UInt32(i &+ 16) & 1) &<< 4
            values[i] = Float(Int32(first) &- 16) * scale
            values[i &+ 16] = Float(Int32(second) &- 16) * scale
        }
    }
}

/// d, m, 32 fifth bits, 16 bytes of nibbles: w = d·q + m.
enum Q5x1: BlockFormat {
    static let length = 32
    static let size = 24

    @inline(__always)
    static func decode(_ block: UnsafePointer<UInt8>, to values: UnsafeMutablePointer<Float>) {
        let (scale, minimum) = (block.half(at: 0), block.half(at: 2))
        let high = block.doubleWord(at: 4)
        for i in 0..<16 {
            let pair = UInt32(block[8 &+ i])
            let first = pair & 15 | (high &>> UInt32(i) & 1) &<< 4
            let second = pair &>> 4 | (high &>> UInt32(i &+ 16) & 1) &<< 4
            values[i] = Float(Int32(first)) * scale + minimum
            values[i &+ 16] = Float(Int32(second)) * scale + minimum
        }
    }
}
