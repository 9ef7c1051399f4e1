import Locks

/// What one thread needs to encode with one tokenizer; made when first needed, so that BERT does
/// without.
///
/// `@unchecked Sendable`: moves between threads, but only through ``WorkspacePool``, which hands
/// each to one thread at a time.
final class Workspace: @unchecked Sendable {
    lazy var sentencePieces = SentencePieceWorkspace()
    lazy var normalizer = NormalizerWorkspace()
    private var knownBytePairs: BytePairWorkspace?

    func bytePairs(_ preTokenizer: ByteLevelPreTokenizer) -> BytePairWorkspace {
        if let knownBytePairs { return knownBytePairs }
        let fresh = BytePairWorkspace(preTokenizer)
        knownBytePairs = fresh
        return fresh
    }
}

/// Workspaces that no thread is using. There are as many as threads ever encoded at once.
final class WorkspacePool: Sendable {
    private let idle = Mutex<[Workspace]>([])

    func take() -> Workspace { idle.withLock { $0.popLast() } ?? Workspace() }

    func putBack(_ workspace: Workspace) { idle.withLock { $0.append(workspace) } }
}
