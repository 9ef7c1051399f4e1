import Foundation
import StreamIO
import Testing
import Tokenization

/// A small SentencePiece model, written field by field, with what is hard about such models:
/// equal scores, unused pieces, a user's symbols, pieces with spaces inside.
struct SentencePieceFixture {
    /// `type` as in the format: 1 normal, 2 unknown, 3 control, 4 the user's, 5 unused, 6 a byte.
    struct Piece {
        var text: String
        var score: Float = 0
        var type: UInt64 = 1
    }

    var isUnigram = false
    var fallsBackToBytes = true
    var hasUserSymbols = true
    var hasRules = false
    var addsSpace = true
    var removesExtraSpaces = true
    var escapesSpaces = true
    var spaceIsSuffix = false
    var unknownSurface: String?

    private static let words: [Piece] = [
        Piece(text: "▁t", score: -1), Piece(text: "he", score: -2), Piece(text: "▁the", score: -3),
        Piece(text: "th", score: -4), Piece(text: "aa", score: -5), Piece(text: "ab", score: -5),
        Piece(text: "bc", score: -6), Piece(text: "aaaa", score: -7),
        Piece(text: "abc", score: -7.5, type: 5), Piece(text: "▁a", score: -8),
        Piece(text: "▁▁", score: -8.5), Piece(text: "a▁", score: -8.5),
        Piece(text: "abca", score: -9), Piece(text: "<mask>", type: 4), Piece(text: "::", type: 4),
        Piece(text: "▁x▁", type: 4),
    ]

    var pieces: [Piece] {
        var pieces = [
            Piece(text: "<unk>", type: 2), Piece(text: "<s>", type: 3),
            Piece(text: "</s>", type: 3),
        ]
        if fallsBackToBytes {
            pieces += (0..<256).map {
                Piece(text: String(format: "<0x%02X>", $0), type: 6)
            }
        }
        pieces += Self.words.filter { hasUserSymbols || $0.type != 4 }
        for (place, character) in "▁theabcxé日fi".enumerated() {
            pieces.append(Piece(text: String(character), score: -10 - Float(place) / 4))
        }
        return pieces
    }

    /// The file.
    var bytes: [UInt8] {
        var model: [UInt8] = []
        for piece in pieces {
            var message = Wire.field(1, piece.text)
            message += Wire.varint(2 << 3 | 5)
            message += withUnsafeBytes(of: piece.score.bitPattern.littleEndian) { Array($0) }
            if piece.type != 1 { message += Wire.field(3, piece.type) }
            model += Wire.field(1, message)
        }
        var training = Wire.field(3, isUnigram ? 1 : 2)
        if spaceIsSuffix { training += Wire.field(24, 1) }
        if fallsBackToBytes { training += Wire.field(35, 1) }
        if let unknownSurface { training += Wire.field(44, unknownSurface) }
        var normalization = hasRules ? Wire.field(2, Self.rules) : []
        normalization += Wire.field(3, addsSpace ? 1 : 0)
        normalization += Wire.field(4, removesExtraSpaces ? 1 : 0)
        normalization += Wire.field(5, escapesSpaces ? 1 : 0)
        return model + Wire.field(2, training) + Wire.field(3, normalization)
    }

    /// The tokenizer that is loaded from the file.
    func tokenizer() throws -> Tokenizer { try Self.tokenizer(bytes) }

    /// The tokenizer of a directory with this `tokenizer.model`, and with other files.
    static func tokenizer(_ model: [UInt8], _ files: [String: String] = [:]) throws -> Tokenizer {
        try Corpus.withDirectory { directory in
            try Data(model).write(to: URL(fileURLWithPath: directory + "/tokenizer.model"))
            for (name, text) in files { try Corpus.write(text, to: directory + "/" + name) }
            return try Tokenizer.load(directory: directory)
        }
    }

