/// A value of the template language.
enum TemplateValue: Sendable {
    case undefined
    case none
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case text(PromptText)
    case list([TemplateValue])
    case object(TemplateObject)
    /// A namespace, by its number: the only thing that assignments inside a loop can change.
    case namespace(Int)
    case macro(TemplateNode.Macro)
    /// A function that templates are given, by its name.
    case function(String)

    /// Text of the template itself.
    static func literal(_ text: String) -> TemplateValue { .text(.literal(text)) }

    /// Whether a condition takes the value for true.
    var isTrue: Bool {
        switch self {
        case .undefined, .none: false
        case .bool(let value): value
        case .integer(let value): value != 0
        case .number(let value): value != 0
        case .text(let value): value.pieces.contains { !$0.text.isEmpty }
        case .list(let values): !values.isEmpty
        case .object(let object): !object.members.isEmpty
        case .namespace, .macro, .function: true
        }
    }

    /// The number, of integers and truth values too.
    var asNumber: Double? {
        switch self {
        case .bool(let value): value ? 1 : 0
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    /// Equality of the template language: texts by content, whatever they came from.
    func equals(_ other: TemplateValue) -> Bool {
        if let left = asNumber, let right = other.asNumber { return left == right }
        switch (self, other) {
        case (.undefined, .undefined), (.none, .none): return true
        case (.text(let left), .text(let right)):
            return left.text.utf8.elementsEqual(right.text.utf8)
        case (.list(let left), .list(let right)):
            return left.count == right.count && zip(left, right).allSatisfy { $0.equals($1) }
        case (.object(let left), .object(let right)):
            return left.members.count == right.members.count
                && left.members.allSatisfy { key, value in
                    right[key].map { value.equals($0) } ?? false
                }
        case (.namespace(let left), .namespace(let right)): return left == right
        default: return false
        }
    }
}

/// The members of an object in their order.
struct TemplateObject: Sendable {
    private(set) var members: [(key: String, value: TemplateValue)] = []

    init(_ members: [(key: String, value: TemplateValue)] = []) {
        for (key, value) in members { self[key] = value }
    }

    /// The value of a member. Keys are compared byte by byte.
    subscript(key: String) -> TemplateValue? {
        get { members.first { $0.key.utf8.elementsEqual(key.utf8) }?.value }
        set {
            let place = members.firstIndex { $0.key.utf8.elementsEqual(key.utf8) }
            guard let newValue else {
                if let place { members.remove(at: place) }
                return
            }
            if let place {
                members[place].value = newValue
            } else {
                members.append((key, newValue))
            }
        }
    }
}
