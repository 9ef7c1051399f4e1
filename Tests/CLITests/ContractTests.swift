import Foundation
import Testing

/// What other programs rely on and a change must not take away: names of tools and flags, exit
/// statuses of usage errors.
@Suite struct ContractTests {
    /// Flags of a tool beside those that all have.
    struct Flags: Sendable, CustomTestStringConvertible {
        let tool: String
        let names: [String]

        init(_ tool: String, _ names: String) {
            self.tool = tool
            self.names = names.split(separator: " ").map { "--" + $0 }
        }

        var testDescription: String { tool }
    }

    private static let training = """
        model out steps batch-size learning-rate weight-decay warmup-steps schedule clip-norm \
        no-shuffle micro-batch-tokens eval eval-every save-every keep resume metrics precision dtype \
        memory-budget
        """

    static let flags = [
        Flags(
            "tokenize",
            """
            model template field learn vocab-size out decode max-prompt-tokens max-response-tokens \
            on-overlong prefix-tokens continuation-tokens plain shard allow-empty skip-bad
            """),
        Flags("pretrain-mle", training + " init tokenizer"),
        Flags(
            "gen-negatives",
            """
            model kinds max-new-tokens top-k bn-batch parallel plain shard allow-empty skip-bad base-url \
            endpoint-model api-key-env cache offline
            """),
        Flags("rank-by-embedding", "embedder records-at-once plain shard allow-empty skip-bad"),
        Flags("score", "model as per-token records-at-once plain shard allow-empty skip-bad"),
        Flags("train-cpo", training + " reference beta ranking no-ranking objective nll-weight"),
        Flags("blend-weights", "cpo mle alpha out"),
        Flags(
            "generate",
            """
            model decode temperature top-k top-p beams length-penalty max-new-tokens num-samples \
            ignore-eos min-new-tokens all-beams parallel plain shard allow-empty skip-bad
            """),
        Flags(
            "judge",
            """
            a b template judge model base-url judge-model api-key-env max-tokens max-tokens-field \
            concurrency rpm retries timeout cache offline dry-run verdict order
            """),
        Flags("mauve", "p q model p-features q-features histograms"),
        Flags("import-checkpoint", "out weights-only rope-theta"),
        Flags("export-checkpoint", "out type"),
        Flags("report", ""),
    ]

    private func run(_ script: String) throws -> ShellResult {
        try Workspace.withDirectory { directory in
            try Shell.run(
                script, in: directory, environment: Workspace.environment(fixture: nil))
        }
    }

    @Test func everyToolIsListed() {
        #expect(Set(Self.flags.map(\.tool)) == Set(Workspace.tools))
    }

    @Test(arguments: flags) func helpNamesEveryFlag(_ flags: Flags) throws {
        let result = try run("\(flags.tool) --help")
        #expect(result.status == 0)
        #expect(result.errors.isEmpty)
        let words = Set(
            result.text.split { !($0.isLetter || $0.isNumber || $0 == "-") }.map(String.init))
        for name in flags.names + ["--seed", "--threads", "--config", "--quiet", "--version"] {
            #expect(words.contains(name), "\(flags.tool) --help lacks \(name)")
        }
    }

    /// The first thing a reader of the help sees is how the tool is called.
    @Test(arguments: flags) func helpBeginsWithAnExample(_ flags: Flags) throws {
        let help = try run("\(flags.tool) --help").text
        let usage = try #require(help.range(of: "USAGE"))
        let example = try #require(help.range(of: "\(flags.tool) "))
        #expect(example.lowerBound < usage.lowerBound)
    }

    @Test(arguments: Workspace.tools) func versionIsOneLineThatNamesTheTool(
        _ tool: String
    ) throws {
        let result = try run("\(tool) --version")
        #expect(result.status == 0)
        #expect(result.text.hasPrefix(tool + " "))
    }

