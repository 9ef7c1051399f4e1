/// What a `tokenizer.model` of SentencePiece says: pieces with scores, and how text is normalised.
///
/// Message and field numbers are those of the project's `sentencepiece_model.proto`.
struct SentencePieceFile {
    /// How pieces are found in text.
    enum Algorithm: UInt64 {
        case unigram = 1
        case bytePairs = 2
    }

    /// What a piece is.
    enum PieceType: UInt64 {
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
    var unknownSurface = " \u{2047} "
    /// The spellings of pieces with a role.
    var beginning = "<s>"
    var endOfSequence = "</s>"
    var padding = "<pad>"

    /// Reads a file.
    /// - Throws: ``TokenizationError``; a field that changes what the model does and is not known
    ///   here is an error.
    init(path: String) throws(TokenizationError) {
        self.path = path
        let bytes = try TokenizerFile.bytes(of: path)
        do throws(WireReader.Fault) {
            try read(bytes)
        } catch {
            throw malformed("not a SentencePiece model (byte \(error.position): \(error.what))")
        }
        try check()
    }

    func malformed(_ what: String) -> TokenizationError { .malformed(source: path, what: what) }

    // MARK: Messages

    private mutating func read(_ bytes: [UInt8]) throws(WireReader.Fault) {
        var reader = WireReader(bytes)
        while let (number, value) = try reader.next() {
            guard case .bytes(let range) = value else {
                throw WireReader.Fault(
                    position: reader.fieldStart, what: "field \(number) is no message")
            }
            switch number {
            case 1: try readPiece(bytes, range)
            case 2: try readTraining(bytes, range)
            case 3: try readNormalization(bytes, range)
            case 4: break  // samples for a self-test
            case 5: try readDenormalization(bytes, range)
            default:
                throw WireReader.Fault(
                    position: reader.fieldStart, what: "unknown field \(number)")
            }
        }
    }

    private mutating func readPiece(
        _ bytes: [UInt8], _ range: Range<Int>
    ) throws(WireReader.Fault) {
        var text = range.lowerBound..<range.lowerBound
        var score: Float = 0
        var type = PieceType.normal
        var reader = WireReader(bytes, range)
        while let (number, value) = try reader.next() {
            switch (number, value) {
            case (1, .bytes(let range)): text = range
            case (2, .bits32(let bits)): score = Float(bitPattern: bits)
            case (3, .integer(let raw)):
                guard let known = PieceType(rawValue: raw) else {
                    throw WireReader.Fault(
                        position: reader.fieldStart, what: "unknown type of piece \(raw)")
                }
                type = known
            default:
                throw WireReader.Fault(
                    position: reader.fieldStart, what: "unknown field \(number) of a piece")
            }
        }
        pieces.append(bytes[text])
        scores.append(score)
        types.append(type)
    }

    /// The trainer's settings. Most only say how the model was made; those are passed over.
    private mutating func readTraining(
        _ bytes: [UInt8], _ range: Range<Int>
    ) throws(WireReader.Fault) {
        var reader = WireReader(bytes, range)
        while let (number, value) = try reader.next() {
            switch (number, value) {
            case (3, .integer(let raw)):
                guard let known = Algorithm(rawValue: raw) else {
                    throw WireReader.Fault(
                        position: reader.fieldStart,
                        what: "model type \(raw) (expected 1, unigram, or 2, BPE)")
                }
                algorithm = known
            case (24, .integer(let flag)): normalization.spaceIsSuffix = flag != 0
            case (35, .integer(let flag)): fallsBackToBytes = flag != 0
            case (44, .bytes(let range)): unknownSurface = Self.text(bytes, range)
            case (46, .bytes(let range)): beginning = Self.text(bytes, range)
            case (47, .bytes(let range)): endOfSequence = Self.text(bytes, range)
            case (48, .bytes(let range)): padding = Self.text(bytes, range)
            case (3, _), (24, _), (35, _), (44, _), (46...48, _):
                throw WireReader.Fault(
                    position: reader.fieldStart, what: "field \(number) has another wire type")
            default: break
            }
        }
    }

    private mutating func readNormalization(
        _ bytes: [UInt8], _ range: Range<Int>
    ) throws(WireReader.Fault) {
        var reader = WireReader(bytes, range)
        while let (number, value) = try reader.next() {
            switch (number, value) {
            case (1, .bytes), (6, .bytes): break  // name, and the source of the rules
            case (2, .bytes(let range)): normalization.rules = Array(bytes[range])
            case (3, .integer(let flag)): normalization.addsSpace = flag != 0
            case (4, .integer(let flag)): normalization.removesExtraSpaces = flag != 0
            case (5, .integer(let flag)): normalization.escapesSpaces = flag != 0
            default:
                throw WireReader.Fault(
                    position: reader.fieldStart, what: "unknown field \(number) of the normalizer")
            }
        }
    }

    /// Rules for decoded text; only their absence is understood.
    private func readDenormalization(
        _ bytes: [UInt8], _ range: Range<Int>
    ) throws(WireReader.Fault) {
        var reader = WireReader(bytes, range)
        while let (number, value) = try reader.next() {
            if number == 2, case .bytes(let range) = value, !range.isEmpty {
                throw WireReader.Fault(position: reader.fieldStart, what: "rules for decoded text")
            }
        }
    }

    private static func text(_ bytes: [UInt8], _ range: Range<Int>) -> String {
        String(decoding: bytes[range], as: UTF8.self)
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
