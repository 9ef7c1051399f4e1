import ChatEndpoint
import Evaluation
import StreamIO

extension FuzzTarget {
    /// The body of a server's response, then the value of a header that asks to wait.
    static let chatReply = FuzzTarget("chat-reply") { input in
        let parts = parts(input)
        if let header = parts.dropFirst().first.map(text) {
            for name in ["retry-after", "retry-after-ms"] {
                let pause = RetryPolicy.requestedPause([name: header], now: 1.8e9)
                try require(pause.map { $0 >= .zero } ?? true, "no pause takes less than no time")
            }
            var dialect = Dialect()
            _ = dialect.adapt(toRefusal: header)
        }
        let body = try JSONValue(parsing: parts[0])
        guard let reply = try? ChatReply(body) else { return }
        _ = reply.flaw(isCutAllowed: true)
        _ = reply.flaw(isCutAllowed: false)
        _ = try? JudgeAnswer(text: reply.text ?? "")
        let tokens = reply.tokens?.map { token in
            (token.text, token.candidates.map { ($0.text, $0.logProbability) })
        }
        if let tokens, let answer = try? JudgeAnswer(text: reply.text, tokens: tokens) {
            let probability = answer.probabilityOfFirst ?? 0.5
            try require((0...1).contains(probability), "\(probability) is a probability")
            try require(
                (probability >= 0.5) == (answer.letter == .first), "the letter is the likelier one")
        }
    }

    /// A file of stored replies, read as it is, then opened to be added to.
    static let replyCache = FuzzTarget("reply-cache") { input in
        try Scratch.withFile(input, "cache.jsonl") { path in
            _ = try accepting { try ReplyCache(path: path, isReadOnly: true) }
            let count: Int
            do {
                let cache = try ReplyCache(path: path, isReadOnly: false)
                count = cache.count
                try cache.append(
                    key: "a new key", .init(response: .null, departures: []), origin: [:])
            }
            let again = try ReplyCache(path: path, isReadOnly: true)
            try require(
                again["a new key"] != nil && again.count >= max(1, count),
                "what was stored is there, and what is added to it")
        }
    }

    /// What a judge wrote: with the letters exchanged, the verdict is the other one.
    static let verdict = FuzzTarget("verdict") { input in
        let answer = text(input)
        let verdict = try? JudgedOrder.Letter(parsing: answer)
        guard !mayHoldArticle(answer), !hidesLetters(answer) else { return }
        let mirrored = try? JudgedOrder.Letter(parsing: mirror(answer))
        let expected: JudgedOrder.Letter? = verdict.map { $0 == .first ? .second : .first }
        try require(
            mirrored == expected,
            "\(answer) means \(verdict?.rawValue ?? "nothing"), "
                + "mirrored \(mirrored?.rawValue ?? "nothing")")
    }

    /// Whether letters are written in another way, such as ｂ or &#66;, which the mirror does not know.
    private static func hidesLetters(_ text: String) -> Bool {
        func count(_ scalars: some Sequence<Unicode.Scalar>) -> Int {
            scalars.count { "AaBb".unicodeScalars.contains($0) }
        }
        return count(text.unicodeScalars) != count(VerdictText.folded(text))
    }

    /// Whether an A before a word might be the article, which has no counterpart. Emphasis and the like
    /// between them is no matter.
    private static func mayHoldArticle(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        let separating = Set(",.;:=<>!?/&|+-\n\r".utf8)
        return bytes.indices.contains { index in
            let small = bytes[index] | 0x20
            guard small == UInt8(ascii: "a") || small == UInt8(ascii: "b") else { return false }
            let behind = bytes[(index + 1)...]
            let next = behind.first { isWordByte($0) || separating.contains($0) }
            guard let next, isWordByte(next) else { return behind.first == UInt8(ascii: " ") }
            return behind.first.map(isWordByte) == false
        }
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (97...122).contains(byte | 0x20)
    }

    /// The text with its lone letters exchanged, and those beside digits ("A1"); those inside words stay.
    private static func mirror(_ text: String) -> String {
        let bytes = Array(text.utf8)
        func isLetter(_ index: Int) -> Bool {
            bytes.indices.contains(index) && (97...122).contains(bytes[index] | 0x20)
        }
        let exchanged = bytes.indices.map { index -> UInt8 in
            if isLetter(index - 1) || isLetter(index + 1) { return bytes[index] }
            return switch bytes[index] {
            case UInt8(ascii: "A"): UInt8(ascii: "B")
            case UInt8(ascii: "B"): UInt8(ascii: "A")
            case UInt8(ascii: "a"): UInt8(ascii: "b")
            case UInt8(ascii: "b"): UInt8(ascii: "a")
            default: bytes[index]
            }
        }
        return String(decoding: exchanged, as: UTF8.self)
    }
}
