import Foundation
import Testing

/// The golden cases under `Cases/`. With `UPDATE_GOLDEN=1` in the environment expectations are
/// rewritten where they differ; the test fails even so, once, that nobody does it unawares.
@Suite struct GoldenCaseTests {
    static let updates = ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1"

    @Test func everyToolHasCases() {
        for tool in Workspace.tools {
            #expect(GoldenCase.all.contains { $0.name.hasPrefix(tool + "/") }, "\(tool)")
        }
    }

    @Test(arguments: GoldenCase.all) func golden(_ goldenCase: GoldenCase) throws {
        let result = try goldenCase.run()
        let expectedStatus = try goldenCase.expectedStatus()
        #expect(result.status == expectedStatus, "stderr: \(result.errors)")
        #expect(result.text == goldenCase.expectedOutput)

        var rest = result.errors[...]
        for line in goldenCase.expectedErrors {
            guard let range = rest.range(of: line) else {
                Issue.record("stderr lacks '\(line)' (in this order): \(result.errors)")
                break
            }
            rest = rest[range.upperBound...]
        }

        if Self.updates
            && (result.status != expectedStatus || result.text != goldenCase.expectedOutput)
        {
            try goldenCase.update(with: result)
        }
    }
}
