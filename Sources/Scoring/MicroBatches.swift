public import Transformer

/// Cuts trees into runs of at most `rowLimit` rows; a tree that alone has more is a run of its own.
///
/// - Returns: ranges of `trees`, in order.
public func microBatches(
    _ trees: [TokenTree], rowLimit: Int, sharesPrompts: Bool = true
) -> [Range<Int>] {
    rowRuns(trees.map { $0.rowCount(sharesPrompts: sharesPrompts) }, limit: rowLimit)
}

/// Cuts the continuations of one tree into runs such that prompt and run have at most `rowLimit`
/// rows; a continuation that alone has more is a run of its own. A shared prompt is computed again
/// for every run, so runs may have as many rows as it, whatever the limit.
public func branchBatches(
    _ tree: TokenTree, rowLimit: Int, sharesPrompts: Bool = true
) -> [Range<Int>] {
    let single = tree.continuations.map {
        TokenTree(prompt: sharesPrompts ? [] : tree.prompt, continuations: [$0])
    }
    return microBatches(
        single,
        rowLimit: sharesPrompts
            ? max(1, tree.prompt.count, rowLimit - tree.prompt.count) : rowLimit)
}
