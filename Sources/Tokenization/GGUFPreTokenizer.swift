import StreamIO

/// The names that llama.cpp has for pre-tokenizers, `tokenizer.ggml.pre`, from the description in
/// `tokenizer.json`. A name stands for a pattern and for whether tokens of the vocabulary need no merges.
package struct GGUFPreTokenizer {
    /// Patterns with the names for vocabularies whose tokens need merges, and for those that need none.
    private static let splits: [(pattern: String, merging: String?, ignoring: String?)] = [
        (GGUFPreTokenization.gpt2, "gpt-2", nil),
        (GGUFPreTokenization.cl100k, "dbrx", "llama-bpe"),
        (GGUFPreTokenization.qwen2, "qwen2", nil),
        (GGUFPreTokenization.qwen35, "qwen35", nil),
        (GGUFPreTokenization.o200k, "gpt-4o", nil),
        (GGUFPreTokenization.tekken, nil, "tekken"),
    ]

    private let file: TokenizerFile

    /// The pre-tokenizer of a `tokenizer.json`.
    package init(path: String) throws(TokenizationError) { file = try TokenizerFile(path: path) }

    init(file: TokenizerFile) { self.file = file }

    /// The name for a byte-level BPE.
    ///
    /// - Throws: ``TokenizationError/unsupported(source:what:)`` with what llama.cpp has no name for.
    package func name() throws(TokenizationError) -> String {
        if let normalizer = file.root["normalizer"], !normalizer.isNull {
            // llama.cpp leaves composed characters as they are under every name.
            let type = normalizer.object?["type"]?.string ?? "without a type"
            guard type == "NFC" else { throw unknown("normalizer \(type)") }
        }
        var steps = steps
        guard let last = steps.popLast(), last["type"]?.string == "ByteLevel",
            last["add_prefix_space"]?.bool == false
        else {
            throw unknown("a pre_tokenizer that does not end in ByteLevel without a prefix space")
        }
        let usesPattern = last["use_regex"]?.bool ?? true
        let ignoresMerges = file.root["model"]?.object?["ignore_merges"]?.bool ?? false
        let name =
            usesPattern
            ? try nameOfDigits(steps, ignoresMerges) : try nameOfSplit(steps, ignoresMerges)
        guard let name else {
            throw unknown("ignore_merges with the pattern of this pre_tokenizer")
        }
        return name
    }

    private var steps: [JSONObject] {
        guard let description = file.root["pre_tokenizer"]?.object else { return [] }
        guard description["type"]?.string == "Sequence" else { return [description] }
        return description["pretokenizers"]?.elements?.compactMap(\.object) ?? []
    }

    /// GPT-2's pattern, behind nothing or single digits.
    private func nameOfDigits(
        _ steps: [JSONObject], _ ignoresMerges: Bool
    ) throws(TokenizationError) -> String? {
        guard let step = steps.first else { return ignoresMerges ? nil : "gpt-2" }
        let isDigits =
            step["type"]?.string == "Digits" && step["individual_digits"]?.bool == true
            || step["type"]?.string == "Split" && pattern(step) == #"\p{N}"#
        guard steps.count == 1, isDigits else {
            throw unknown("pre_tokenizer \(steps.map(describe).joined(separator: ", "))")
        }
        return ignoresMerges ? nil : "smollm"
    }

    /// A pattern of its own.
    private func nameOfSplit(
        _ steps: [JSONObject], _ ignoresMerges: Bool
    ) throws(TokenizationError) -> String? {
        // However the pattern is spelt.
        guard steps.count == 1, let text = pattern(steps[0]),
            let pattern = PatternSpelling.pattern(text)?.0,
            let split = Self.splits.first(where: {
                PatternSpelling.pattern($0.pattern)?.0 == pattern
            })
        else { throw unknown("pre_tokenizer \(steps.map(describe).joined(separator: ", "))") }
        return ignoresMerges ? split.ignoring : split.merging
    }

    private func pattern(_ step: JSONObject) -> String? {
        guard step["behavior"]?.string == "Isolated", step["invert"]?.bool != true else {
            return nil
        }
        return step["pattern"]?.object?["Regex"]?.string
    }

    private func describe(_ step: JSONObject) -> String {
        let type = step["type"]?.string ?? "without a type"
        return pattern(step).map { "\(type) with the pattern \($0)" } ?? type
    }

    private func unknown(_ what: String) -> TokenizationError {
        file.unsupported("\(what) (llama.cpp has no tokenizer.ggml.pre for it)")
    }
}
