import Foundation
import Testing

/// Input that is not what it should be: a clear message with file and line, the right exit status,
/// nothing half-written.
@Suite struct HostileInputTests {
    @Test(arguments: RecordTool.all) func brokenLineIsNamed(_ tool: RecordTool) throws {
        let result = try tool.run(
            """
            { head -n 2 "$INPUT"; echo '{"id": "x",'; } >in.jsonl
            run in.jsonl
            """)
        #expect(result.status == 65)
        #expect(result.errors.contains("\(tool.name): in.jsonl:3: "), "\(result.errors)")
    }

    @Test(arguments: RecordTool.all) func brokenLineOfStdinIsNamed(_ tool: RecordTool) throws {
        let result = try tool.run("{ head -n 1 \"$INPUT\"; echo '{]'; } | run")
        #expect(result.status == 65)
        #expect(result.errors.contains(":2: "), "\(result.errors)")
    }

    @Test(
        arguments: RecordTool.all,
        ["[1,2]", "\"text\"", "{}", "{\"id\":7}", "{\"id\":\"\\ud800\"}"]
    )
    func lineThatIsNoRecordIsNamed(_ tool: RecordTool, line: String) throws {
        let result = try tool.run("echo '\(line)' >in.jsonl; run in.jsonl")
        #expect(result.status == 65)
        #expect(result.errors.contains("in.jsonl:1: "), "\(result.errors)")
    }

    @Test(arguments: RecordTool.all) func bytesThatAreNotUTF8AreNamed(_ tool: RecordTool) throws {
        let result = try tool.run(#"printf '{"id":"\xff\xfe"}\n' >in.jsonl; run in.jsonl"#)
        #expect(result.status == 65)
        #expect(result.errors.contains("in.jsonl:1: "), "\(result.errors)")
    }

    @Test(arguments: RecordTool.all) func emptyInputIsAnError(_ tool: RecordTool) throws {
        for script in [": >in.jsonl; run in.jsonl", ": | run", "printf '' | zstd -q | run"] {
            let result = try tool.run(script)
            #expect(result.status == 65, "\(script): \(result.errors)")
            #expect(result.errors.contains("\(tool.name): "))
        }
    }

    @Test(arguments: RecordTool.filters) func emptyInputMayBeAllowed(_ tool: RecordTool) throws {
        let result = try tool.run("run --plain --allow-empty </dev/null")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.isEmpty)
    }

    @Test(arguments: RecordTool.all) func truncatedZstdIsNamed(_ tool: RecordTool) throws {
        let result = try tool.run(
            """
            zstd -q -o whole.zst "$INPUT"
            head -c $(($(stat -c %s whole.zst) - 9)) whole.zst >in.jsonl.zst
            run in.jsonl.zst
            """)
        #expect(result.status == 65)
        #expect(result.errors.contains("in.jsonl.zst"), "\(result.errors)")
    }

    @Test(arguments: RecordTool.all) func missingFileIsNamed(_ tool: RecordTool) throws {
        let result = try tool.run("run no-such-file.jsonl")
        #expect(result.status == 66)
        #expect(result.errors.contains("no-such-file.jsonl"))
    }

    @Test(arguments: RecordTool.filters) func badRecordsMayBeSkipped(_ tool: RecordTool) throws {
        let result = try tool.run(
            """
            run -q --plain "$INPUT" >expected.jsonl
            { cat "$INPUT"; echo '{"broken'; } >in.jsonl
            run --plain --skip-bad in.jsonl >actual.jsonl || exit
            cmp expected.jsonl actual.jsonl
            """)
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors.contains("1 "), "the number of skipped records is said")
    }

    @Test(arguments: RecordTool.all) func nothingHalfWrittenRemains(_ tool: RecordTool) throws {
        let output = tool.writesRecords ? "-o out" : ""
        let result = try tool.run(
            """
            mkdir work; cd work
            { cat "$INPUT"; echo '{"broken'; } >in.jsonl
            run \(output) in.jsonl
            echo "$?: $(ls -A | tr '\\n' ' ')"
            """)
        #expect(result.text == "65: in.jsonl \n")
    }

    @Test(arguments: RecordTool.filters) func oldOutputOutlivesAFailure(_ tool: RecordTool) throws {
        let result = try tool.run(
            """
            { head -n 1 "$INPUT"; echo '{"broken'; } >in.jsonl
            echo old >out.jsonl
            run -o out.jsonl in.jsonl 2>/dev/null
            cat out.jsonl
            """)
        #expect(result.text == "old\n")
    }
}

