import StreamIO

/// How `tokenizer.json` describes normalizers and pre-tokenizers, and what of it is understood.
extension Tokenizer {
    /// The pre-tokenizer of a byte-level BPE file.
    static func byteLevelPreTokenizer(
        _ file: TokenizerFile
    ) throws(TokenizationError) -> ByteLevelPreTokenizer {
        if let normalizer = file.root["normalizer"], !normalizer.isNull {
            let type = normalizer.object?["type"]?.string ?? "without a type"
            throw file.unsupported("normalizer \(type) (expected none for byte-level BPE)")
        }
        guard let description = file.root["pre_tokenizer"]?.object else {
            throw file.unsupported("BPE without a ByteLevel pre_tokenizer")
        }
        let steps: [JSONObject]
        if description["type"]?.string == "Sequence" {
            steps = description["pretokenizers"]?.elements?.compactMap(\.object) ?? []
        } else {
            steps = [description]
        }
        var result = ByteLevelPreTokenizer()
        result.usesPattern = false
        var isByteLevel = false
        for step in steps {
            let type = step["type"]?.string ?? "without a type"
            if isByteLevel { throw file.unsupported("pre_tokenizer \(type) after ByteLevel") }
            switch type {
            case "Digits":
                try requireNoPattern(result, type, file)
                result.numbers = step["individual_digits"]?.bool == true ? .individual : .runs
            case "Split":
                try requireNoPattern(result, type, file)
                switch try splitRule(step, file) {
                case .pattern: result.usesPattern = true
                case .numbers: result.numbers = .individual
                }
            case "ByteLevel":
                isByteLevel = true
                let usesRegex = step["use_regex"]?.bool ?? true
                if usesRegex && result.usesPattern {
                    throw file.unsupported("pre_tokenizer ByteLevel with use_regex after Split")
                }
                result.usesPattern = result.usesPattern || usesRegex
                result.addsPrefixSpace = step["add_prefix_space"]?.bool ?? true
            default: throw file.unsupported("pre_tokenizer \(type)")
            }
        }
        guard isByteLevel else { throw file.unsupported("BPE without a ByteLevel pre_tokenizer") }
        if result.numbers != .pattern && (result.addsPrefixSpace || !result.usesPattern) {
            throw file.unsupported(
                "pre_tokenizer: numbers set apart together with "
                    + (result.addsPrefixSpace ? "add_prefix_space" : "use_regex false"))
        }
        if result.addsPrefixSpace && steps.contains(where: { $0["type"]?.string == "Split" }) {
            throw file.unsupported("pre_tokenizer Split together with add_prefix_space")
        }
        return result
    }

    private static func requireNoPattern(
        _ result: ByteLevelPreTokenizer, _ type: String, _ file: TokenizerFile
    ) throws(TokenizationError) {
        if result.usesPattern || result.numbers != .pattern {
            throw file.unsupported("pre_tokenizer \(type) after another Split or Digits")
        }
    }

    private enum SplitRule { case pattern, numbers }

    private static func splitRule(
        _ step: JSONObject, _ file: TokenizerFile
    ) throws(TokenizationError) -> SplitRule {
        let behavior = step["behavior"]?.string ?? "without behavior"
        guard let pattern = step["pattern"]?.object?["Regex"]?.string,
            step["invert"]?.bool != true
        else { throw file.unsupported("pre_tokenizer Split without a Regex, or inverted") }
        guard behavior == "Isolated" else {
            throw file.unsupported("pre_tokenizer Split with behavior \(behavior)")
        }
        if ByteLevelPreTokenizer.patterns.contains(pattern) { return .pattern }
        if pattern == #"\p{N}"# { return .numbers }
        throw file.unsupported("pre_tokenizer Split with the pattern \(pattern)")
    }

    /// The normalizer of a WordPiece file.
    static func bertNormalizer(_ file: TokenizerFile) throws(TokenizationError) -> BERTNormalizer {
        let type = file.root["pre_tokenizer"]?.object?["type"]?.string ?? "absent"
        guard type == "BertPreTokenizer" else {
            throw file.unsupported("pre_tokenizer \(type) (expected BertPreTokenizer)")
        }
        let normalizer = file.root["normalizer"]?.object
        guard let normalizer, normalizer["type"]?.string == "BertNormalizer" else {
            let type = normalizer?["type"]?.string ?? "absent"
            throw file.unsupported("normalizer \(type) (expected BertNormalizer)")
        }
        let lowercases = normalizer["lowercase"]?.bool ?? true
        return BERTNormalizer(
            cleansText: normalizer["clean_text"]?.bool ?? true,
            separatesChinese: normalizer["handle_chinese_chars"]?.bool ?? true,
            stripsAccents: normalizer["strip_accents"]?.bool ?? lowercases,
            lowercases: lowercases)
    }
}
