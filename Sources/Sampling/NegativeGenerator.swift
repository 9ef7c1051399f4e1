import Kernels
public import StreamIO
import Transformer

/// A record that negatives are wanted for.
public struct NegativeSource: Sendable, Hashable {
    /// Names the random streams.
    public var id: String
    /// x: at least one token.
    public var prompt: [Int32]
    /// y₁: at least one token, and prompt and response fit into the model's positions.
    public var response: [Int32]
    /// A negative that the record brings.
    public var given: [Int32]?
    /// Unhelpful answers that were asked for, each at least one token.
    public var unhelpful: [[Int32]] = []

    /// A record with all its values.
    public init(id: String, prompt: [Int32], response: [Int32], given: [Int32]? = nil) {
        self.id = id
        self.prompt = prompt
        self.response = response
        self.given = given
    }
}

/// A negative continuation.
public struct NegativeContinuation: Sendable, Hashable {
    /// Where it comes from.
    public var kind: NegativeKind
    /// Its tokens, how it ends and log π(y|x) under the generating model, unfiltered.
    public var sequence: GeneratedSequence

    /// A negative.
    public init(kind: NegativeKind, sequence: GeneratedSequence) {
        self.kind = kind
        self.sequence = sequence
    }
}

/// What happened while negatives were made.
public struct NegativeStatistics: Sendable, Hashable {
    /// Negatives of each kind.
    public var made: [NegativeKind: Int] = [:]
    /// Negatives that were given up: duplicates after all tries, responses too short, no other record.
    public var dropped: [NegativeKind: Int] = [:]
    /// Duplicates that were drawn again.
    public var redrawn = 0
    /// Samples that ended at the length limit.
    public var atLimit = 0
    /// Tokens sampled from the model.
    public var sampledTokens = 0
}

/// Makes negatives: autoregressive, batch, mean-field, truncated and given ones.
///
/// A negative equal to the response or to another negative of the record is drawn again, a bounded number
/// of times. All but `bn` depend on the record, the model and the seed alone; `bn` depends also on
/// which records are in its batch.
public final class NegativeGenerator {
    /// Settings of a run.
    public struct Options: Sendable {
        /// What each record gets.
        public var mix: NegativeMix
        /// How `an` is sampled.
        public var filter: SamplingFilter
        /// When a sample ends, and which tokens there are.
        public var limits: DecodingLimits
        /// Consecutive records whose responses are each other's `bn`.
        public var bnBatch: Int
        /// Sequences in flight.
        public var capacity: Int
        /// The run's seed.
        public var seed: UInt64
        /// Draws of one negative until it is given up.
        public var tries = 8

        /// Options with all their values.
        public init(
            mix: NegativeMix, filter: SamplingFilter, limits: DecodingLimits, bnBatch: Int,
            capacity: Int, seed: UInt64
        ) {
            self.mix = mix
            self.filter = filter
            self.limits = limits
            self.bnBatch = bnBatch
            self.capacity = capacity
            self.seed = seed
        }
    }

    /// A record on its way, and its batch's responses.
    private final class Pending {
        let source: NegativeSource
        let batch: [NegativeSource]
        let place: Int
        var seen: Set<[Int32]>
        var found: [NegativeKind: [[Int32]]] = [:]
        var samples: [GeneratedSequence] = []

        init(_ batch: [NegativeSource], _ place: Int) {
            self.batch = batch
            self.place = place
            source = batch[place]
            seen = [batch[place].response]
        }
    }

    private let decoder: IncrementalDecoder
    private let options: Options
    private let forcing: TeacherForcing
    private var statistics = NegativeStatistics()
    private var upcoming: [Pending] = []
    /// The batch that is being read.
    private var gathered: [NegativeSource] = []
    /// Records that are worked on together after sampling.
    private static let groupSize = 32

    /// Prepares a run.
    public init(decoder: IncrementalDecoder, options: Options) {
        self.decoder = decoder
        self.options = options
        forcing = TeacherForcing(decoder)
    }