    @Test(arguments: Workspace.tools) func unknownFlagIsAUsageError(_ tool: String) throws {
        let result = try run("\(tool) --no-such-flag")
        #expect(result.status == 64)
        #expect(result.output.isEmpty)
        #expect(result.errors.contains("--no-such-flag"))
    }

    /// Calls with a flag that has another name now, and that name.
    static let renamed: [(tool: RecordTool, new: String)] = [
        (
            RecordTool(
                call: "gen-negatives --model $FIXTURE/model --kinds bn:1 --parallel 2",
                input: "tokens.jsonl"), "bn-batch"
        ),
        (
            RecordTool(
                call: "rank-by-embedding --embedder $FIXTURE/model", input: "negatives.jsonl"),
            "records-at-once"
        ),
        (
            RecordTool(call: "score --model $FIXTURE/model", input: "ranked.jsonl"),
            "records-at-once"
        ),
        (
            RecordTool(
                call: "generate --model $FIXTURE/model --max-new-tokens 2", input: "tokens.jsonl"),
            "parallel"
        ),
    ]

    /// `--batch-size` of tools without an optimizer means what it meant, and says what it is now.
    @Test(arguments: renamed)
    func oldNamesAreAccepted(_ tool: RecordTool, _ new: String) throws {
        let result = try tool.run(
            """
            run -q --plain --\(new) 3 "$INPUT" >new || exit 2
            echo '{"batch-size": 3}' >dash.json
            echo '{"batch_size": "3"}' >underscore.json
            for flags in '--batch-size 3' --batch-size=3 '--config dash.json' \\
                '--config underscore.json' '--config dash.json --batch-size 3'; do
                run -q --plain $flags "$INPUT" 2>log | cmp - new || exit 3
                cat log
            done
            run --batch-size 3 "$INPUT" 2>&1 >/dev/null | head -n 2 |
                grep -o ' \(new)=3 \\|batch-size=.*\\|warning:.*'
            run --batch-size 3 --help 2>&1 | grep batch-size
            run --batch-size 3 --\(new)=3 "$INPUT"
            echo $?
            """)
        let warning = "\(tool.name): warning: --batch-size is now --\(new)\n"
        #expect(
            result.text
                == String(repeating: warning, count: 5)
                + " \(new)=3 \nwarning: --batch-size is now --\(new)\n64\n", "\(result.errors)")
        #expect(
            result.errors.contains("--batch-size is now --\(new): give one of them"),
            "\(result.errors)")
    }

    /// A script registers itself for its tool and offers every flag of it.
    @Test(arguments: flags, ["bash", "zsh", "fish"])
    func completionsOfferEveryFlag(_ flags: Flags, shell: String) throws {
        let tool = flags.tool
        let result = try run("\(tool) --generate-completion-script \(shell)")
        #expect(result.status == 0)
        #expect(result.errors.isEmpty)
        let script = result.text
        let registration =
            switch shell {
            case "bash": #/\ncomplete .*/#.ignoresCase()
            case "zsh": #/#compdef .*/#.ignoresCase()
            default: #/complete -c .*/#.ignoresCase()
            }
        let line = try #require(script.firstMatch(of: registration), "no registration")
        #expect(line.output.contains(tool))
        // Flags are words: --max-tokens is not offered where --max-tokens-field is.
        let words = Set(script.split { !($0.isLetter || $0.isNumber || $0 == "-") })
        for name in flags.names + ["--seed", "--threads", "--config", "--quiet", "--version"] {
            let isOffered =
                shell == "fish"
                ? script.contains("-l '\(name.dropFirst(2))'") : words.contains(name[...])
            #expect(isOffered, "\(tool), \(shell): \(name)")
        }
    }

    /// What a shell has to read has to be a script.
    @Test(arguments: Workspace.tools) func completionsAreScripts(_ tool: String) throws {
        let result = try run("\(tool) --generate-completion-script bash | bash -n")
        #expect(result.status == 0)
        #expect(result.errors.isEmpty)
    }
}
