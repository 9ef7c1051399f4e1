import Glibc

/// Memory of the calling thread that grows and is used again, so that kernels allocate nothing in
/// the steady state.
public enum ThreadScratch {
    /// Who uses the memory; users that call each other need different ones.
    public enum User: Int, CaseIterable, Sendable {
        /// The left factor of a matrix product, laid out for it.
        case leftFactor
        /// A piece of the right factor of a matrix product, laid out for it.
        case rightFactor
        /// Scores, keys and values of attention.
        case attention
        /// Partial sums of a reduction.
        case reduction
    }

    /// At least `bytes` bytes, aligned to 64; what is in them is lost at the next call for `user`.
    public static func memory(_ user: User, bytes: Int) -> UnsafeMutableRawPointer {
        current.reserve(user.rawValue, bytes: bytes)
    }

    /// At least `count` floats, aligned to 64; what is in them is lost at the next call for `user`.
    public static func floats(_ user: User, count: Int) -> UnsafeMutablePointer<Float> {
        memory(user, bytes: PageMemory.size(count, MemoryLayout<Float>.stride))
            .assumingMemoryBound(to: Float.self)
    }

    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        let status = pthread_key_create(&key) { pointer in
            guard let pointer else { return }
            Unmanaged<Blocks>.fromOpaque(pointer).release()
        }
        precondition(status == 0, "no key for memory of threads")
        return key
    }()

    private static var current: Blocks {
        if let pointer = pthread_getspecific(key) {
            return Unmanaged<Blocks>.fromOpaque(pointer).takeUnretainedValue()
        }
        let blocks = Blocks()
        pthread_setspecific(key, Unmanaged.passRetained(blocks).toOpaque())
        return blocks
    }

    private final class Blocks {
        private var blocks = [UnsafeMutableRawBufferPointer](
            repeating: UnsafeMutableRawBufferPointer(start: nil, count: 0),
            count: User.allCases.count)

        deinit { for block in blocks { block.baseAddress.map(PageMemory.deallocate) } }

        func reserve(_ index: Int, bytes: Int) -> UnsafeMutableRawPointer {
            if let base = blocks[index].baseAddress, blocks[index].count >= bytes { return base }
            let size = max(bytes, blocks[index].count * 5 / 4, 64)
            blocks[index].baseAddress.map(PageMemory.deallocate)
            let base = PageMemory.allocate(bytes: size)
            blocks[index] = UnsafeMutableRawBufferPointer(start: base, count: size)
            return base
        }
    }
}
