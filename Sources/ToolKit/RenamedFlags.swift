import ArgumentParser

/// A tool's flags that go by another name now. The old ones go on working, with a warning.
package struct RenamedFlags {
    /// Old names and the names of today, without dashes.
    private let names: [String: String]
    /// The old names that were met.
    private var met: Set<String> = []

    /// The flags of a tool.
    package init(_ tool: any CommandLineTool.Type) { names = tool.renamedFlags }

    /// Today's name of a flag.
    mutating func current(_ name: String) -> String {
        guard let new = names[name] else { return name }
        met.insert(name)
        return new
    }

    /// The arguments with the flags' names of today, spelt `--name value` or `--name=value`.
    ///
    /// - Throws: a `ValidationError` if a flag has both its names.
    package mutating func replace(in arguments: [String]) throws -> [String] {
        let flags = arguments.prefix { $0 != "--" }
        if let conflict = conflict(in: Set(flags.compactMap(FlagNames.name))) {
            throw ValidationError(conflict)
        }
        return flags.map { argument in
            guard let name = FlagNames.name(argument) else { return argument }
            return "--" + current(name) + argument.dropFirst(2 + name.count)
        } + arguments[flags.count...]
    }

    /// What is wrong with names among which is an old one beside its new one; nil if there is none.
    func conflict(in given: Set<String>) -> String? {
        names.sorted { $0.key < $1.key }
            .first { given.contains($0.key) && given.contains($0.value) }
            .map { "--\($0.key) is now --\($0.value): give one of them" }
    }

    /// A warning for each old name that was met since the last call.
    package mutating func takeWarnings() -> [String] {
        defer { met = [] }
        return met.sorted().map { "--\($0) is now --\(names[$0] ?? $0)" }
    }
}
