import ArgumentParser
import Checkpoints
import StreamIO
import Tokenization
import ToolKit

/// Makes a GGUF file of a checkpoint.
@main
struct ExportCheckpoint: CommandLineTool {
    static let example = """
        export-checkpoint runs/cpo --out cpo.gguf
        export-checkpoint runs/cpo --out cpo-q4_0.gguf --type q4_0
        """

    static let configuration = toolConfiguration(
        "export-checkpoint",
        abstract: "Write a checkpoint as a GGUF file, which llama.cpp and its kin run.",
        discussion: """
            The families that import-checkpoint reads. The file holds the weights, the hyperparameters, the tokenizer and the chat \
            template. Vectors stay in float32; with q8_0 and q4_0 rows that are no multiple of 32 are in \
            f16, and with q4_0 the head is in q8_0. Tensors are read and written one after another; \
            quantising is that of ggml, to the bit. With f32 import-checkpoint brings the same weights \
            back. NaN, infinity and what is too large for the type are refused.
            """)

    @Argument(help: ArgumentHelp("Checkpoint directory.", valueName: "dir"))
    var source: String

    @Option(help: ArgumentHelp("GGUF file to write.", valueName: "file"))
    var out: String

    @Option(help: "Type of the matrices: f32, f16, bf16, q8_0 or q4_0.")
    var type = GGUFWeightType.f16

    @Option(
        help: ArgumentHelp("The model's name, general.name in the file.", valueName: "text"))
    var name: String?

    @Flag(
        help: """
            Leave the tokenizer behind, as for one of a kind that llama.cpp does not have; such a \
            file is for programs that take token ids.
            """)
    var weightsOnly = false

    @OptionGroup var common: CommonOptions

    func validate() throws {
        // Programs that read GGUF files map them into memory.
        if out == "-" { throw ValidationError("--out: got -, expected the name of a file") }
    }

    mutating func execute(_ log: Log) throws {
        try OutputClaim.file(out)
        try GGUFWriter.requireOwn(out)
        common.configureThreads()
        let export = try GGUFExport(directory: source, as: type)
        log.warnings(export.warnings)
        let size = export.configuration.vocabularySize
        let vocabulary = weightsOnly ? nil : try vocabulary(size: size)
        log.warnings(vocabulary?.warnings ?? [])
        try export.write(
            to: out, name: name, tokenizer: entries(vocabulary),
            tool: "export-checkpoint, \(Version.package)")
        log.summary(
            "\(export.parameterCount) parameters, \(vocabulary?.tokens.count ?? 0) tokens exported "
                + "to \(out) as \(type.rawValue)")
    }

    private func vocabulary(size: Int) throws -> GGUFVocabulary {
        do throws(TokenizationError) {
            return try GGUFVocabulary(directory: source, size: size)
        } catch {
            throw TokenizerRefusal(error: error)
        }
    }

    /// The tokenizer's metadata.
    private func entries(_ vocabulary: GGUFVocabulary?) -> [GGUFEntry] {
        func entry(_ key: String, _ value: GGUFValue) -> GGUFEntry {
            GGUFEntry("tokenizer.ggml.\(key)", value)
        }
        guard let vocabulary else { return [entry("model", .string("no_vocab"))] }
        var entries = [
            entry("model", .string(vocabulary.model.rawValue)),
            entry("pre", .string(vocabulary.pre)),
            entry("tokens", .strings(vocabulary.tokens)),
        ]
        switch vocabulary.model {
        case .bytePairs:
            entries.append(entry("token_type", .integers(vocabulary.types.map { Int64($0) })))
            entries.append(entry("merges", .strings(vocabulary.merges)))
        case .sentencePiece:
            entries.append(entry("scores", .numbers(vocabulary.scores.map { Double($0) })))
            entries.append(entry("token_type", .integers(vocabulary.types.map { Int64($0) })))
            entries.append(entry("add_space_prefix", .bool(vocabulary.addsSpacePrefix)))
        }
        for (role, id) in [
            ("bos", vocabulary.special.beginning), ("eos", vocabulary.special.endOfSequence),
            ("unknown", vocabulary.special.unknown), ("padding", vocabulary.special.padding),
        ] {
            if let id { entries.append(entry("\(role)_token_id", .integer(Int64(id)))) }
        }
        entries.append(
            entry(
                "add_bos_token",
                .bool(vocabulary.addsBeginning && vocabulary.special.beginning != nil)))
        if let template = vocabulary.chatTemplate {
            entries.append(GGUFEntry("tokenizer.chat_template", .string(template)))
        }
        return entries
    }
}

/// A tokenizer that is not exported.
private struct TokenizerRefusal: ReportedError {
    let error: TokenizationError
    var exitStatus: ExitStatus { error.exitStatus }
    var description: String { error.description }
    var hint: String? { "--weights-only leaves the tokenizer behind" }
}

extension GGUFWeightType: ExpressibleByArgument {}
