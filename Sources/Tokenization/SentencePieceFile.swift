/// What a `tokenizer.model` of SentencePiece says: pieces with scores, and how text is normalised.
/// Protobuf/sentencepiece.proto has the format.
struct SentencePieceFile {
    /// How pieces are found in text.
    enum Algorithm: Int32 {
        case unigram = 1
        case bytePairs = 2
    }

    /// What a piece is.
    enum PieceType: Int32 {
        case normal = 1
        case unknown = 2
        case control = 3
        case userDefined = 4
        case unused = 5
        case byte = 6
    }

    let path: String
    var pieces = ByteStrings()
    var scores: [Float] = []
    var types: [PieceType] = []
    var algorithm = Algorithm.unigram
    var fallsBackToBytes = false
    var normalization = SentencePieceNormalizer.Options()
    /// What the unknown piece decodes to.
    var unknownSurface = ""
    /// The spellings of pieces with a role.
    var beginning = ""
    var endOfSequence = ""
    var padding = ""

    /// Reads a file.
    /// - Throws: ``TokenizationError``; a field that changes what the model does and is not known
    ///   here is an error.
    init(path: String) throws(TokenizationError) {
        self.path = path
        let bytes = try TokenizerFile.bytes(of: path)
        let count = SentencePieceSize.pieces(in: bytes)
        guard count <= SentencePieceSize.limit else {
            throw malformed(
                "too many pieces (got \(count), expected at most \(SentencePieceSize.limit))")
        }
        let model: SentencePieceProtoModel
        do {
            model = try SentencePieceProtoModel(serializedBytes: bytes)
        } catch {
            throw malformed("not a SentencePiece model (\(error))")
        }
        guard model.unknownFields.data.isEmpty else {
            throw malformed("the model has a field that is not known here")
        }
        guard model.denormalizerSpec.precompiledCharsmap.isEmpty else {
            throw malformed("rules for decoded text are not known here")
        }
        for piece in model.pieces { try read(piece) }
        try read(model.trainerSpec)
        try read(model.normalizerSpec)
        try check()
    }

    func malformed(_ what: String) -> TokenizationError { .malformed(source: path, what: what) }

    // MARK: Messages

    private mutating func read(_ piece: SentencePieceProtoModel.Piece) throws(TokenizationError) {
        guard piece.unknownFields.data.isEmpty else {
            throw malformed("piece \(pieces.count) has a field that is not known here")
        }
        guard let type = PieceType(rawValue: piece.type) else {
            throw malformed("unknown type of piece \(piece.type)")
        }
        pieces.append(piece.piece)
        scores.append(piece.score)
        types.append(type)
    }

    /// The trainer's settings. Most only say how the model was made; those are passed over.
    private mutating func read(_ trainer: SentencePieceProtoTrainer) throws(TokenizationError) {
        guard let known = Algorithm(rawValue: trainer.modelType) else {
            throw malformed(
                "model type \(trainer.modelType) (expected 1, unigram, or 2, BPE)")
        }
        algorithm = known
        fallsBackToBytes = trainer.byteFallback
        unknownSurface = trainer.unkSurface
        beginning = trainer.bosPiece
        endOfSequence = trainer.eosPiece
        padding = trainer.padPiece
        normalization.spaceIsSuffix = trainer.treatWhitespaceAsSuffix
    }

    private mutating func read(
        _ normalizer: SentencePieceProtoNormalizer
    ) throws(TokenizationError) {
        guard normalizer.unknownFields.data.isEmpty else {
            throw malformed("the normalizer has a field that is not known here")
        }
        normalization.rules = Array(normalizer.precompiledCharsmap)
        normalization.addsSpace = normalizer.addDummyPrefix
        normalization.removesExtraSpaces = normalizer.removeExtraWhitespaces
        normalization.escapesSpaces = normalizer.escapeWhitespaces
    }

    // MARK: Checking

    /// What SentencePiece itself insists on.
    private func check() throws(TokenizationError) {
        guard pieces.count > 0 else { throw malformed("a SentencePiece model without pieces") }
        for id in 0..<pieces.count {
            let piece = pieces[id]
            guard !piece.isEmpty, !piece.contains(0), scores[id].isFinite,
                String(validating: piece, as: UTF8.self) != nil
            else { throw malformed("piece \(id) is empty, no text, or has no finite score") }
        }
        let unknown = types.count { $0 == .unknown }
        guard unknown == 1 else {
            throw malformed("unknown pieces (got \(unknown), expected 1)")
        }
        let bytes = types.count { $0 == .byte }
        guard bytes == (fallsBackToBytes ? 256 : 0) else {
            throw malformed(
                "pieces for bytes (got \(bytes), expected \(fallsBackToBytes ? 256 : 0))")
        }
    }
}
