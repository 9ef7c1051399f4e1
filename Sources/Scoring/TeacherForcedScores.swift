public import Transformer

/// ``sequenceLogProbabilities(_:model:rowLimit:onBatch:)`` without a way to end early.
public func sequenceLogProbabilities(
    _ trees: [TokenTree], model: Decoder, rowLimit: Int
) -> [[Double]] {
    sequenceLogProbabilities(trees, model: model, rowLimit: rowLimit, onBatch: {})
}

/// ``tokenLogProbabilities(_:model:rowLimit:onBatch:)`` without a way to end early.
public func tokenLogProbabilities(
    _ trees: [TokenTree], model: Decoder, rowLimit: Int
) -> [[[Float]]] {
    tokenLogProbabilities(trees, model: model, rowLimit: rowLimit, onBatch: {})
}

/// log π(y|x) of every continuation of some trees, in micro-batches of at most `rowLimit` rows.
///
/// - Parameter onBatch: called before each micro-batch; what it throws ends the work
/// - Returns: for every tree the sums of its continuations.
public func sequenceLogProbabilities(
    _ trees: [TokenTree], model: Decoder, rowLimit: Int, onBatch: () throws -> Void
) rethrows -> [[Double]] {
    try tokenLogProbabilities(trees, model: model, rowLimit: rowLimit, onBatch: onBatch).map {
        tree in
        tree.map { tokens in tokens.reduce(0.0) { $0 + Double($1) } }
    }
}

/// log π(y_t|x, y_<t) of every token of every continuation of some trees.
///
/// - Parameter onBatch: called before each micro-batch; what it throws ends the work
/// - Returns: for every tree and continuation one value a token; the first token of a continuation of
///   an empty prompt has none.
public func tokenLogProbabilities(
    _ trees: [TokenTree], model: Decoder, rowLimit: Int, onBatch: () throws -> Void
) rethrows -> [[[Float]]] {
    var result: [[[Float]]] = []
    for range in microBatches(trees, rowLimit: rowLimit) {
        try onBatch()
        let only = trees[range.lowerBound]
        if range.count == 1, only.rowCount > rowLimit {
            // Too large for one pass: a few continuations at a time, the prompt again with each.
            result.append(
                try branchBatches(only, rowLimit: rowLimit).flatMap { branches in
                    try onBatch()
                    return evaluate(
                        [
                            TokenTree(
                                prompt: only.prompt,
                                continuations: Array(only.continuations[branches]))
                        ], model: model)[0]
                })
        } else {
            result += evaluate(Array(trees[range]), model: model)
        }
    }
    return result
}

private func evaluate(_ trees: [TokenTree], model: Decoder) -> [[[Float]]] {
    let batch = PackedBatch(trees)
    let logProbabilities = model.logProbabilities(batch)
    return batch.sequenceRanges.map { sequences in
        sequences.map { Array(logProbabilities[batch.targetRanges[$0]]) }
    }
}
