import Kernels
import StreamIO
import Transformer

/// The decoding of one prompt, step by step.
protocol DecodingJob: AnyObject {
    /// What a row of logits is boiled down to.
    associatedtype Digest

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
            var width = queue.reduce(0) { $0 + ($1.isDone ? 0 : $1.width) }
            while true {
                if waiting == nil, !isAtEnd {
                    switch try next(queue.isEmpty) {
                    case .item(let job): waiting = job
                    case .pending: break
                    case .end: isAtEnd = true
                    }
                }
                guard let job = waiting, width == 0 || width + job.width <= capacity else {
                    break
                }
                queue.append(job)
                width += job.isDone ? 0 : job.width
                waiting = nil
            }
            let active = queue.filter { !$0.isDone }
            if !active.isEmpty { step(active) }
            let done = queue.prefix { $0.isDone }
            for job in done { try finished(job) }
            queue.removeFirst(done.count)
            if queue.isEmpty, waiting == nil, isAtEnd { return }
        }
    }

    /// Extends the sequences of all jobs together.
    private func step<Job: DecodingJob>(_ jobs: [Job]) {
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
        digests.withUnsafeMutableBufferPointer { digests in
            decoder.extend(extensions) { index, _, logits in
                let owner = owners[index]
                digests[index] = jobs[owner.job].digest(owner.index, logits)
            }
        }
        for (number, job) in jobs.enumerated() {
            job.advance(Array(digests[starts[number]..<starts[number + 1]]))
        }
    }
}
