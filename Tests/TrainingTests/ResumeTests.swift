import Checkpoints
import Glibc
import Kernels
import StreamIO
import TestSupport
import Testing
import Training
import Transformer

/// Runs that are stopped and go on give the bytes of runs that are not.
@Suite struct ResumeTests {
    @Test(arguments: MemoryPlan.allCases, WeightType.allCases)
    func aResumedRunIsTheStraightOne(_ plan: MemoryPlan, _ type: WeightType) throws {
        for objective in TinyRun.Objective.allCases {
            for precision in MatrixPrecision.allCases {
                try withTemporaryDirectory { directory in
                    var tiny = TinyRun()
                    tiny.objective = objective
                    tiny.plan = plan
                    tiny.precision = precision
                    tiny.type = type
                    let straight = try tiny.train(steps: 4, to: "\(directory)/straight")
                    try tiny.train(steps: 2, to: "\(directory)/halves")
                    let halves = try tiny.train(
                        steps: 4, to: "\(directory)/halves", resume: true)
                    #expect(halves.weights == straight.weights)
                    let names = namesInDirectory("\(directory)/straight/training-state")
                    #expect(names == namesInDirectory("\(directory)/halves/training-state"))
                    for name in ["model.safetensors"] + names.map({ "training-state/\($0)" }) {
                        #expect(
                            try TestSupport.readFile("\(directory)/straight/\(name)")
                                == TestSupport.readFile("\(directory)/halves/\(name)"), "\(name)")
                    }
                    // Weights are there once: in the state only where the checkpoint's are rounded.
                    let isRounded = plan.isCompact ? type == .float16 : type != .float32
                    #expect(names.contains("weights.safetensors") == isRounded)
                }
            }
        }
    }

    /// The type of the checkpoint may change on the way.
    @Test func masterWeightsOutliveRoundedCheckpoints() throws {
        try withTemporaryDirectory { directory in
            var tiny = TinyRun()
            let straight = try tiny.train(steps: 3, to: "\(directory)/straight")
            for (steps, type) in zip(1...3, [WeightType.bfloat16, .float16, .float32]) {
                tiny.type = type
                try tiny.train(steps: steps, to: "\(directory)/out", resume: true)
            }
            let loaded = try Checkpoint.load(directory: "\(directory)/out").parameters
            #expect(
                Array(UnsafeBufferPointer(start: loaded.base, count: loaded.count))
                    == straight.weights)
        }
    }

    @Test func weightsThatDoNotFitTheirTypeAreNotLost() throws {
        try withTemporaryDirectory { directory in
            var tiny = TinyRun()
            tiny.shape = TinyModel.untiedLlama
            tiny.type = .float16
            let start = tiny.start()
            start.parameters.base[0] = 1e6
            var warnings: [String] = []
            let run = tiny.make(
                steps: 1, to: "\(directory)/out", from: start, warn: { warnings.append($0) }
            )
            #expect(throws: CheckpointError.self) { try run.run { _, _ in } }
            #expect(warnings.count == 1)
            let saved = try Checkpoint.load(directory: "\(directory)/out")
            #expect(saved.storedType == .float32)
            let state = try TrainingState.load(from: "\(directory)/out")
            #expect(state.step == 1)
        }
    }

    // MARK: Settings

    @Test func anotherRunIsRefusedWithAllThatDiffers() throws {
        try withTemporaryDirectory { directory in
            var tiny = TinyRun()
            func source(_ name: String, _ digest: String) -> SavedSetting {
                .source(RunSettings.Source(name: name, digest: digest))
            }
            tiny.settings = [
                "beta": .value("0.1"), "model": source("a", "11"), "data": source("x", "22"),
                "passes": .value("2"),
            ]
            try tiny.train(steps: 1, to: directory)
            tiny.settings["data"] = source("renamed", "22")
            try tiny.train(steps: 2, to: directory, resume: true)
            tiny.settings["model"] = source("a", "33")
            tiny.settings["beta"] = .value("0.2")
            tiny.settings["passes"] = nil
            let error = #expect(throws: TrainingError.self) {
                try tiny.train(steps: 3, to: directory, resume: true)
            }
            guard case .foreignState(_, let differences)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(differences.map(\.name) == ["beta", "model", "passes"])
            #expect(differences[0].saved == "0.1" && differences[0].given == "0.2")
            #expect(differences[2].given == "nothing")
            #expect(error?.exitStatus == .badData)
            #expect(error?.description.split(separator: "\n").count == 4)
        }
    }

    /// Everything that changes results is named; what does not is not.
    @Test func settingsNameWhatChangesResults() {
        func fields(
            _ change: (inout TrainingConfiguration, inout RunSettings) -> Void = { _, _ in }
        ) -> SettingFields {
            var configuration = TrainingConfiguration(
                steps: 10, batchSize: 2, shuffleSeed: nil,
                schedule: LearningRateSchedule(
                    peak: 0.1, shape: .constant, warmupSteps: 0, totalSteps: 10),
                optimizer: AdamWConfiguration())
            var settings = RunSettings(
                model: .init(name: "m", digest: "1"), data: .init(name: "d", digest: "2"),
                objective: .mle, configuration: configuration, microBatchRows: 10,
                precision: .float32, seed: 1)
            change(&configuration, &settings)
            settings.configuration = configuration
            return settings.fields
        }
        func changed(
            _ change: (inout TrainingConfiguration, inout RunSettings) -> Void
        ) -> [String] {
            SettingDifference.between(saved: fields(), given: fields(change)).map(\.name)
        }
        #expect(changed { configuration, _ in configuration.plan = .recompute } == [])
        #expect(changed { _, settings in settings.seed = 2 } == [])
        #expect(
            changed { configuration, _ in
                configuration.steps = 20
                configuration.schedule.totalSteps = 20
            } == [])
        #expect(
            changed {
                $0.schedule.peak = 0.1.nextUp; $1.seed = 1
            } == ["learning-rate"])
        #expect(changed { configuration, _ in configuration.plan = .layerwise } == ["memory-plan"])
        #expect(
            changed { configuration, _ in configuration.plan = .compact }
                == ["memory-plan", "seed"])
        #expect(
            changed { configuration, _ in configuration.shuffleSeed = 1 } == ["order", "seed"])
        #expect(
            changed { configuration, _ in configuration.schedule.shape = .cosine } == ["schedule"])
        #expect(
            changed { _, settings in
                settings.objective = .scheduledSampling(probability: 0.5, passes: 1)
            } == ["objective", "passes", "scheduled-sampling", "seed"])
        #expect(
            changed { _, settings in settings.reference = .init(name: "r", digest: "3") }
                == ["reference"])
        #expect(changed { _, settings in settings.microBatchRows = 20 } == ["micro-batch-tokens"])
    }

    @Test func theDigestOfDataIsThatOfItsContentAndOrder() {
        let trees = TinyModel.trees(TinyModel.llama)
        #expect(DataDigest(trees).hex == DataDigest(trees).hex)
        #expect(DataDigest(trees).hex != DataDigest(trees.reversed()).hex)
        var moved = trees
        moved[0].continuations[0] = [moved[0].prompt.removeLast()] + moved[0].continuations[0]
        #expect(DataDigest(moved).hex != DataDigest(trees).hex)
        func digest(_ ranking: [Int]?, _ scores: [Double]?) -> String {
            var digest = DataDigest()
            digest.add(trees[0], ranking: ranking, scores: scores)
            return digest.hex
        }
        let digests = [
            digest(nil, nil), digest([0, 1, 2], nil), digest([0, 2, 1], nil),
            digest(nil, [-1, -2, -3]), digest(nil, [-1, -2, (-3.0).nextUp]),
        ]
        #expect(Set(digests).count == 5)
    }

    @Test func statesOfOlderVersionsAreRefused() throws {
        try withTemporaryDirectory { directory in
            let tiny = TinyRun()
            try tiny.train(steps: 1, to: directory)
            try writeFile(
                "\(directory)/training-state/state.json",
                #"{"settings":{"beta":"0.1"},"step":1}"# + "\n")
            let error = #expect(throws: TrainingError.self) {
                try tiny.train(steps: 2, to: directory, resume: true)
            }
            #expect(error?.description.contains("another version") == true)
        }
    }

    // MARK: Evaluation

    private struct Fault: Error {}

    /// A loss that depends on the weights.
    private func evaluation(_ before: @escaping () throws -> Void = {}) -> Evaluation {
        Evaluation(recordIDs: ["e0", "e1"]) { model in
            try before()
            return [0, 1].map {
                Evaluation.Term(loss: Double(model.weights.single.base[$0]), weight: 1)
            }
        }
    }

    /// A run that a signal stops in an evaluation saves the step before it, and evaluates when it goes
    /// on: metrics and state are those of a straight run.
    @Test func anInterruptedEvaluationIsMadeLater() throws {
        try withTemporaryDirectory { directory in
            func lines(_ name: String) throws -> [String] {
                String(
                    decoding: try TestSupport.readFile("\(directory)/\(name).jsonl"), as: UTF8.self
                )
                .split(separator: "\n").map {
                    String($0.replacing(/"seconds":[^,}]*/, with: ""))
                }
            }
            var tiny = TinyRun()
            tiny.evaluateEvery = 2
            tiny.metrics = "\(directory)/straight.jsonl"
            try tiny.train(steps: 5, to: "\(directory)/straight", evaluation: evaluation())
            tiny.metrics = "\(directory)/halves.jsonl"
            let stopped = try tiny.train(
                steps: 5, to: "\(directory)/halves",
                evaluation: evaluation { throw Interrupted() })
            #expect(stopped.ending == .interrupted)
            let state = try TrainingState.load(from: "\(directory)/halves")
            #expect(state.step == 2)
            #expect(!state.isFinished)
            #expect(try lines("halves").count == 1)
            let resumed = try tiny.train(
                steps: 5, to: "\(directory)/halves", resume: true, evaluation: evaluation())
            #expect(resumed.ending == .finished)
            #expect(try lines("halves") == lines("straight"))
            #expect(
                try TestSupport.readFile("\(directory)/halves/training-state/state.json")
                    == TestSupport.readFile("\(directory)/straight/training-state/state.json"))
        }
    }

    /// What fails beside the numbers does not cost the steps that were made.
    @Test func anotherFailureSavesWhatWasDone() throws {
        try withTemporaryDirectory { directory in
            let tiny = TinyRun()
            #expect(throws: Fault.self) {
                try tiny.train(
                    steps: 3, to: directory, evaluation: evaluation { throw Fault() })
            }
            #expect(try TrainingState.load(from: directory).step == 3)
            let straight = try withTemporaryDirectory {
                try tiny.train(steps: 3, to: $0).weights
            }
            let resumed = try tiny.train(
                steps: 3, to: directory, resume: true, evaluation: evaluation())
            #expect(resumed.weights == straight)
        }
    }
}
