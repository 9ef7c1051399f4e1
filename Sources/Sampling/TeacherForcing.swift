import Kernels
import Transformer

/// The model's distributions along given continuations, each token predicted from those before it.
///
/// The bits of a row do not depend on what else is computed with it, and are those that sampling sees.
public struct TeacherForcing {
    let decoder: IncrementalDecoder
    /// Rows whose keys and values are held at a time.
    private static let rowLimit = 2048

    /// Works with `decoder`.
    public init(_ decoder: IncrementalDecoder) {
        self.decoder = decoder
    }

    /// Calls `body` with the logits that predict each token of each continuation.
    ///
    /// - Parameters:
    ///   - trees: prompts of at least one token, continuations of at least one
    ///   - body: gets the indices of tree and continuation, the offset of the predicted token, and the logits,
    ///     (V), which it may overwrite; called on all threads at once
    /// - Throws: ``/Transformer/NonFiniteLogits`` with the index of the tree.
    public func forEachToken(
        _ trees: [TokenTree],
        _ body: (
            _ tree: Int, _ continuation: Int, _ offset: Int,
            _ logits: UnsafeMutablePointer<Float>
        ) -> Void
    ) throws(NonFiniteLogits) {
        for range in rowRuns(trees.map(\.rowCount), limit: Self.rowLimit) {
            try run(trees[range], body)
        }
    }

    /// log π(y|x) of every continuation of every tree.
    ///
    /// - Throws: ``/Transformer/NonFiniteLogits`` with the index of the tree.
    public func logProbabilities(
        _ trees: [TokenTree]
    ) throws(NonFiniteLogits) -> [[Double]] {
        try tokenLogProbabilities(trees).map { tree in
            tree.map { $0.reduce(0) { $0 + Double($1) } }
        }
    }

    /// log π(y_t | x, y_<t) of every token of every continuation of every tree.
    ///
    /// - Throws: ``/Transformer/NonFiniteLogits`` with the index of the tree.
    public func tokenLogProbabilities(
        _ trees: [TokenTree]
    ) throws(NonFiniteLogits) -> [[[Float]]] {
        let size = decoder.configuration.vocabularySize
        var starts: [[Int]] = []
        var total = 0
        for tree in trees {
            starts.append(
                tree.continuations.map { continuation in
                    defer { total += continuation.count }
                    return total
                })
        }
        var flat = [Float](repeating: 0, count: total)
        try flat.withUnsafeMutableBufferPointer { flat throws(NonFiniteLogits) in
            try forEachToken(trees) { tree, continuation, offset, logits in
                let token = trees[tree].continuations[continuation][offset]
                precondition(token >= 0 && Int(token) < size, "an id beyond the vocabulary")
                flat[starts[tree][continuation] + offset] =
                    logits[Int(token)] - logSumOfExponentials(logits, count: size)
            }
        }
        return zip(trees, starts).map { tree, starts in
            zip(tree.continuations, starts).map { Array(flat[$1..<$1 + $0.count]) }
        }
    }

    private func run(
        _ trees: ArraySlice<TokenTree>,
        _ body: (Int, Int, Int, UnsafeMutablePointer<Float>) -> Void
    ) throws(NonFiniteLogits) {
        var prefixes: [CacheExtension] = []
        var branches: [CacheExtension] = []
        var owners: [(tree: Int, continuation: Int)] = []
        let prompts = trees.map { tree in
            let cache = decoder.makeCache()
            if tree.prompt.count > 1 {
                prefixes.append(
                    CacheExtension(cache, by: Array(tree.prompt.dropLast()), wanted: 0..<0))
            }
            return cache
        }
        try decoder.extend(prefixes) { _, _, _ in }
        for (index, cache) in zip(trees.indices, prompts) {
            let tree = trees[index]
            for (number, continuation) in tree.continuations.enumerated() {
                branches.append(
                    CacheExtension(
                        cache.fork(), by: tree.prompt.suffix(1) + continuation.dropLast(),
                        wanted: 0..<continuation.count))
                owners.append((index, number))
            }
        }
        do throws(NonFiniteLogits) {
            try decoder.extend(branches) { branch, offset, logits in
                body(owners[branch].tree, owners[branch].continuation, offset, logits)
            }
        } catch {
            throw NonFiniteLogits(sequence: owners[error.sequence].tree, length: error.length)
        }
    }
}
