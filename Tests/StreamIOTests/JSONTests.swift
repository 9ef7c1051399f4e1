import StreamIO
import Testing

private func parse(_ text: String) throws(JSONError) -> JSONValue {
    try JSONValue(parsing: Array(text.utf8))
}

private func text(_ value: JSONValue) throws -> String {
    String(decoding: try value.serialized(), as: UTF8.self)
}

@Suite struct JSONTests {
    /// Text, and how it is written back.
    @Test(arguments: [
        ("null", "null"), (" true ", "true"), ("[ ]", "[]"), ("{ }", "{}"),
        ("[1, -2,2147483647,-2147483648]", "[1,-2,2147483647,-2147483648]"),
        ("[1,2147483648]", "[1,2147483648]"), ("[1,2.5,\"x\"]", "[1,2.5,\"x\"]"),
        ("[1,[2,3],{\"a\":[]}]", "[1,[2,3],{\"a\":[]}]"),
        ("9223372036854775807", "9223372036854775807"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("1.0", "1.0"), ("-0.0", "-0.0"), ("0.1", "0.1"), ("1E400e", "error"),
        ("2.2250738585072014e-308", "2.2250738585072014e-308"), ("5e-324", "5e-324"),
        ("1e22", "1e+22"), ("-0", "-0.0"),
        (#"{"b":1,"a":2,"B":3,"é":4,"":5}"#, #"{"":5,"B":3,"a":2,"b":1,"é":4}"#),
        (#""a\/b\"\\\b\f\n\r\t\u0001""#, #""a/b\"\\\b\f\n\r\t\u0001""#),
        (#""\u00e9\uD83D\uDE00""#, "\"é😀\""),
        (
            "\"0123456789abcdef\u{7f}é\\n0123456789abcdef\"",
            "\"0123456789abcdef\u{7f}é\\n0123456789abcdef\""
        ),
    ]) func roundTrips(_ input: String, _ output: String) throws {
        guard output != "error" else {
            #expect(throws: JSONError.self) { try parse(input) }
            return
        }
        let value = try parse(input)
        #expect(try text(value) == output)
        #expect(try parse(text(value)) == value)
    }

    @Test func cases() throws {
        #expect(try parse("[1,2]") == .integers([1, 2]))
        #expect(try parse("[]") == .array([]))
        #expect(try parse("[1,null]") == .array([.integer(1), .null]))
        #expect(try parse("12") == .integer(12))
        #expect(try parse("12.0") == .number(12))
        #expect(try parse("18446744073709551616") == .number(18_446_744_073_709_551_616))
    }

    @Test(arguments: [
        ("", "byte 1 (got the end, expected a value)"),
        (#"{"a":1,}"#, "byte 8 (got '}', expected a key in double quotes)"),
        (#"{"a" 1}"#, "byte 6 (got '1', expected ':' after key \"a\")"),
        ("[1,2", "byte 5 (got the end, expected ',' or ']')"),
        ("[1 2]", "byte 4 (got '2', expected ',' or ']')"),
        ("[1,]", "byte 4 (got ']', expected a value)"),
        ("[01]", "leading zero"), ("[-]", "expected a digit"), ("[1.]", "expected a digit"),
        ("1e999", "range of a double"), ("NaN", "expected a value"), ("tru", "expected a value"),
        (#"{"a":1,"a":2}"#, "byte 8 (got key \"a\" twice"),
        (#"{"a":"torn"#, "byte 6 (got the end, expected the closing '\"'"),
        (#""\ud800""#, "half of a surrogate pair"), (#""\x""#, "escape"),
        ("\"a\nb\"", "a line break in a string"), ("1 2", "byte 3 (got '2' after the value"),
        ("{\n \"a\": x}", "line 2, byte 7"),
    ]) func refuses(_ input: String, _ message: String) throws {
        let error = #expect(throws: JSONError.self) { try parse(input) }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }

    @Test func refusesInvalidUTF8() {
        let error = #expect(throws: JSONError.self) {
            try JSONValue(parsing: [0x22, 0x61, 0xC3, 0xA9, 0xFF, 0x22] as [UInt8])
        }
        #expect(error?.description.contains("byte 5 (got byte 0xFF") == true)
    }

    @Test func limitsDepth() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(throws: Never.self) { try parse(nested(512)) }
        #expect(throws: JSONError.self) { try parse(nested(513)) }
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity])
    func refusesNonFinite(_ number: Double) {
        let value = JSONValue.object(["x": .array([.number(number)])])
        let error = #expect(throws: JSONError.self) { try value.serialized() }
        #expect(error?.description.hasPrefix("field \"x\"") == true)
    }

    /// Integers are written by arithmetic on lanes of a word: every length, every carry.
    @Test func integers() throws {
        var values = Array(Int32(0)...120_000)
        for power in [1_000_000, 10_000_000, 100_000_000, 1_000_000_000] as [Int32] {
            values += [power - 1, power, power + 1, 2 * power, power / 7, 1 - power, -power]
        }
        values += [.min, .min + 1, .max, .max - 1, -1, -10, 99_999_999, 12_345_678, 90_000_009]
        values += (0..<5000).map { $0 &* 999_983 }
        let expected = "[" + values.map(String.init).joined(separator: ",") + "]"
        #expect(try text(.integers(values)) == expected)
        for value in [Int64.min, .max, -100_000_000, 100_000_000, 1_234_567_890_123] {
            #expect(try text(.integer(value)) == String(value))
        }
    }

    /// The stop of the scan at every place of a sixteen-byte step, in and out.
    @Test func escapesAnywhere() throws {
        for length in 0..<40 {
            for special in ["\"", "\\", "\n", "\u{1f}", "é", "😀"] {
                let padding = String(repeating: "x", count: length)
                for string in [padding + special, special + padding, padding + special + padding] {
                    #expect(try parse(text(.string(string))) == .string(string))
                }
            }
        }
    }

    /// The reader of members must take and refuse exactly what the parser does.
    @Test(arguments: [
        "{}", #" { "a" : "b" } "#, #"{"b":1,"a":"x","é":[1],"":null}"#, #"{"a":"\u0041\n"}"#,
        #"{"\u0061":"x"}"#, #"{"a":1,"a":2}"#, #"{"a":"x","\u0061":"y"}"#, #"{"a":"x",}"#,
        #"{"a":"x"} 1"#, #"{"a" "x"}"#, #"{"a":"x"#, #"{"a":"x\"#, #"{"a":tru}"#,
        "{\"a\":\"\u{1}\"}",
        "[1]", "", "5 5", #"{"a":{"b":{"c":[{}]}}}"#, #"{"é":1,"e\u0301":2}"#, #"{"a":"日本"}"#,
        "{" + (0..<40).map { "\"k\($0)\":\($0)" }.joined(separator: ",") + "}",
        "{" + (0..<40).map { "\"k\($0 % 39)\":\($0)" }.joined(separator: ",") + "}",
    ]) func membersAreTheParsers(input: String) throws {
        let bytes = Array(input.utf8)
        let expected = Result { () throws(JSONError) in try JSONValue(parsing: bytes) }
        let got = bytes.withUnsafeBytes { raw in
            Result { () throws(JSONError) -> JSONValue? in
                guard let members = try JSONMembers(parsing: raw)?.members else { return nil }
                var fields: JSONObject = [:]
                for (key, value) in members {
                    switch value {
                    case .plain(let range):
                        fields[key] = .string(String(decoding: raw[range], as: UTF8.self))
                    case .value(let value, _): fields[key] = value
                    }
                }
                return .object(fields)
            }
        }
        switch (expected, got) {
        case (.success(.object(let fields)), .success(let value)): #expect(value == .object(fields))
        case (.success, .success(let value)): #expect(value == nil)
        case (.failure(let first), .failure(let second)): #expect(first == second)
        default: Issue.record("\(expected), \(got)")
        }
    }

    @Test(
        arguments: [
            [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x9F, 0xBF], [0xED, 0xA0, 0x80],
            [0xF0, 0x8F, 0xBF, 0xBF],
            [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0x80], [0xE2, 0x82], [0xC3],
            [0xE2, 0x28, 0xA1], [0xF0, 0x9F, 0x98, 0x28],
        ] as [[UInt8]]) func membersRefuseInvalidUTF8(_ sequence: [UInt8]) throws
    {
        for padding in [0, 3, 8, 17] {
            let space = [UInt8](repeating: 0x61, count: padding)
            let bytes = Array(#"{"a":""#.utf8) + space + sequence + space + Array(#""}"#.utf8)
            let error = #expect(throws: JSONError.self) {
                try bytes.withUnsafeBytes { raw in _ = try JSONMembers(parsing: raw) }
            }
            #expect(error?.description.contains("byte \(7 + padding) (got byte 0x") == true)
        }
    }

    /// Members keep their spelling until they are given another value; in objects and arrays inside too.
    @Test(arguments: [
        "1e400", "-0", "0.10", "1E5", "12345678901234567890", #""\u00e9\/""#,
        "[1.0,[1E2],{\"a\":0.10}]",
        #"{"a":{"b":0.10},"c":"\u0041"}"#, "1.5", "[1,2]", #""é""#, "null",
    ]) func membersKeepTheirSpelling(_ value: String) throws {
        let text = "{\"x\":\(value)}"
        let object = try spelt(text)
        #expect(try serialized(.object(object)) == text)
        var changed = object
        changed["y"] = .number(0.1)
        #expect(try serialized(.object(changed)) == "{\"x\":\(value),\"y\":0.1}")
        changed["x"] = .number(0.5)
        changed["y"] = nil
        #expect(try serialized(.object(changed)) == "{\"x\":0.5}")
        #expect(object == (try spelt(text)))
    }

    /// Names and strings are their bytes.
    @Test func stringsAreTheirBytes() throws {
        let object = try spelt("{\"e\u{301}\":1,\"\u{e9}\":2}")
        #expect(object.count == 2)
        #expect(object["e\u{301}"] == .integer(1) && object["\u{e9}"] == .integer(2))
        #expect(JSONValue.string("e\u{301}") != .string("\u{e9}"))
        #expect(throws: JSONError.self) { try spelt("{\"\u{e9}\":1,\"\u{e9}\":2}") }
        #expect(Set(["e\u{301}", "\u{e9}", "\u{e9}"].map(ExactString.init)).count == 2)
    }

    @Test func access() throws {
        let value = try parse(
            #"{"s":"x","b":true,"i":3,"w":3.0,"n":2.5,"e":[],"ids":[1,2],"l":[1,"x"],"o":{"k":null}}"#
        )
        #expect(value["s"]?.string == "x" && value["b"]?.string == nil)
        #expect(value["b"]?.bool == true && value["i"]?.bool == nil)
        #expect(value["i"]?.integer == 3 && value["w"]?.integer == nil)
        #expect(value["i"]?.wholeNumber == 3 && value["w"]?.wholeNumber == 3)
        #expect(value["n"]?.wholeNumber == nil && value["s"]?.wholeNumber == nil)
        #expect(value["i"]?.number == 3 && value["n"]?.number == 2.5 && value["s"]?.number == nil)
        #expect(value["ids"]?.elements == [.integer(1), .integer(2)])
        #expect(value["l"]?.elements == [.integer(1), .string("x")])
        #expect(value["e"]?.elements == [] && value["o"]?.elements == nil)
        #expect(value["ids"]?.ids == [1, 2] && value["e"]?.ids == [] && value["l"]?.ids == nil)
        #expect(value["o"]?.object?.count == 1 && value["l"]?.object == nil)
        #expect(value["o"]?["k"]?.isNull == true && value["s"]?["k"] == nil && value["?"] == nil)
    }

    @Test func membersOfAKind() throws {
        struct Fault: Error, Equatable { let got: JSONValue }
        let members = try #require(parse(#"{"i":3,"none":null}"#).object)
        #expect(try members.value(of: "i", \.integer) { Fault(got: $0) } == 3)
        #expect(try members.value(of: "none", \.integer) { Fault(got: $0) } == nil)
        #expect(try members.value(of: "?", \.integer) { Fault(got: $0) } == nil)
        #expect(throws: Fault(got: .integer(3))) {
            try members.value(of: "i", \.string) { Fault(got: $0) }
        }
    }

    /// The form of `config.json`, to the byte.
    @Test func prettyPrinting() throws {
        let value = try parse(
            #"{"model_type":"llama","eps":1e-05,"theta":10000.0,"n":-3,"none":null,"tied":false,"#
                + #""eos":[0,100000000],"rope":{"a":{"type":"x\"y\\\n\t\u0001é/"},"Z":[]},"e":{},"#
                + #""big":9007199254740993,"classes":["A",[1,2.5]]}"#)
        let expected = #"""
            {
              "big": 9007199254740993,
              "classes": [
                "A",
                [
                  1,
                  2.5
                ]
              ],
              "e": {},
              "eos": [
                0,
                100000000
              ],
              "eps": 1e-05,
              "model_type": "llama",
              "n": -3,
              "none": null,
              "rope": {
                "Z": [],
                "a": {
                  "type": "x\"y\\\n\t\u0001é/"
                }
              },
              "theta": 10000.0,
              "tied": false
            }

            """#
        #expect(String(decoding: try value.prettyPrinted(), as: UTF8.self) == expected)
        #expect(throws: JSONError.self) { try JSONValue.array([.number(.nan)]).prettyPrinted() }
    }

    private func serialized(_ value: JSONValue) throws -> String { try text(value) }

    private func spelt(_ text: String) throws -> JSONObject {
        let members = try Array(text.utf8).withUnsafeBytes { raw in
            try JSONMembers(parsing: raw)?.members.map {
                key, value -> (String, JSONValue, [UInt8]?) in
                switch value {
                case .plain(let range):
                    (key, .string(String(decoding: raw[range], as: UTF8.self)), nil)
                case .value(let value, let spelling): (key, value, spelling)
                }
            }
        }
        var object = JSONObject()
        for (key, value, spelling) in members ?? [] {
            object.insert(value, spelling: spelling, forNew: key)
        }
        return object
    }
}
