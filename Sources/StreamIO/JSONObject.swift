/// The members of a JSON object.
///
/// A member that was read from a record keeps how it was spelt where this is not how it would be
/// written, as in `0.10`, `1E5` or `12345678901234567890`; it is written back so unless it is given
/// another value.
public struct JSONObject: Sendable, Hashable, ExpressibleByDictionaryLiteral {
    /// A member's value and the JSON text that it stands for, if not its usual one.
    private struct Member: Sendable {
        var value: JSONValue
        var spelling: [UInt8]?
    }

    private var members: [ExactString: Member] = [:]

    /// An object without members.
    public init() {}

    /// An object with these members.
    public init(_ members: [String: JSONValue]) {
        self.init(members.map { ($0, $1) })
    }

    /// An object with these members; of several with one name the first counts.
    public init(_ members: some Sequence<(String, JSONValue)>) {
        for (key, value) in members { insert(value, forNew: key) }
    }

    /// An object with these members; of several with one name the first counts.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self.init(elements)
    }

    /// The value of a member; nil if there is none of this name.
    public subscript(_ key: String) -> JSONValue? {
        get { members[ExactString(key)]?.value }
        set { members[ExactString(key)] = newValue.map { Member(value: $0) } }
    }

    /// The names, in no particular order.
    public var keys: [String] { members.keys.map(\.text) }

    /// Adds a member.
    ///
    /// - Returns: whether the name is new; if not, nothing is changed.
    @discardableResult
    package mutating func insert(
        _ value: JSONValue, spelling: [UInt8]? = nil, forNew key: String
    ) -> Bool {
        let new = Member(value: value, spelling: spelling)
        guard let old = members.updateValue(new, forKey: ExactString(key)) else { return true }
        members[ExactString(key)] = old
        return false
    }

    /// How a member has to be spelt; nil for the usual way.
    package func spelling(of key: String) -> [UInt8]? { members[ExactString(key)]?.spelling }

    package mutating func reserveCapacity(_ count: Int) { members.reserveCapacity(count) }

    /// Takes over the members of another object; `combine` chooses between two values of one name.
    public mutating func merge(
        _ other: JSONObject, uniquingKeysWith combine: (JSONValue, JSONValue) -> JSONValue
    ) {
        members.merge(other.members) { Member(value: combine($0.value, $1.value)) }
    }

    /// The members of both objects; `combine` chooses between two values of one name.
    public func merging(
        _ other: JSONObject, uniquingKeysWith combine: (JSONValue, JSONValue) -> JSONValue
    ) -> JSONObject {
        var result = self
        result.merge(other, uniquingKeysWith: combine)
        return result
    }

    /// What `transform` makes of the values that it makes something of.
    public func compactMapValues<T>(_ transform: (JSONValue) -> T?) -> [String: T] {
        var result: [String: T] = [:]
        for (key, member) in members { result[key.text] = transform(member.value) }
        return result
    }

    /// Compares names and values, not how they are spelt.
    public static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.count == right.count
            && left.members.allSatisfy { right.members[$0]?.value == $1.value }
    }

    /// Hashes names and values.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(members.mapValues(\.value))
    }
}

extension JSONObject: Sequence {
    /// Names and values, in no particular order.
    public func makeIterator() -> AnyIterator<(key: String, value: JSONValue)> {
        var iterator = members.makeIterator()
        return AnyIterator { iterator.next().map { ($0.key.text, $0.value.value) } }
    }

    /// The number of members.
    public var count: Int { members.count }

    /// Whether there are no members.
    public var isEmpty: Bool { members.isEmpty }

    /// Names, values and spellings, in the order of the names' UTF-8 bytes.
    package var sorted: [(key: String, value: JSONValue, spelling: [UInt8]?)] {
        members.map { ($0.key.text, $0.value.value, $0.value.spelling) }
            .sorted { JSONString.precedes($0.key, $1.key) }
    }
}

extension JSONValue {
    /// An object with these members.
    public static func object(_ members: [String: JSONValue]) -> JSONValue {
        .object(JSONObject(members))
    }
}
