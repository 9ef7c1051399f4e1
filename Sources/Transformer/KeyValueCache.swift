import Kernels

// Legend: G key-value heads, d channels of a head.

/// How keys and values of a model are cached. Blocks with the same window share blocks of sixteen
/// positions: layer by layer, for each layer the keys (G, d, 16), then the values (G, 16, d).
struct KeyValueShape: Sendable {
    let keyValueHeadCount: Int
    let headWidth: Int
    /// The window of each part, nil for none, and the number of its layers.
    private(set) var parts: [(window: Int?, layerCount: Int)] = []
    /// For each layer its part, and which of the part's layers it is.
    private var layers: [(part: Int, index: Int)] = []

    init(_ configuration: DecoderConfiguration) {
        keyValueHeadCount = configuration.keyValueHeadCount
        headWidth = configuration.headWidth
        for traits in configuration.attentionOfLayers {
            // A window that no text is longer than is none.
            let window = traits.window.flatMap {
                $0 < configuration.maximumPositions ? $0 : nil
            }
            let part = parts.firstIndex { $0.window == window } ?? parts.count
            if part == parts.count { parts.append((window, 0)) }
            layers.append((part, parts[part].layerCount))
            parts[part].layerCount += 1
        }
    }

    /// Floats of one head's keys (or values) in one layer of a block.
    private var headSize: Int { headWidth * cacheBlockPositions }

    /// Floats of a block of one part.
    func blockSize(ofPart part: Int) -> Int {
        2 * parts[part].layerCount * keyValueHeadCount * headSize
    }

    /// Floats of a sequence of so many tokens, at most.
    ///
    /// - Parameter step: the tokens that are added at a time
    func floats(tokens: Int, atATime step: Int) -> Int {
        func blocks(_ tokens: Int) -> Int {
            (tokens + cacheBlockPositions - 1) / cacheBlockPositions
        }
        return parts.indices.reduce(0) { total, part in
            // A window and what is added begin and end within blocks.
            let held = parts[part].window.map { blocks($0 + step) + 1 }
            return total + min(blocks(tokens), held ?? .max) * blockSize(ofPart: part)
        }
    }

    /// The part that a layer is in, and its window.
    func part(ofLayer layer: Int) -> (part: Int, window: Int?) {
        (layers[layer].part, parts[layers[layer].part].window)
    }

    func keyOffset(layer: Int, head: Int) -> Int {
        (2 * layers[layer].index * keyValueHeadCount + head) * headSize
    }

    func valueOffset(layer: Int, head: Int) -> Int {
        ((2 * layers[layer].index + 1) * keyValueHeadCount + head) * headSize
    }
}

/// Keys and values of sixteen positions in all layers of a part.
final class KeyValueBlock {
    let memory: UnsafeMutablePointer<Float>

    init(size: Int) { memory = PageMemory.allocate(size, of: Float.self) }

    init(copying other: KeyValueBlock, size: Int) {
        memory = PageMemory.allocate(size, of: Float.self)
        memory.update(from: other.memory, count: size)
    }

    deinit { PageMemory.deallocate(memory) }
}

/// Where the keys and values of a sequence in the layers of one part are.
struct KeyValueTable {
    /// Blocks that are given up.
    let dropped: Int
    /// Memory of the others, in order.
    let blocks: [UnsafeMutablePointer<Float>]

    func block(ofPosition position: Int) -> UnsafeMutablePointer<Float> {
        blocks[position / cacheBlockPositions - dropped]
    }

    /// Calls `body` with the memory of the blocks from that of a position on.
    func withBlocks(
        fromPosition position: Int,
        _ body: (UnsafePointer<UnsafeMutablePointer<Float>>) -> Void
    ) {
        blocks.withUnsafeBufferPointer { blocks in
            guard let base = blocks.baseAddress else { return }
            body(base + (position / cacheBlockPositions - dropped))
        }
    }
}

/// The keys and values of one sequence so far, in layers with a window those that are still seen.
///
/// Forks share blocks until they write to them, so that samples of one prompt hold its keys and values
/// once, but for its last, half-filled block.
public final class KeyValueCache {
    /// Number of tokens that the sequence has.
    public internal(set) var count = 0
    private var parts: [Part]
    private let shape: KeyValueShape

    private struct Part {
        var blocks: [KeyValueBlock] = []
        /// Blocks before them that are given up.
        var dropped = 0
    }

    /// An empty cache for a model of this configuration.
    public convenience init(_ configuration: DecoderConfiguration) {
        self.init(KeyValueShape(configuration))
    }

    init(_ shape: KeyValueShape) {
        self.shape = shape
        parts = Array(repeating: Part(), count: shape.parts.count)
    }

    private init(sharing other: KeyValueCache) {
        count = other.count
        parts = other.parts
        shape = other.shape
    }

    /// A cache with the same content, which goes its own way from here.
    public func fork() -> KeyValueCache { KeyValueCache(sharing: self) }

    /// Makes room for some positions, the next ones, in blocks that no other cache sees, and gives up
    /// blocks that are seen neither from there nor from behind.
    func reserve(_ positions: Range<Int>) {
        guard !positions.isEmpty else { return }
        for index in parts.indices {
            let size = shape.blockSize(ofPart: index)
            if let window = shape.parts[index].window {
                let first = max(0, positions.lowerBound + 1 - window) / cacheBlockPositions
                let excess = first - parts[index].dropped
                if excess > 0 {
                    parts[index].blocks.removeFirst(min(excess, parts[index].blocks.count))
                    parts[index].dropped = first
                }
            }
            let dropped = parts[index].dropped
            let next = positions.lowerBound / cacheBlockPositions - dropped
            if next < parts[index].blocks.count,
                !isKnownUniquelyReferenced(&parts[index].blocks[next])
            {
                parts[index].blocks[next] = KeyValueBlock(
                    copying: parts[index].blocks[next], size: size)
            }
            let needed =
                (positions.upperBound + cacheBlockPositions - 1) / cacheBlockPositions - dropped
            while parts[index].blocks.count < needed {
                parts[index].blocks.append(KeyValueBlock(size: size))
            }
        }
    }

    /// Where the keys and values of each part are.
    var tables: [KeyValueTable] {
        parts.map { KeyValueTable(dropped: $0.dropped, blocks: $0.blocks.map(\.memory)) }
    }

    /// Blocks that are held, for tests of a window's bound.
    package var blockCount: Int { parts.reduce(0) { $0 + $1.blocks.count } }
}