    /// Works through records.
    ///
    /// - Parameters:
    ///   - next: gives records; may wait for one only when told so, which is when everything is
    ///     delivered that can be: `bn` needs its whole batch
    ///   - deliver: gets each record's negatives, in the records' order, kinds in the order of the mix
    public func run(
        next: (_ mayWait: Bool) throws -> Arrival<NegativeSource>,
        deliver: (NegativeSource, [NegativeContinuation]) throws -> Void
    ) throws -> NegativeStatistics {
        statistics = NegativeStatistics()
        gathered = []
        var group: [Pending] = []
        func collect(_ pending: Pending) throws {
            group.append(pending)
            if group.count == Self.groupSize { try completeGroup() }
        }
        func completeGroup() throws {
            defer { group = [] }
            try complete(group, deliver)
        }
        if options.mix[.an] > 0 {
            var inFlight: [Pending] = []
            let batch = ContinuousBatch(decoder: decoder, capacity: options.capacity)
            try batch.run { mayWait in
                try self.pending(mayWait, next, pause: completeGroup).map { pending in
                    inFlight.append(pending)
                    return samplingJob(pending)
                }
            } finished: { (job: SamplingJob) in
                let pending = inFlight.removeFirst()
                take(job, pending)
                try collect(pending)
            }
        } else {
            while case .item(let pending) = try pending(true, next, pause: completeGroup) {
                try collect(pending)
            }
        }
        try completeGroup()
        return statistics
    }

    /// The next record, read with its batch; what needs no model is made at once.
    ///
    /// - Parameter pause: called before a record is waited for
    private func pending(
        _ mayWait: Bool, _ next: (Bool) throws -> Arrival<NegativeSource>,
        pause: () throws -> Void
    ) throws -> Arrival<Pending> {
        // What is in a batch matters to `bn` alone.
        let size = options.mix[.bn] > 0 ? options.bnBatch : 1
        while upcoming.isEmpty {
            var arrival = try next(false)
            if case .pending = arrival, mayWait {
                try pause()
                arrival = try next(true)
            }
            switch arrival {
            case .pending: return .pending
            case .end where gathered.isEmpty: return .end
            case .item(let source) where gathered.count + 1 < size: gathered.append(source)
            case .item(let source): deal(gathered + [source])
            case .end: deal(gathered)
            }
        }
        return .init(upcoming.popLast().map(prepared))
    }

    private func deal(_ batch: [NegativeSource]) {
        upcoming = batch.indices.reversed().map { Pending(batch, $0) }
        gathered = []
    }

    private func prepared(_ pending: Pending) -> Pending {
        if options.mix[.given] > 0 {
            let new = pending.source.given.flatMap { pending.seen.insert($0).inserted ? $0 : nil }
            note([new], .given, pending)
        }
        if options.mix[.unhelpful] > 0 {
            note(
                pending.source.unhelpful.map { pending.seen.insert($0).inserted ? $0 : nil },
                .unhelpful, pending)
        }
        if options.mix[.tn] > 0 {
            let cuts = TruncatedResponses(
                seed: options.seed, eosTokenIDs: options.limits.eosTokenIDs, tries: options.tries)
            note(
                cuts.draw(
                    options.mix[.tn], from: pending.source.response, id: pending.source.id,
                    seen: &pending.seen), .tn, pending)
        }
        return pending
    }

    private func note(_ drawn: [[Int32]?], _ kind: NegativeKind, _ pending: Pending) {
        let found = drawn.compactMap { $0 }
        pending.found[kind] = found
        statistics.made[kind, default: 0] += found.count
        statistics.dropped[kind, default: 0] += options.mix[kind] - found.count
    }

    // MARK: - Autoregressive

    private func samplingJob(_ pending: Pending) -> SamplingJob {
        let (seed, id) = (options.seed, pending.source.id)
        return SamplingJob(
            id: id, prompt: pending.source.prompt, samples: options.mix[.an],
            choice: .sample(options.filter), limits: options.limits, decoder: decoder,
            distinct: SamplingJob.Distinctness(others: pending.seen, tries: options.tries)
        ) { sample, attempt in
            RandomStream(
                seed: seed, name: id, NegativeKind.an.rawValue, String(sample), String(attempt))
        }
    }

    private func take(_ job: SamplingJob, _ pending: Pending) {
        pending.samples = job.results.compactMap { $0 }
        pending.seen.formUnion(pending.samples.map(\.ids))
        statistics.redrawn += job.redrawn
        statistics.made[.an, default: 0] += pending.samples.count
        statistics.dropped[.an, default: 0] += options.mix[.an] - pending.samples.count
        statistics.atLimit += pending.samples.count { $0.finish == .length }
        statistics.sampledTokens += job.sampledTokens
    }

    // MARK: - What follows sampling

