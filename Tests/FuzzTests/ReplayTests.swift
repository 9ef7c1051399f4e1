import FuzzTargets
import StreamIO
import TestSupport
import Testing

/// What the fuzzer found and the corpora that it was found from, given again to the code that reads
/// files and answers of others. Each target runs in a process of its own, so that one that dies is a
/// failed test.
@Suite struct ReplayTests {
    /// OpenBLAS takes memory for each of its threads whenever it likes.
    private let oneThread = ["OPENBLAS_NUM_THREADS": "1"]
    private static let corpus = ToolRunner.packageRoot + "/Tests/FuzzTests/Corpus"

    @Test(arguments: FuzzTarget.all.map(\.name))
    func inputsAreReadOrRefused(_ target: String) throws {
        let files = ["\(Self.corpus)/\(target).jsonl.zst", "\(Self.corpus)/found/\(target).jsonl"]
            .filter(TestFile.exists)
        try #require(!files.isEmpty)
        let output = try ToolRunner.run(
            "fuzz-corpus", ["replay", target] + files, environment: oneThread)
        let end = output.standardError.split(separator: "\n").suffix(5).joined(separator: "\n")
        #expect(output.status == 0, "\(end)")
        #expect(output.text.hasPrefix("\(target): "))
    }

    /// A canary that has every fault.
    @Test(arguments: [("property", 1), ("trap", 128 + 4), ("memory", nil), ("nothing", 0)])
    func faultsAreSeen(_ fault: String, _ status: Int32?) throws {
        try withTemporaryDirectory { directory in
            let inputs = directory + "/inputs"
            _ = try ToolRunner.run("/bin/mkdir", [inputs])
            try writeFile("\(inputs)/fault", fault)
            let packed = directory + "/inputs.jsonl"
            #expect(try ToolRunner.run("fuzz-corpus", ["pack", inputs, packed]).status == 0)
            let output = try ToolRunner.run(
                "fuzz-corpus", ["replay", "canary", packed], environment: oneThread)
            if let status { #expect(output.status == status) } else { #expect(output.status != 0) }
            #expect(output.standardError.contains("canary: fault"))
        }
    }
}
