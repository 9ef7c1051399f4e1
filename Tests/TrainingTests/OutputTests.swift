import Checkpoints
import Glibc
import StreamIO
import TestSupport
import Testing
import Training
import Transformer

/// What runs leave in files: metrics, and older checkpoints.
@Suite struct OutputTests {
    // MARK: Metrics

    private func reopen(_ content: String, afterStep steps: Int) throws -> (String, [String]) {
        try withTemporaryDirectory { directory in
            let path = "\(directory)/metrics.jsonl"
            try writeFile(path, content)
            var warnings: [String] = []
            let file = try MetricsFile(path: path, afterStep: steps) { warnings.append($0) }
            try file.write(["step": .integer(Int64(steps + 1))])
            #expect(namesInDirectory(directory) == ["metrics.jsonl"])
            return (String(decoding: try TestSupport.readFile(path), as: UTF8.self), warnings)
        }
    }

    @Test func historyStaysAndLaterStepsGo() throws {
        let (text, warnings) = try reopen(
            "{\"step\":1}\n{\"note\":\"mine\"}\n{\"step\":2}\n{\"step\":3}\n", afterStep: 2)
        #expect(text == "{\"step\":1}\n{\"note\":\"mine\"}\n{\"step\":2}\n{\"step\":3}\n")
        #expect(warnings.isEmpty)
    }

    @Test func aTornLastLineGoesWithAWarning() throws {
        let (text, warnings) = try reopen("{\"step\":1}\n{\"step\":2,\"lo", afterStep: 1)
        #expect(text == "{\"step\":1}\n{\"step\":2}\n")
        #expect(warnings.count == 1)
    }

    @Test func aLastLineThatLacksItsNewlineOnlyStays() throws {
        let (text, warnings) = try reopen("{\"step\":1}\n{\"step\":2}", afterStep: 2)
        #expect(text == "{\"step\":1}\n{\"step\":2}\n{\"step\":3}\n")
        #expect(warnings.isEmpty)
    }

    /// A line in the middle that nobody understands is history too.
    @Test func unknownLinesStay() throws {
        let (text, _) = try reopen("torn\n{\"step\":1}\n", afterStep: 1)
        #expect(text == "torn\n{\"step\":1}\n{\"step\":2}\n")
    }

    @Test func aNewRunBeginsItsMetricsAnew() throws {
        let (text, _) = try reopen("{\"step\":1}\n{\"step\":2}\n", afterStep: 0)
        #expect(text == "{\"step\":1}\n")
    }

    // MARK: Older checkpoints

    private func step(_ directory: String) throws -> Int {
        try TrainingState.load(from: directory).step
    }

    @Test(arguments: [1, 2, 3, 9])
    func theNewestCheckpointsAreKept(_ keep: Int) throws {
        try withTemporaryDirectory { directory in
            let out = "\(directory)/out"
            var tiny = TinyRun()
            tiny.keep = keep
            tiny.saveEvery = 2
            try tiny.train(steps: 9, to: out)
            let kept = [8, 6, 4, 2].prefix(keep - 1)
            #expect(SavedCheckpoints(directory: out).older == kept.map { "checkpoint-\($0)" })
            #expect(try step(out) == 9)
            for number in kept {
                let older = "\(out)/checkpoint-\(number)"
                #expect(try step(older) == number)
                #expect(
                    namesInDirectory(older)
                        == ["config.json", "model.safetensors", "training-state"])
                let loaded = try Checkpoint.load(directory: older).parameters
                let straight = try tiny.train(steps: number, to: "\(directory)/straight")
                #expect(
                    Array(UnsafeBufferPointer(start: loaded.base, count: loaded.count))
                        == straight.weights)
            }
        }
    }

    @Test func olderCheckpointsOutliveAResume() throws {
        try withTemporaryDirectory { directory in
            var tiny = TinyRun()
            tiny.keep = 3
            tiny.saveEvery = 1
            try tiny.train(steps: 3, to: directory)
            #expect(
                SavedCheckpoints(directory: directory).older == ["checkpoint-2", "checkpoint-1"])
            // Without a number what is there stays.
            tiny.keep = nil
            try tiny.train(steps: 5, to: directory, resume: true)
            #expect(
                SavedCheckpoints(directory: directory).older == ["checkpoint-2", "checkpoint-1"])
            tiny.keep = 2
            try tiny.train(steps: 6, to: directory, resume: true)
            #expect(SavedCheckpoints(directory: directory).older == ["checkpoint-5"])
            // A new run's older checkpoints are its own.
            tiny.saveEvery = nil
            try tiny.train(steps: 2, to: directory)
            #expect(SavedCheckpoints(directory: directory).older == [])
        }
    }

    @Test func theNewestStateThatCanBeReadWins() throws {
        try withTemporaryDirectory { directory in
            var tiny = TinyRun()
            tiny.keep = 3
            tiny.saveEvery = 1
            let straight = try tiny.train(steps: 5, to: "\(directory)/straight")
            let out = "\(directory)/out"
            try tiny.train(steps: 3, to: out)
            try writeFile("\(out)/training-state/state.json", "{\"format\":2,")
            var warnings: [String] = []
            let run = tiny.make(steps: 5, to: out, warn: { warnings.append($0) })
            #expect(try run.resume() == 2)
            #expect(warnings.count == 1)
            _ = try run.run { _, _ in }
            #expect(TinyRun.values(run.model) == straight.weights)
            #expect(SavedCheckpoints(directory: out).older == ["checkpoint-4", "checkpoint-3"])
        }
    }

    @Test func onlyStepsAreNamesOfCheckpoints() {
        #expect(OlderCheckpoint.step(ofName: "checkpoint-40") == 40)
        for name in ["checkpoint-", "checkpoint--1", "checkpoint-040", "checkpoint-x", "40"] {
            #expect(OlderCheckpoint.step(ofName: name) == nil)
        }
    }

    @Test func aFinishedRunSaysNothing() throws {
        try withTemporaryDirectory { directory in
            try TinyRun().train(steps: 1, to: directory)
            #expect(try Checkpoint.load(directory: directory).warnings.isEmpty)
            #expect(try TrainingState.load(from: directory).isFinished)
        }
    }
}
