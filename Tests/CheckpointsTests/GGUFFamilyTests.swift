import Checkpoints
import Testing
import Transformer

import enum TestSupport.Oracles

/// Each family's names, keys and orders of rows in GGUF: what is written by them is read back.
@Suite struct GGUFFamilyTests {
    /// A tiny model of a family, with the traits that the format can say.
    private func checkpoint(_ model: String) throws -> Checkpoint {
        var checkpoint = try Checkpoint.load(directory: Oracles.path(model))
        switch model {
        case "tiny-llama3-rope":
            let scaling = RotaryScaling.llama3(factor: 8, low: 1, high: 4, positions: 8192)
            checkpoint.configuration.attention[0].rotary?.scaling = scaling
        case "tiny-phi3": checkpoint.configuration.attention[0].rotary?.width = 6
        case "tiny-gemma3": checkpoint.configuration.attentionScale = nil
        case "tiny-mistral-window": checkpoint.configuration.attention[0].window = nil
        default: break
        }
        return checkpoint
    }

    /// The file that holds a checkpoint, in single precision.
    private func builder(_ checkpoint: Checkpoint) throws -> (GGUFBuilder, GGUFFamily) {
        let c = checkpoint.configuration
        let family = try #require(DecoderFamily.of(c).gguf)
        var builder = GGUFBuilder()
        builder.set("general.architecture", family.architecture)
        for entry in try family.hyperparameters(of: c) {
            let key = "\(family.architecture).\(entry.key)"
            switch entry.value {
            case .integer(let value): builder.set(key, UInt32(value))
            case .number(let value): builder.set(key, Float(value))
            case .string(let value): builder.set(key, value)
            default: Issue.record("\(entry.key): a value of another kind")
            }
        }
        builder.set("tokenizer.ggml.eos_token_id", UInt32(c.eosTokenIDs.first ?? 2))
        builder.set("tokenizer.ggml.bos_token_id", UInt32(c.bosTokenID ?? 1))
        for entry in checkpoint.layout.entries {
            var values = Array(checkpoint.parameters.elements(of: entry))
            if family.isPermuted(entry) {
                let columns = entry.shape.count > 1 ? entry.shape[1] : 1
                let pairs = GGUFArrangement.pairs(headWidth: c.headWidth)
                values = (0..<entry.shape[0]).flatMap { row in
                    let start = pairs.source(ofRow: row) * columns
                    return values[start..<start + columns]
                }
            }
            var shape = entry.shape
            if family.isTransposed(entry, c) {
                let (rows, columns) = (shape[0], shape[1])
                values = (0..<columns).flatMap { column in
                    (0..<rows).map { values[$0 * columns + column] }
                }
                shape.reverse()
            }
            let shift = family.shift(entry, c)
            builder.add(
                try #require(family.name(entry)), shape.reversed().map { UInt64($0) },
                bytes(values.map { $0 + shift }))
        }
        for (name, values) in family.rotaryTensors(of: c) {
            builder.add(name, [UInt64(values.count)], bytes(values))
        }
        return (builder, family)
    }

    @Test(arguments: Oracles.families + Oracles.tinyModels)
    func whatIsWrittenIsRead(_ model: String) throws {
        let checkpoint = try checkpoint(model)
        let (builder, family) = try builder(checkpoint)
        let directory = try TemporaryDirectory()
        let read = try GGUFModel(GGUFFile(path: directory.write(builder.build(), to: "x.gguf")))
        var expected = checkpoint.configuration
        // Files of Mistral are Llama's.
        if family.architecture == "llama" { expected.family = "llama" }
        let c = read.configuration
        #expect(c.attentionOfLayers == expected.attentionOfLayers)
        #expect(c.scoreScale == expected.scoreScale)
        (expected.attention, expected.attentionScale) = (c.attention, c.attentionScale)
        #expect(c == expected)
        let parameters = try read.parameters()
        for entry in checkpoint.layout.entries {
            let difference =
                zip(
                    parameters.elements(of: entry), checkpoint.parameters.elements(of: entry)
                ).map { abs($0 - $1) }.max() ?? .infinity
            // (1 + w) − 1 is rounded.
            #expect(difference <= (family.shift(entry, c) == 0 ? 0 : 1e-6), "\(entry.name)")
        }
    }

    @Test func whatTheFormatCannotSayIsRefused() throws {
        func refused(_ model: String, _ named: String, _ change: (inout Checkpoint) -> Void) throws
        {
            var checkpoint = try Checkpoint.load(directory: Oracles.path(model))
            change(&checkpoint)
            let error = failure { _ = try builder(checkpoint) }
            #expect(error?.exitStatus == .badData)
            #expect(error?.description.contains(named) == true, "\(String(describing: error))")
        }
        try refused("tiny-mistral-window", "sliding windows") { _ in }
        try refused("tiny-gemma3", "attention scores") { _ in }
        try refused("tiny-gemma3", "windows") { $0.configuration.attention[5].window = 3 }
        try refused("tiny-smollm3", "no_rope_layers") {
            $0.configuration.attention[0].rotary = nil
        }
    }

    @Test func otherArchitecturesAreNamed() throws {
        var (builder, _) = try builder(checkpoint("tiny-qwen3"))
        builder.keys.removeAll { $0.name == "general.architecture" }
        builder.set("general.architecture", "qwen3moe")
        let directory = try TemporaryDirectory()
        let path = try directory.write(builder.build(), to: "x.gguf")
        let error = failure { _ = try GGUFModel(GGUFFile(path: path)) }
        #expect(
            error?.description.contains("got qwen3moe, expected gpt2, llama, qwen2, qwen3") == true)
    }
}