    private func complete(
        _ group: [Pending], _ deliver: (NegativeSource, [NegativeContinuation]) throws -> Void
    ) throws {
        if options.mix[.mn] > 0 { try makeMeanField(group) }
        if options.mix[.bn] > 0 { for pending in group { takeFromBatch(pending) } }
        let kinds = options.mix.entries.map(\.kind)
        let scored = kinds.filter { $0 != .an }
        let trees = group.map { pending in
            TokenTree(
                prompt: pending.source.prompt,
                continuations: scored.flatMap { pending.found[$0] ?? [] })
        }
        let scores = try naming(group) { () throws(NonFiniteLogits) in
            try forcing.logProbabilities(trees)
        }
        for (pending, scores) in zip(group, scores) {
            var rest = scores[...]
            var byKind: [NegativeKind: [GeneratedSequence]] = [.an: pending.samples]
            for kind in scored {
                byKind[kind] = (pending.found[kind] ?? []).map { ids in
                    let ended = ids.last.map(options.limits.eosTokenIDs.contains) ?? false
                    return GeneratedSequence(
                        ids: ids, finish: ended ? .eos : .length,
                        logProbability: rest.popFirst() ?? 0)
                }
            }
            try deliver(
                pending.source,
                kinds.flatMap { kind in
                    (byKind[kind] ?? []).map { NegativeContinuation(kind: kind, sequence: $0) }
                })
        }
    }

    /// Runs a pass over trees, one a record of the group; what is wrong with it names the record.
    private func naming<Result>(
        _ group: [Pending], _ body: () throws(NonFiniteLogits) -> Result
    ) throws(SamplingError) -> Result {
        do throws(NonFiniteLogits) {
            return try body()
        } catch {
            throw .nonFiniteLogits(id: group[error.sequence].source.id, length: error.length)
        }
    }

    /// One pass along the responses; all attempts of all versions draw from it.
    private func makeMeanField(_ group: [Pending]) throws(SamplingError) {
        let (count, tries) = (options.mix[.mn], options.tries)
        let plans = group.map { pending in
            MeanFieldPlan(
                response: pending.source.response, eosTokenIDs: options.limits.eosTokenIDs,
                candidates: count * tries
            ) { candidate in
                RandomStream(
                    seed: options.seed, name: pending.source.id, NegativeKind.mn.rawValue,
                    String(candidate / tries), String(candidate % tries))
            }
        }
        var replacements = group.map { pending in
            [[(candidate: Int, token: Int32)]](
                repeating: [], count: pending.source.response.count)
        }
        let trees = group.map {
            TokenTree(prompt: $0.source.prompt, continuations: [$0.source.response])
        }
        let size = decoder.configuration.vocabularySize
        let slots = replacements.map { row in
            UnsafeMutablePointer<[(candidate: Int, token: Int32)]>.allocate(capacity: row.count)
        }
        for (slot, row) in zip(slots, replacements) { slot.initialize(from: row, count: row.count) }
        defer {
            for (slot, row) in zip(slots, replacements) {
                slot.deinitialize(count: row.count)
                slot.deallocate()
            }
        }
        try naming(group) { () throws(NonFiniteLogits) in
            try forcing.forEachToken(trees) { tree, _, offset, logits in
                slots[tree][offset] = plans[tree].replacements(
                    at: offset, logits, count: size, limits: options.limits)
            }
        }
        for index in slots.indices {
            let length = replacements[index].count
            replacements[index] = Array(UnsafeBufferPointer(start: slots[index], count: length))
        }
        for (index, pending) in group.enumerated() {
            let versions = plans[index].versions(replacements[index])
            let drawn = (0..<count).map { number -> [Int32]? in
                guard plans[index].isPossible else { return nil }
                return versions[number * tries..<(number + 1) * tries].first {
                    pending.seen.insert($0).inserted
                }
            }
            note(drawn, .mn, pending)
        }
    }

    /// Responses of other records of the batch, in random order, that are new and fit.
    private func takeFromBatch(_ pending: Pending) {
        let room = decoder.configuration.maximumPositions - pending.source.prompt.count
        var random = RandomStream(
            seed: options.seed, name: pending.source.id, NegativeKind.bn.rawValue)
        var others = pending.batch.indices.filter {
            $0 != pending.place && pending.batch[$0].response.count <= room
        }
        others.shuffle(using: &random)
        var found: [[Int32]?] = []
        for other in others where found.count < options.mix[.bn] {
            let response = pending.batch[other].response
            if pending.seen.insert(response).inserted { found.append(response) }
        }
        note(found, .bn, pending)
    }
}
