import ArgumentParser
import Testing
import ToolKit

private struct Renaming: CommandLineTool {
    static let configuration = toolConfiguration("renaming", abstract: "An example.")
    static let example = "renaming"
    static let renamedFlags = ["old": "new", "before": "after"]

    @OptionGroup var common: CommonOptions

    func execute(_ log: Log) {}
}

@Suite struct RenamedFlagTests {
    @Test("old names become new ones before --, with one warning each")
    func replaced() throws {
        var renamed = RenamedFlags(Renaming.self)
        let arguments = try renamed.replace(
            in: ["--old", "3", "--old=4", "--older", "-o", "old", "--", "--before", "--old"])
        #expect(
            arguments
                == ["--new", "3", "--new=4", "--older", "-o", "old", "--", "--before", "--old"])
        #expect(renamed.takeWarnings() == ["--old is now --new"])
        #expect(renamed.takeWarnings().isEmpty)
    }

    @Test("nothing to warn of where the new names stand")
    func untouched() throws {
        var renamed = RenamedFlags(Renaming.self)
        let arguments = ["--new", "3", "--after=4"]
        #expect(try renamed.replace(in: arguments) == arguments)
        #expect(renamed.takeWarnings().isEmpty)
    }

    @Test("both names of one flag are refused, an old and a new one of two are not")
    func both() throws {
        var renamed = RenamedFlags(Renaming.self)
        #expect(throws: ValidationError.self) {
            try renamed.replace(in: ["--new=1", "x", "--old", "2"])
        }
        #expect(try renamed.replace(in: ["--new=1", "--before=2"]) == ["--new=1", "--after=2"])
    }
}
