import Glibc
import Kernels
import Transformer

/// When beam search stops.
public enum EarlyStopping: String, Sendable, CaseIterable {
    /// As soon as there are as many finished sequences as beams.
    case `true`
    /// When the best running beam, scored at its present length, is not better than the worst finished.
    case `false`
    /// When no running beam can become better than the worst finished, whatever its length.
    case never
}

/// The shape of a beam search.
public struct BeamOptions: Sendable, Hashable {
    /// Beams, at least 1.
    public var beams: Int
    /// Score = Σ log p / length^penalty; the length counts generated tokens, EOS included.
    public var lengthPenalty: Double
    /// When to stop.
    public var earlyStopping: EarlyStopping

    /// Options with all their values.
    public init(
        beams: Int, lengthPenalty: Double = 1, earlyStopping: EarlyStopping = .false
    ) {
        self.beams = beams
        self.lengthPenalty = lengthPenalty
        self.earlyStopping = earlyStopping
    }
}

/// Beam search for one prompt, by the rules of Hugging Face `transformers` 5.
///
/// Of (1 + number of EOS tokens) · beams best candidates of a step, those that do not end go on, as many as
/// there are beams. Those that end and are among the first `beams` enter the finished set, which keeps
/// the `beams` best by score. At the length limit all candidates end.
final class BeamSearchJob: DecodingJob {
    /// The best tokens of a row with their log-probabilities, best first.
    typealias Digest = [(token: Int32, logProbability: Float)]

    private struct Beam {
        var cache: KeyValueCache
        var pending: [Int32]
        var ids: [Int32]
        var sum: Double
    }

    private struct Candidate {
        var beam: Int
        var token: Int32
        var sum: Double
    }

    let id: String
    private let options: BeamOptions
    private let limits: DecodingLimits
    private let vocabularySize: Int
    private let lengthLimit: Int
    let longest: Int
    private var running: [Beam]
    private var finished: [GeneratedSequence] = []
    private(set) var isDone = false

    init(
        id: String, prompt: [Int32], options: BeamOptions, limits: DecodingLimits,
        decoder: IncrementalDecoder
    ) {
        self.id = id
        self.options = options
        self.limits = limits
        vocabularySize = decoder.configuration.vocabularySize
        lengthLimit = limits.length(
            behind: prompt.count, positions: decoder.configuration.maximumPositions)
        longest = prompt.count + lengthLimit
        running = [Beam(cache: decoder.makeCache(), pending: prompt, ids: [], sum: 0)]
        isDone = lengthLimit == 0
    }

    /// The beams, best first.
    var results: [GeneratedSequence] { finished }

    var width: Int { options.beams }

    /// Candidates that are looked at in a step.
    private var kept: Int {
        max(2, 1 + (limits.ignoresEOS ? 0 : limits.eosTokenIDs.count)) * options.beams
    }

    func extensions() -> [CacheExtension] {
        running.map { CacheExtension($0.cache, by: $0.pending) }
    }

    func digest(_ index: Int, _ logits: UnsafeMutablePointer<Float>) -> Digest {
        let normalizer = logSumOfExponentials(logits, count: vocabularySize)
        limits.mask(logits, count: vocabularySize, index: running[index].ids.count)
        let rank = min(kept, vocabularySize)
        let threshold = max(
            -Float.greatestFiniteMagnitude,
            largestElement(logits, rank: rank, count: vocabularySize))
        let best = indices(of: logits, atLeast: threshold, count: vocabularySize).sorted {
            let (a, b) = (logits[Int($0)], logits[Int($1)])
            return a != b ? a > b : $0 < $1
        }
        return best.prefix(rank).map { ($0, logits[Int($0)] - normalizer) }
    }

    func advance(_ digests: [Digest?]) {
        var candidates: [Candidate] = []
        for (beam, digest) in digests.enumerated() {
            for (token, logProbability) in digest ?? [] {
                candidates.append(
                    Candidate(
                        beam: beam, token: token,
                        sum: running[beam].sum + Double(logProbability)))
            }
        }
        candidates.sort {
            if $0.sum != $1.sum { return $0.sum > $1.sum }
            return ($0.beam, $0.token) < ($1.beam, $1.token)
        }
        let length = (running.first?.ids.count ?? 0) + 1
        let atLimit = length >= lengthLimit
        let isFull = finished.count >= options.beams
        var next: [Candidate] = []
        for (rank, candidate) in candidates.prefix(kept).enumerated() {
            if atLimit || limits.ends(candidate.token) {
                guard rank < options.beams, !(isFull && options.earlyStopping == .true) else {
                    continue
                }
                finish(candidate, length: length)
            } else if next.count < options.beams {
                next.append(candidate)
            }
        }
        isDone = atLimit || next.isEmpty || cannotImprove(best: next.first?.sum, length: length)
        running = isDone ? [] : extend(with: next)
    }

    private func finish(_ candidate: Candidate, length: Int) {
        let sequence = GeneratedSequence(
            ids: running[candidate.beam].ids + [candidate.token],
            finish: limits.ends(candidate.token) ? .eos : .length,
            logProbability: candidate.sum,
            score: candidate.sum / pow(Double(length), options.lengthPenalty))
        let score = sequence.score ?? 0
        let place = finished.firstIndex { ($0.score ?? 0) < score } ?? finished.count
        finished.insert(sequence, at: place)
        if finished.count > options.beams { finished.removeLast() }
    }

    private func cannotImprove(best: Double?, length: Int) -> Bool {
        guard finished.count >= options.beams, let best, let worst = finished.last?.score else {
            return false
        }
        if options.earlyStopping == .true { return true }
        let hypothetical =
            options.earlyStopping == .never && options.lengthPenalty > 0 ? lengthLimit : length
        return best / pow(Double(hypothetical), options.lengthPenalty) <= worst
    }

    /// The beams of the next step; a parent's first child takes over its cache, others fork it.
    private func extend(with candidates: [Candidate]) -> [Beam] {
        var taken = Set<Int>()
        return candidates.map { candidate in
            let parent = running[candidate.beam]
            let isFirst = taken.insert(candidate.beam).inserted
            return Beam(
                cache: isFirst ? parent.cache : parent.cache.fork(),
                pending: [candidate.token], ids: parent.ids + [candidate.token],
                sum: candidate.sum)
        }
    }
}
