import Transformer

/// The spellings of tensor names.
///
/// Files saved from the bare model lack the prefix that those saved from the language model have.
enum TensorNames {
    static func head(_ configuration: DecoderConfiguration) -> String {
        configuration.names.head + ".weight"
    }

    static func embedding(_ configuration: DecoderConfiguration) -> String {
        configuration.names.embedding + ".weight"
    }

    /// The name that checkpoints are written with, nil for a buffer that is no parameter.
    private static func canonical(_ name: String, _ family: DecoderFamily) -> String? {
        if family.buffers.contains(where: name.hasSuffix) { return nil }
        let names = family.names
        let standing = names.standing
        let bare = [names.embedding, names.positions, names.block, names.finalNorm]
            .filter { $0.hasPrefix(standing) && $0.count > standing.count }
            .map { String($0.dropFirst(standing.count)) }
        let isBare = bare.contains { name.hasPrefix($0.hasSuffix(".") ? $0 : $0 + ".") }
        return isBare ? standing + name : name
    }

    /// The tensors of a source under their canonical names.
    static func canonical(
        _ source: TensorSource, _ family: DecoderFamily
    ) throws(CheckpointError) -> [String: String] {
        let names = source.names
        // Every decoder has its final norm exactly once.
        let standing = family.names.standing
        let prefix = WrapperPrefix(
            names, of: family.names.finalNorm.dropFirst(standing.count) + ".weight",
            standing: standing)
        var canonicalNames: [String: String] = [:]
        for name in names {
            guard let canonical = canonical(prefix.removed(from: name), family) else { continue }
            if let other = canonicalNames.updateValue(name, forKey: canonical) {
                throw .ambiguousTensor(directory: source.path, names: [other, name])
            }
        }
        return canonicalNames
    }

    /// What a checkpoint is instead of a decoder with a language-model head, as its tensors say; nil
    /// if they do not.
    static func foreignKind(_ names: [String]) -> String? {
        func first(_ isIt: (String) -> Bool) -> String? { names.filter(isIt).min() }
        if let name = first({ $0.contains(".lora_A.") || $0.contains(".lora_B.") }) {
            return "weights with an adapter that is not merged (got \(name))"
        }
        if let name = first({ $0.hasSuffix(".qweight") || $0.hasSuffix(".weight.absmax") }) {
            return "quantised weights (got \(name))"
        }
        let head = "lm_head.weight"
        if !names.contains(head),
            let name = first({
                $0.hasPrefix("score.") || $0.hasPrefix("classifier.") || $0.hasPrefix("v_head.")
                    || $0.hasPrefix("qa_outputs.")
            })
        {
            return "a classifier or reward model (got \(name), expected \(head))"
        }
        return nil
    }
}

extension ParameterNames {
    /// What stands before the names of the bare model's tensors in a model with a head: `model.`.
    fileprivate var standing: String {
        embedding.firstIndex(of: ".").map { String(embedding[...$0]) } ?? ""
    }
}

/// What programs put before the names of tensors when they save a model inside another object:
/// `module.` (data parallel), `_orig_mod.` (compiled), `base_model.model.` (PEFT), and any other
/// prefix that the tensors share.
package struct WrapperPrefix {
    /// Parts of names that no model has of its own, whereever they stand.
    private static let wrappers: Set<Substring> = [
        "_orig_mod", "module", "_fsdp_wrapped_module", "_checkpoint_wrapped_module",
        "_forward_module",
    ]
    private let prefix: String

    /// Finds the prefix.
    ///
    /// - Parameters:
    ///   - names: of all tensors
    ///   - anchor: the end of a name that every model of the kind has exactly once
    ///   - standing: what may stand before the anchor without being a wrapper
    package init(_ names: [String], of anchor: String, standing: String) {
        var found: [String] = []
        for name in names.map(Self.unwrapped)
        where name == anchor || name.hasSuffix("." + anchor) {
            var prefix = String(name.dropLast(anchor.count))
            if prefix.hasSuffix(standing) { prefix.removeLast(standing.count) }
            found.append(prefix)
        }
        // Two copies of a model are one under the plain names and one that nothing is known of.
        prefix = found.count == 1 ? found[0] : ""
    }

    /// A name as the model itself has it.
    package func removed(from name: String) -> String {
        let name = Self.unwrapped(name)
        return name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
    }

    private static func unwrapped(_ name: String) -> String {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.contains(where: wrappers.contains) else { return name }
        return parts.filter { !wrappers.contains($0) }.joined(separator: ".")
    }
}
