import Foundation
import Testing

/// Nothing of a user's is lost, whatever stands where an output should go, and no work is done for
/// an output that cannot be written.
@Suite struct OutputSafetyTests {
    /// A call that writes a directory, the directory as `$OUT`.
    struct DirectoryTool: Sendable, CustomTestStringConvertible {
        let call: String
        var testDescription: String { String(call.prefix { $0 != " " }) }

        static let all = [
            "pretrain-mle --model $FIXTURE/model --steps 1000000 --out \"$OUT\" $FIXTURE/tokens.jsonl",
            """
            train-cpo --model $FIXTURE/model --steps 1000000 --beta 0.1 --out "$OUT" \
            $FIXTURE/scored.jsonl
            """,
            """
            blend-weights --cpo $FIXTURE/model --mle $FIXTURE/other --alpha 0.5 --out "$OUT"
            """,
            "import-checkpoint $FIXTURE/model --out \"$OUT\"",
            "tokenize --learn --vocab-size 300 --out \"$OUT\" $FIXTURE/raw.jsonl",
            "report $FIXTURE/no-such-run -o \"$OUT\"",
        ].map { DirectoryTool(call: $0) }
    }

    private func run(_ script: String, seconds: Int = 60) throws -> ShellResult {
        let fixture = try Workspace.fixture()
        return try Workspace.withDirectory { directory in
            try Shell.run(
                script, in: directory, environment: Workspace.environment(fixture: fixture),
                seconds: seconds)
        }
    }

    /// A million steps would outlast the test: the refusal comes first.
    @Test(arguments: DirectoryTool.all) func directoriesOfOthersAreRefusedAtOnce(
        _ tool: DirectoryTool
    ) throws {
        let result = try run(
            """
            fill() { rm -rf d; cp -r $FIXTURE/model d; }
            try() {
                find . | sort >before
                OUT=$1; \(tool.call) 2>log && echo "replaced $1"
                echo "$?"
                grep -qF -- "$2" log || { echo "$1: no word of $2"; cat log; }
                find . | sort | diff before - | grep -v ' ./log$' | grep '^[<>]'
            }
            touch before log
            fill; echo x >d/thesis.txt; try d thesis.txt
            fill; echo x >d/.hidden; try d .hidden
            fill; echo x >d/training-state/notes.txt; try d training-state/
            fill; ln -s ../x d/model-00001-of-00002.safetensors; try d model-00001-of-00002.safetensors
            fill; mkdir d/model.safetensors.index.json; try d model.safetensors.index.json/
            rm -r d; mkdir d; echo '{"model_type":"gpt2"}' >d/config.json; echo x >d/thesis.txt
            try d thesis.txt
            rm -r d; mkdir d; echo '{}' >d/config.json; try d config.json
            echo x >file; try file 'not a directory'
            try file/below 'not a directory'
            try . 'working directory'
            try /proc/no/such no/such
            ln -s loop loop; try loop 'levels of symbolic links'
            """)
        #expect(result.text == String(repeating: "73\n", count: 12), "\(result.errors)")
    }

    @Test(
        arguments: RecordTool.trainers,
        [
            "out/metrics.jsonl", ".", "/proc/no/such", "no/such/metrics", "file/metrics", "out",
        ])
    func metricsThatCannotBeWrittenAreRefusedAtOnce(_ tool: RecordTool, path: String) throws {
        let result = try tool.run(
            """
            echo x >file
            run --steps 1000000 --metrics \(path) "$INPUT"
            echo "$? $(ls -A)"
            """)
        #expect(result.text == "73 file\n", "\(result.errors)")
        #expect(result.errors.contains("\(tool.name): "))
    }

