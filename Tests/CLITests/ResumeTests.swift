import Foundation
import Testing

/// Record tools go on from what they wrote, and the output is the same as of an undisturbed run.
@Suite struct ResumeTests {
    static let tools = [
        RecordTool(
            call: "gen-negatives --model $FIXTURE/model --kinds an:1,tn:1 --max-new-tokens 4 "
                + "--parallel 3 --bn-batch 4", input: "tokens.jsonl"),
        RecordTool(
            call: "gen-negatives --model $FIXTURE/model --kinds bn:2,mn:1 --bn-batch 5",
            input: "tokens.jsonl"),
        RecordTool(
            call: "rank-by-embedding --embedder $FIXTURE/model --records-at-once 4",
            input: "negatives.jsonl"),
        RecordTool(
            call: "score --model $FIXTURE/model --per-token --records-at-once 4",
            input: "ranked.jsonl"),
        RecordTool(
            call: "generate --model $FIXTURE/model --decode sample --max-new-tokens 4 "
                + "--parallel 3", input: "tokens.jsonl"),
    ]

    /// Ends a run behind 48 records and makes its partial file one of a run that was killed there; cut
    /// anywhere, it is gone on from.
    @Test(arguments: tools, ["out.jsonl", "out.jsonl.zst"])
    func goesOnWhereItStopped(_ tool: RecordTool, _ output: String) throws {
        let result = try tool.run(
            #"""
            for i in {1..6}; do sed "s/\"id\":\"/&$i-/" "$INPUT"; done >in.jsonl
            { cat in.jsonl; echo '{"broken'; } >broken.jsonl
            mkdir expected
            run -q -o expected/\#(output) in.jsonl || exit 2
            run -q --resume -o \#(output) in.jsonl || exit 3
            cmp \#(output) expected/\#(output) || exit 4
            [[ ! -e \#(output).partial ]] || exit 5
            run -q --resume -o \#(output) broken.jsonl 2>/dev/null
            hash() { sha256sum "$1" | head -c 64; }
            sed -i "1s/$(hash broken.jsonl)/$(hash in.jsonl)/" \#(output).partial
            [[ $(grep -c '^[0-9]' \#(output).partial) -ge 10 ]] || exit 6
            mv \#(output).partial stopped
            size=$(stat -c %s stopped)
            for i in 0 1 2 3 4; do
                rm -f \#(output)
                head -c $((size * i / 4)) stopped >\#(output).partial
                run --resume -o \#(output) in.jsonl 2>log || exit 7
                [[ $i -lt 2 ]] || grep -q 'records are done already' log || exit 8
                cmp \#(output) expected/\#(output) || exit 9
                [[ ! -e \#(output).partial ]] || exit 10
            done
            """#)
        #expect(result.status == 0, "\(result.errors)")
    }

    private static let score = "score --model $FIXTURE/model"

    private func run(_ script: String) throws -> ShellResult {
        let fixture = try Workspace.fixture()
        return try Workspace.withDirectory { directory in
            try Shell.run(
                script, in: directory, environment: Workspace.environment(fixture: fixture))
        }
    }

    /// What is done is not done again: the records before the last committed one are passed unread.
    @Test func doneRecordsAreNotReadAgain() throws {
        let result = try run(
            #"""
            { cat $FIXTURE/tokens.jsonl; echo '{"broken'; } >in.jsonl
            \#(Self.score) -q --records-at-once 1 --resume -o out.jsonl in.jsonl 2>/dev/null
            echo $? $(grep -c '^[0-9]' out.jsonl.partial) $(ls)
            # The same again stops at the same record, with the same message.
            \#(Self.score) --records-at-once 1 --resume -o out.jsonl in.jsonl
            echo $?
            """#)
        #expect(result.text == "65 8 in.jsonl out.jsonl.partial\n65\n", "\(result.errors)")
        #expect(result.errors.contains("8 records are done already"), "\(result.errors)")
        #expect(result.errors.contains("in.jsonl:9: "), "\(result.errors)")
    }

    /// Another model, another input, other flags: the difference is named.
    @Test(arguments: [
        ("--model $FIXTURE/other in.jsonl", "model (got"),
        ("--model $FIXTURE/model --per-token in.jsonl", "per token (got yes, expected no)"),
        ("--model $FIXTURE/model --shard 1/2 in.jsonl", "shard (got 1/2, expected all)"),
        ("--model $FIXTURE/model $FIXTURE/tokens.jsonl", "input 1 (got"),
        ("--model $FIXTURE/model in.jsonl $FIXTURE/tokens.jsonl", "input 2 (got"),
    ])
    func otherWorkIsRefused(_ flags: String, _ message: String) throws {
        let result = try run(
            """
            { cat $FIXTURE/tokens.jsonl; echo '{"broken'; } >in.jsonl
            \(Self.score) -q --records-at-once 1 --resume -o out.jsonl in.jsonl 2>/dev/null
            before=$(sha256sum out.jsonl.partial)
            score -q --resume -o out.jsonl \(flags)
            echo $?
            [[ $before == $(sha256sum out.jsonl.partial) ]] && echo untouched
            """)
        #expect(result.text == "65\nuntouched\n", "\(result.errors)")
        #expect(result.errors.contains(message), "\(result.errors)")
    }

    /// Where there is nothing to find again, the tool says so.
    @Test(arguments: [
        "\(score) --resume $FIXTURE/tokens.jsonl", "\(score) --resume -o - $FIXTURE/tokens.jsonl",
        "\(score) --resume -o out.jsonl <$FIXTURE/tokens.jsonl",
        "\(score) --resume -o out.jsonl <(cat $FIXTURE/tokens.jsonl)",
        "\(score) --resume -o /dev/null $FIXTURE/tokens.jsonl",
        "tokenize --model $FIXTURE/tokenizer --resume -o out.jsonl $FIXTURE/raw.jsonl",
    ])
    func whatCannotBeResumedIsAUsageError(_ call: String) throws {
        let result = try run(call)
        #expect(result.status == 64)
        #expect(result.errors.contains("--resume"), "\(result.errors)")
    }

    /// Two runs do not write one journal.
    @Test func aSecondRunIsRefused() throws {
        let result = try run(
            #"""
            { cat $FIXTURE/tokens.jsonl; echo '{"broken'; } >in.jsonl
            \#(Self.score) -q --resume -o out.jsonl in.jsonl 2>/dev/null
            exec 9<out.jsonl.partial
            flock 9
            \#(Self.score) -q --resume -o out.jsonl in.jsonl
            """#)
        #expect(result.status == 73)
        #expect(result.errors.contains("another run is writing it"), "\(result.errors)")
    }
}
