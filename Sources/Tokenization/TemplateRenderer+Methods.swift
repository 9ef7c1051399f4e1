/// The methods of texts, lists and objects.
extension TemplateRenderer {
    mutating func method(
        _ name: String, of base: TemplateValue, _ arguments: TemplateArguments
    ) throws(TokenizationError) -> TemplateValue {
        switch base {
        case .text(let text):
            try spend(text)
            if let result = try method(name, of: text, arguments) { return result }
        case .object(let object):
            if let result = method(name, of: object, arguments) { return result }
        case .list(let elements):
            guard let first = arguments.value(0) else { break }
            if name == "count" { return .integer(elements.count { $0.equals(first) }) }
            if name == "index", let place = elements.firstIndex(where: { $0.equals(first) }) {
                return .integer(place)
            }
        case .undefined: throw fault("a member of an undefined value")
        default: break
        }
        throw fault("unsupported method \(name)")
    }

    private func method(
        _ name: String, of object: TemplateObject, _ arguments: TemplateArguments
    ) -> TemplateValue? {
        switch name {
        case "items":
            return .list(object.members.map { .list([.literal($0.key), $0.value]) })
        case "keys": return .list(object.members.map { .literal($0.key) })
        case "values": return .list(object.members.map(\.value))
        case "get":
            guard let key = arguments.text(0) else { return nil }
            return object[key.text] ?? arguments.value(1) ?? TemplateValue.none
        default: return nil
        }
    }

    private mutating func method(
        _ name: String, of text: PromptText, _ arguments: TemplateArguments
    ) throws(TokenizationError) -> TemplateValue? {
        let argument = arguments.text(0)
        switch name {
        case "strip": return .text(text.stripped(of: argument))
        case "lstrip": return .text(text.stripped(right: false, of: argument))
        case "rstrip": return .text(text.stripped(left: false, of: argument))
        case "upper": return .text(text.mapped { $0.uppercased() })
        case "lower": return .text(text.mapped { $0.lowercased() })
        case "title": return .text(text.titlecased)
        case "capitalize": return .text(text.capitalized)
        case "startswith": return try matches(arguments) { text.starts(with: $0) }
        case "endswith": return try matches(arguments) { text.ends(with: $0) }
        case "split":
            if let argument, argument.scalarCount == 0 { throw fault("split by an empty text") }
            let limit = arguments.integer(1, "maxsplit").flatMap { $0 < 0 ? nil : $0 }
            let parts = text.split(by: argument, atMost: limit)
            try spend(64 * parts.count)
            return .list(parts.map { .text($0) })
        case "splitlines":
            var parts = text.split(by: .literal("\n"), atMost: nil)
            if parts.last?.scalarCount == 0 { parts.removeLast() }
            return .list(parts.map { .text($0) })
        case "replace":
            guard let old = argument, let new = arguments.text(1) else { return nil }
            return try replaced(text, old, new, arguments.integer(2, "count"))
        case "join":
            guard let list = arguments.value(0) else { return nil }
            return .text(try joined(try elements(of: list), by: text))
        case "find": return argument.map { .integer(text.occurrences(of: $0).first ?? -1) }
        case "count": return argument.map { .integer(text.occurrences(of: $0).count) }
        case "isdigit", "isnumeric", "isdecimal":
            let isNumber = text.text.unicodeScalars.allSatisfy { $0.properties.numericType != nil }
            return .bool(isNumber && text.scalarCount > 0)
        case "isspace":
            let isSpace = text.text.unicodeScalars.allSatisfy(PromptText.isSpace)
            return .bool(isSpace && text.scalarCount > 0)
        default: return nil
        }
    }

    /// Whether one of the texts that an argument gives fits.
    private func matches(
        _ arguments: TemplateArguments, _ fits: (PromptText) -> Bool
    ) throws(TokenizationError) -> TemplateValue? {
        if let text = arguments.text(0) { return .bool(fits(text)) }
        guard case .list(let elements)? = arguments.value(0) else { return nil }
        return .bool(
            elements.contains { if case .text(let text) = $0 { fits(text) } else { false } })
    }

    mutating func replaced(
        _ text: PromptText, _ old: PromptText, _ new: PromptText, _ limit: Int?
    ) throws(TokenizationError) -> TemplateValue {
        guard old.scalarCount > 0 else { throw fault("replacing an empty text") }
        let count = text.occurrences(of: old).count
        let cost = (new.text.utf8.count + 64).multipliedReportingOverflow(by: count)
        try spend(cost.overflow ? .max : cost.partialValue)
        return .text(
            text.replacing(old, with: new, atMost: limit.flatMap { $0 < 0 ? nil : $0 }))
    }

    mutating func joined(
        _ elements: [TemplateValue], by separator: PromptText
    ) throws(TokenizationError) -> PromptText {
        var parts: [PromptText] = []
        for element in elements {
            let part = try text(of: element)
            try spend(part)
            try spend(separator)
            parts.append(part)
        }
        return PromptText.joined(parts, by: separator)
    }
}
