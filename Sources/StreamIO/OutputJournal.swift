import Glibc

/// What a tool has written so far of an output that is not whole yet: the file `OUTPUT.partial`,
/// from which a later run of the same work goes on.
///
/// Its first line is a JSON object that names the work. Every other line is a record behind a tab;
/// before the tab stands how many input records are done with it, or nothing where a later record
/// belongs to the same piece of work. Whatever follows the last such number is work that was
/// interrupted, and is done again.
package struct OutputJournal: ~Copyable {
    /// Output records that an earlier run finished.
    package let outputs: Int
    /// Input records that they were made of.
    package let inputs: Int
    /// The file's name.
    package let path: String

    private var writer: FileWriter
    private var lastSync = 0.0
    /// Seconds after which what was written has to be on the disk.
    private static let syncInterval = 5.0

    /// Begins, or goes on where an earlier run stopped.
    ///
    /// - Parameters:
    ///   - output: the name that the output will have
    ///   - work: names what is done and to what; an earlier run has to agree in all of it
    ///   - alignment: go on behind a multiple of so many output records only
    package init(output: String, work: [String: String], alignment: Int) throws {
        let path = output + ".partial"
        let (descriptor, code) = retrying {
            open(path.systemPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
        }
        guard descriptor >= 0 else {
            throw StreamError.cannotCreate(path: path, reason: systemMessage(code))
        }
        var writer = FileWriter(descriptor: descriptor, path: path)
        // Goes away with its owner, however that ends.
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, Self.isStill(descriptor, path) else {
            throw JournalError.inUse(path: path)
        }
        let header = try JSONValue.object(work.mapValues { .string($0) }).serialized()
        let done = try Self.read(path, header: header, work: work, alignment: alignment)
        guard ftruncate(descriptor, done.bytes) == 0, lseek(descriptor, 0, SEEK_END) >= 0 else {
            throw StreamError.writeFailed(path: path, reason: systemMessage(errno))
        }
        if done.bytes == 0 { try writer.write(header + [0x0A]) }
        try writer.synchronize()
        self.path = path
        self.writer = writer
        outputs = done.outputs
        inputs = done.inputs
    }

    /// Adds a record's line, without a newline.
    ///
    /// - Parameter inputs: how many input records are done with it; nil if there is more to come of
    ///   the last of them
    package mutating func append(
        _ line: UnsafeRawBufferPointer, inputs: Int?
    ) throws(StreamError) {
        if let inputs { try writer.write(Array(String(inputs).utf8)) }
        try writer.write([0x09])
        try writer.write(line)
        try writer.write([0x0A])
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        let seconds = Double(now.tv_sec)
        if seconds - lastSync >= Self.syncInterval {
            try writer.synchronize()
            lastSync = seconds
        } else {
            try writer.flush()
        }
    }

    /// Copies all records to the output, then removes the file.
    package mutating func move(to output: inout OutputFile) throws {
        try writer.synchronize()
        var lines = LineReader(try InputFile(path: path))
        _ = try lines.next()
        while let line = try lines.next() {
            guard let tab = line.firstIndex(of: 0x09) else { continue }
            try output.write(Array(line[(tab + 1)...]) + [0x0A])
        }
        try output.finish()
        unlink(path.systemPath)
    }

    // MARK: What is there

    /// Whether the file of this name is still the one that was opened: the run that held the lock
    /// may just have removed it.
    private static func isStill(_ descriptor: Int32, _ path: String) -> Bool {
        var opened = stat()
        var named = stat()
        return fstat(descriptor, &opened) == 0 && stat(path.systemPath, &named) == 0
            && opened.st_ino == named.st_ino && opened.st_dev == named.st_dev
    }

    private static func read(
        _ path: String, header: [UInt8], work: [String: String], alignment: Int
    ) throws -> (bytes: Int, outputs: Int, inputs: Int) {
        var status = stat()
        guard stat(path.systemPath, &status) == 0 else {
            throw StreamError.readFailed(path: path, reason: systemMessage(errno))
        }
        let size = Int(status.st_size)
        var lines = LineReader(try InputFile(path: path))
        guard let first = try lines.next() else { return (0, 0, 0) }
        // A last line without its newline is torn.
        guard first.count < size else { return (0, 0, 0) }
        if first != header {
            throw JournalError.otherWork(path: path, differences: differences(first, work))
        }
        var (bytes, outputs) = (first.count + 1, 0)
        var done = (bytes: bytes, outputs: 0, inputs: 0)
        while let line = try lines.next() {
            bytes += line.count + 1
            guard bytes <= size, let tab = line.firstIndex(of: 0x09) else { break }
            outputs += 1
            let number = Int(String(decoding: line[..<tab], as: UTF8.self))
            guard let number, line.last == UInt8(ascii: "}") else { continue }
            if outputs % alignment == 0 { done = (bytes, outputs, number) }
        }
        return done
    }

    private static func differences(_ header: [UInt8], _ work: [String: String]) -> [String] {
        guard let named = (try? JSONValue(parsing: header))?.object else {
            return ["the first line (got no JSON object, expected one that names the work)"]
        }
        let names = Set(named.keys).union(work.keys).sorted()
        return names.compactMap { name in
            let begun = named[name]?.string ?? "nothing"
            let present = work[name] ?? "nothing"
            return begun == present ? nil : "\(name) (got \(present), expected \(begun))"
        }
    }
}

/// Why a run cannot go on from what an earlier one left.
package enum JournalError: ReportedError, Hashable {
    /// Another run writes it.
    case inUse(path: String)
    /// It was left by a run that did something else.
    case otherWork(path: String, differences: [String])

    package var description: String {
        switch self {
        case .inUse(let path): "\(path): another run is writing it"
        case .otherWork(let path, let differences):
            "\(path) was begun with other settings: " + differences.joined(separator: ", ")
        }
    }

    package var hint: String? {
        switch self {
        case .inUse: "wait for it, or choose another output"
        case .otherWork(let path, _): "run with the settings it was begun with, or remove \(path)"
        }
    }

    package var exitStatus: ExitStatus {
        switch self {
        case .inUse: .cannotCreate
        case .otherWork: .badData
        }
    }
}
