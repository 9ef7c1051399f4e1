import FoundationEssentials
import FuzzTargets
import Glibc
import Records
import StreamIO
import TestSupport

/// Keeps the fuzzer's inputs in files of records, `id` and `base64`, and gives them to the targets again
/// without the fuzzer.
@main struct FuzzCorpus {
    private static let usage = """
        usage: fuzz-corpus list                     names all targets
               fuzz-corpus pack DIR FILE            makes a record of every file of a directory
               fuzz-corpus unpack FILE DIR          makes a file of every record
               fuzz-corpus replay TARGET FILE...    gives every record to the target, and ends with
                                                    the first that does what must not be
        """

    static func main() {
        do {
            switch CommandLine.arguments.dropFirst().first {
            case "list": for target in FuzzTarget.all { print(target.name) }
            case "pack" where CommandLine.arguments.count == 4:
                try pack(CommandLine.arguments[2], CommandLine.arguments[3])
            case "unpack" where CommandLine.arguments.count == 4:
                try unpack(CommandLine.arguments[2], CommandLine.arguments[3])
            case "replay" where CommandLine.arguments.count > 3:
                guard let target = FuzzTarget(named: CommandLine.arguments[2]) else {
                    throw Failure(description: "no target \(CommandLine.arguments[2])")
                }
                try Replay(target).run(Array(CommandLine.arguments[3...]))
            default:
                report(usage)
                exit(64)
            }
        } catch {
            report("fuzz-corpus: \(error)")
            exit(1)
        }
    }

    private static func pack(_ directory: String, _ file: String) throws {
        var writer = try RecordWriter(path: file)
        for name in namesInDirectory(directory) {
            let bytes = try readFile("\(directory)/\(name)")
            try writer.write(
                Record(id: name, fields: ["base64": .string(Data(bytes).base64EncodedString())]))
        }
        try writer.finish()
    }

    private static func unpack(_ file: String, _ directory: String) throws {
        var reader = try RecordReader(paths: [file], options: .init(allowsEmpty: true))
        while let record = try reader.next() {
            try writeFile("\(directory)/\(record.id)", input(of: record))
        }
    }

    /// The bytes that a record holds.
    static func input(of record: Record) throws -> [UInt8] {
        guard let data = Data(base64Encoded: try record.string("base64")) else {
            throw Failure(description: "\(record.id): not base64")
        }
        return Array(data)
    }

    struct Failure: Error, CustomStringConvertible { let description: String }
}

/// A line on standard error.
func report(_ text: String) {
    let line = text + "\n"
    _ = write(STDERR_FILENO, line, line.utf8.count)
}