    /// Compiled by SentencePiece 0.2.3 from the rules ﬁ → fi, Ａ → A, e + U+0301 → é, U+200B →
    /// nothing, and U+000A, U+00A0, U+3000 → space.
    private static let rules = [UInt8](
        Data(
            base64Encoded: """
                AAQAAAAsAAAKDQAAAQAAgMwYAgCBBQAACAAAgKARAACAEAIAiwUAAAAAAICABAIAgCUAAKwAAgCBDQAABQAAgKF9\
                AAADAACAEAAAABMAAAASAAAAFQAAABQAAAAXAAAAFgAAABkAAAAYAAAAGwAAABoAAAC8yAIAHAAAAB8AAAAeAAAA\
                IQAAACAAAAAjAAAAIgAAACUAAAAkAAAAJwAAACYAAAApAAAAKAAAACsAAAAqAAAALQAAACwAAAAvAAAALgAAADEA\
                AAAwAAAAMwAAADIAAAA1AAAANAAAADcAAAA2AAAAOQAAADgAAAA7AAAAOgAAAD0AAAA8AAAAPwAAAD4AAABBAAAA\
                QAAAAEMAAABCAAAARQAAAEQAAABHAAAARgAAAEkAAABIAAAASwAAAEoAAABNAAAATAAAAE8AAABOAAAAUQAAAFAA\
                AABTAAAAUgAAAFUAAABUAAAAVwAAAFYAAABZAAAAWAAAAFsAAABaAAAAXQAAAFwAAABfAAAAXgAAAGEAAABgAAAA\
                YwAAAGIAAABlAAAAZAAAAGcAAABmAAAAaQAAAGgAAABrAAAAagAAAG0AAABsAAAAZYQCAG4AAABxAAAAcAAAAHMA\
                AAByAAAAdQAAAHQAAAB3AAAAdgAAAHkAAAB4AAAAewAAAHoAAAB9AAAAfAAAAH8AAAB+AAAAgQAAAIAAAACDAAAA\
                ggAAAIUAAACEAAAAhwAAAIYAAACJAAAAiAAAAIsAAACKAAAAjQAAAIwAAACPAAAAjgAAAJEAAACQAAAAkwAAAJIA\
                AACVAAAAlAAAAJcAAACWAAAAmQAAAJgAAACbAAAAmgAAAJ0AAACcAAAAnwAAAJ4AAAChAAAAoAAAAKMAAACiAAAA\
                pQAAAKQAAACnAAAApgAAAKkAAACoAAAAqwAAAKoAAACtAAAArAAAAK8AAACuAAAAsQAAALAAAACzAAAAsgAAALUA\
                AAC0AAAAtwAAALYAAAC5AAAAuAAAALsAAAC6AAAAvQAAALwAAAC/AAAAvgAAAMEAAADAAAAAwwAAAMIAAADFAAAA\
                xAAAAMcAAADGAAAAyQAAAMK8AQDLAAAAygAAAM0AAADMAAAAzwAAAM4AAADRAAAA0AAAANMAAADSAAAA1QAAANQA\
                AADXAAAA1gAAANkAAADYAAAA2wAAANoAAADdAAAA3AAAAN8AAADeAAAA4QAAAOAAAADjAAAA4gAAAO8QAQDkAAAA\
                5wAAAOYAAADjiAEA4rgBAOsAAADqAAAA7QAAAOwAAADvAAAA7gAAAPEAAADwAAAA8wAAAPIAAAD1AAAA9AAAAPcA\
                AAD2AAAA+QAAAPgAAAD7AAAA+gAAAP0AAAD8AAAA/wAAAP4AAAAAIABBAGZpAMOpAA==
                """) ?? Data())
}

/// Fields in the wire format of Protocol Buffers.
enum Wire {
    static func varint(_ value: UInt64) -> [UInt8] {
        var rest = value
        var bytes: [UInt8] = []
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    static func field(_ number: UInt64, _ value: UInt64) -> [UInt8] {
        varint(number << 3) + varint(value)
    }

    static func field(_ number: UInt64, _ bytes: [UInt8]) -> [UInt8] {
        varint(number << 3 | 2) + varint(UInt64(bytes.count)) + bytes
    }

    static func field(_ number: UInt64, _ text: String) -> [UInt8] {
        field(number, Array(text.utf8))
    }
}
