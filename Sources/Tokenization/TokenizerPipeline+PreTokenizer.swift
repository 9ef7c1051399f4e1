import StreamIO

extension TokenizerPipeline {
    /// How text is cut, as a file says it.
    enum Cutting {
        /// Into chunks of bytes.
        case bytes(ByteLevelPreTokenizer)
        /// Into pieces of characters.
        case characters(CharacterPairModel.Metaspace?, [SplitStep])
    }

    /// The pre-tokenizer.
    func cutting() throws(TokenizationError) -> Cutting {
        var splits: [SplitStep] = []
        var metaspace: CharacterPairModel.Metaspace?
        var byteLevel: JSONObject?
        for (type, step) in try steps(of: preTokenizer, "pre_tokenizer", "pretokenizers") {
            if byteLevel != nil { throw unsupported("pre_tokenizer \(type) after ByteLevel") }
            switch type {
            case "Digits":
                splits.append(
                    SplitStep(
                        pattern: .digits(individual: step["individual_digits"]?.bool ?? false)))
            case "Split": splits.append(try split(step))
            case "WhitespaceSplit":
                splits.append(try expression(#"\s"#, .removed))
            case "Metaspace":
                guard metaspace == nil, splits.isEmpty else {
                    throw unsupported("pre_tokenizer Metaspace after another step")
                }
                let spaces = try self.metaspace(step)
                metaspace = spaces
                if step["split"]?.bool ?? true {
                    let text = String(decoding: spaces.replacement, as: UTF8.self)
                    splits.append(try expression(text, .mergedWithNext))
                }
            case "ByteLevel": byteLevel = step
            default: throw unsupported("pre_tokenizer \(type)")
            }
        }
        guard let byteLevel else { return .characters(metaspace, splits) }
        if metaspace != nil { throw unsupported("pre_tokenizer Metaspace before ByteLevel") }
        return .bytes(
            ByteLevelPreTokenizer(
                splits, usesPattern: byteLevel["use_regex"]?.bool ?? true,
                addsPrefixSpace: byteLevel["add_prefix_space"]?.bool ?? true))
    }

    private func expression(
        _ text: String, _ behavior: SplitStep.Behavior
    ) throws(TokenizationError) -> SplitStep {
        guard let run = CharacterRun(expression: text) ?? CharacterRun(text: text) else {
            throw malformed("pre_tokenizer with an empty text")
        }
        return SplitStep(pattern: .run(run), behavior: behavior)
    }

    private func split(_ step: JSONObject) throws(TokenizationError) -> SplitStep {
        let name = step["behavior"]?.string ?? "absent"
        guard let behavior = SplitStep.Behavior(rawValue: name) else {
            throw unsupported("pre_tokenizer Split with the behavior \(name)")
        }
        let isInverted = step["invert"]?.bool ?? false
        guard let expression = step["pattern"]?.object?["Regex"]?.string else {
            let run = try simplePattern(step, "pre_tokenizer Split")
            return SplitStep(pattern: .run(run), behavior: behavior, isInverted: isInverted)
        }
        guard let (pattern, coversAll) = PatternSpelling.pattern(expression) else {
            throw unsupported("pre_tokenizer Split with the pattern \(expression)")
        }
        guard case .run = pattern else {
            // Such a pattern leaves nothing between its matches, so that it is all the same how these
            // are kept.
            let isIsolated =
                behavior == .isolated && (coversAll || !isInverted)
                || behavior == .removed && isInverted && coversAll
            guard isIsolated else {
                throw unsupported(
                    "pre_tokenizer Split with the behavior \(name), "
                        + "invert \(isInverted) and the pattern \(expression)")
            }
            return SplitStep(pattern: pattern)
        }
        return SplitStep(pattern: pattern, behavior: behavior, isInverted: isInverted)
    }
}

extension ByteLevelPreTokenizer {
    /// The pre-tokenizer of a file.
    /// - Parameters:
    ///   - splits: the steps before bytes are looked at
    ///   - usesPattern: whether GPT-2's pattern is one more step
    ///   - addsPrefixSpace: whether pieces that do not begin with a space get one before that
    init(_ splits: [SplitStep], usesPattern: Bool, addsPrefixSpace: Bool) {
        self.init()
        self.addsPrefixSpace = addsPrefixSpace
        self.usesPattern = usesPattern
        var splits = splits
        // Where nothing is put between them, steps become one scanner.
        if !usesPattern, !addsPrefixSpace {
            switch splits.last?.pattern {
            case .gpt2:
                self.usesPattern = true
                splits.removeLast()
            case .words(let pattern):
                words = pattern
                splits.removeLast()
            default: break
            }
        }
        if self.usesPattern, !addsPrefixSpace, case .digits(let individual)? = splits.last?.pattern
        {
            numbers = individual ? .individual : .runs
            splits.removeLast()
        }
        if self.usesPattern, !addsPrefixSpace, numbers == .pattern, splits.last == .eachNumber {
            numbers = .individual
            splits.removeLast()
        }
        earlierSteps = splits
    }
}

extension SplitStep {
    /// `\p{N}`, which is what single digits are.
    fileprivate static let eachNumber = CharacterRun(expression: #"\p{N}"#).map {
        SplitStep(pattern: .run($0))
    }
}
