import Kernels

// Legend: G key-value heads, d channels of a head.

/// How keys and values of a model lie in a block of sixteen positions: layer by layer, for each layer
/// the keys (G, d, 16), then the values (G, 16, d).
struct KeyValueShape: Sendable {
    let layerCount: Int
    let keyValueHeadCount: Int
    let headWidth: Int

    init(_ configuration: DecoderConfiguration) {
        layerCount = configuration.layerCount
        keyValueHeadCount = configuration.keyValueHeadCount
        headWidth = configuration.headWidth
    }

    /// Floats of one head's keys (or values) in one layer of a block.
    private var headSize: Int { headWidth * cacheBlockPositions }
    /// Floats of a block.
    var blockSize: Int { 2 * layerCount * keyValueHeadCount * headSize }

    func keyOffset(layer: Int, head: Int) -> Int {
        (2 * layer * keyValueHeadCount + head) * headSize
    }

    func valueOffset(layer: Int, head: Int) -> Int {
        ((2 * layer + 1) * keyValueHeadCount + head) * headSize
    }
}

/// Keys and values of sixteen positions in all layers.
final class KeyValueBlock {
    let memory: UnsafeMutablePointer<Float>

    init(size: Int) { memory = PageMemory.allocate(size, of: Float.self) }

    init(copying other: KeyValueBlock, size: Int) {
        memory = PageMemory.allocate(size, of: Float.self)
        memory.update(from: other.memory, count: size)
    }

    deinit { PageMemory.deallocate(memory) }
}

/// The keys and values of one sequence so far.
///
/// Forks share blocks until they write to them, so that samples of one prompt hold its keys and values
/// once, but for its last, half-filled block.
public final class KeyValueCache {
    /// Number of tokens whose keys and values are held.
    public internal(set) var count = 0
    private var blocks: [KeyValueBlock] = []
    private let blockSize: Int

    /// An empty cache for a model of this configuration.
    public init(_ configuration: DecoderConfiguration) {
        blockSize = KeyValueShape(configuration).blockSize
    }

    private init(sharing other: KeyValueCache) {
        count = other.count
        blocks = other.blocks
        blockSize = other.blockSize
    }

    /// A cache with the same content, which goes its own way from here.
    public func fork() -> KeyValueCache { KeyValueCache(sharing: self) }

    /// Makes room for `additional` tokens in blocks that no other cache sees.
    func reserve(_ additional: Int) {
        guard additional > 0 else { return }
        let position = count / cacheBlockPositions
        if position < blocks.count, !isKnownUniquelyReferenced(&blocks[position]) {
            blocks[position] = KeyValueBlock(copying: blocks[position], size: blockSize)
        }
        let needed = (count + additional + cacheBlockPositions - 1) / cacheBlockPositions
        while blocks.count < needed { blocks.append(KeyValueBlock(size: blockSize)) }
    }

    /// Memory of the blocks, in order.
    var blockMemory: [UnsafeMutablePointer<Float>] { blocks.map(\.memory) }
}
