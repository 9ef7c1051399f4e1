import Foundation
import Testing

/// Files and records in the shape of other programs: read, or named with what to do.
@Suite struct ForeignInputTests {
    /// How a file is made of the records in `$INPUT`, what it is called, and what makes records of it.
    static let files = [
        (#"gzip -c "$INPUT""#, "gzip-compressed data", "gunzip -c in.jsonl"),
        (#"printf '\xfd7zXZ\x00\x00\x04data'"#, "xz-compressed data", "xz -dc in.jsonl"),
        (#"printf 'BZh91AY&SYdata'"#, "bzip2-compressed data", "bunzip2 -c in.jsonl"),
        (#"printf 'PK\x03\x04data'"#, "a zip archive", "unzip -p in.jsonl"),
        (#"printf 'PAR1\x15\x04data\nPAR1'"#, "a Parquet file", "read_parquet"),
        (#"printf '\xff\xfe'; iconv -f UTF-8 -t UTF-16LE "$INPUT""#, "UTF-16 text", "iconv"),
        (#"iconv -f UTF-8 -t UTF-16BE "$INPUT""#, "UTF-16 text", "iconv"),
        (#"echo '['; sed 's/$/,/' "$INPUT"; echo '{}]'"#, "got the end", "jq -c '.[]' in.jsonl"),
        (
            #"paste -s -d , "$INPUT" | sed 's/^/[/;s/$/]/'"#, "expected object",
            "jq -c '.[]' in.jsonl"
        ),
        (#"printf '{\n  "id": "a",\n  "text": "b"\n}\n'"#, "got the end", "jq -c . in.jsonl"),
        (#"printf 'instruction,response\nhi,"ho, ho"\n'"#, "expected a value", "csv.DictReader"),
        (#"printf '"instruction","response"\n"hi","ho"\n'"#, "after the value", "csv.DictReader"),
        (#"printf 'instruction\tresponse\nhi\tho\n'"#, "expected a value", "excel-tab"),
    ]

    @Test(arguments: RecordTool.all, files)
    func filesAreNamed(_ tool: RecordTool, _ file: (make: String, what: String, hint: String))
        throws
    {
        let result = try tool.run("{ \(file.make); } >in.jsonl; run in.jsonl")
        #expect(result.status == 65)
        #expect(result.errors.contains("\(tool.name): in.jsonl:1: "), "\(result.errors)")
        #expect(result.errors.contains(file.what), "\(result.errors)")
        #expect(result.errors.contains(file.hint), "\(result.errors)")
    }

    /// Only the beginning of a file says what the file is.
    @Test func aBadLineLaterOnIsABadLine() throws {
        let result = try RecordTool.filters[0].run(
            #"{ cat "$INPUT"; echo '[1,'; } >in.jsonl; run in.jsonl >/dev/null"#)
        #expect(result.status == 65)
        #expect(!result.errors.contains("jq"), "\(result.errors)")
    }

    private func tokenize(_ script: String) throws -> ShellResult {
        let fixture = try Workspace.fixture()
        return try Workspace.withDirectory { directory in
            try Shell.run(
                "tokenize() { command tokenize --plain --model $FIXTURE/tokenizer \"$@\"; }\n"
                    + script,
                in: directory, environment: Workspace.environment(fixture: fixture))
        }
    }

    /// Alpaca's `input` is Dolly's `context`, and its `output` the response.
    @Test(arguments: ["response", "output"]) func alpacaIsDolly(_ field: String) throws {
        let result = try tokenize(
            #"""
            alpaca='{"input":"2 3","instruction":"Add.","\#(field)":"5"}'
            dolly='{"context":"2 3","instruction":"Add.","response":"5"}'
            ids() { grep -o '"prompt_ids":[^]]*]\|"response_ids":[^]]*]\|"response":"[^"]*"'; }
            tokenize -q <<<"$alpaca" | ids >alpaca
            tokenize -q <<<"$dolly" | ids >dolly
            cmp alpaca dolly && wc -l <dolly
            tokenize <<<"$alpaca" | grep -o '"prompt":"[^"]*"'
            """#)
        #expect(
            result.text == #"""
                3
                "prompt":"### Instruction:\nAdd.\n\n### Context:\n2 3\n\n### Response:\n"

                """#, "\(result.errors)")
        #expect(
            result.errors.contains("1 records have no response: their \"output\"")
                == (field == "output"), "\(result.errors)")
    }

    /// An empty `input` is none; one that is left out is counted.
    @Test func inputsThatAreLeftOutAreCounted() throws {
        let result = try tokenize(
            #"""
            r='"instruction":"Add.","response":"5"'
            tokenize <<<"{$r,\"input\":\"\"}" 2>&1 >/dev/null | grep -c 'field "input"'
            printf '%s\n' "{$r,\"input\":\"x\",\"context\":\"y\"}" "{$r,\"input\":\"x\"}" \
                "{$r,\"input\":[1]}" | tokenize 2>&1 >/dev/null |
                grep -o '[0-9]* records have a field "input"'
            echo '{instruction}' >template
            tokenize --template template <<<"{$r,\"input\":\"x\"}" 2>&1 >/dev/null |
                grep -o '[0-9]* records have a field "input"'
            echo '{instruction} {input}' >template
            tokenize --template template <<<"{$r,\"input\":\"x\"}" 2>&1 >/dev/null |
                grep -c 'field "input"'
            """#)
        #expect(
            result.text == """
                0
                2 records have a field "input"
                1 records have a field "input"
                0

                """)
    }

    /// What a model generated is not taken for a response.
    @Test func outputsOfModelsAreNoResponses() throws {
        let result = try tokenize(
            #"tokenize <<<'{"instruction":"Add.","output":"5","output_ids":[7]}'"#)
        #expect(result.status == 65)
        #expect(result.errors.contains("field \"response\" (got no string"), "\(result.errors)")
    }

    @Test(arguments: [
        (
            #"{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]}"#,
            ".messages[-2].content"
        ),
        (
            #"{"conversations":[{"from":"human","value":"a"},{"from":"gpt","value":"b"}]}"#,
            ".conversations[-2].value"
        ),
        (#"{"question":"a","answer":"b"}"#, "jq -c"),
    ])
    func otherShapesAreNamed(_ record: String, _ hint: String) throws {
        let result = try tokenize("tokenize <<<'\(record)'")
        #expect(result.status == 65)
        let field = record.split(separator: "\"")[1]
        #expect(result.errors.contains("standard input:1: "), "\(result.errors)")
        #expect(result.errors.contains("got fields") && result.errors.contains(field))
        #expect(result.errors.contains(hint), "\(result.errors)")
    }
}
