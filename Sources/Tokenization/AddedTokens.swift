import Glibc

/// Tokens that are cut out of text before the model sees it: special ones (`<|im_start|>`) and
/// plain additions to the vocabulary.
struct AddedTokens: Sendable {
    /// One such token.
    struct Token: Sendable, Equatable {
        var id: Int32
        var content: String
        var isSpecial: Bool
        /// White space before the token belongs to it.
        var stripsLeft = false
        /// White space after the token belongs to it.
        var stripsRight = false
    }

    /// Which tokens to look for.
    enum Scope { case special, plain, all }

    /// In the order of their ids.
    let tokens: [Token]
    private let contents: [[UInt8]]
    /// Candidates by first byte, longest first: the longest match at the leftmost place wins.
    private let candidates: [[Int]]
    private let firstBytes: [UInt8]
    private let hasSpecial: Bool
    private let hasPlain: Bool

    init(_ tokens: [Token]) {
        self.tokens = tokens.sorted { $0.id < $1.id }
        let contents = self.tokens.map { Array($0.content.utf8) }
        var candidates = [[Int]](repeating: [], count: 256)
        for (index, content) in contents.enumerated() {
            if let first = content.first { candidates[Int(first)].append(index) }
        }
        for first in candidates.indices {
            candidates[first].sort { contents[$0].count > contents[$1].count }
        }
        self.contents = contents
        self.candidates = candidates
        firstBytes = (0...255).filter { !candidates[Int($0)].isEmpty }
        hasSpecial = tokens.contains(where: \.isSpecial)
        hasPlain = tokens.contains { !$0.isSpecial }
    }

    /// Whether there is anything to look for in `scope`.
    func isEmpty(_ scope: Scope) -> Bool {
        switch scope {
        case .all: tokens.isEmpty
        case .special: !hasSpecial
        case .plain: !hasPlain
        }
    }

    /// The first token of `scope` at or after `start`, with the bytes it covers (without the
    /// white space that it strips).
    func first(
        in text: UnsafeBufferPointer<UInt8>, from start: Int, _ scope: Scope
    ) -> (token: Token, range: Range<Int>)? {
        var position = start
        while let candidate = nextCandidate(in: text, from: position) {
            position = candidate
            for index in candidates[Int(text[position])] {
                switch scope {
                case .special where !tokens[index].isSpecial: continue
                case .plain where tokens[index].isSpecial: continue
                default: break
                }
                let content = contents[index]
                if position + content.count <= text.count,
                    content.elementsEqual(text[position..<position + content.count])
                {
                    return (tokens[index], position..<position + content.count)
                }
            }
            position += 1
        }
        return nil
    }

    /// The next place where a token might begin.
    private func nextCandidate(
        in text: UnsafeBufferPointer<UInt8>, from start: Int
    ) -> Int? {
        guard start < text.count, let base = text.baseAddress else { return nil }
        // Nearly always they all begin with "<".
        if firstBytes.count == 1 {
            return memchr(base + start, Int32(firstBytes[0]), text.count - start).map {
                UnsafeRawPointer($0) - UnsafeRawPointer(base)
            }
        }
        return text[start...].firstIndex { !candidates[Int($0)].isEmpty }
    }
}
