/// Filters and tests.
extension TemplateRenderer {
    mutating func filter(
        _ name: String, _ value: TemplateValue, _ arguments: TemplateArguments
    ) throws(TokenizationError) -> TemplateValue {
        switch name {
        case "default", "d":
            let alsoFalse = arguments.value(1, "boolean")?.isTrue ?? false
            let isAbsent = if case .undefined = value { true } else { alsoFalse && !value.isTrue }
            return isAbsent ? arguments.value(0, "default_value") ?? .literal("") : value
        case "tojson":
            return .text(try TemplateJSON.text(value, indent: arguments.integer(0, "indent")))
        case "length", "count": return .integer(try length(value))
        case "string": return .text(try text(of: value))
        case "safe", "e", "escape": return value
        case "int":
            if let number = value.asNumber, number.magnitude < 1e18 { return .integer(Int(number)) }
            if case .text(let text) = value, let number = Int(text.stripped().text) {
                return .integer(number)
            }
            return arguments.value(0, "default") ?? .integer(0)
        case "abs":
            guard let number = value.asNumber else { break }
            if case .integer(let integer) = value {
                return .integer(Int(clamping: integer.magnitude))
            }
            return .number(abs(number))
        case "trim", "upper", "lower", "capitalize", "replace":
            let text = try text(of: value)
            return try method(name == "trim" ? "strip" : name, of: .text(text), arguments)
        case "title": return .text(try text(of: value).titlecasedAfterSpaces)
        case "indent": return .text(try indented(try text(of: value), arguments))
        default:
            if let result = try listFilter(name, value, arguments) { return result }
        }
        throw fault("unsupported filter \(name)")
    }

    private mutating func listFilter(
        _ name: String, _ value: TemplateValue, _ arguments: TemplateArguments
    ) throws(TokenizationError) -> TemplateValue? {
        if name == "items" {
            if case .undefined = value { return .list([]) }
            return try method("items", of: value, TemplateArguments())
        }
        guard
            [
                "first", "last", "list", "reverse", "join", "map", "select", "reject",
                "selectattr", "rejectattr", "unique", "sort",
            ].contains(name)
        else { return nil }
        let elements = try elements(of: value)
        switch name {
        case "first": return elements.first ?? .undefined
        case "last": return elements.last ?? .undefined
        case "list": return .list(elements)
        case "reverse":
            if case .text = value {
                return .text(try joined(elements.reversed(), by: .literal("")))
            }
            return .list(elements.reversed())
        case "join":
            let separator = arguments.text(0, "d") ?? .literal("")
            let parts = try arguments.text(1, "attribute").map {
                attribute throws(TokenizationError) in try mapped(elements, attribute)
            }
            return .text(try joined(parts ?? elements, by: separator))
        case "map": return .list(try mapped(elements, arguments))
        case "unique":
            var kept: [TemplateValue] = []
            for element in elements where !kept.contains(where: { $0.equals(element) }) {
                try spend(64 * (kept.count + 1))
                kept.append(element)
            }
            return .list(kept)
        case "sort":
            let texts = elements.compactMap {
                if case .text(let text) = $0 { text.text } else { nil }
            }
            guard texts.count == elements.count else { return nil }
            let order = texts.indices.sorted {
                texts[$0].lowercased().unicodeScalars.lexicographicallyPrecedes(
                    texts[$1].lowercased().unicodeScalars)
            }
            return .list(order.map { elements[$0] })
        default: return .list(try selected(name, elements, arguments))
        }
    }

    private mutating func mapped(
        _ elements: [TemplateValue], _ arguments: TemplateArguments
    ) throws(TokenizationError) -> [TemplateValue] {
        if case .text(let attribute)? = arguments.named["attribute"] {
            return try mapped(elements, attribute)
        }
        guard let filterName = arguments.text(0)?.text else { throw fault("map without a filter") }
        var rest = arguments
        rest.positional.removeFirst()
        var result: [TemplateValue] = []
        for element in elements { result.append(try filter(filterName, element, rest)) }
        return result
    }

