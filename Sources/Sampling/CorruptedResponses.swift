import Kernels

// Negatives that are made from the record's own response. Every draw has a random stream of its own, named
// after record, kind, index and attempt.

/// Truncation: the response cut at a random position, with EOS behind the cut.
struct TruncatedResponses {
    let seed: UInt64
    let eosTokenIDs: [Int32]
    let tries: Int

    /// Draws cut responses that are not in `seen`; `nil` for one that was given up.
    func draw(
        _ count: Int, from response: [Int32], id: String, seen: inout Set<[Int32]>
    ) -> [[Int32]?] {
        let ending = response.last.flatMap { eosTokenIDs.contains($0) ? $0 : nil }
        let eos = ending ?? eosTokenIDs.first
        // At least one token stays and at least one goes.
        let content = response.count - (ending == nil ? 0 : 1)
        return (0..<count).map { index in
            guard content >= 2, let eos else { return nil }
            for attempt in 0..<tries {
                var random = RandomStream(
                    seed: seed, name: id, NegativeKind.tn.rawValue, String(index), String(attempt))
                let cut = response.prefix(1 + random.integer(below: content - 1)) + [eos]
                if seen.insert(Array(cut)).inserted { return Array(cut) }
            }
            return nil
        }
    }
}

/// Mean field: some of the response's tokens replaced, each by a draw from π(·|x, y_<t) of the original
/// sequence; the last EOS stays, and no other is put in.
struct MeanFieldPlan {
    /// Part of the tokens that is replaced.
    static let rate = 0.15

    private struct Draw {
        let candidate: Int
        let uniform: Double
    }

    private let response: [Int32]
    /// For each offset the candidates that replace its token.
    private var draws: [[Draw]]
    private let candidateCount: Int
    let isPossible: Bool

    /// Chooses the positions for `candidates` versions of the response.
    ///
    /// - Parameter stream: the random numbers of a version
    init(
        response: [Int32], eosTokenIDs: [Int32], candidates: Int,
        stream: (_ candidate: Int) -> RandomStream
    ) {
        self.response = response
        draws = Array(repeating: [], count: response.count)
        let hasEOS = response.last.map { eosTokenIDs.contains($0) } ?? false
        let content = response.count - (hasEOS ? 1 : 0)
        isPossible = content > 0
        candidateCount = candidates
        guard isPossible else { return }
        let replaced = max(1, Int((Self.rate * Double(content)).rounded()))
        for candidate in 0..<candidates {
            var random = stream(candidate)
            var positions = Array(0..<content)
            for index in 0..<replaced {
                positions.swapAt(index, index + random.integer(below: content - index))
            }
            for position in positions[..<replaced].sorted() {
                draws[position].append(Draw(candidate: candidate, uniform: random.uniform()))
            }
        }
    }

    /// The tokens that replace the one at `offset`, with the versions they are for.
    ///
    /// - Parameter logits: (V), which predict it; overwritten
    func replacements(
        at offset: Int, _ logits: UnsafeMutablePointer<Float>, count: Int, limits: DecodingLimits
    ) -> [(candidate: Int, token: Int32)] {
        let here = draws[offset]
        guard !here.isEmpty else { return [] }
        limits.maskEOS(logits, count: count)
        limits.maskUnusable(logits, count: count)
        let tokens = SamplingFilter().draw(logits, count: count, uniforms: here.map(\.uniform))
        return zip(here, tokens).map { ($0.candidate, $1) }
    }

    /// The versions, given what ``replacements(at:_:count:limits:)`` returned for each offset.
    func versions(_ replacements: [[(candidate: Int, token: Int32)]]) -> [[Int32]] {
        var result = Array(repeating: response, count: candidateCount)
        for (offset, row) in replacements.enumerated() {
            for (candidate, token) in row { result[candidate][offset] = token }
        }
        return result
    }
}
