import Checkpoints
import Foundation
import Testing

/// Hostile and peculiar indices and headers.
@Suite struct IndexTests {
    private func source(_ index: String) throws -> CheckpointError? {
        let directory = try TemporaryDirectory()
        try directory.write(index, to: "s/model.safetensors.index.json")
        try writeTensors([("a", [2])], to: directory.file("s/1.safetensors")) { _, _ in 0 }
        return failure { _ = try TensorSource(directory: directory.file("s")) }
    }

    @Test func aMissingShardIsNamed() throws {
        let error = try source(
            "{\"weight_map\":{\"a\":\"1.safetensors\",\"b\":\"model-00002-of-00002.safetensors\"}}")
        #expect(error?.exitStatus == .missingInput)
        #expect(error?.description.contains("model-00002-of-00002.safetensors") == true)
        #expect(error?.description.contains("model.safetensors.index.json") == true)
    }

    @Test(arguments: [
        "[]", "", "{", "{\"weight_map\":[]}", "{\"weight_map\":{\"a\":1}}",
        "{\"weight_map\":{\"a\":\"1\",\"a\":\"1\"}}",
        "{\"weight_map\":" + String(repeating: "{\"a\":", count: 100_000),
        "{\"metadata\":" + String(repeating: "[", count: 100_000),
        "{\"weight_map\":{},\"weight_map\":{\"a\":\"1.safetensors\"}}",
    ]) func refusesWhatIsNoIndex(_ text: String) throws {
        #expect(try source(text)?.exitStatus == .badData)
    }

    @Test func indexToTheByte() throws {
        let directory = try TemporaryDirectory()
        try directory.write("", to: "s/x")
        let tensors = ["a", "b\"", "é"].map {
            TensorDescription(name: $0, type: .f32, shape: [2])
        }
        try WeightFiles.write(
            to: directory.file("s"), tensors: tensors, metadata: [:], maximumShardSize: 16
        ) { tensor, sink in
            try [UInt8](repeating: 0, count: tensor.byteCount).withUnsafeBytes { try sink($0) }
        }
        let text = #"""
            {
              "metadata": {
                "total_size": 24
              },
              "weight_map": {
                "a": "model-00001-of-00002.safetensors",
                "b\"": "model-00001-of-00002.safetensors",
                "é": "model-00002-of-00002.safetensors"
              }
            }

            """#
        #expect(
            try readFile(directory.file("s/model.safetensors.index.json")) == Array(text.utf8))
    }

    /// "é" in one character and in two.
    @Test func namesThatDifferInCompositionAreTwo() throws {
        let directory = try TemporaryDirectory()
        let names = ["\u{E9}", "e\u{301}"]
        for (index, name) in names.enumerated() {
            try directory.write("", to: "s/\(index).safetensors")
            try writeTensors([(name, [1])], to: directory.file("s/\(index).safetensors")) { _, _ in
                Float(index)
            }
        }
        try writeTensors(names.map { ($0, [1]) }, to: directory.file("both")) { name, _ in
            Float(name.utf8.count)
        }
        try directory.write(
            "{\"weight_map\":{\"\(names[0])\":\"0.safetensors\",\"\(names[1])\":\"1.safetensors\"}}",
            to: "s/model.safetensors.index.json")
        let both = try SafetensorsFile(path: directory.file("both"))
        let shards = try TensorSource(directory: directory.file("s"))
        for (index, name) in names.enumerated() {
            #expect(try both.floats(name) == [Float(name.utf8.count)])
            #expect(try shards.floats(name) == [Float(index)])
        }
        var builder = GGUFBuilder()
        for (index, name) in names.enumerated() {
            builder.set(name, UInt32(index))
            builder.add(name, [1], bytes([Float(index)]))
        }
        let gguf = try GGUFFile(path: directory.write(builder.build(), to: "x.gguf"))
        for (index, name) in names.enumerated() { #expect(try gguf.floats(name) == [Float(index)]) }
    }

    @Test func aHugeConfigurationIsRefusedUnread() throws {
        let directory = try TemporaryDirectory()
        try directory.write(
            "[" + String(repeating: "[],", count: 2 << 20) + "[]]", to: "config.json")
        let error = failure { _ = try HuggingFaceConfig(file: directory.file("config.json")) }
        #expect(error?.description.contains("config.json: too large") == true)
    }
}
