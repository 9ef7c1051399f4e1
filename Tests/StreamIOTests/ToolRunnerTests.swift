import TestSupport
import Testing

/// The runner itself, on programs that every system has.
@Suite struct ToolRunnerTests {
    /// More than a pipe holds, in both directions.
    @Test func carriesMuchData() throws {
        let input = [UInt8](repeating: 66, count: 1_000_000)
        let output = try ToolRunner.run("/bin/cat", input: input)
        #expect(output.status == 0)
        #expect(output.standardOutput == input)
    }

    @Test func reportsStatusErrorsEnvironmentAndDirectory() throws {
        try withTemporaryDirectory { directory in
            let output = try ToolRunner.run(
                "/bin/sh", ["-c", "pwd; echo $CPO_X >&2; exit 65"],
                environment: ["CPO_X": "seen"], directory: directory)
            #expect(output.status == 65)
            #expect(output.text == directory + "\n")
            #expect(output.standardError == "seen\n")
        }
        #expect(try ToolRunner.run("/bin/sh", ["-c", "kill -TERM $$"]).status == 143)
        #expect(throws: ToolRunner.Failure.self) { try ToolRunner.run("/no/such/tool") }
    }

    @Test func fullDeviceAndClosedPipe() throws {
        let full = try ToolRunner.run("/bin/cat", input: [1], standardOutput: .file("/dev/full"))
        #expect(full.status != 0)
        let input = [UInt8](repeating: 66, count: 1_000_000)
        let closed = try ToolRunner.run("/bin/cat", input: input, standardOutput: .closedPipe)
        #expect(closed.status != 0)
    }
}
