/// What a stream has to give at this moment.
public enum Arrival<Item> {
    /// The next item.
    case item(Item)
    /// Nothing yet; asking again may bring more.
    case pending
    /// Nothing any more.
    case end

    /// An item, or the end.
    public init(_ item: Item?) { self = item.map { .item($0) } ?? .end }

    /// The same with the item made into something else.
    public func map<Other>(_ transform: (Item) throws -> Other) rethrows -> Arrival<Other> {
        switch self {
        case .item(let item): .item(try transform(item))
        case .pending: .pending
        case .end: .end
        }
    }
}

extension Arrival: Sendable where Item: Sendable {}

/// How long a stream may keep its reader waiting before it says ``Arrival/pending``.
public enum Patience: Sendable {
    /// As long as it takes.
    case unlimited
    /// So many milliseconds.
    case milliseconds(Int32)

    /// Not at all.
    public static let none = Patience.milliseconds(0)
}