    private func mapped(
        _ elements: [TemplateValue], _ attribute: PromptText
    ) throws(TokenizationError) -> [TemplateValue] {
        elements.map { element in
            if case .object(let object) = element {
                object[attribute.text] ?? .undefined
            } else {
                .undefined
            }
        }
    }

    private mutating func selected(
        _ name: String, _ elements: [TemplateValue], _ arguments: TemplateArguments
    ) throws(TokenizationError) -> [TemplateValue] {
        let isByAttribute = name.hasSuffix("attr")
        let isWanted = name.hasPrefix("select")
        var rest = arguments
        var tested = elements
        if isByAttribute {
            guard let attribute = arguments.text(0) else { throw fault("\(name) without a name") }
            tested = try mapped(elements, attribute)
            rest.positional.removeFirst()
        }
        let testName = rest.text(0)?.text
        if testName != nil { rest.positional.removeFirst() }
        var result: [TemplateValue] = []
        for (element, value) in zip(elements, tested) {
            let holds =
                if let testName { try test(testName, value, rest) } else { value.isTrue }
            if holds == isWanted { result.append(element) }
        }
        return result
    }

    private func length(_ value: TemplateValue) throws(TokenizationError) -> Int {
        switch value {
        case .list(let elements): return elements.count
        case .object(let object): return object.members.count
        case .text(let text): return text.scalarCount
        case .undefined: return 0
        default: throw fault("the length of something that has none")
        }
    }

    private mutating func indented(
        _ text: PromptText, _ arguments: TemplateArguments
    ) throws(TokenizationError) -> PromptText {
        try spend(text)
        let width = min(max(arguments.integer(0, "width") ?? 4, 0), 64)
        let space = PromptText.literal(String(repeating: " ", count: width))
        let indentsFirst = arguments.value(1, "first")?.isTrue ?? false
        let indentsBlank = arguments.value(2, "blank")?.isTrue ?? false
        let lines = text.split(by: .literal("\n"), atMost: nil)
        try spend((width + 64) * lines.count)
        let indented = lines.enumerated().map { index, line in
            let isIndented = index == 0 ? indentsFirst : indentsBlank || line.scalarCount > 0
            return isIndented ? space + line : line
        }
        return PromptText.joined(indented, by: .literal("\n"))
    }

    // MARK: Tests

    mutating func test(
        _ name: String, _ value: TemplateValue, _ arguments: TemplateArguments
    ) throws(TokenizationError) -> Bool {
        switch (name, value) {
        case ("defined", .undefined): return false
        case ("defined", _): return true
        case ("undefined", .undefined): return true
        case ("undefined", _): return false
        case ("none", .none): return true
        case ("string", .text), ("mapping", .object), ("integer", .integer), ("float", .number),
            ("boolean", .bool), ("callable", .macro), ("callable", .function),
            ("number", .integer), ("number", .number), ("number", .bool),
            ("iterable", .list), ("iterable", .object), ("iterable", .text),
            ("iterable", .undefined), ("sequence", .list), ("sequence", .object),
            ("sequence", .text), ("sequence", .undefined):
            return true
        case ("none", _), ("string", _), ("mapping", _), ("integer", _), ("float", _),
            ("boolean", _), ("callable", _), ("number", _), ("iterable", _), ("sequence", _):
            return false
        case ("true", .bool(let flag)): return flag
        case ("false", .bool(let flag)): return !flag
        case ("true", _), ("false", _): return false
        case ("odd", .integer(let number)): return number % 2 != 0
        case ("even", .integer(let number)): return number % 2 == 0
        case ("divisibleby", .integer(let number)):
            guard let divisor = arguments.integer(0), divisor != 0, divisor != -1 else { break }
            return number % divisor == 0
        default: break
        }
        if let other = arguments.value(0) {
            switch name {
            case "equalto", "eq", "==", "sameas": return value.equals(other)
            case "ne", "!=": return !value.equals(other)
            case "in": return try contains(other, value)
            default: break
            }
        }
        throw fault("unsupported test \(name)")
    }
}
