import Glibc

/// Memory for numbers, aligned to cache lines. Large pieces ask for huge pages: a product that streams
/// through hundreds of megabytes otherwise waits for page tables.
public enum PageMemory {
    private static let hugePage = 2 << 20

    /// Memory of `bytes` bytes, not initialised, to be given back with ``deallocate(_:)``.
    public static func allocate(bytes: Int) -> UnsafeMutableRawPointer {
        let isLarge = bytes >= 2 * hugePage
        let alignment = isLarge ? hugePage : 64
        // Whole alignment units, as the allocator demands.
        let size = (max(1, bytes) + alignment - 1) / alignment * alignment
        guard let memory = aligned_alloc(alignment, size) else {
            fatalError("no memory for \(size) bytes")
        }
        // Only advice: without huge pages everything works, slower.
        if isLarge { madvise(memory, size, MADV_HUGEPAGE) }
        return memory
    }

    /// Memory for `count` elements, not initialised, to be given back with ``deallocate(_:)``.
    public static func allocate<Element: BitwiseCopyable>(
        _ count: Int, of type: Element.Type
    ) -> UnsafeMutablePointer<Element> {
        allocate(bytes: count * MemoryLayout<Element>.stride)
            .bindMemory(to: type, capacity: max(1, count))
    }

    /// Zeros, to be given back with ``deallocate(_:)``; pages that are never touched take no memory.
    public static func allocateZeros<Element: BitwiseCopyable>(
        _ count: Int, of type: Element.Type
    ) -> UnsafeMutablePointer<Element> {
        let memory: UnsafeMutablePointer<Element> = allocate(count, of: type)
        let bytes = count * MemoryLayout<Element>.stride
        let page = 4096
        let address = UnsafeMutableRawPointer(memory)
        // Whole pages are given back to the system, which hands out fresh zeros.
        let first = address.alignedUp(toMultipleOf: page)
        let last = (address + bytes).alignedDown(toMultipleOf: page)
        guard first < last, madvise(first, last - first, MADV_DONTNEED) == 0 else {
            memset(address, 0, bytes)
            return memory
        }
        memset(address, 0, first - address)
        memset(last, 0, address + bytes - last)
        return memory
    }

    /// Gives back what ``allocate(bytes:)`` gave.
    public static func deallocate(_ memory: UnsafeMutableRawPointer) {
        free(memory)
    }
}

/// Memory for many pieces that live as long as each other, cut from large blocks.
public final class PageArena {
    private static let blockSize = 32 << 20
    private var blocks: [UnsafeMutableRawPointer] = []
    private var next: UnsafeMutableRawPointer?
    private var left = 0

    /// An arena without memory.
    public init() {}

    deinit { for block in blocks { PageMemory.deallocate(block) } }

    /// Memory for `count` elements, aligned to cache lines, until the arena goes away.
    func allocate<Element: BitwiseCopyable>(
        _ count: Int, of type: Element.Type
    ) -> UnsafeMutablePointer<Element> {
        let bytes = (count * MemoryLayout<Element>.stride + 63) & ~63
        if let memory = next, bytes <= left {
            next = memory + bytes
            left -= bytes
            return memory.bindMemory(to: type, capacity: count)
        }
        let size = max(bytes, Self.blockSize)
        let block = PageMemory.allocate(bytes: size)
        blocks.append(block)
        if size - bytes > left {
            next = block + bytes
            left = size - bytes
        }
        return block.bindMemory(to: type, capacity: max(1, count))
    }
}
