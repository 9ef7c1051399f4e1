import Checkpoints
import Embedding
import Evaluation
import StreamIO
import TestSupport
import Testing

@Suite struct FeatureFileTests {
    private let p = [Float]([1, 2, 3, 4, 5, 6])
    private let q = [Float]([-1, 0.5])

    private func withFile(_ body: (String) throws -> Void) throws {
        try withTemporaryDirectory { directory in
            let path = "\(directory)/features.safetensors"
            try FeatureFile.write(
                p: FeatureSet(values: p, width: 2), q: FeatureSet(values: q, width: 2),
                to: path, metadata: ["tool": "test"])
            try body(path)
        }
    }

    private func fault(_ argument: String) throws -> FeatureFile.Fault? {
        #expect(throws: FeatureFile.Fault.self) {
            try FeatureFile.read(argument, defaultName: "r")
        }
    }

    @Test("what was written is read back, by the side's name or one of one's own")
    func roundTrip() throws {
        try withFile { path in
            let read = try FeatureFile.read(path, defaultName: "p")
            #expect(read.values == p && read.width == 2 && read.count == 3)
            #expect(try FeatureFile.read(path + ":q", defaultName: "p").values == q)
        }
    }

    @Test("a tensor that is not there: the message says which are, and how to name one")
    func noSuchTensor() throws {
        try withFile { path in
            let unnamed = try fault(path)
            #expect(unnamed?.description.contains("got tensors p, q") == true)
            #expect(unnamed?.hint == "name the tensor: \(path):NAME")
            #expect(try fault(path + ":none")?.description.contains("\"none\"") == true)
        }
    }

    @Test("a number that is not finite is named by row and column")
    func notFinite() throws {
        try withTemporaryDirectory { directory in
            let path = "\(directory)/features.safetensors"
            let matrix = TensorDescription(name: "p", type: .f32, shape: [2, 2])
            try SafetensorsWriter.write(to: path, tensors: [matrix], metadata: [:]) { _, sink in
                try [1, 2, 3, Float.infinity].withUnsafeBytes { try sink($0) }
            }
            let fault = try fault(path)
            #expect(fault?.description.contains("row 1, column 1 (got inf") == true)
        }
    }
}
