import Kernels
import StreamIO
import Transformer

/// The decoding of one prompt, step by step.
protocol DecodingJob: AnyObject {
    /// What a row of logits is boiled down to.
    associatedtype Digest

    /// Id of the record that wants it.
    var id: String { get }
    /// Tokens that a sequence of it may come to have.
    var longest: Int { get }
    /// Sequences that the next step extends.
    var width: Int { get }
    /// Whether there is nothing left to do.
    var isDone: Bool { get }
    /// What the next step computes; at most the last token's logits of each extension are wanted.
    func extensions() -> [CacheExtension]
    /// Boils down the logits, which it may overwrite, of one extension; called on all threads at once.
    func digest(_ extension: Int, _ logits: UnsafeMutablePointer<Float>) -> Digest
    /// Goes on with what ``digest(_:_:)`` returned for each extension; `nil` where no logits were wanted.
    func advance(_ digests: [Digest?])
}

/// Decodes many prompts together: those that are done leave, new ones enter, at every step.
struct ContinuousBatch {
    let decoder: IncrementalDecoder
    /// Sequences in flight; a job that alone has more runs alone.
    let capacity: Int
    /// Bytes of keys and values in flight; a job that alone needs more runs alone.
    var cacheLimit = 4 << 30

    /// Runs jobs until there are no more.
    ///
    /// - Parameters:
    ///   - next: gives jobs as room for them appears; may wait for one only when told so, which is
    ///     when there is nothing else to do
    ///   - finished: gets jobs in the order in which `next` gave them
    func run<Job: DecodingJob>(
        next: (_ mayWait: Bool) throws -> Arrival<Job>, finished: (Job) throws -> Void
    ) throws {
        var queue: [Job] = []
        var waiting: Job?
        var isAtEnd = false
        while true {
            var (width, bytes) = (0, 0)
            for job in queue where !job.isDone {
                width += job.width
                bytes += cacheBytes(job)
            }
            while true {
                if waiting == nil, !isAtEnd {
                    switch try next(queue.isEmpty) {
                    case .item(let job): waiting = job
                    case .pending: break
                    case .end: isAtEnd = true
                    }
                }
                guard let job = waiting,
                    width == 0
                        || width + job.width <= capacity && bytes + cacheBytes(job) <= cacheLimit
                else { break }
                queue.append(job)
                width += job.isDone ? 0 : job.width
                bytes += job.isDone ? 0 : cacheBytes(job)
                waiting = nil
            }
            let active = queue.filter { !$0.isDone }
            if !active.isEmpty { try step(active) }
            let done = queue.prefix { $0.isDone }
            for job in done { try finished(job) }
            queue.removeFirst(done.count)
            if queue.isEmpty, waiting == nil, isAtEnd { return }
        }
    }

    /// What a job's keys and values take at most; that prompts are shared is not counted on.
    private func cacheBytes(_ job: some DecodingJob) -> Int {
        job.width * decoder.cacheBytes(tokens: job.longest)
    }

    /// Extends the sequences of all jobs together.
    private func step<Job: DecodingJob>(_ jobs: [Job]) throws(SamplingError) {
        var extensions: [CacheExtension] = []
        var owners: [(job: Int, index: Int)] = []
        var starts: [Int] = []
        for (number, job) in jobs.enumerated() {
            starts.append(extensions.count)
            for (index, item) in job.extensions().enumerated() {
                extensions.append(item)
                owners.append((number, index))
            }
        }
        starts.append(extensions.count)
        var digests = [Job.Digest?](repeating: nil, count: extensions.count)
        do throws(NonFiniteLogits) {
            try digests.withUnsafeMutableBufferPointer { digests throws(NonFiniteLogits) in
                try decoder.extend(extensions) { index, _, logits in
                    let owner = owners[index]
                    digests[index] = jobs[owner.job].digest(owner.index, logits)
                }
            }
        } catch {
            throw .nonFiniteLogits(id: jobs[owners[error.sequence].job].id, length: error.length)
        }
        for (number, job) in jobs.enumerated() {
            job.advance(Array(digests[starts[number]..<starts[number + 1]]))
        }
    }
}
