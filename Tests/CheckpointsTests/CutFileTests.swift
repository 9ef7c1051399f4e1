import Checkpoints
import Glibc
import StreamIO
import Testing

/// Files of weights that become shorter while they are read.
@Suite struct CutFileTests {
    private static let count = 100_000

    private static func write(_ path: String) throws {
        let values = [Float](repeating: 1, count: count)
        try SafetensorsWriter.write(
            to: path, tensors: [TensorDescription(name: "x", type: .f32, shape: [count])]
        ) { _, sink in
            try values.withUnsafeBytes { try sink($0) }
        }
    }

    /// Within the last page zeros are read, without any signal.
    @Test func aFewBytes() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("x.safetensors")
        try Self.write(path)
        let file = try SafetensorsFile(path: path)
        #expect(try file.floats("x").allSatisfy { $0 == 1 })
        truncate(path, off_t(file.fileSize - 4))
        for read in [
            { _ = try file.floats("x") }, { try file.withBytes(of: "x") { _ in } },
        ] {
            let error = #expect(throws: CheckpointError.self, performing: read)
            #expect(error?.exitStatus == .inputOutput)
            #expect(error?.description.contains("it was cut while it was read") == true)
        }
    }

    /// Beyond the last page there is nothing to read, and the process ends.
    @Test func wholePages() async throws {
        await #expect(processExitsWith: .exitCode(74)) {
            Interruption.install()
            let path = "/tmp/cpo-test-cut-\(getpid())"
            Interruption.deliverFaults { error in
                if error != .readFailed(path: path, reason: "it was cut while it was read") {
                    _exit(1)
                }
            }
            try Self.write(path)
            let file = try SafetensorsFile(path: path)
            truncate(path, 4096)
            unlink(path)
            _ = try file.floats("x")
        }
    }
}
