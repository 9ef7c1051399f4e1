import Glibc

/// The lines of a file, as bytes without their newline. Lines may be of any length.
public struct LineReader: ~Copyable {
    /// The number of the line read last, from 1.
    public private(set) var lineNumber = 0
    /// The name of the file for messages.
    public var name: String { file.name }

    private var file: InputFile
    private var buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
    private var start = 0
    private var end = 0
    private var isAtEnd = false

    /// Reads the lines of `file`.
    public init(_ file: consuming InputFile) {
        self.file = file
    }

    deinit { buffer.deallocate() }

    /// Calls `body` with the bytes of the next line, which are valid during the call only.
    ///
    /// - Returns: what `body` returns; nil after the last line. A last line without newline counts.
    public mutating func withNextLine<Result>(
        _ body: (UnsafeRawBufferPointer) throws -> Result
    ) throws -> Result? {
        guard case .item(let range) = try nextRange(.unlimited) else { return nil }
        lineNumber += 1
        return try body(UnsafeRawBufferPointer(rebasing: buffer[range]))
    }

    /// A copy of the next line's bytes; nil after the last line.
    public mutating func next() throws(StreamError) -> [UInt8]? {
        guard case .item(let range) = try nextRange(.unlimited) else { return nil }
        lineNumber += 1
        return [UInt8](buffer[range])
    }

    /// A copy of the lines that can be had without waiting, at least one, newlines included.
    ///
    /// Only the last line of a file may come without its newline. ``lineNumber`` stays: who asks for
    /// many lines counts them.
    package mutating func nextLines(
        _ patience: Patience
    ) throws(StreamError) -> Arrival<[UInt8]> {
        switch try nextRange(patience) {
        case .end: return .end
        case .pending: return .pending
        case .item(let first):
            if start < end, let last = buffer[start..<end].lastIndex(of: 0x0A) { start = last + 1 }
            return .item([UInt8](buffer[first.lowerBound..<start]))
        }
    }

    private mutating func nextRange(
        _ patience: Patience
    ) throws(StreamError) -> Arrival<Range<Int>> {
        var searched = start
        while true {
            if let position = try newline(from: searched) {
                let line = start..<position
                start = position + 1
                return .item(line)
            }
            if isAtEnd {
                guard start < end else { return .end }
                let line = start..<end
                start = end
                return .item(line)
            }
            searched = end
            searched -= makeRoom()
            let count = try file.read(
                into: UnsafeMutableRawBufferPointer(rebasing: buffer[end...]), patience)
            guard let count else { return .pending }
            if count == 0 { isAtEnd = true }
            end += count
        }
    }

    private func newline(from position: Int) throws(StreamError) -> Int? {
        guard position < end, let base = buffer.baseAddress,
            let newline = memchr(base + position, 0x0A, end - position)
        else {
            guard end - start <= file.longestLine else {
                throw .corruptFrame(
                    path: name,
                    reason:
                        "line \(lineNumber + 1) has more than \(file.longestLine) bytes, far more "
                        + "than was compressed")
            }
            return nil
        }
        return UnsafeRawPointer(newline) - UnsafeRawPointer(base)
    }

    /// Makes room at the end of the buffer; returns by how much its content moved down.
    private mutating func makeRoom() -> Int {
        guard end == buffer.count || start == end else { return 0 }
        let shift = start
        let length = end - start
        if length > buffer.count / 2 {
            let larger = UnsafeMutableRawBufferPointer.allocate(
                byteCount: buffer.count * 2, alignment: 64)
            larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[start..<end]))
            buffer.deallocate()
            buffer = larger
        } else if length > 0, let base = buffer.baseAddress {
            memmove(base, base + start, length)
        }
        start = 0
        end = length
        return shift
    }
}
