import Glibc
import TestSupport
import Testing
import ToolKit

/// Machines that are made up: what `/proc` and `/sys` say of them, and what follows.
@Suite struct MachineLimitsTests {
    private func limits(
        _ files: [String: String], online: Int = 64, installed: Int = 1 << 40,
        resources: [(name: String, bytes: Int?)] = []
    ) throws -> MachineLimits {
        try withTemporaryDirectory { root in
            for (path, text) in files {
                var directory = root
                for part in path.split(separator: "/").dropLast() {
                    directory += "/" + part
                    mkdir(directory, 0o700)
                }
                try writeFile(root + "/" + path, text + "\n")
            }
            return MachineLimits(
                root: root, online: online, installed: installed, resources: resources)
        }
    }

    private static let unified =
        "30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate"

    @Test func nothingThatIsToldIsNoLimit() throws {
        let limits = try limits([:])
        #expect(limits.processors == 64)
        #expect(limits.memory == 1 << 40)
        #expect(limits.memoryLimit == "installed memory")
    }

    @Test(arguments: [("3", 2), ("ff", 8), ("00000000,0000f00f", 8), ("ffffffff,ffffffff,1", 64)])
    func affinityCounts(_ mask: String, _ processors: Int) throws {
        let status = "Name:\tx\nCpus_allowed:\t\(mask)\nCpus_allowed_list:\t0-1"
        let limits = try limits(["proc/self/status": status])
        #expect(limits.processors == processors)
    }

    @Test(
        arguments: [
            ("200000 100000", 2), ("150000 100000", 2), ("10000 100000", 1), ("max 100000", 64),
            ("9900000 100000", 64), ("", 64), ("0 0", 64), ("x y", 64),
        ])
    func quotasOfVersionTwoAreRoundedUp(_ quota: String, _ processors: Int) throws {
        let limits = try limits([
            "proc/self/mountinfo": Self.unified, "proc/self/cgroup": "0::/a",
            "sys/fs/cgroup/a/cpu.max": quota,
        ])
        #expect(limits.processors == processors)
    }

    /// The tightest of all groups up to the root, for processors and memory, soft limit included.
    @Test func groupsAboveCount() throws {
        let limits = try limits([
            "proc/self/mountinfo": Self.unified, "proc/self/cgroup": "0::/a/b/c",
            "sys/fs/cgroup/a/cpu.max": "300000 100000", "sys/fs/cgroup/a/b/cpu.max": "max 100000",
            "sys/fs/cgroup/a/b/c/cpu.max": "800000 100000",
            "sys/fs/cgroup/a/memory.max": "4000000", "sys/fs/cgroup/a/b/memory.high": "3000000",
            "sys/fs/cgroup/a/b/c/memory.max": "max",
        ])
        #expect(limits.processors == 3)
        #expect(limits.memory == 3_000_000)
        #expect(limits.memoryLimit == "the control group's limit")
    }

    /// A namespace of its own, as in most containers: the group is the root that is seen.
    @Test func containersAreTheirOwnRoot() throws {
        let limits = try limits([
            "proc/self/mountinfo": Self.unified, "proc/self/cgroup": "0::/",
            "sys/fs/cgroup/cpu.max": "200000 100000", "sys/fs/cgroup/memory.max": "1073741824",
        ])
        #expect(limits.processors == 2)
        #expect(limits.memory == 1 << 30)
    }

    @Test func versionOneHasAHierarchyPerController() throws {
        let mounts = """
            33 25 0:28 / /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory
            34 25 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:10 - cgroup cgroup rw,cpu,cpuacct
            """
        let limits = try limits([
            "proc/self/mountinfo": mounts,
            "proc/self/cgroup": "5:cpu,cpuacct:/a/b\n4:memory:/a\n0::/",
            "sys/fs/cgroup/cpu,cpuacct/a/b/cpu.cfs_quota_us": "-1",
            "sys/fs/cgroup/cpu,cpuacct/a/b/cpu.cfs_period_us": "100000",
            "sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us": "450000",
            "sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us": "100000",
            "sys/fs/cgroup/memory/a/memory.limit_in_bytes": "9223372036854771712",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "500000000",
        ])
        #expect(limits.processors == 5)
        #expect(limits.memory == 500_000_000)
    }

    /// A container without a namespace: `cgroup` holds the path on the host, the mount begins there.
    @Test func pathsOfTheHostAreSeenFromTheMount() throws {
        let mounts =
            "33 25 0:28 /docker/f00 /sys/fs/cgroup/memory ro shared:9 - cgroup cgroup rw,memory"
        let limits = try limits([
            "proc/self/mountinfo": mounts, "proc/self/cgroup": "4:memory:/docker/f00/x",
            "sys/fs/cgroup/memory/x/memory.limit_in_bytes": "300",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "400",
        ])
        #expect(limits.memory == 300)
    }

    @Test func groupsAreFoundWithoutMounts() throws {
        let limits = try limits([
            "proc/self/cgroup": "0::/a", "sys/fs/cgroup/a/cpu.max": "100000 100000",
        ])
        #expect(limits.processors == 1)
    }

    @Test func resourceLimitsCount() throws {
        let limits = try limits(
            [:], resources: [("the limit of data", 700), ("the limit of address space", nil)])
        #expect(limits.memory == 700)
        #expect(limits.memoryLimit == "the limit of data")
    }

    @Test func thisMachineHasLimits() {
        #expect(MachineLimits.current.processors >= 1)
        #expect(MachineLimits.current.memory > 1 << 20)
    }
}
