import Locks

/// Files that are mapped into memory, by the addresses they take.
///
/// When a file becomes shorter while it is mapped, whoever reads what is no more there gets SIGBUS,
/// which cannot be turned into an error of the reader: ``Interruption`` looks here for the file and
/// ends the process with a message that names it.
package enum MappedMemory {
    private static let files = Mutex<[UInt: (count: Int, path: String)]>([:])

    /// Notes a mapping.
    package static func add(_ start: UnsafeRawPointer, count: Int, path: String) {
        files.withLock { $0[UInt(bitPattern: start)] = (count, path) }
    }

    /// Forgets a mapping.
    package static func remove(_ start: UnsafeRawPointer) {
        files.withLock { $0[UInt(bitPattern: start)] = nil }
    }

    /// The file that is mapped where `address` is.
    static func path(at address: UInt) -> String? {
        files.withLock { files in
            files.first { start, file in
                // The last page is mapped as a whole.
                address >= start && address - start < UInt(file.count + 4096)
            }?.value.path
        }
    }
}
