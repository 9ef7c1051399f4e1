import StreamIO

/// The ids that a model expects around a text.
struct TokenFrame: Sendable, Equatable {
    var before: [Int32] = []
    var after: [Int32] = []
}

extension TokenizerPipeline {
    /// What the post-processor puts around a single text.
    func frame(_ vocabulary: Vocabulary) throws(TokenizationError) -> TokenFrame {
        var frame = TokenFrame()
        for (type, step) in try steps(of: postProcessor, "post_processor", "processors") {
            let next: TokenFrame
            switch type {
            // It only trims offsets.
            case "ByteLevel": continue
            case "TemplateProcessing": next = try template(step, vocabulary)
            case "RobertaProcessing", "BertProcessing":
                next = TokenFrame(
                    before: [try pairID(step, "cls")], after: [try pairID(step, "sep")])
            default: throw unsupported("post_processor \(type)")
            }
            frame.before = next.before + frame.before
            frame.after += next.after
        }
        for id in frame.before + frame.after where !vocabulary.contains(id) {
            throw malformed("post_processor: id \(id) is not in the vocabulary")
        }
        return frame
    }

    /// A token and its id: `"sep": ["</s>", 2]`.
    private func pairID(_ step: JSONObject, _ key: String) throws(TokenizationError) -> Int32 {
        let pair = step[key]?.elements ?? []
        guard pair.count == 2, let id = pair[1].integer.flatMap({ Int32(exactly: $0) }) else {
            throw malformed("post_processor: no token and id under \(key)")
        }
        return id
    }

    private func template(
        _ step: JSONObject, _ vocabulary: Vocabulary
    ) throws(TokenizationError) -> TokenFrame {
        guard let pieces = step["single"]?.elements?.map(\.object) else {
            throw malformed("post_processor TemplateProcessing without 'single'")
        }
        var frame = TokenFrame()
        var isAfter = false
        for piece in pieces {
            if piece?["Sequence"]?.object?["id"]?.string == "A", !isAfter {
                isAfter = true
                continue
            }
            guard let name = piece?["SpecialToken"]?.object?["id"]?.string,
                let ids = step["special_tokens"]?.object?[name]?.object?["ids"]?.idList,
                !ids.isEmpty
            else {
                throw malformed(
                    "post_processor TemplateProcessing: a part of 'single' that is "
                        + "neither the text nor a special token")
            }
            if isAfter { frame.after += ids } else { frame.before += ids }
        }
        guard isAfter else {
            throw malformed("post_processor TemplateProcessing: 'single' leaves the text out")
        }
        return frame
    }
}
