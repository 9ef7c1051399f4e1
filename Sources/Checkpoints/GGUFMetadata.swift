/// Access to the metadata of a GGUF file by kind, with errors that name key and file.
struct GGUFMetadata {
    let file: GGUFFile

    init(_ file: GGUFFile) { self.file = file }

    func fault(_ fault: GGUFFault) -> CheckpointError { .gguf(file: file.path, fault) }

    private func wrong(_ key: String, _ value: GGUFValue, _ expected: String) -> CheckpointError {
        // An array of a whole vocabulary has no place in a message.
        let got =
            switch value {
            case .strings(let list): "\(list.count) strings"
            case .integers(let list): list.count > 8 ? "\(list.count) integers" : "\(list)"
            case .array(let list): "\(list.count) values"
            case .integer(let number): "\(number)"
            case .unsigned(let number): "\(number)"
            case .number(let number): "\(number)"
            case .bool(let flag): "\(flag)"
            case .string(let string): "\"\(string)\""
            }
        return fault(.value(key: key, got: got, expected: expected))
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
        guard case .array(let values) = value else { throw wrong(key, value, "numbers") }
        var numbers: [Float] = []
        numbers.reserveCapacity(values.count)
        for element in values {
            guard case .number(let number) = element else { throw wrong(key, value, "numbers") }
            numbers.append(Float(number))
        }
        return numbers
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

    func number(_ key: String) throws(CheckpointError) -> Float? {
        guard let value = file.metadata[key] else { return nil }
        guard case .number(let number) = value, number > 0, Float(number).isFinite else {
            throw wrong(key, value, "a positive number")
        }
        return Float(number)
    }

    /// `tokenizer.ggml.NAME_token_id`.
    func token(_ name: String, below limit: Int) throws(CheckpointError) -> Int32? {
        let key = "tokenizer.ggml.\(name)_token_id"
        guard let value = file.metadata[key] else { return nil }
        guard case .integer(let number) = value, (0..<Int64(limit)).contains(number),
            let token = Int32(exactly: number)
        else { throw wrong(key, value, "a token id below \(limit)") }
        return token
    }
}
