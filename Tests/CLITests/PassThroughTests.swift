import Foundation
import Testing

/// Fields that a tool does not know come out as they went in, to the letter.
@Suite struct PassThroughTests {
    /// Values as they stand in a record; compact and with sorted keys, as records are written.
    static let values = [
        "12345678901234567890", "-98765432109876543210", "3.14159265358979323846264338", "1e400",
        "-1e400", "1e-400", "-0", "-0.0", "1.0", "1E5", "1e+05", "0.10", "1e5", "100e-2",
        #""caf\u00e9 \u2028 \ud83d\ude00 a\/b \u000A""#, #""\u001F\u001f\b""#,
        #"[1,2.50,[-0,1E2],"\u00e9",{"a":0.10,"b":[1.0]}]"#,
        #"{"a":{"b":{"c":[{"d":1.10}]}},"e":"\u0065"}"#,
        #"{"e\#u{301}":1,"\#u{e9}":2}"#,
    ]

    private static func line(_ field: String, _ value: String) -> String { "\"\(field)\":\(value)" }

    /// All values at once, in fields of their own.
    private static let fields = values.enumerated()
        .map { line("zz_\(String(format: "%02d", $0))", $1) }.joined(separator: ",")

    @Test(arguments: RecordTool.filters) func valuesKeepTheirSpelling(_ tool: RecordTool) throws {
        let result = try tool.run(
            """
            while IFS= read -r line; do
                printf '{%s,%s\\n' "$(cat fields)" "${line#\\{}"
            done <"$INPUT" >in.jsonl
            run -q --plain in.jsonl >out.jsonl || exit
            grep -cF -f fields out.jsonl
            """, files: ["fields": Data(Self.fields.utf8)])
        #expect(result.text == "8\n", "\(result.errors)")
    }

    /// Negatives are read, changed and written by tools; what else stands in them stays.
    @Test(
        arguments: RecordTool.filters.filter { ["rank-by-embedding", "score"].contains($0.name) })
    func valuesInNegativesKeepTheirSpelling(_ tool: RecordTool) throws {
        let result = try tool.run(
            #"""
            sed 's/"kind":"an"/"kind":"an","zz":[0.10,1E400,12345678901234567890,"\\u00e9"]/' \
                "$INPUT" >in.jsonl
            run -q --plain in.jsonl | grep -cF '"zz":[0.10,1E400,12345678901234567890,"\u00e9"]'
            """#)
        #expect(result.text == "8\n", "\(result.errors)")
    }

    /// Names that differ in Unicode normalisation only are two names.
    @Test(arguments: RecordTool.filters) func namesAreBytes(_ tool: RecordTool) throws {
        let result = try tool.run(
            #"""
            sed $'s/^{/{"zz_e\xcc\x81":1,"zz_\xc3\xa9":2,/' "$INPUT" >in.jsonl
            run -q --plain in.jsonl | grep -c $'"zz_e\xcc\x81":1,"zz_\xc3\xa9":2'
            """#)
        #expect(result.text == "8\n", "\(result.errors)")
    }

    /// A number that is read has to be one that can be computed with.
    @Test func numbersThatAreReadAreChecked() throws {
        let score = try #require(RecordTool.filters.first { $0.name == "score" })
        let result = try score.run(
            #"sed 's/"logprob":[-0-9.e]*/"logprob":1e400/' "$INPUT" >in.jsonl; run in.jsonl"#)
        #expect(result.status == 65)
        #expect(
            result.errors.contains(
                #"in.jsonl:1: field "negatives[0].logprob" (got a number beyond the range"#),
            "\(result.errors)")
    }
}

/// Ids are what their bytes are.
@Suite struct IdentityTests {
    private func run(_ script: String) throws -> ShellResult {
        let fixture = try Workspace.fixture()
        return try Workspace.withDirectory { directory in
            try Shell.run(
                script, in: directory, environment: Workspace.environment(fixture: fixture))
        }
    }

    @Test func idsThatDifferInNormalisationAreTwo() throws {
        let result = try run(
            #"""
            printf '{"id":"e\u0301","prompt":"p","response":"r","output":"x"}\n' >a.jsonl
            printf '{"id":"\u00e9","prompt":"p","response":"r","output":"y z"}\n' >>a.jsonl
            tac a.jsonl >b.jsonl
            judge -q --plain --a a.jsonl --b b.jsonl --judge embedding --model $FIXTURE/model |
                grep -o '"id":"[^"]*"\|"winner":"[^"]*"'
            printf '{"id":"\u00e9","prompt":"p","response":"r","output":"x"}\n' >c.jsonl
            printf '{"id":"e\u0301","prompt":"p","response":"r","output":"x"}\n' >d.jsonl
            judge -q --plain --a c.jsonl --b d.jsonl --judge embedding --model $FIXTURE/model
            """#)
        #expect(
            result.text == """
                "id":"e\u{301}"
                "winner":"tie"
                "id":"\u{e9}"
                "winner":"tie"

                """, "\(result.errors)")
        #expect(result.status == 65)
        #expect(result.errors.contains("missing in"), "\(result.errors)")
    }
}
