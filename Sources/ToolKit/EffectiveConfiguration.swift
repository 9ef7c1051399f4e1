import ArgumentParser

/// All flags of a tool with the values in force, for its first line on standard error.
enum EffectiveConfiguration {
    static func description(of tool: some CommandLineTool) -> String {
        var parts = values(of: tool)
        if tool.common.threads == nil { parts.append("threads=\(tool.common.threadCount)") }
        return parts.sorted().joined(separator: " ")
    }

    private static func values(of group: Any) -> [String] {
        Mirror(reflecting: group).children.flatMap { child -> [String] in
            if let group = child.value as? any OptionGroupValue { return values(of: group.content) }
            guard let label = child.label, let value = (child.value as? any FlagValue)?.content
            else { return [] }
            return text(of: value).map { ["\(kebabCase(label))=\($0)"] } ?? []
        }
    }

    /// The value as it would be typed; nil for flags that were not given.
    private static func text(of value: Any) -> String? {
        let mirror = Mirror(reflecting: value)
        if mirror.displayStyle == .optional {
            return mirror.children.first.flatMap { text(of: $0.value) }
        }
        if let array = value as? [String] {
            return array.isEmpty ? nil : array.joined(separator: ",")
        }
        return "\(value)"
    }

    /// `_batchSize` → `batch-size`, `_baseURL` → `base-url`.
    private static func kebabCase(_ label: String) -> String {
        let name = label.drop { $0 == "_" }
        return zip(" " + name, name).map { previous, character in
            let isStart = character.isUppercase && !previous.isUppercase
            return (isStart ? "-" : "") + character.lowercased()
        }.joined()
    }
}

private protocol FlagValue {
    var content: Any { get }
}

extension Option: FlagValue {
    fileprivate var content: Any { wrappedValue }
}

extension Flag: FlagValue {
    fileprivate var content: Any { wrappedValue }
}

extension Argument: FlagValue {
    fileprivate var content: Any { wrappedValue }
}

private protocol OptionGroupValue {
    var content: Any { get }
}

extension OptionGroup: OptionGroupValue {
    fileprivate var content: Any { wrappedValue }
}
