// Legend: L visible positions, d channels of a head.

/// Positions that one block of a key-value cache holds; one vector of scores.
public let cacheBlockPositions = 16

/// Attention of one row's query heads, which share a key-value head, over cached keys and values.
///
/// Keys lie channel by channel, (d, 16) in a block, so that lanes are positions; values lie position
/// by position, (16, d). Sums run in an order that depends on L and d alone.
///
/// - Parameters:
///   - queries: (heads, d), one head after the other
///   - heads: query heads that share the key-value head
///   - headWidth: d
///   - blocks: memory of the sequence's blocks, enough for L positions
///   - keyOffset: where this head's keys begin in a block
///   - valueOffset: where its values begin
///   - first: positions of the first block that are not seen, less than 16
///   - visible: L ≥ 1, those that are not seen included
///   - scale: factor on the scores
///   - scores: room for L floats, rounded up to whole blocks
///   - output: (heads, d)
public func attendToCache(
    queries: UnsafePointer<Float>, heads: Int, headWidth: Int,
    blocks: UnsafePointer<UnsafeMutablePointer<Float>>, keyOffset: Int, valueOffset: Int,
    first: Int = 0, visible: Int, scale: Float, scores: UnsafeMutablePointer<Float>,
    output: UnsafeMutablePointer<Float>
) {
    let width = cacheBlockPositions
    let blockCount = (visible + width - 1) / width
    for head in 0..<heads {
        let query = queries + head * headWidth
        for block in 0..<blockCount {
            let keys = UnsafePointer(blocks[block] + keyOffset)
            let products = scoreBlock(query, keys, headWidth)
            scores.store(products * scale, at: block * width)
        }
        let top = maximum(scores + first, count: visible - first)
        let total = exponentiate(scores + first, minus: top, count: visible - first)
        let target = output + head * headWidth
        var channel = 0
        while channel + 64 <= headWidth {
            weighWideValues(
                scores, 1 / total, blocks, valueOffset + channel, headWidth,
                first..<visible, into: target + channel)
            channel += 64
        }
        while channel + 16 <= headWidth {
            weighValues(
                scores, 1 / total, blocks, valueOffset + channel, headWidth,
                first..<visible, into: target + channel)
            channel += 16
        }
        while channel < headWidth {
            var sum: Float = 0
            for position in first..<visible {
                let line = blocks[position / width] + valueOffset + position % width * headWidth
                sum += scores[position] * line[channel]
            }
            target[channel] = sum / total
            channel += 1
        }
    }
}

/// The dot products of a query with sixteen keys. Four partial sums keep the adders busy.
@inline(__always)
private func scoreBlock(
    _ query: UnsafePointer<Float>, _ keys: UnsafePointer<Float>, _ headWidth: Int
) -> Vector {
    var (a, b, c, d) = (Vector.zero, Vector.zero, Vector.zero, Vector.zero)
    var channel = 0
    while channel + 4 <= headWidth {
        let at = channel &* 16
        a.addProduct(keys.vector(at: at), Vector(repeating: query[channel]))
        b.addProduct(keys.vector(at: at &+ 16), Vector(repeating: query[channel &+ 1]))
        c.addProduct(keys.vector(at: at &+ 32), Vector(repeating: query[channel &+ 2]))
        d.addProduct(keys.vector(at: at &+ 48), Vector(repeating: query[channel &+ 3]))
        channel &+= 4
    }
    while channel < headWidth {
        a.addProduct(keys.vector(at: channel &* 16), Vector(repeating: query[channel]))
        channel &+= 1
    }
    return (a + b) + (c + d)
}

/// Σ weight · value of sixty-four channels, times `factor`.
@inline(__always)
private func weighWideValues(
    _ weights: UnsafePointer<Float>, _ factor: Float,
    _ blocks: UnsafePointer<UnsafeMutablePointer<Float>>, _ offset: Int, _ headWidth: Int,
    _ visible: Range<Int>, into target: UnsafeMutablePointer<Float>
) {
    var (a, b, c, d) = (Vector.zero, Vector.zero, Vector.zero, Vector.zero)
    var position = visible.lowerBound
    while position < visible.upperBound {
        var line = UnsafePointer(
            blocks[position / cacheBlockPositions] + offset
                + position % cacheBlockPositions * headWidth)
        let end = min(
            visible.upperBound, (position / cacheBlockPositions + 1) * cacheBlockPositions)
        while position < end {
            let weight = Vector(repeating: weights[position])
            a.addProduct(line.vector(at: 0), weight)
            b.addProduct(line.vector(at: 16), weight)
            c.addProduct(line.vector(at: 32), weight)
            d.addProduct(line.vector(at: 48), weight)
            line += headWidth
            position &+= 1
        }
    }
    target.store(a * factor, at: 0)
    target.store(b * factor, at: 16)
    target.store(c * factor, at: 32)
    target.store(d * factor, at: 48)
}

/// Σ weight · value of sixteen channels, times `factor`.
@inline(__always)
private func weighValues(
    _ weights: UnsafePointer<Float>, _ factor: Float,
    _ blocks: UnsafePointer<UnsafeMutablePointer<Float>>, _ offset: Int, _ headWidth: Int,
    _ visible: Range<Int>, into target: UnsafeMutablePointer<Float>
) {
    var sum = Vector.zero
    var position = visible.lowerBound
    while position < visible.upperBound {
        var line = UnsafePointer(
            blocks[position / cacheBlockPositions] + offset
                + position % cacheBlockPositions * headWidth)
        let end = min(
            visible.upperBound, (position / cacheBlockPositions + 1) * cacheBlockPositions)
        while position < end {
            sum.addProduct(line.vector(at: 0), Vector(repeating: weights[position]))
            line += headWidth
            position &+= 1
        }
    }
    target.store(sum * factor, at: 0)
}
