import FuzzTargets
import Glibc
import Records

/// Gives inputs to a target, each with a deadline and a bound on memory.
struct Replay {
    /// Seconds that an input may take.
    static let deadline: UInt32 = 20

    let target: FuzzTarget

    init(_ target: FuzzTarget) { self.target = target }

    /// Gives all inputs of `files` to the target.
    func run(_ files: [String]) throws {
        // What is made once and kept, such as tables, is not the input's doing.
        _ = try? target.run([])
        var reader = try RecordReader(paths: files, options: .init(allowsEmpty: true))
        var count = 0
        while let record = try reader.next() {
            let input = try FuzzCorpus.input(of: record)
            // A process that dies must have said what of.
            report("\(target.name): \(record.id)")
            limitMemory(to: FuzzTarget.memoryLimit(of: input))
            alarm(Self.deadline)
            try target.run(input)
            alarm(0)
            // Threads of libraries have no way to report that they get no memory.
            limitMemory(to: nil)
            count += 1
        }
        print("\(target.name): \(count) inputs")
    }

    /// Has the system refuse more than `bytes` bytes beside those in use; nil takes the bound away.
    private func limitMemory(to bytes: Int?) {
        let kind = __rlimit_resource_t(RLIMIT_DATA.rawValue)
        var limit = rlimit()
        guard getrlimit(kind, &limit) == 0 else { return }
        if let bytes {
            guard let used = dataSize() else { return }
            limit.rlim_cur = min(limit.rlim_max, rlim_t(used + bytes))
        } else {
            limit.rlim_cur = limit.rlim_max
        }
        setrlimit(kind, &limit)
    }

    /// Bytes of writable memory of this process; nil where the system does not say.
    private func dataSize() -> Int? {
        guard let file = fopen("/proc/self/status", "r") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        while fgets(&line, CInt(line.count), file) != nil {
            let words = String(cString: line).split { $0 == " " || $0 == "\t" }
            if words.first == "VmData:", words.count > 1 {
                return Int(words[1]).map { $0 << 10 }
            }
        }
        return nil
    }
}
