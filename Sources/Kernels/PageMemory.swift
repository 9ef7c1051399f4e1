import CMemory
import Glibc

/// Memory for numbers, aligned to cache lines. Large pieces ask for huge pages: a product that streams
/// through hundreds of megabytes otherwise waits for page tables.
public enum PageMemory {
    private static let hugePage = 2 << 20
    /// Pieces from here on ask for huge pages, and go back to the system when they are freed.
    private static let large: Int = {
        let bytes = 2 * hugePage
        memory_return_from(bytes)
        return bytes
    }()

    /// Memory of `bytes` bytes, not initialised, to be given back with ``deallocate(_:)``.
    public static func allocate(bytes: Int) -> UnsafeMutableRawPointer {
        let isLarge = bytes >= large
        let alignment = isLarge ? hugePage : 64
        // Whole alignment units, as the allocator demands.
        let size = (max(1, bytes) + alignment - 1) / alignment * alignment
        guard let memory = aligned_alloc(alignment, size) else {
            exhausted(bytes: size)
        }
        // Only advice: without huge pages everything works, slower.
        if isLarge { madvise(memory, size, MADV_HUGEPAGE) }
        return memory
    }

    /// Memory for `count` elements, not initialised, to be given back with ``deallocate(_:)``.
    public static func allocate<Element: BitwiseCopyable>(
        _ count: Int, of type: Element.Type
    ) -> UnsafeMutablePointer<Element> {
        allocate(bytes: size(count, MemoryLayout<Element>.stride))
            .bindMemory(to: type, capacity: max(1, count))
    }

    /// Zeros, to be given back with ``deallocate(_:)``; pages that are never touched take no memory.
    public static func allocateZeros<Element: BitwiseCopyable>(
        _ count: Int, of type: Element.Type
    ) -> UnsafeMutablePointer<Element> {
        let memory: UnsafeMutablePointer<Element> = allocate(count, of: type)
        discard(memory, bytes: count * MemoryLayout<Element>.stride)
        return memory
    }

    /// Turns memory into zeros; its whole pages take no room until they are touched again.
    public static func discard(_ memory: UnsafeMutableRawPointer, bytes: Int) {
        let page = 4096
        // Whole pages are given back to the system, which hands out fresh zeros.
        let first = memory.alignedUp(toMultipleOf: page)
        let last = (memory + bytes).alignedDown(toMultipleOf: page)
        guard first < last, madvise(first, last - first, MADV_DONTNEED) == 0 else {
            memset(memory, 0, bytes)
            return
        }
        memset(memory, 0, first - memory)
        memset(last, 0, memory + bytes - last)
    }

    /// Addresses for `bytes` zeros, to be given back with ``unmap(_:bytes:)``. Only pages that are
    /// touched take memory, and the system promises none, so that there may be more of them than it has.
    public static func map(bytes: Int) -> UnsafeMutableRawPointer {
        let memory = mmap(
            nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        guard let memory, memory != MAP_FAILED else {
            exhausted(bytes: bytes)
        }
        if bytes >= 2 * hugePage { madvise(memory, bytes, MADV_HUGEPAGE) }
        return memory
    }

    /// Names the tool that ends when memory runs out, and its status: whoever asks for memory, kernels or not, the
    /// process then says so and ends, since nothing goes on without it. Before this is called, it traps.
    ///
    /// - Parameters:
    ///   - before: what is written before the number of MiB that were asked for
    ///   - after: what is written behind it
    public static func endWhenExhausted(before: String, after: String, status: Int32) {
        memory_end_with(before, after, status)
    }

    /// Ends the process for want of so many bytes; see ``endWhenExhausted(before:after:status:)``.
    public static func exhausted(bytes: Int) -> Never {
        memory_exhausted(bytes)
    }

    /// The product of two sizes.
    ///
    /// A product that is too large for any memory ends as memory that is not there does.
    static func size(_ count: Int, _ each: Int) -> Int {
        precondition(count >= 0 && each >= 0, "negative size")
        let (bytes, overflow) = count.multipliedReportingOverflow(by: each)
        if overflow || bytes > Int.max / 2 { exhausted(bytes: .max) }
        return bytes
    }

    /// Gives back what ``map(bytes:)`` gave.
    public static func unmap(_ memory: UnsafeMutableRawPointer, bytes: Int) {
        munmap(memory, bytes)
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
        let bytes = (PageMemory.size(count, MemoryLayout<Element>.stride) + 63) & ~63
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