    /// A tool that writes a GGUF file replaces nothing else, and tries so before any work.
    @Test func filesOfOthersAreNoGGUF() throws {
        let result = try run(
            """
            try() { export-checkpoint -q "$1" --out "$2" 2>log; echo "$? $(ls -A | tr '\\n' ' ')"; }
            echo thesis >thesis.txt; touch log
            try no-such-model thesis.txt
            try $FIXTURE/model thesis.txt
            mkdir d; try $FIXTURE/model d
            try $FIXTURE/model no/such/model.gguf
            rm -r d thesis.txt
            try $FIXTURE/model model.gguf
            try $FIXTURE/model model.gguf
            (ulimit -f 1; try $FIXTURE/model model.gguf)
            """)
        #expect(
            result.text == """
                73 log thesis.txt 
                73 log thesis.txt 
                73 d log thesis.txt 
                73 d log thesis.txt 
                0 log model.gguf 
                0 log model.gguf 
                74 log model.gguf 

                """, "\(result.errors)")
    }

    @Test func earlierOutputsAreReplaced() throws {
        let result = try run(
            """
            pretrain-mle -q --model $FIXTURE/model --steps 1 --out d $FIXTURE/tokens.jsonl || exit
            cp -r d copy; cp -r d copy/checkpoint-7
            blend-weights -q --cpo $FIXTURE/model --mle $FIXTURE/other --alpha 0.5 --out copy \\
                --max-shard-size 5000 || exit
            import-checkpoint -q $FIXTURE/model --out copy || exit
            for i in 1 2; do tokenize -q --learn --vocab-size 300 --out t $FIXTURE/raw.jsonl; done || exit
            ls -A; ls -A copy
            """)
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.text.hasPrefix("copy\nd\nt\nconfig.json\n"), "\(result.text)")
        #expect(!result.text.contains("checkpoint-7"))
    }

    @Test(arguments: RecordTool.all) func theSecondRunIntoAnOutputIsRefused(
        _ tool: RecordTool
    ) throws {
        let output = tool.writesRecords ? "-o out" : ""
        let result = try tool.run(
            """
            mkfifo records
            start \(output) records 2>first &
            first=$!
            exec 3>records
            while [[ ! -e .out.lock ]]; do sleep 0.02; done
            run \(output) "$INPUT"
            echo "$? $(ls -A | tr '\\n' ' ')"
            echo "process $first " >&2
            cat "$INPUT" >&3; exec 3>&-
            wait $first; echo "$? $(ls -A | tr '\\n' ' ')"
            """)
        #expect(
            result.text == "73 .out.lock first records \n0 first out records \n", "\(result.errors)"
        )
        let process = result.errors.split(separator: "\n").last.map(String.init) ?? "?"
        #expect(result.errors.contains("another run writes it (\(process)on "), "\(result.errors)")
    }

    /// What a killed run leaves goes with the next; SIGTERM leaves nothing.
    @Test(arguments: RecordTool.trainers) func killedRuns(_ tool: RecordTool) throws {
        let result = try tool.run(
            """
            for signal in KILL TERM HUP; do
                mkdir .out.999999999-abc.tmp
                echo half >.out.999999999-abc.tmp/model.safetensors
                start --steps 1000000 --save-every 1 "$INPUT" 2>log &
                while [[ -e .out.999999999-abc.tmp || ! -e out/config.json ]]; do sleep 0.02; done
                sleep 0.0$((RANDOM % 10))
                kill -$signal $!; wait $!; echo $?
                [[ $signal == KILL ]] || ls -A
            done
            """)
        #expect(result.text == "137\n143\nlog\nout\n129\nlog\nout\n", "\(result.errors)")
    }

    /// A limit on the size of files stands for a full disk: it is met at any write.
    @Test(arguments: RecordTool.all) func filesThatGrowTooLarge(_ tool: RecordTool) throws {
        let output = tool.writesRecords ? "--plain -o out" : "--metrics metrics"
        let result = try tool.run(
            """
            mkdir work; cd work
            echo old >kept
            for i in {1..60}; do sed 's/"id":"[^"]*",//' "$INPUT"; done >in.jsonl
            (ulimit -f 1; run -q \(output) in.jsonl 2>/dev/null)
            echo "$? $(ls -A | grep -v metrics | tr '\\n' ' ')"
            """)
        #expect(result.text == "74 in.jsonl kept \n", "\(result.errors)")
    }

    /// Whether a small file system may be mounted.
    static let canMount =
        (try? Workspace.withDirectory { directory in
            try Shell.run(
                "unshare -rm mount -t tmpfs none .", in: directory,
                environment: Workspace.environment(fixture: nil)
            ).status == 0
        }) ?? false

    @Test(.enabled(if: canMount, "mounting is not allowed"), arguments: RecordTool.all)
    func fullDisk(_ tool: RecordTool) throws {
        let outputs =
            tool.writesRecords
            ? "--plain -o disk/out" : "--out disk/out --metrics disk/metrics"
        let result = try tool.run(
            """
            mkdir disk
            export -f run; export INPUT
            unshare -rm bash -c '
                mount -t tmpfs -o size=64k none disk; head -c 60k /dev/zero >disk/filler
                for i in {1..60}; do sed "s/\\"id\\":\\"[^\\"]*\\",//" "$INPUT"; done >in.jsonl
                run \(outputs) in.jsonl 2>log; echo $?; ls -A disk | grep -v metrics
                mount -o remount,ro disk
                run \(outputs) in.jsonl 2>>log; echo $?; cat log >&2'
            """)
        #expect(result.text == "74\nfiller\n73\n", "\(result.errors)")
    }

    @Test(arguments: RecordTool.filters) func danglingLinksAreFollowed(_ tool: RecordTool) throws {
        let result = try tool.run(
            """
            mkdir far; ln -s far/next link; ln -s out.jsonl far/next
            run -q -o link --plain "$INPUT" || exit
            readlink link; run -q --plain "$INPUT" | cmp far/out.jsonl - && ls -A . far
            """)
        #expect(result.text == "far/next\n.:\nfar\nlink\n\nfar:\nnext\nout.jsonl\n")
    }

    /// Names of files are bytes, not text.
    @Test(arguments: RecordTool.filters) func namesThatAreNotText(_ tool: RecordTool) throws {
        let result = try tool.run(
            #"""
            in=$'in\xff.jsonl'; cp "$INPUT" "$in"
            run -q --plain "$INPUT" >expected
            run -q --plain -o $'\xfe' "$in" && run -q --plain -o $'\xff' "$in" || exit
            cmp $'\xfe' expected && cmp $'\xff' expected || exit
            printf '%s\n' * | od -An -c -w4 | head -n 99 >/dev/null; ls | wc -l
            run $'no\xff'
            """#)
        #expect(result.text == "4\n", "\(result.errors)")
        #expect(result.status == 66)
        #expect(result.errors.contains(#"no\xFF"#), "\(result.errors)")
    }

    @Test(arguments: RecordTool.trainers) func checkpointsWithNamesThatAreNotText(
        _ tool: RecordTool
    ) throws {
        let call = tool.call.replacingOccurrences(of: "$FIXTURE/model", with: "$'m\\xff'")
        let result = try tool.run(
            """
            cp -r $FIXTURE/model $'m\\xff'
            \(call) -q --out $'o\\xfe' --metrics $'l\\xfd' "$INPUT" &&
                \(call) -q --out out --metrics log "$INPUT" || exit
            cmp $'o\\xfe/model.safetensors' out/model.safetensors && ls $'o\\xfe' | grep tokenizer.json
            wc -l <$'l\\xfd'; ls | wc -l
            """)
        #expect(result.text == "tokenizer.json\n2\n5\n", "\(result.errors)")
    }
}

/// Standard input, output and error that are closed, slow or half gone.
@Suite struct StandardStreamTests {
    @Test(arguments: RecordTool.filters) func closedDescriptors(_ tool: RecordTool) throws {
        let result = try tool.run(
            """
            run -q --plain "$INPUT" >expected
            try() { timeout -k 1 60 bash -c "$1"; echo $?; }
            export -f run; export INPUT
            try 'run <&-'
            try 'run - <&- 2>&-'
            try 'run "$INPUT" >&-'
            try 'run "$INPUT" <&- >&- 2>&-'
            for close in '<&-' '>&-' '2>&-' '<&- >&-' '<&- 2>&-' '>&- 2>&-' '<&- >&- 2>&-'; do
                try "run -q --plain -o out \\"\\$INPUT\\" $close"
                cmp out expected; rm -f out
            done
            try 'run --help >&-'
            try 'run --help 2>&- | cat >/dev/null'
            """)
        #expect(
            result.text
                == String(repeating: "74\n", count: 4) + String(repeating: "0\n", count: 7)
                + "74\n0\n", "\(result.errors)")
    }

    @Test(arguments: RecordTool.trainers) func trainingWithoutDescriptors(
        _ tool: RecordTool
    ) throws {
        let result = try tool.run(
            """
            run -q "$INPUT" || exit
            mv out expected
            run "$INPUT" <&- >&- 2>&-; echo $?
            cmp out/model.safetensors expected/model.safetensors
            start --steps 1000000 --save-every 1 "$INPUT" <&- >&- 2>&- &
            sleep 0.3; kill $!; wait $!; echo $?
            run <&-; echo $?
            """)
        #expect(result.text == "0\n143\n74\n", "\(result.errors)")
    }

    /// What is there is worked on while the rest is still to come.
    @Test(arguments: RecordTool.filters, ["cat", "zstd -q"]) func aPausedStreamIsPassedOn(
        _ tool: RecordTool, packed: String
    ) throws {
        let result = try tool.run(
            """
            run -q --plain "$INPUT" >expected
            mkfifo slow
            { head -n 1 "$INPUT" | \(packed); exec sleep 100; } >slow & writer=$!
            start -q --plain <slow >got & reader=$!
            for ((i = 0; i < 2000; i++)); do
                [[ -s got ]] && break
                sleep 0.01
            done
            kill $writer $reader 2>/dev/null
            head -n 1 expected | cmp - got && echo passed
            """)
        #expect(result.text == "passed\n", "\(result.errors)")
    }

    /// The same bytes, however hesitantly the records come.
    @Test(arguments: RecordTool.filters) func slowInputGivesTheSame(_ tool: RecordTool) throws {
        let result = try tool.run(
            """
            run -q --plain "$INPUT" >expected
            while IFS= read -r line; do
                printf '%s' "${line:0:9}"; sleep 0.03; printf '%s\\n' "${line:9}"
            done <"$INPUT" | tee >(run -q | zstd -dcq >packed) | run -q --plain | cmp - expected
            while [[ ! -s packed ]]; do sleep 0.02; done; sleep 0.1
            cmp packed expected && echo same
            """)
        #expect(result.text == "same\n", "\(result.errors)")
    }

    /// A window of 2 GiB, which is legal, under less memory than that.
    @Test(arguments: RecordTool.filters) func tooLittleMemoryForAFrame(_ tool: RecordTool) throws {
        let result = try tool.run(
            #"""
            # One raw block; its three bytes hold the length and that it is the last.
            { printf '\x28\xb5\x2f\xfd\x00\xa8\x11\x00\x00{}'; } >wide.zst
            ulimit -v 1900000
            run wide.zst
            """#)
        #expect(result.status == 70, "\(result.errors)")
        #expect(result.errors.contains("out of memory"), "\(result.errors)")
    }
}
