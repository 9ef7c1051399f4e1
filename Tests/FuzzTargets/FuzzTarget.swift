import StreamIO

/// Code that reads what others wrote, as a function of the bytes alone.
public struct FuzzTarget: Sendable {
    /// Its name on command lines; its inputs are in `Tests/FuzzTests/Corpus/NAME.jsonl.zst`.
    public let name: String
    private let body: @Sendable ([UInt8]) throws -> Void

    init(_ name: String, _ body: @escaping @Sendable ([UInt8]) throws -> Void) {
        self.name = name
        self.body = body
    }

    /// Reads an input. Refusing it is fine, by an error with a message and an exit status.
    ///
    /// - Throws: ``Finding`` for anything else: an error of another kind, or a property that does
    ///   not hold.
    public func run(_ input: [UInt8]) throws(Finding) {
        do {
            try body(input)
        } catch let finding as Finding {
            throw finding
        } catch let error as any ReportedError {
            // Messages quote what was read, and are made only when they are shown.
            _ = error.description
            _ = error.hint
        } catch {
            throw Finding("an error without an exit status: \(error)")
        }
    }

    /// The bytes that an input may make the program ask for. Frames of zstd may reserve a window of 2 GiB
    /// (`--long=31`), of which only what is decompressed is ever touched.
    public static func memoryLimit(of input: [UInt8]) -> Int {
        let magic: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]
        let isCompressed = input.indices.contains { input[$0...].starts(with: magic) }
        return memoryLimit(inputBytes: input.count) + (isCompressed ? (1 << 31) + (1 << 22) : 0)
    }

    /// The bytes that an input may make the program hold: ten times as many as it has, and 64 MiB.
    public static func memoryLimit(inputBytes: Int) -> Int { 10 * inputBytes + (64 << 20) }
}

/// What must not happen, whatever the input.
public struct Finding: Error, CustomStringConvertible {
    /// What happened.
    public let description: String

    init(_ description: String) { self.description = description }
}

/// Makes sure of a property.
func require(_ condition: Bool, _ property: @autoclosure () -> String) throws(Finding) {
    if !condition { throw Finding("does not hold: \(property())") }
}

/// Calls `body`, whose refusal is fine.
///
/// - Returns: what it returns; nil if it refuses.
func accepting<Result>(_ body: () throws -> Result) throws -> Result? {
    do {
        return try body()
    } catch let error as any ReportedError {
        _ = error.description
        return nil
    }
}

/// The parts of an input for targets that read several files: what is between lines `--`.
func parts(_ input: [UInt8]) -> [ArraySlice<UInt8>] {
    let separator = Array("\n--\n".utf8)
    var parts: [ArraySlice<UInt8>] = []
    var start = 0
    var position = 0
    while position + separator.count <= input.count {
        if input[position] == separator[0],
            input[position..<position + separator.count].elementsEqual(separator)
        {
            parts.append(input[start..<position])
            position += separator.count
            start = position
        } else {
            position += 1
        }
    }
    return parts + [input[start...]]
}

/// Bytes as text, whatever they are.
func text(_ bytes: some Collection<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
