import Checkpoints
import StreamIO
import Testing

@Suite struct HostileSafetensorsTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        let bytes: [UInt8]
        let expected: SafetensorsFault
        var testDescription: String { name }

        init(_ name: String, _ bytes: [UInt8], _ expected: SafetensorsFault) {
            self.name = name
            self.bytes = bytes
            self.expected = expected
        }
    }

    private static func entry(
        _ name: String, _ type: String = "F32", _ shape: String = "[2]", _ offsets: String
    ) -> String {
        "\"\(name)\":{\"dtype\":\"\(type)\",\"shape\":\(shape),\"data_offsets\":\(offsets)}"
    }

    private static func notJSON(_ what: String) -> SafetensorsFault {
        .headerText(JSONError(description: "not valid JSON at " + what))
    }

    static let cases: [Case] = {
        let good = "{" + entry("a", "F32", "[2]", "[0,8]") + "}"
        let two = { (first: String, second: String) in
            "{" + entry("a", "F32", "[2]", first) + "," + entry("b", "F32", "[2]", second) + "}"
        }
        return [
            Case("empty file", [], .noHeaderLength(got: 0)),
            Case("seven bytes", Array(repeating: 0, count: 7), .noHeaderLength(got: 7)),
            Case("empty header", safetensors(""), .headerSyntax(at: 0, what: "header is empty")),
            Case(
                "header over the limit", safetensors("{}", length: 100_000_001),
                .headerTooLarge(got: 100_000_001)),
            Case(
                "header length negative as signed", safetensors("{}", length: .max),
                .headerTooLarge(got: .max)),
            Case(
                "header longer than file", safetensors("{}", length: 1000),
                .headerTruncated(got: 10, expected: 1008)),
            Case("not an object", safetensors("[]"), .headerStart(got: 0x5B)),
            Case("padded in front", safetensors(" {}"), .headerStart(got: 0x20)),
            Case(
                "text after the object", safetensors("{} x"),
                .headerSyntax(at: 3, what: "text after the object (got byte 120)")),
            Case(
                "object without end", safetensors("{"),
                notJSON("byte 2 (got the end, expected a key in double quotes)")),
            Case(
                "string without end", safetensors("{\""),
                notJSON("byte 2 (got the end, expected the closing '\"' of the string)")),
            Case(
                "duplicate tensor",
                safetensors(two("[0,8]", "[8,16]").replacing("\"b\"", with: "\"a\""), data: 16),
                .duplicateName("a")),
            Case(
                "duplicate tensor, one escaped",
                safetensors(
                    two("[0,8]", "[8,16]").replacing("\"b\"", with: "\"\\u0061\""), data: 16),
                .duplicateName("a")),
            Case(
                "duplicate metadata",
                safetensors("{\"__metadata__\":{},\"__metadata__\":{}}"),
                .duplicateName("__metadata__")),
            Case(
                "metadata not a string", safetensors("{\"__metadata__\":{\"k\":1}}"),
                .metadataValue(key: "k")),
            Case(
                "unknown type", safetensors(good.replacing("F32", with: "F31"), data: 8),
                .unknownType(tensor: "a", got: "F31")),
            Case(
                "type in lower case", safetensors(good.replacing("F32", with: "f32"), data: 8),
                .unknownType(tensor: "a", got: "f32")),
            Case(
                "no type", safetensors("{\"a\":{\"shape\":[2],\"data_offsets\":[0,8]}}", data: 8),
                .missingField(tensor: "a", field: "dtype")),
            Case(
                "no shape",
                safetensors("{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,8]}}", data: 8),
                .missingField(tensor: "a", field: "shape")),
            Case(
                "no offsets", safetensors("{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", data: 8),
                .missingField(tensor: "a", field: "data_offsets")),
            Case(
                "field twice",
                safetensors(
                    good.replacing("\"shape\"", with: "\"shape\":[1],\"shape\""), data: 8),
                .duplicateField(tensor: "a", field: "shape")),
            Case(
                "unknown field",
                safetensors(
                    good.replacing("\"shape\"", with: "\"strides\":[1],\"shape\""), data: 8),
                .unknownField(tensor: "a", field: "strides")),
            Case(
                "three offsets", safetensors(good.replacing("[0,8]", with: "[0,8,8]"), data: 8),
                .offsetCount(tensor: "a", got: 3)),
            Case(
                "offsets swapped", safetensors(good.replacing("[0,8]", with: "[8,0]"), data: 8),
                .offsetOrder(tensor: "a", begin: 8, end: 0)),
            Case(
                "size of another shape", safetensors(good.replacing("[2]", with: "[3]"), data: 8),
                .byteCount(tensor: "a", got: 8, expected: 12)),
            Case(
                "shape overflows",
                safetensors(
                    good.replacing("[2]", with: "[4294967296,4294967296,4294967296]"), data: 8),
                .shapeOverflow(
                    tensor: "a", shape: [4_294_967_296, 4_294_967_296, 4_294_967_296])),
            Case(
                "bytes overflow",
                safetensors(good.replacing("[2]", with: "[4611686018427387904]"), data: 8),
                .shapeOverflow(tensor: "a", shape: [4_611_686_018_427_387_904])),
            Case(
                "overlap", safetensors(two("[0,8]", "[4,12]"), data: 12),
                .overlap(tensor: "b", got: 4, expected: 8)),
            Case(
                "same bytes twice", safetensors(two("[0,8]", "[0,8]"), data: 8),
                .overlap(tensor: "b", got: 0, expected: 8)),
            Case(
                "hole", safetensors(two("[0,8]", "[12,20]"), data: 20),
                .hole(tensor: "b", got: 12, expected: 8)),
            Case(
                "hole at the start", safetensors(good.replacing("[0,8]", with: "[4,12]"), data: 12),
                .hole(tensor: "a", got: 4, expected: 0)),
            Case(
                "truncated", safetensors(good, data: 7),
                .dataTruncated(got: 8 + good.utf8.count + 7, expected: 8 + good.utf8.count + 8)),
            Case(
                "trailing byte", safetensors(good, data: 9),
                .trailingBytes(got: 8 + good.utf8.count + 9, expected: 8 + good.utf8.count + 8)),
            Case(
                "negative size",
                safetensors(good.replacing("[2]", with: "[-2]"), data: 8),
                .headerSyntax(at: 29, what: "not a number (expected a non-negative integer)")),
            Case(
                "fractional size", safetensors(good.replacing("[2]", with: "[2.0]"), data: 8),
                .headerSyntax(at: 29, what: "not an integer")),
            Case(
                "number beyond 64 bits",
                safetensors(good.replacing("[2]", with: "[99999999999999999999]"), data: 8),
                .headerSyntax(at: 29, what: "number does not fit 64 bits")),
        ]
    }()

    @Test(arguments: cases) func isRefused(_ test: Case) throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write(test.bytes, to: "x.safetensors")
        let error = failure { _ = try SafetensorsFile(path: path) }
        guard case .safetensors(let file, let fault)? = error else {
            Issue.record("got \(String(describing: error)), expected \(test.expected)")
            return
        }
        #expect(file == path)
        #expect(fault == test.expected)
        #expect(error?.description.hasPrefix(path) == true)
        #expect(error?.exitStatus == .badData)
    }

    @Test func namesThatAreNotUnicodeAreRefused() throws {
        let directory = try TemporaryDirectory()
        var content = safetensors("{\"??\":{}}")
        content[10] = 0xFF
        let path = try directory.write(content, to: "x.safetensors")
        guard
            case .safetensors(_, .headerEncoding)? = failure({ _ = try SafetensorsFile(path: path) }
            )
        else {
            Issue.record("expected an encoding error")
            return
        }
    }

    @Test func truncationHintsAtTheDownload() {
        let error = CheckpointError.safetensors(
            file: "f", .dataTruncated(got: 1, expected: 2))
        #expect(error.hint?.contains("download incomplete?") == true)
        #expect(error.description.contains("got a file of 1 bytes, expected 2"))
    }

    @Test func absentFileIsMissingInput() {
        #expect(failure { _ = try SafetensorsFile(path: "/nowhere") }?.exitStatus == .missingInput)
    }

    @Test func everyPrefixOfAFileIsRefused() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("whole.safetensors")
        try writeTensors([("a", [3]), ("b", [2, 2])], to: path) { _, i in Float(i) }
        let whole = try readFile(path)
        for count in 0..<whole.count {
            let part = try directory.write(whole[..<count], to: "part.safetensors")
            #expect(failure { _ = try SafetensorsFile(path: part) } != nil, "prefix of \(count)")
        }
    }
}

