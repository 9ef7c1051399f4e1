import Foundation
import StreamIO
import Tokenization

/// Texts, tokenizers and files that several suites use.
enum Corpus {
    /// A text with some structure to learn from.
    static let lines = [
        "the cat sat on the mat, the rat sat on the cat's hat", "that cat isn't the other cat",
        "other rats and other mats: 12 cats, 120 rats, 2012 hats", "  the  hat\tand the\nmat ",
        "naïve cafés: déjà vu, naïve déjà vu", "日本語の日本", "the the the the",
    ]

    /// Strings that break careless tokenizers.
    static let nasty = [
        "", " ", "  ", "\n", "\r\n", "\t \u{0B}\u{0C}", "\u{0}\u{1}\u{7F}", "\u{A0}nbsp\u{2003}em ",
        "e\u{301} vs é", "👩‍👩‍👧 🏳️‍🌈", "ﬁ ﷺ ½ ٣ Ⅷ", "שלום สวัสดี Привет", "<|endoftext|><|im_end|>",
        "don’t 'S 's 'LL 'll ''' 're've", "a  b   c    ", "\u{10FFFF}\u{E000}\u{FEFF}",
        String(repeating: "x", count: 200), String(repeating: " ", count: 65) + "y",
        "1234567890 3.14", "\u{2028}\u{85}end", "Ωmega \u{2126}hm \u{1F1E9}\u{1F1EA}",
    ]

    /// A tokenizer learnt from ``lines``.
    static func learnt(
        _ size: Int = 330, _ pre: BytePairLearner.PreTokenization = .gpt2
    ) throws -> Tokenizer {
        var learner = BytePairLearner(preTokenization: pre)
        for line in lines { learner.add(line) }
        return try learner.learn(vocabularySize: size)
    }

    /// Calls `body` with the path of a temporary directory.
    static func withDirectory<R>(_ body: (String) throws -> R) throws -> R {
        let path = NSTemporaryDirectory() + "/tokenization-" + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try body(path)
    }

    /// A JSON file as a value.
    static func json(_ path: String) throws -> JSONValue {
        try JSONValue(parsing: [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))))
    }

    /// Writes text to a file.
    static func write(_ text: String, to path: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }
}

/// Things outside the package that some tests compare with.
enum Assets {
    /// The numerical oracles beside the package.
    static let oracles =
        URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .path + "/shared/oracles"
    /// An imported SmolLM2-135M-Instruct.
    static let smolLM2 = ProcessInfo.processInfo.environment["CPO_SMOLLM2_MODEL"]
    /// all-MiniLM-L6-v2.
    static let miniLM = ProcessInfo.processInfo.environment["CPO_MINILM"]

    static func hasOracle(_ name: String) -> Bool {
        FileManager.default.fileExists(atPath: oracles + "/" + name)
    }

    static func oracle(_ name: String) throws -> JSONValue {
        try Corpus.json(oracles + "/" + name)
    }
}
