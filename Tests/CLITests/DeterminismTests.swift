import Foundation
import Testing

/// The same seed gives the same bytes for every tool, whatever the threads, the batches and the shards.
@Suite struct DeterminismTests {
    /// A call, and what may be changed about it without changing its bytes.
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        /// Defines the function `run`, which takes further flags and writes its result to stdout.
        let script: String
        var variants = ["--threads 1", "--threads 2", "--threads 3"]
        /// Whether it takes `--shard`.
        var isSharded = true
        var testDescription: String { name }
    }

    /// A tool that turns records into records, on the records of a file three times over.
    private static func filter(
        _ name: String, _ call: String, _ input: String, _ variants: [String] = []
    ) -> Case {
        Case(
            name: name,
            script: """
                for i in 1 2 3; do sed "s/\\"id\\":\\"/&$i-/" $FIXTURE/\(input); done >in.jsonl
                run() { \(call) --plain --seed 5 "$@" in.jsonl; }
                """,
            variants: ["--threads 1", "--threads 2", "--threads 3"] + variants)
    }

    /// A tool that writes a directory, of which `file` is what counts.
    private static func maker(_ name: String, _ call: String, _ file: String) -> Case {
        Case(
            name: name,
            script: """
                run() { rm -rf out; \(call) --out out --seed 5 "$@" >/dev/null && cat out/\(file); }
                """, isSharded: false)
    }

    private static func judge(_ name: String, _ flags: String = "") -> Case {
        Case(
            name: "judge, \(name)",
            script: """
                run() {
                    judge --a $FIXTURE/outputs.jsonl --judge \(name) \(flags) --plain --seed 5 \\
                        --model $FIXTURE/model "$@"
                }
                """, isSharded: false)
    }

    private static let training = "--steps 3 --batch-size 4 --learning-rate 1e-3"

    static let cases = [
        Case(
            name: "tokenize",
            script: """
                for i in {1..1500}; do cat $FIXTURE/raw.jsonl; done >in.jsonl
                run() { tokenize --model $FIXTURE/tokenizer --plain "$@" in.jsonl; }
                """),
        maker(
            "tokenize --learn",
            "tokenize --learn --vocab-size 300 $FIXTURE/raw.jsonl", "tokenizer.json"),
        maker(
            "pretrain-mle", "pretrain-mle --model $FIXTURE/model \(training) $FIXTURE/tokens.jsonl",
            "model.safetensors"),
        maker(
            "pretrain-mle, sampled",
            """
            pretrain-mle --model $FIXTURE/model --scheduled-sampling 0.5 --passes 2 \(training) \
            $FIXTURE/tokens.jsonl
            """, "model.safetensors"),
        maker(
            "train-cpo", "train-cpo --model $FIXTURE/model \(training) $FIXTURE/scored.jsonl",
            "model.safetensors"),
        filter(
            "gen-negatives",
            "gen-negatives --model $FIXTURE/model --kinds an:2,mn:1,tn:1 "
                + "--max-new-tokens 6", "tokens.jsonl",
            ["--bn-batch 1", "--bn-batch 7", "--parallel 1", "--parallel 5"]),
        filter(
            "rank-by-embedding", "rank-by-embedding --embedder $FIXTURE/model", "negatives.jsonl",
            ["--records-at-once 1", "--records-at-once 7"]),
        filter(
            "score", "score --model $FIXTURE/model --per-token", "negatives.jsonl",
            ["--records-at-once 1", "--records-at-once 7", "--micro-batch-tokens 256"]),
        filter(
            "generate, greedy", "generate --model $FIXTURE/model --max-new-tokens 6",
            "tokens.jsonl",
            ["--parallel 1", "--parallel 7"]),
        filter(
            "generate, sampled",
            "generate --model $FIXTURE/model --decode sample --num-samples 2 --max-new-tokens 6",
            "tokens.jsonl", ["--parallel 1", "--parallel 7"]),
        filter(
            "generate, beams", "generate --model $FIXTURE/model --beams 3 --max-new-tokens 6",
            "tokens.jsonl", ["--parallel 1", "--parallel 7"]),
        maker(
            "blend-weights",
            "blend-weights --cpo $FIXTURE/model --mle $FIXTURE/other --alpha 0.3",
            "model.safetensors"),
        maker(
            "import-checkpoint", "import-checkpoint $FIXTURE/model", "model.safetensors"),
        Case(
            name: "export-checkpoint",
            script: """
                run() { export-checkpoint $FIXTURE/model --out out --type q8_0 "$@" && cat out; }
                """, isSharded: false),
        judge("model", "--order random"),
        judge("embedding"),
        judge("likelihood"),
        Case(
            name: "mauve",
            script: """
                run() {
                    mauve --p $FIXTURE/raw.jsonl --q $FIXTURE/outputs.jsonl --model $FIXTURE/model \\
                        --force --seed 5 "$@"
                }
                """, isSharded: false),
        Case(
            name: "report",
            script: """
                mkdir -p results/metrics results/outputs
                echo '{}' >results/run.json
                for i in 1 2 3; do
                    echo '{"step":'$i',"loss":2.5,"grad_norm":1,"learning_rate":1,"tokens":9,"seconds":1}'
                done >results/metrics/mle.jsonl
                cp $FIXTURE/outputs.jsonl results/outputs/mle.jsonl
                run() { rm -rf out; report results -o out "$@" >/dev/null; cat out/*.md; }
                """, isSharded: false),
    ]

    @Test(arguments: cases) func bytesAreTheSame(_ test: Case) throws {
        let fixture = try Workspace.fixture()
        let shards =
            test.isSharded
            ? """
            for i in 1 2 3; do run -q --shard $i/3 >shard$i || exit; done
            paste -d '\\n' shard1 shard2 shard3 | sed '/^$/d' | cmp whole - || exit
            """ : ""
        let variants = test.variants.map { "run -q \($0) | cmp whole - || exit" }
        let result = try Workspace.withDirectory { directory in
            try Shell.run(
                """
                \(test.script)
                run -q >whole || exit
                [[ -s whole ]] || exit 9
                \(variants.joined(separator: "\n"))
                \(shards)
                """, in: directory, environment: Workspace.environment(fixture: fixture))
        }
        #expect(result.status == 0, "\(result.text)\(result.errors)")
    }

    @Test func everyToolIsTried() {
        let tried = Set(Self.cases.map { String($0.name.prefix { $0 != " " && $0 != "," }) })
        #expect(tried == Set(Workspace.tools))
    }
}

/// Tools that turn records into records need as much memory for many as for few.
@Suite struct MemoryTests {
    /// The bytes of memory that a call needs for so many records of 64 KiB.
    private func peak(_ tool: RecordTool, records: Int) throws -> Int {
        let result = try tool.run(
            """
            zeros=$(head -c 65536 /dev/zero | tr '\\0' 0)
            head -n 1 "$INPUT" | sed 's/"id":"[^"]*",//' >first
            i=0
            while ((i++ < \(records))); do
                printf '{"zz":"%s",' "$zeros"
                tail -c +2 first
            done >in.jsonl
            run -q --plain --threads 2 in.jsonl | wc -l
            """)
        #expect(result.text == "\(records)\n", "\(result.errors)")
        return result.peakMemory
    }

    @Test(arguments: RecordTool.filters) func memoryDoesNotGrow(_ tool: RecordTool) throws {
        let few = try peak(tool, records: 150)
        let many = try peak(tool, records: 900)
        // The larger input is 48 MB longer.
        #expect(many - few < 12 << 20, "\(few >> 20) and \(many >> 20) MiB")
    }
}
