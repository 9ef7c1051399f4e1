/// The members of a JSON object as they stand in its text: what most values are, strings without
/// escapes, is left in place and copied only when somebody wants it.
///
/// Refers to the text by position; whoever uses one keeps the text.
package struct JSONMembers {
    /// A value of a member.
    package enum Value {
        /// A string, between its quotes in the text, that stands for itself.
        case plain(Range<Int>)
        /// Anything else, and how it is spelt if not in the usual way.
        case value(JSONValue, spelling: [UInt8]?)
    }

    /// Keys, which are unique, and values, in the order of the keys' UTF-8 bytes.
    package private(set) var members: [(key: String, value: Value)] = []

    /// Objects with more members than this have their keys in a set, to find duplicates.
    private static let fewMembers = 16

    /// Parses an object, which must be all there is in `text`.
    ///
    /// - Returns: nil if there is another value than an object, which is valid then.
    package init?(parsing text: UnsafeRawBufferPointer) throws(JSONError) {
        var parser = JSONParser(text, keepsSpelling: true)
        guard parser.nextByte() == UInt8(ascii: "{") else {
            _ = try parser.parseDocument()
            return nil
        }
        var members: [(key: String, value: Value)] = []
        members.reserveCapacity(8)
        var keys: Set<ExactString> = []
        try parser.parseObjectDocument { parser, key throws(JSONError) in
            let value: Value =
                if let range = parser.takePlainString() {
                    .plain(range)
                } else {
                    try parser.parseMember(depth: 1)
                }
            if members.count < Self.fewMembers {
                if members.contains(where: { JSONString.isSame($0.key, key) }) { return false }
            } else {
                if keys.isEmpty { keys = Set(members.map { ExactString($0.key) }) }
                guard keys.insert(ExactString(key)).inserted else { return false }
            }
            members.append((key, value))
            return true
        }
        members.sort { JSONString.precedes($0.key, $1.key) }
        self.members = members
    }

    /// Where the member with this key is in ``members``.
    package func index(of key: String) -> Int? {
        members.firstIndex { JSONString.isSame($0.key, key) }
    }

    /// Gives a member another value, or adds it.
    package mutating func set(_ key: String, _ value: JSONValue) {
        if let index = index(of: key) {
            members[index].value = .value(value, spelling: nil)
        } else {
            let place = members.firstIndex { JSONString.precedes(key, $0.key) } ?? members.count
            members.insert((key, .value(value, spelling: nil)), at: place)
        }
    }
}

extension JSONParser {
    fileprivate mutating func parseMember(depth: Int) throws(JSONError) -> JSONMembers.Value {
        let (value, spelling) = try parseSpeltValue(depth: depth)
        return .value(value, spelling: spelling)
    }
}
