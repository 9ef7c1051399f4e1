import ArgumentParser
import Testing
import ToolKit

@Suite struct ErrorRateTests {
    private let log = Log(tool: "test", level: .error, json: false)

    @Test("the share itself may fail, more ends the tool", arguments: ["0.1", "0.3", "0.7"])
    func share(_ rate: String) throws {
        let options = try ErrorRateOptions.parse(["--max-error-rate", rate])
        let failed = Int(((Double(rate) ?? 0) * 10).rounded())
        try options.check(failed, of: 10, "answers", log)
        #expect(throws: ExitCode(70)) { try options.check(failed + 1, of: 10, "answers", log) }
        try options.check(0, of: 0, "answers", log)
    }

    @Test("a share is between 0 and 1", arguments: ["-0.1", "1.5", "nan"])
    func range(_ rate: String) {
        #expect(throws: (any Error).self) {
            try ErrorRateOptions.parse(["--max-error-rate=\(rate)"])
        }
    }
}
