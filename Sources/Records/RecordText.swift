package import StreamIO

/// A record as it stands in its line: what nobody asks for is not copied. Valid only while
/// ``RecordBlock/withText(of:_:)`` calls.
package struct RecordText {
    /// Where it stands.
    package let location: SourceLocation
    private let text: UnsafeRawBufferPointer
    private var members: JSONMembers

    /// Parses a line; the record's id is made as that of a ``Record``.
    init(
        _ text: UnsafeRawBufferPointer, _ location: SourceLocation, defaultID: Int
    ) throws(RecordError) {
        self.text = text
        self.location = location
        do throws(JSONError) {
            guard let members = try JSONMembers(parsing: text) else {
                let kind = try JSONValue(parsing: text).kind
                throw JSONError(description: "not a record (got \(kind), expected object)")
            }
            self.members = members
        } catch {
            throw .malformed(location: location, reason: error.description)
        }
        if case .plain? = value("id") { return }
        var id: JSONValue?
        if case .value(let value, _)? = value("id") { id = value }
        if let id = try Record.id(for: id, location, { String(defaultID) }) {
            self.members.set("id", id)
        }
    }

    private func value(_ key: String) -> JSONMembers.Value? {
        members.index(of: key).map { members.members[$0].value }
    }

    /// The record with all its fields as values.
    package var record: Record {
        var fields = JSONObject()
        fields.reserveCapacity(members.members.count)
        for (key, value) in members.members {
            switch value {
            case .plain(let range):
                fields[key] = .string(String(decoding: text[range], as: UTF8.self))
            case .value(let value, let spelling):
                fields.insert(value, spelling: spelling, forNew: key)
            }
        }
        return Record(fields, location)
    }

    /// The names of all fields, in order.
    package var names: [String] { members.members.map(\.key) }

    /// Whether there is a field `key`, null or not.
    package func contains(_ key: String) -> Bool { members.index(of: key) != nil }

    /// Calls `body` with the UTF-8 of a string.
    /// - Returns: nil if the field is no string.
    package func withText<Result, Failure>(
        of key: String, _ body: (UnsafeBufferPointer<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        switch value(key) {
        case .plain(let range)?:
            let content = UnsafeRawBufferPointer(rebasing: text[range])
            return try body(content.assumingMemoryBound(to: UInt8.self))
        case .value(.string(let string), _)?:
            return try Array(string.utf8).withUnsafeBufferPointer(body)
        default: return nil
        }
    }

    /// The token ids in a field; nil if it holds none.
    package func tokenIDs(of key: String) -> [Int32]? {
        guard case .value(let value, _)? = value(key) else { return nil }
        return try? value.tokenIDs(field: key, location)
    }

    /// Writes the record without a newline, some fields replaced or added.
    ///
    /// - Parameters:
    ///   - updates: these fields, in the order of their keys
    ///   - output: where it goes
    package func write(
        with updates: [FieldUpdate], to output: inout JSONSerializer
    ) throws(RecordError) {
        output.append(UInt8(ascii: "{"))
        var isFirst = true
        func begin(_ key: String, _ output: inout JSONSerializer) {
            if !isFirst { output.append(UInt8(ascii: ",")) }
            isFirst = false
            output.write(key)
            output.append(UInt8(ascii: ":"))
        }
        var next = 0
        func add(_ update: FieldUpdate, _ output: inout JSONSerializer) throws(RecordError) {
            if case .absent = update.value { return }
            begin(update.key, &output)
            try update.write(to: &output, location)
        }
        for (key, value) in members.members {
            while next < updates.count, updates[next].precedes(key) {
                try add(updates[next], &output)
                next += 1
            }
            if next < updates.count, JSONString.isSame(updates[next].key, key) {
                continue
            }
            begin(key, &output)
            switch value {
            case .plain(let range):
                // With its quotes.
                let content = text[range.lowerBound - 1...range.upperBound]
                output.append(UnsafeRawBufferPointer(rebasing: content))
            case .value(let value, let spelling):
                try output.write(value, spelling: spelling, location)
            }
        }
        for update in updates[next...] { try add(update, &output) }
        output.append(UInt8(ascii: "}"))
    }
}

/// A field that a tool adds to a record, gives another value, or takes away.
package struct FieldUpdate {
    /// Its new value.
    package enum Value {
        /// A string, as UTF-8.
        case text([UInt8])
        /// Token ids.
        case ids([Int32])
        /// Anything.
        case value(JSONValue)
        /// Nothing: the record loses the field.
        case absent
    }

    /// Its name.
    package var key: String
    /// Its new value.
    package var value: Value

    /// A field with its new value.
    package init(_ key: String, _ value: Value) {
        self.key = key
        self.value = value
    }

    fileprivate func precedes(_ key: String) -> Bool { JSONString.precedes(self.key, key) }

    fileprivate func write(
        to output: inout JSONSerializer, _ location: SourceLocation?
    ) throws(RecordError) {
        switch value {
        case .text(let utf8): utf8.withUnsafeBufferPointer { output.write(text: $0) }
        case .ids(let ids): output.write(ids)
        case .value(let value): try output.write(value, location)
        case .absent: break
        }
    }
}

extension Record {
    /// Adds fields, or gives them another value.
    package mutating func apply(_ updates: [FieldUpdate]) {
        for update in updates {
            switch update.value {
            case .text(let utf8):
                fields[update.key] = .string(String(decoding: utf8, as: UTF8.self))
            case .ids(let ids): setTokenIDs(update.key, ids)
            case .value(let value): fields[update.key] = value
            case .absent: fields[update.key] = nil
            }
        }
    }
}