/// Outputs that cannot be written, readers that go away.
@Suite struct OutputTests {
    @Test(arguments: RecordTool.filters) func fullDiskIsAnError(_ tool: RecordTool) throws {
        let result = try tool.run("run --plain \"$INPUT\" >/dev/full")
        #expect(result.status == 74)
        #expect(result.errors.contains("\(tool.name): "), "\(result.errors)")
    }

    @Test(arguments: RecordTool.all) func outputThatCannotBeCreatedIsNamed(
        _ tool: RecordTool
    ) throws {
        let output =
            tool.writesRecords
            ? "-o no/such/directory/out" : "--out /dev/null/no/such/directory/out"
        let result = try tool.run("run \(output) \"$INPUT\"")
        #expect(result.status == 73)
        #expect(result.errors.contains("no/such/directory"), "\(result.errors)")
    }

    @Test(arguments: RecordTool.filters) func readerThatGoesAwayIsNoError(
        _ tool: RecordTool
    ) throws {
        // More than a pipe holds, so that the tool does notice. Records without an id get one from
        // their line, so that copies do not clash.
        let result = try tool.run(
            """
            for i in {1..200}; do sed 's/"id":"[^"]*",//' "$INPUT"; done >in.jsonl
            run -q --plain in.jsonl | head -c 1 >/dev/null
            """)
        #expect(result.errors.isEmpty)
    }

    @Test(arguments: RecordTool.filters) func quietMeansQuiet(_ tool: RecordTool) throws {
        let result = try tool.run("run -q \"$INPUT\" >/dev/null")
        #expect(result.status == 0)
        #expect(result.errors.isEmpty)
    }
}

/// What goes in and comes out, whatever the packing, threads or shards.
@Suite struct StreamTests {
    @Test(arguments: RecordTool.filters) func zstdFramesAndPlainTextAreOneInput(
        _ tool: RecordTool
    ) throws {
        // Two frames with a skippable one between them, as parallel compressors write them.
        let result = try tool.run(
            #"""
            run -q --plain "$INPUT" >expected.jsonl
            head -n 3 "$INPUT" | zstd -q >in.zst
            printf '\x50\x2a\x4d\x18\x04\x00\x00\x00abcd' >>in.zst
            tail -n +4 "$INPUT" | zstd -q >>in.zst
            run -q --plain in.zst | cmp expected.jsonl - || exit
            run -q --plain - <in.zst | cmp expected.jsonl - || exit
            run -q in.zst | zstd -dc | cmp expected.jsonl - || exit
            run -q -o out.jsonl in.zst && cmp expected.jsonl out.jsonl || exit
            run -q -o out.zst in.zst && zstd -dcq out.zst | cmp expected.jsonl -
            """#)
        #expect(result.status == 0, "\(result.text)\(result.errors)")
    }

    @Test(arguments: RecordTool.filters) func unknownFieldsPassThrough(_ tool: RecordTool) throws {
        let result = try tool.run(
            """
            sed 's/^{/{"zz_unknown":{"b":[1,2.5,"x"],"a":null},/' "$INPUT" | run -q --plain |
                grep -c '"zz_unknown":{"a":null,"b":\\[1,2.5,"x"\\]}'
            """)
        #expect(result.text == "8\n", "\(result.errors)")
    }

    @Test(arguments: RecordTool.filters) func threadsDoNotChangeTheOutput(
        _ tool: RecordTool
    ) throws {
        let result = try tool.run(
            """
            run -q --plain --threads 1 "$INPUT" >one.jsonl
            run -q --plain --threads 2 "$INPUT" | cmp one.jsonl -
            """)
        #expect(result.status == 0, "\(result.text)\(result.errors)")
    }

    @Test(arguments: RecordTool.filters) func shardsTogetherAreTheWhole(_ tool: RecordTool) throws {
        let result = try tool.run(
            """
            run -q --plain "$INPUT" | sort >whole.jsonl
            for shard in 0 1 2; do run -q --plain --shard $shard/3 "$INPUT"; done | sort >shards.jsonl
            cmp whole.jsonl shards.jsonl
            """)
        #expect(result.status == 0, "\(result.text)\(result.errors)")
    }

    @Test(arguments: RecordTool.all) func configurationFileStandsForFlags(
        _ tool: RecordTool
    ) throws {
        let result = try tool.run(
            """
            echo '{"seed": 3, "threads": 1}' >good.json
            echo '{"no-such-flag": 3}' >bad.json
            run --config good.json "$INPUT" 2>log >/dev/null || exit
            run --config bad.json "$INPUT" >/dev/null
            """)
        #expect(result.status == 64)
        #expect(result.errors.contains("no-such-flag"))
    }
}
