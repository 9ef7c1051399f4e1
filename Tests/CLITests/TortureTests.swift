import Foundation
import Testing

/// Damaged files of every kind, hundreds of them: a tool may refuse them or, where the damage does
/// not matter, work; it must not crash or hang. Only with `CPO_TORTURE=1` (`make torture`).
@Suite(.enabled(if: ProcessInfo.processInfo.environment["CPO_TORTURE"] == "1", "make torture"))
struct TortureTests {
    /// Exit statuses that are an answer; anything else is a fault of the tool.
    private static let answers: Set<Int32> = [0, 64, 65, 66]
    private static let rounds = 40

    /// Every way to damage a file that is worth trying, by a seeded generator.
    private static func damaged(_ content: Data, round: Int) -> Data {
        var generator = SplitMix64(state: UInt64(round))
        var bytes = [UInt8](content)
        guard !bytes.isEmpty else { return content }
        func place() -> Int { Int.random(in: 0..<bytes.count, using: &generator) }
        switch round % 5 {
        case 0:
            bytes.removeLast(bytes.count - place())
        case 1:
            for _ in 0..<8 { bytes[place()] ^= 1 << UInt8.random(in: 0..<8, using: &generator) }
        case 2:
            let from = place()
            bytes.removeSubrange(from..<min(bytes.count, from + 16))
        case 3:
            let digits = bytes.indices.filter { (0x30...0x39).contains(bytes[$0]) }
            for index in digits.shuffled(using: &generator).prefix(3) { bytes[index] = 0x39 }
        default:
            let from = place()
            bytes.insert(contentsOf: bytes[from..<min(bytes.count, from + 64)], at: place())
        }
        return Data(bytes)
    }

    @Test(arguments: RecordTool.all) func damagedRecords(_ tool: RecordTool) throws {
        let input = try Data(
            contentsOf: Workspace.fixture().appending(path: tool.input))
        for round in 0..<Self.rounds {
            let result = try tool.run(
                """
                run -q in.jsonl >/dev/null || exit
                zstd -q in.jsonl && head -c \(200 + 7 * round) in.jsonl.zst >cut.zst
                run -q cut.zst >/dev/null
                """, files: ["in.jsonl": Self.damaged(input, round: round)])
            #expect(Self.answers.contains(result.status), "round \(round): \(result.errors)")
        }
    }

    @Test(arguments: ["model.safetensors", "config.json", "tokenizer.json"])
    func damagedCheckpoint(_ file: String) throws {
        let content = try Data(
            contentsOf: Workspace.fixture().appending(path: "model").appending(path: file))
        let generate = RecordTool(
            call: "generate --model model --decode greedy --max-new-tokens 2",
            input: "tokens.jsonl")
        // Damage to the numbers is no damage to the file; its header is what is tried.
        let head = file == "model.safetensors" ? min(content.count, 4096) : content.count
        for round in 0..<Self.rounds {
            let damaged = Self.damaged(content.prefix(head), round: round)
            let result = try generate.run(
                """
                cp -r $FIXTURE/model . && cp damaged model/\(file)
                run -q "$INPUT" >/dev/null
                """, files: ["damaged": damaged + content.suffix(from: head)])
            #expect(Self.answers.contains(result.status), "round \(round): \(result.errors)")
        }
    }
}

/// A small seeded generator, so that a failing round can be run again.
private struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
