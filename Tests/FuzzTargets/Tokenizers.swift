import StreamIO
import Tokenization

extension FuzzTarget {
    /// `tokenizer.json`, a text, `tokenizer_config.json`, `special_tokens_map.json`.
    static let tokenizerJSON = FuzzTarget("tokenizer-json") { input in
        try useDirectory(
            ["tokenizer.json", "text", "tokenizer_config.json", "special_tokens_map.json"],
            parts(input))
    }

    /// `vocab.json`, `merges.txt`, a text, `config.json`.
    static let vocabularyAndMerges = FuzzTarget("vocab-merges") { input in
        try useDirectory(["vocab.json", "merges.txt", "text", "config.json"], parts(input))
    }

    /// SentencePiece's `tokenizer.model`, a text, `added_tokens.json`, `tokenizer_config.json`.
    static let sentencePiece = FuzzTarget("sentencepiece") { input in
        try useDirectory(
            ["tokenizer.model", "text", "added_tokens.json", "tokenizer_config.json"], parts(input))
    }

    private static func useDirectory(_ names: [String], _ parts: [ArraySlice<UInt8>]) throws {
        let given = zip(names, parts).first { $0.0 == "text" }.map { Array($0.1) } ?? []
        try Scratch.withFiles(Array(zip(names, parts))) { directory in
            let tokenizer = try Tokenizer.load(directory: directory)
            let texts = ["", "The café’s  naïve\n\t“test” 123 日本語 <s></s>", text(given)]
            try useTokenizer(tokenizer, on: texts)
            // Bytes that are no text.
            let encoding = try tokenizer.encoding(of: given)
            try check(encoding.ids, tokenizer)
            try requireSameWhenWritten(tokenizer, texts, directory)
        }
    }

    /// Writes the tokenizer where it can be written, and compares.
    private static func requireSameWhenWritten(
        _ tokenizer: Tokenizer, _ texts: [String], _ directory: String
    ) throws {
        guard try accepting({ try tokenizer.writeTokenizerJSON(toDirectory: directory) }) != nil
        else { return }
        let again = try Tokenizer.load(directory: directory)
        for text in texts {
            try require(
                again.encode(text) == tokenizer.encode(text),
                "a tokenizer that was written encodes \(text) as before")
        }
    }

    static func check(_ ids: [Int32], _ tokenizer: Tokenizer) throws {
        try require(
            ids.allSatisfy { $0 >= 0 && Int($0) < tokenizer.vocabularySize },
            "ids \(ids) are in the vocabulary of \(tokenizer.vocabularySize)")
    }

    private static func withoutSpace(_ text: String) -> [Unicode.Scalar] {
        text.unicodeScalars.filter { !$0.properties.isWhitespace }
    }

    /// Encodes and decodes texts in every way.
    static func useTokenizer(_ tokenizer: Tokenizer, on texts: [String]) throws {
        for text in texts {
            let encoding = try tokenizer.encoding(of: text)
            try check(encoding.ids, tokenizer)
            let decoded = try tokenizer.decode(encoding.ids)
            if tokenizer.kind == "byte-level BPE", encoding.droppedBytes == 0 {
                let isSame =
                    tokenizer.changesSpace
                    ? withoutSpace(decoded) == withoutSpace(text) : decoded == text
                try require(isSame, "\(text) comes back, not \(decoded)")
            }
            for policy in SpecialTokenPolicy.allCases {
                let options = EncodingOptions(
                    specialTokens: policy, addsSpecialTokens: true, maximumLength: 5)
                guard let cut = try accepting({ try tokenizer.encoding(of: text, options) })
                else { continue }
                try check(cut.ids, tokenizer)
                try require(cut.ids.count <= 5, "at most five ids, not \(cut.ids)")
            }
            let options = EncodingOptions(recordsOffsets: true)
            if let offsets = try accepting({ try tokenizer.encoding(of: text, options) })?.offsets {
                try require(offsets.count == encoding.ids.count, "an offset for each id")
            }
        }
        // Any id may come out of a model.
        let all = (-1..<Int32(min(tokenizer.vocabularySize, 300) + 1)).map { $0 }
        for id in all { _ = try accepting { try tokenizer.decode([id]) } }
        _ = try accepting { try tokenizer.decode(Array(all.dropFirst().dropLast())) }
    }
}