@Suite struct SafetensorsTests {
    @Test func acceptsWhatTheFormatAllows() throws {
        let directory = try TemporaryDirectory()
        let header = """
            { "__metadata__" : {"format":"pt","é\\n":"\\ud83d\\ude00"}, "s":{"dtype":"F32",\
            "shape":[],"data_offsets":[0,4]},"z":{"dtype":"I64","shape":[0,5],"data_offsets":[4,4]}, \
            "u":{"data_offsets":[4,6],"shape":[2],"dtype":"U8"}}   \n
            """
        let path = try directory.write(safetensors(header, data: 6), to: "x.safetensors")
        let file = try SafetensorsFile(path: path)
        #expect(file.metadata == ["format": "pt", "é\n": "😀"])
        #expect(file["s"] == TensorDescription(name: "s", type: .f32, shape: []))
        #expect(file["z"]?.count == 0)
        #expect(try file.floats("s") == [Float(bitPattern: 0x0302_0100)])
        #expect(try file.withBytes(of: "u") { [UInt8]($0) } == [4, 5])
        #expect(failure { _ = try file.floats("u") } != nil)
        #expect(failure { _ = try file.floats("absent") } != nil)
    }

    @Test func acceptsFilesOfMetadataOnly() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write(
            safetensors("{\"__metadata__\":{\"a\":\"b\"}}"), to: "x.safetensors")
        let file = try SafetensorsFile(path: path)
        #expect(file.tensors.isEmpty)
        #expect(file.metadata == ["a": "b"])
        try SafetensorsWriter.write(to: directory.file("y"), tensors: []) { _, _ in }
        #expect(try SafetensorsFile(path: directory.file("y")).metadata == ["format": "pt"])
    }

    @Test(arguments: [TensorType.f32, .bf16, .f16]) func roundTrip(_ type: TensorType) throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("x.safetensors")
        let shapes = [("b\"\\", [2, 3]), ("a", [70000]), ("é", []), ("none", [0])]
        let value = { (name: String, i: Int) in Float(i % 17) * 0.25 - 2 }
        try writeTensors(shapes, to: path, type: type, value: value)
        let file = try SafetensorsFile(path: path)
        for (name, shape) in shapes {
            #expect(file[name] == TensorDescription(name: name, type: type, shape: shape))
            #expect(
                try file.floats(name) == (0..<shape.reduce(1, *)).map { value(name, $0) })
        }
        let header = Int(try readFile(path).withUnsafeBytes { $0.load(as: UInt64.self) })
        #expect(header % 8 == 0)
    }

    @Test func writesLargeElementsFirstAndThenByName() throws {
        let tensors = [
            TensorDescription(name: "c", type: .u8, shape: [1]),
            TensorDescription(name: "b", type: .f32, shape: [1]),
            TensorDescription(name: "d", type: .i64, shape: [1]),
            TensorDescription(name: "a", type: .f32, shape: [1]),
        ]
        #expect(SafetensorsWriter.ordered(tensors).map(\.name) == ["d", "a", "b", "c"])
    }

    @Test func headerToTheByte() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("x.safetensors")
        let tensors = [("b\"\t", TensorType.u8, [1]), ("é", .f32, []), ("a", .f32, [0, 2])]
        try SafetensorsWriter.write(
            to: path,
            tensors: tensors.map { TensorDescription(name: $0.0, type: $0.1, shape: $0.2) },
            metadata: ["tool": "x\\", "a": "1"]
        ) { tensor, sink in
            try [UInt8](repeating: 0, count: tensor.byteCount).withUnsafeBytes { try sink($0) }
        }
        let text =
            #"{"__metadata__":{"a":"1","format":"pt","tool":"x\\"},"#
            + #""a":{"dtype":"F32","shape":[0,2],"data_offsets":[0,0]},"#
            + #""é":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"#
            + #""b\"\t":{"dtype":"U8","shape":[1],"data_offsets":[4,5]}}"#
        let padding = String(repeating: " ", count: (8 - text.utf8.count % 8) % 8)
        #expect(
            try readFile(path)
                == safetensors(text + padding) + [UInt8](repeating: 0, count: 5))
    }

    @Test func sameTensorsGiveSameBytes() throws {
        let directory = try TemporaryDirectory()
        let shapes = [("a", [2]), ("b", [3]), ("c", [4])]
        try writeTensors(shapes, to: directory.file("1")) { _, i in Float(i) }
        try writeTensors(shapes.reversed(), to: directory.file("2")) { _, i in Float(i) }
        #expect(try readFile(directory.file("1")) == readFile(directory.file("2")))
    }
}
