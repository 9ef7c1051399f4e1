/// Access to the metadata of a GGUF file by kind, with errors that name key and file.
struct GGUFMetadata {
    let file: GGUFFile

    init(_ file: GGUFFile) { self.file = file }

    func fault(_ fault: GGUFFault) -> CheckpointError { .gguf(file: file.path, fault) }

    /// A value for messages, in which an array of a whole vocabulary has no place.
    private static func text(_ value: GGUFValue) -> String {
        switch value {
        case .strings(let list): "\(list.count) strings"
        case .integers(let list): list.count > 8 ? "\(list.count) integers" : "\(list)"
        case .numbers(let list): "\(list.count) numbers"
        case .bools(let list): "\(list.count) flags"
        case .array(let list): "\(list.count) lists"
        case .integer(let number): "\(number)"
        case .unsigned(let number): "\(number)"
        case .number(let number): "\(number)"
        case .bool(let flag): "\(flag)"
        case .string(let string): "\"\(string.prefix(80))\""
        }
    }

    private func wrong(_ key: String, _ value: GGUFValue, _ expected: String) -> CheckpointError {
        fault(.value(key: key, got: Self.text(value), expected: expected))
    }

    func string(_ key: String) throws(CheckpointError) -> String? {
        guard let value = file.metadata[key] else { return nil }
        guard case .string(let string) = value else { throw wrong(key, value, "a string") }
        return string
    }

    func strings(_ key: String) throws(CheckpointError) -> [String]? {
        guard let value = file.metadata[key] else { return nil }
        guard case .strings(let strings) = value else { throw wrong(key, value, "strings") }
        return strings
    }

    func integers(_ key: String) throws(CheckpointError) -> [Int32]? {
        guard let value = file.metadata[key] else { return nil }
        guard case .integers(let numbers) = value else { throw wrong(key, value, "integers") }
        let narrow = numbers.compactMap { Int32(exactly: $0) }
        guard narrow.count == numbers.count else { throw wrong(key, value, "32-bit integers") }
        return narrow
    }

    func numbers(_ key: String) throws(CheckpointError) -> [Float]? {
        guard let value = file.metadata[key] else { return nil }
        guard case .numbers(let numbers) = value else { throw wrong(key, value, "numbers") }
        return numbers.map { Float($0) }
    }

    func flag(_ key: String) throws(CheckpointError) -> Bool? {
        guard let value = file.metadata[key] else { return nil }
        guard case .bool(let flag) = value else { throw wrong(key, value, "true or false") }
        return flag
    }

    /// A positive integer; an array of equal ones, as some converters write, will do.
    func count(_ key: String) throws(CheckpointError) -> Int? {
        guard let value = file.metadata[key] else { return nil }
        let number: Int64? =
            switch value {
            case .integer(let number): number
            case .integers(let list): Set(list).count == 1 ? list[0] : nil
            default: nil
            }
        guard let number, (1...Int64(Int32.max)).contains(number) else {
            throw wrong(key, value, "a positive integer")
        }
        return Int(number)
    }

    func requiredCount(_ key: String) throws(CheckpointError) -> Int {
        guard let count = try count(key) else { throw fault(.missingKey(key)) }
        return count
    }

    /// A positive number.
    func number(_ key: String) throws(CheckpointError) -> Float? {
        guard let value = file.metadata[key] else { return nil }
        guard case .number(let number) = value, Float(number) > 0, Float(number).isFinite else {
            throw wrong(key, value, "a positive number")
        }
        return Float(number)
    }

    /// A factor; nil if it is absent or zero, as llama.cpp writes that there is none.
    func scale(_ key: String) throws(CheckpointError) -> Float? {
        switch file.metadata[key] {
        case .number(0)?, .integer(0)?: nil
        default: try number(key)
        }
    }

    /// Makes sure that a key is absent or has a value that means nothing.
    func demand(
        _ key: String, _ expected: String, _ isNeutral: (GGUFValue) -> Bool
    ) throws(CheckpointError) {
        guard let value = file.metadata[key], !isNeutral(value) else { return }
        throw fault(.unsupported(what: key, got: Self.text(value), expected: expected))
    }

    /// `tokenizer.ggml.NAME_token_id`; nil if it is absent, or is none of the tokens, of which there
    /// are `limit`. Then there is a warning.
    func token(
        _ name: String, below limit: Int, _ warnings: inout [String]
    ) throws(CheckpointError) -> Int32? {
        let key = "tokenizer.ggml.\(name)_token_id"
        guard let value = file.metadata[key] else { return nil }
        guard case .integer(let number) = value else { throw wrong(key, value, "a token id") }
        guard (0..<Int64(limit)).contains(number), let token = Int32(exactly: number) else {
            // "None" as an unsigned number.
            let got = number == Int64(UInt32.max) ? -1 : number
            warnings.append(
                "\(file.path): \(key) ignored (got \(got), expected 0 to \(limit - 1))")
            return nil
        }
        return token
    }
}
