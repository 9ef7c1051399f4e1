import Foundation
import Testing

/// The examples in README.md that are marked `<!-- tested -->` work as they stand.
@Suite struct ReadmeTests {
    /// The ```sh blocks that follow a mark.
    private func examples() throws -> [String] {
        let readme = try String(
            contentsOf: Workspace.packageRoot.appending(path: "README.md"), encoding: .utf8)
        var examples: [String] = []
        var isMarked = false
        var block: [Substring]?
        for line in readme.split(separator: "\n", omittingEmptySubsequences: false) {
            if let open = block {
                if line == "```" {
                    examples.append(open.joined(separator: "\n"))
                    block = nil
                    isMarked = false
                } else {
                    block = open + [line]
                }
            } else if line == "<!-- tested -->" {
                isMarked = true
            } else if isMarked && line == "```sh" {
                block = []
            }
        }
        return examples
    }

    @Test func examplesWork() throws {
        let examples = try examples()
        #expect(!examples.isEmpty)
        for example in examples {
            try Workspace.withDirectory { directory in
                for name in ["data", "pipelines"] {
                    try FileManager.default.createSymbolicLink(
                        at: directory.appending(path: name),
                        withDestinationURL: Workspace.packageRoot.appending(path: name))
                }
                let result = try Shell.run(
                    "set -e\n" + example, in: directory,
                    environment: Workspace.environment(fixture: nil), seconds: 600)
                #expect(result.status == 0, "\(example)\n\(result.errors)")
            }
        }
    }

    /// Every file or directory that the README points to is there.
    @Test func linksLeadSomewhere() throws {
        let readme = try String(
            contentsOf: Workspace.packageRoot.appending(path: "README.md"), encoding: .utf8)
        for match in readme.matches(of: /\]\(([^)#]+)\)/) where !match.1.contains("://") {
            let target = Workspace.packageRoot.appending(path: String(match.1))
            #expect(
                FileManager.default.fileExists(atPath: target.path(percentEncoded: false)),
                "\(match.1)")
        }
    }
}
