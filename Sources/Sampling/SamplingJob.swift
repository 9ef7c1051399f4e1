import Kernels
import Transformer

/// Greedy or sampled continuations of one prompt.
///
/// The prompt but its last token is computed once for all samples. Every sample has a random stream of its
/// own, which gives one number a token.
final class SamplingJob: DecodingJob {
    /// The token chosen and its log-probability under the model itself.
    struct Digest {
        var token: Int32
        var logProbability: Float
    }

    /// Samples that have to differ from each other and from `others`.
    struct Distinctness {
        var others: Set<[Int32]>
        /// Draws of one sample until it is given up.
        var tries: Int
    }

    private struct Sample {
        let index: Int
        var attempt: Int
        var random: RandomStream
        var uniform = 0.0
        var cache: KeyValueCache
        var pending: [Int32]
        var ids: [Int32] = []
        var logProbability = 0.0
    }

    /// The samples in order; `nil` for one that was given up as a duplicate.
    private(set) var results: [GeneratedSequence?]
    /// Duplicates that were drawn again.
    private(set) var redrawn = 0
    /// Tokens drawn, those of duplicates included.
    private(set) var sampledTokens = 0

    let id: String
    private let prompt: [Int32]
    private let choice: TokenChoice
    private let limits: DecodingLimits
    private let decoder: IncrementalDecoder
    private let vocabularySize: Int
    private let lengthLimit: Int
    private let stream: (_ sample: Int, _ attempt: Int) -> RandomStream
    private var distinct: Distinctness?
    /// Keys and values of the prompt but its last token, until no sample can need them any more.
    private var prefix: KeyValueCache?
    private var prefixIsReady = false
    private var active: [Sample] = []
    private var finishedInRound: [Sample] = []

    /// - Parameters:
    ///   - id: of the record that wants them
    ///   - prompt: at least one token
    ///   - samples: how many continuations
    ///   - distinct: whether duplicates are drawn again
    ///   - stream: the random numbers of a sample's n-th attempt
    init(
        id: String, prompt: [Int32], samples: Int, choice: TokenChoice, limits: DecodingLimits,
        decoder: IncrementalDecoder, distinct: Distinctness? = nil,
        stream: @escaping (_ sample: Int, _ attempt: Int) -> RandomStream
    ) {
        self.id = id
        self.prompt = prompt
        self.choice = choice
        self.limits = limits
        self.distinct = distinct
        self.stream = stream
        self.decoder = decoder
        vocabularySize = decoder.configuration.vocabularySize
        lengthLimit = limits.length(
            behind: prompt.count, positions: decoder.configuration.maximumPositions)
        results = Array(repeating: nil, count: samples)
        let shares = (samples > 1 || distinct != nil) && prompt.count > 1
        if shares { prefix = decoder.makeCache() }
        for index in 0..<samples {
            let sample = Sample(
                index: index, attempt: 0, random: stream(index, 0), cache: decoder.makeCache(),
                pending: shares ? [prompt[prompt.count - 1]] : prompt)
            active.append(sample)
        }
        prefixIsReady = !shares
        if lengthLimit == 0 {
            finishedInRound = active
            active = []
            settle()
        }
    }

    var width: Int { active.count }
    var longest: Int { prompt.count + lengthLimit }
    var isDone: Bool { active.isEmpty }

    func extensions() -> [CacheExtension] {
        if let prefix, !prefixIsReady {
            return [CacheExtension(prefix, by: Array(prompt.dropLast()), wanted: 0..<0)]
        }
        for index in active.indices {
            if case .sample = choice { active[index].uniform = active[index].random.uniform() }
        }
        return active.map { CacheExtension($0.cache, by: $0.pending) }
    }

    func digest(_ index: Int, _ logits: UnsafeMutablePointer<Float>) -> Digest {
        let sample = active[index]
        let normalizer = logSumOfExponentials(logits, count: vocabularySize)
        // The row is overwritten by masks and filters; the chosen token's logit is needed unchanged.
        var token: Int32
        limits.mask(logits, count: vocabularySize, index: sample.ids.count)
        switch choice {
        case .greedy: token = Int32(indexOfMaximum(logits, count: vocabularySize))
        case .sample(let filter):
            let copy = UnsafeMutablePointer<Float>.allocate(capacity: vocabularySize)
            defer { copy.deallocate() }
            copy.update(from: logits, count: vocabularySize)
            token = filter.draw(copy, count: vocabularySize, uniforms: [sample.uniform])[0]
        }
        return Digest(token: token, logProbability: logits[Int(token)] - normalizer)
    }

    func advance(_ digests: [Digest?]) {
        if let prefix, !prefixIsReady {
            prefixIsReady = true
            for index in active.indices { active[index].cache = prefix.fork() }
            if distinct == nil { self.prefix = nil }
            return
        }
        var going: [Sample] = []
        for (offset, digest) in digests.enumerated() {
            guard let digest else { continue }
            var sample = active[offset]
            sample.ids.append(digest.token)
            sampledTokens += 1
            sample.logProbability += Double(digest.logProbability)
            sample.pending = [digest.token]
            // Behind a token whose probability is no number there is nothing to go on with.
            let isLost = !sample.logProbability.isFinite
            if isLost || limits.ends(digest.token) || sample.ids.count >= lengthLimit {
                finishedInRound.append(sample)
            } else {
                going.append(sample)
            }
        }
        active = going
        if active.isEmpty { settle() }
    }

    /// Takes the samples of a round in their order; duplicates begin again.
    private func settle() {
        let round = finishedInRound.sorted { $0.index < $1.index }
        finishedInRound = []
        for sample in round {
            if var distinct, sample.logProbability.isFinite {
                guard distinct.others.insert(sample.ids).inserted else {
                    retry(sample, tries: distinct.tries)
                    continue
                }
                self.distinct = distinct
            }
            let ended = sample.ids.last.map { limits.ends($0) } ?? false
            results[sample.index] = GeneratedSequence(
                ids: sample.ids, finish: ended ? .eos : .length,
                logProbability: sample.logProbability)
        }
        if active.isEmpty { prefix = nil }
    }

    private func retry(_ sample: Sample, tries: Int) {
        guard sample.attempt + 1 < tries, lengthLimit > 0, case .sample = choice else { return }
        redrawn += 1
        let attempt = sample.attempt + 1
        active.append(
            Sample(
                index: sample.index, attempt: attempt, random: stream(sample.index, attempt),
                cache: prefix?.fork() ?? decoder.makeCache(),
                pending: [prompt[prompt.count - 1]]))
    }
}
