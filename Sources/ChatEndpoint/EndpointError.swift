public import StreamIO

/// What ends a run that asks an endpoint.
public enum EndpointError: ReportedError, Hashable {
    /// The base URL cannot be used.
    case address(problem: String)
    /// There is no key, or none that can be sent.
    case key(problem: String)
    /// An option is outside its range.
    case invalidOption(name: String, got: String, expected: String)
    /// The server refuses to work for this run.
    case refused(address: String, reason: String)
    /// The server does not answer, or not any more.
    case unavailable(address: String, reason: String, cache: String?)
    /// The server does not give what verdicts are to be read from.
    case unsupported(address: String, reason: String, hint: String)
    /// A file is no cache, or not one that can be written.
    case cache(path: String, problem: String)
    /// Another run is writing to the cache.
    case cacheInUse(path: String)

    /// Usage for options, keys and addresses; bad data for a file that is no cache; else an
    /// input/output error.
    public var exitStatus: ExitStatus {
        switch self {
        case .address, .key, .invalidOption: .usage
        case .cache: .badData
        case .cacheInUse: .cannotCreate
        case .refused, .unavailable, .unsupported: .inputOutput
        }
    }

    /// What is wrong, in one line.
    public var description: String {
        switch self {
        case .address(let problem): "--base-url: \(problem) (expected e.g. https://host/v1)"
        case .key(let problem): "no usable key: \(problem)"
        case .invalidOption(let name, let got, let expected):
            "--\(name) (got \(got), expected \(expected))"
        case .refused(let address, let reason): "\(address): the server refuses: \(reason)"
        case .unavailable(let address, let reason, _):
            "\(address): the server cannot be used: \(reason)"
        case .unsupported(let address, let reason, _): "\(address): \(reason)"
        case .cache(let path, let problem): "\(path): not a cache of answers: \(problem)"
        case .cacheInUse(let path): "\(path): another run writes to this cache"
        }
    }

    /// What the user can do about it.
    public var hint: String? {
        switch self {
        case .key: "put the key into a variable and name that with --api-key-env"
        case .refused: "check --base-url (it ends in /v1 with most servers), the model and the key"
        case .unavailable(_, _, let cache):
            cache.map { "what was answered is in \($0); the same command goes on from there" }
                ?? "with --cache FILE answers are kept, so that the same command can go on"
        case .unsupported(_, _, let hint): hint
        case .cacheInUse: "wait for it, or name another file with --cache"
        case .cache: "name another file with --cache"
        default: nil
        }
    }
}
