public import StreamIO

/// What can be wrong with a checkpoint or with a file of one.
public enum CheckpointError: ReportedError {
    /// A file or directory does not exist or cannot be opened.
    case missing(path: String, reason: String)
    /// A read failed.
    case unreadable(path: String, reason: String)
    /// A file is not well-formed safetensors.
    case safetensors(file: String, SafetensorsFault)
    /// A file is not well-formed GGUF, or holds what cannot be imported.
    case gguf(file: String, GGUFFault)
    /// `model.safetensors.index.json` and the shards disagree.
    case index(file: String, what: String)
    /// `config.json` or `generation_config.json` is not what it should be.
    case configuration(file: String, what: String)
    /// The configuration asks for something that the decoders here do not do.
    case unsupported(file: String, what: String)
    /// A directory holds another kind of model, or weights in another format.
    case foreign(directory: String, what: String, hint: String)
    /// None of the model's tensors is in the files; one that is, and one that should be.
    case otherNames(directory: String, got: String, expected: String)
    /// A tensor of the model is not in the files.
    case missingTensors(directory: String, names: [String])
    /// The files hold tensors that the model does not have.
    case unknownTensors(directory: String, names: [String])
    /// A tensor has another shape than the configuration demands.
    case shape(directory: String, tensor: String, got: [Int], expected: [Int])
    /// A tensor is not of a floating-point type that can be read as one.
    case notFloatingPoint(file: String, tensor: String, got: String)
    /// The head is tied by the configuration, but stored with other values than the embeddings.
    case untiedHead(directory: String, tensor: String)
    /// Two tensors of a checkpoint have the same canonical name.
    case ambiguousTensor(directory: String, names: [String])
    /// A tensor holds NaN or infinity.
    case notFinite(file: String, tensor: String, index: Int)
    /// A value is too large for the type it is to be written in.
    case overflow(tensor: String, type: String, index: Int)
    /// Checkpoints cannot be blended; one line for each difference.
    case incompatible([String])
    /// Blending coefficients are not what they should be.
    case coefficients(String)
    /// The text of a number of bytes is none.
    case size(String)

    /// The status that a tool exits with.
    public var exitStatus: ExitStatus {
        switch self {
        case .missing, .foreign: .missingInput
        case .unreadable: .inputOutput
        case .coefficients, .size: .usage
        default: .badData
        }
    }

    /// What is wrong, with the file that it is wrong in.
    public var description: String {
        switch self {
        case .missing(let path, let reason): "\(path): cannot be opened (\(reason))"
        case .unreadable(let path, let reason): "\(path): cannot be read (\(reason))"
        case .safetensors(let file, let fault): "\(file): \(fault)"
        case .gguf(let file, let fault): "\(file): \(fault)"
        case .index(let file, let what): "\(file): \(what)"
        case .configuration(let file, let what): "\(file): \(what)"
        case .unsupported(let file, let what): "\(file): not supported: \(what)"
        case .foreign(let directory, let what, _): "\(directory): \(what)"
        case .otherNames(let directory, let got, let expected):
            "\(directory): no tensor has a name of this model (got \(got) and others, "
                + "expected \(expected) and others, all with one prefix or none)"
        case .missingTensors(let directory, let names):
            "\(directory): \(names.count) tensors of the model are missing: \(Self.list(names))"
        case .unknownTensors(let directory, let names):
            "\(directory): \(names.count) tensors are not of this model: \(Self.list(names))"
        case .shape(let directory, let tensor, let got, let expected):
            "\(directory): \(tensor): wrong shape (got \(got), expected \(expected))"
        case .notFloatingPoint(let file, let tensor, let got):
            "\(file): \(tensor): wrong type (got \(got), expected F32, F16, BF16 or F64)"
        case .untiedHead(let directory, let tensor):
            "\(directory): \(tensor) differs from the embeddings "
                + "(got other values, expected the same as tie_word_embeddings is true)"
        case .ambiguousTensor(let directory, let names):
            "\(directory): one tensor under two names: \(names.joined(separator: ", "))"
        case .notFinite(let file, let tensor, let index):
            "\(file): \(tensor): element \(index) is NaN or infinite (expected finite weights)"
        case .overflow(let tensor, let type, let index):
            "\(tensor): element \(index) is too large for \(type)"
        case .incompatible(let differences):
            "checkpoints cannot be blended:\n  " + differences.joined(separator: "\n  ")
        case .coefficients(let what): what
        case .size(let text): "got \(text), expected a size like 500MB, 2GiB or 1000000"
        }
    }

    /// What the user can do about it.
    public var hint: String? {
        switch self {
        case .missing(let path, _) where path.hasSuffix(".safetensors"):
            "a checkpoint is a Hugging Face directory with config.json and model.safetensors"
        case .foreign(_, _, let hint): hint
        case .unsupported(_, let what) where what.hasPrefix("architectures (got "):
            "a classifier or the like has no head for the next token; set \"architectures\" in "
                + "config.json if the weights are a plain decoder's after all"
        case .unsupported(_, let what) where what.contains("an encoder, "):
            "encoders embed texts, as --embedder, and predict no next token"
        case .unsupported(_, let what) where what.hasPrefix("quantization_config"):
            "take the model that it was made of, or save it dequantised"
        case .safetensors(_, let fault): fault.hint
        case .gguf(_, let fault): fault.hint
        case .untiedHead: "set \"tie_word_embeddings\": false in config.json if the head is its own"
        case .overflow: "write bfloat16 or float32 instead"
        case .missingTensors(_, let names) where names == ["lm_head.weight"]:
            "set \"tie_word_embeddings\": true in config.json if the head is the embedding table"
        default: nil
        }
    }

    /// At most eight names, and how many more there are.
    static func list(_ names: [String]) -> String {
        let shown = names.prefix(8).joined(separator: ", ")
        return names.count > 8 ? "\(shown) and \(names.count - 8) more" : shown
    }
}
