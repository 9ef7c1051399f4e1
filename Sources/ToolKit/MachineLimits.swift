import Glibc

/// What a process may use of its machine: processors and memory, as the system, control groups (of
/// version 1 and 2), the affinity mask and resource limits leave them.
public struct MachineLimits: Sendable, Hashable {
    /// Processors that the process may keep busy, at least 1.
    public var processors: Int
    /// Bytes that it may hold at most.
    public var memory: Int
    /// What sets ``memory``, e.g. `installed memory`.
    public var memoryLimit: String

    /// The limits of this process.
    public static let current = MachineLimits(
        root: "", online: sysconf(Int32(_SC_NPROCESSORS_ONLN)),
        installed: sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE)),
        resources: [
            ("the limit of address space", resource(__rlimit_resource_t(RLIMIT_AS.rawValue))),
            ("the limit of data", resource(__rlimit_resource_t(RLIMIT_DATA.rawValue))),
        ])

    /// The limits that the files `proc` and `sys` below a directory tell; what they do not tell is no limit.
    ///
    /// - Parameters:
    ///   - root: the directory, the empty string for that of the system
    ///   - online: processors of the machine
    ///   - installed: its memory in bytes
    ///   - resources: further limits of memory in bytes, with their names
    public init(
        root: String, online: Int, installed: Int, resources: [(name: String, bytes: Int?)] = []
    ) {
        let groups = ControlGroups(root: root)
        var processors = max(1, online)
        if let allowed = Self.allowedProcessors(root: root) {
            processors = min(processors, allowed)
        }
        if let share = groups.processors { processors = min(processors, Int(share.rounded(.up))) }
        self.processors = max(1, processors)
        var limits = [(name: "installed memory", bytes: installed)]
        if let bytes = groups.memory { limits.append(("the control group's limit", bytes)) }
        for case (let name, let bytes?) in resources { limits.append((name, bytes)) }
        let least = limits.min { $0.bytes < $1.bytes } ?? limits[0]
        (memoryLimit, memory) = (least.name, least.bytes)
    }

    private static func resource(_ kind: __rlimit_resource_t) -> Int? {
        var limit = rlimit()
        guard getrlimit(kind, &limit) == 0 else { return nil }
        return Int(exactly: limit.rlim_cur)
    }

    /// The number of processors in the affinity mask.
    private static func allowedProcessors(root: String) -> Int? {
        let name = "Cpus_allowed:"
        let line = SystemFile.lines(root + "/proc/self/status").first { $0.hasPrefix(name) }
        // Hexadecimal words, the highest first, with commas between them.
        let bits = line?.dropFirst(name.count).reduce(0) {
            $0 + ($1.hexDigitValue ?? 0).nonzeroBitCount
        }
        return bits.flatMap { $0 > 0 ? $0 : nil }
    }
}

/// Small files in which the system tells about itself.
enum SystemFile {
    /// The whole text; nil if there is no such file.
    static func text(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 14)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            guard count >= 0 else { return nil }
            if count == 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes += buffer[..<count]
        }
    }

    static func lines(_ path: String) -> [Substring] {
        text(path)?.split(separator: "\n") ?? []
    }

    /// The numbers of a file of one line; nil in place of a word that is none, such as `max`.
    static func numbers(_ path: String) -> [Int?] {
        lines(path).first?.split(separator: " ").map { Int($0) } ?? []
    }
}

/// What the control groups that a process is in, and those above them, let it have.
struct ControlGroups {
    /// Processors, as a quota of time; nil without a limit.
    private(set) var processors: Double?
    /// Bytes; nil without a limit.
    private(set) var memory: Int?

    /// - Parameter root: the directory that holds `proc` and `sys`
    init(root: String) {
        let mounts = SystemFile.lines(root + "/proc/self/mountinfo").compactMap(Mount.init)
        for line in SystemFile.lines(root + "/proc/self/cgroup") {
            // number:controllers:path; version 2 has the number 0 and no controllers.
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            let controllers = fields[1].split(separator: ",").map(String.init)
            let mount = mounts.first {
                $0.isUnified
                    ? controllers.isEmpty : $0.controllers.contains { controllers.contains($0) }
            }
            let fallback = Mount(
                root: "/", point: "/sys/fs/cgroup" + (controllers.isEmpty ? "" : "/\(fields[1])"))
            let directories = (mount ?? fallback).directories(of: String(fields[2]))
            for directory in directories.map({ root + $0 }) {
                if controllers.isEmpty {
                    limit(SystemFile.numbers(directory + "/cpu.max"))
                    limit(memory: SystemFile.numbers(directory + "/memory.max"))
                    limit(memory: SystemFile.numbers(directory + "/memory.high"))
                }
                if controllers.contains("cpu") {
                    limit(
                        SystemFile.numbers(directory + "/cpu.cfs_quota_us")
                            + SystemFile.numbers(directory + "/cpu.cfs_period_us"))
                }
                if controllers.contains("memory") {
                    limit(memory: SystemFile.numbers(directory + "/memory.limit_in_bytes"))
                }
            }
        }
    }

    private mutating func limit(_ quotaAndPeriod: [Int?]) {
        guard quotaAndPeriod.count == 2, let quota = quotaAndPeriod[0], quota > 0,
            let period = quotaAndPeriod[1], period > 0
        else { return }
        processors = min(processors ?? .infinity, Double(quota) / Double(period))
    }

    private mutating func limit(memory bytes: [Int?]) {
        guard let bytes = bytes.first ?? nil, bytes >= 0 else { return }
        memory = min(memory ?? .max, bytes)
    }

    /// A place where a hierarchy of control groups, or a part of it, is seen.
    private struct Mount {
        /// The group that is seen there.
        var root: String
        /// Where.
        var point: String
        var isUnified = false
        var controllers: [String] = []

        init(root: String, point: String) { (self.root, self.point) = (root, point) }

        /// A line of `mountinfo`: id, parent, device, root, point, options, …, `-`, type, source, options.
        init?(_ line: Substring) {
            let fields = line.split(separator: " ")
            guard let dash = fields.firstIndex(of: "-"), dash >= 5, fields.count > dash + 3,
                fields[dash + 1] == "cgroup" || fields[dash + 1] == "cgroup2"
            else { return nil }
            self.init(root: String(fields[3]), point: String(fields[4]))
            isUnified = fields[dash + 1] == "cgroup2"
            controllers = fields[dash + 3].split(separator: ",").map(String.init)
        }

        /// The directory of a group and those of all groups above it that are seen.
        func directories(of group: String) -> [String] {
            var rest = group
            if root != "/" {
                // In a container the hierarchy begins at its own group.
                rest = group.hasPrefix(root) ? String(group.dropFirst(root.count)) : ""
            }
            var parts = rest.split(separator: "/")
            var result: [String] = []
            while !parts.isEmpty {
                result.append(point + "/" + parts.joined(separator: "/"))
                parts.removeLast()
            }
            return result + [point]
        }
    }
}
