import Kernels
public import StreamIO
import Transformer

/// How outputs are found.
public enum DecodingStrategy: Sendable, Hashable {
    /// One token at a time.
    case tokens(TokenChoice)
    /// By beam search.
    case beams(BeamOptions)
}

/// A prompt that outputs are wanted for.
public struct GenerationRequest: Sendable, Hashable {
    /// Names the random streams.
    public var id: String
    /// At least one token, and shorter than the model's positions.
    public var prompt: [Int32]

    /// A request.
    public init(id: String, prompt: [Int32]) {
        self.id = id
        self.prompt = prompt
    }
}

/// Continues many prompts, several at a time.
///
/// An output depends on the model, its prompt, the seed, the request's id and the sample's number; not on what
/// is generated beside it, nor on the number of threads.
public struct TextGenerator {
    let decoder: IncrementalDecoder
    let strategy: DecodingStrategy
    let limits: DecodingLimits
    let samples: Int
    let capacity: Int
    let seed: UInt64

    /// - Parameters:
    ///   - samples: outputs for each prompt; beam search returns its beams instead
    ///   - capacity: sequences in flight
    public init(
        decoder: IncrementalDecoder, strategy: DecodingStrategy, limits: DecodingLimits,
        samples: Int = 1, capacity: Int, seed: UInt64
    ) {
        self.decoder = decoder
        self.strategy = strategy
        self.limits = limits
        self.samples = samples
        self.capacity = capacity
        self.seed = seed
    }

    /// Works through requests.
    ///
    /// - Parameters:
    ///   - next: gives requests as room for them appears; may wait for one only when told so, which
    ///     is when everything is delivered
    ///   - deliver: gets each request's outputs, in the requests' order; beams best first
    /// - Throws: ``SamplingError/nonFiniteLogits(id:length:)``, and what `next` and `deliver` throw.
    public func run(
        next: (_ mayWait: Bool) throws -> Arrival<GenerationRequest>,
        deliver: (GenerationRequest, [GeneratedSequence]) throws -> Void
    ) throws {
        var inFlight: [GenerationRequest] = []
        let batch = ContinuousBatch(decoder: decoder, capacity: capacity)
        switch strategy {
        case .tokens(let choice):
            try batch.run { mayWait in
                try next(mayWait).map { request in
                    inFlight.append(request)
                    return SamplingJob(
                        id: request.id, prompt: request.prompt, samples: samples, choice: choice,
                        limits: limits,
                        decoder: decoder
                    ) { sample, _ in
                        RandomStream(
                            seed: seed, name: request.id, "generate", String(sample))
                    }
                }
            } finished: { (job: SamplingJob) in
                try deliver(inFlight.removeFirst(), job.results.compactMap { $0 })
            }
        case .beams(let options):
            try batch.run { mayWait in
                try next(mayWait).map { request in
                    inFlight.append(request)
                    return BeamSearchJob(
                        id: request.id, prompt: request.prompt, options: options, limits: limits,
                        decoder: decoder)
                }
            } finished: { (job: BeamSearchJob) in
                try deliver(inFlight.removeFirst(), job.results)
            }
        }
    }
}
