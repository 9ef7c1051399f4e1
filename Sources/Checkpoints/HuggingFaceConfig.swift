import StreamIO
public import Transformer

/// `config.json` of a decoder: the values that the model needs, and everything else that was there.
public struct HuggingFaceConfig: Sendable, Hashable {
    /// What the model needs.
    public var configuration: DecoderConfiguration
    /// The whole object as read, so that keys unknown here survive; empty if made from scratch.
    public var raw: JSONObject
    /// What a user should know about the file, such as special ids that the vocabulary does not have.
    public private(set) var warnings: [String] = []

    /// The name of the file.
    public static let fileName = "config.json"

    /// A configuration without a file behind it.
    public init(_ configuration: DecoderConfiguration, raw: JSONObject = [:]) {
        self.configuration = configuration
        self.raw = raw
    }

    /// Reads a file in the format of `config.json`, such as the argument of `--init`.
    ///
    /// - Throws: ``CheckpointError/missing(path:reason:)``,
    ///   ``CheckpointError/configuration(file:what:)``, and
    ///   ``CheckpointError/unsupported(file:what:)`` for a model that would be computed wrongly.
    public init(file: String) throws(CheckpointError) {
        try self.init(ConfigurationObject(file: file))
    }

    /// Reads `config.json` of a directory.
    public init(directory: String) throws(CheckpointError) {
        let path = joinPath(directory, Self.fileName)
        if !fileExists(path), isDirectory(directory),
            let other = try ForeignDirectory.fault(directory)
        {
            throw other
        }
        try self.init(file: path)
    }

    /// Whether the file says what θ of the rotary frequencies is.
    var namesRotaryBase: Bool {
        raw["rope_theta"] != nil
            || ["rope_scaling", "rope_parameters"].contains { raw[$0]?["rope_theta"] != nil }
    }

    private init(_ object: ConfigurationObject) throws(CheckpointError) {
        var object = object
        let family = try ModelClass.family(object)
        warnings = object.removeTokensBeyond(try object.count("vocab_size"))
        raw = object.members
        configuration = try family.read(object)
        if let excess = ModelLimits.excess(configuration) {
            throw .configuration(file: object.file, what: excess)
        }
        try ForeignFeatures.refuse(object, configuration, family)
    }
}
