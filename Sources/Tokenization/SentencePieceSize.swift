/// How many pieces a SentencePiece model has, counted before memory is taken for any of them: in the
/// file a piece can be of two bytes, in memory it takes fifty times that.
enum SentencePieceSize {
    /// More pieces than any real model has.
    static let limit = 1 << 19

    /// Counts the fields of number 1 of a message, as far as its fields can be told apart.
    static func pieces(in bytes: [UInt8]) -> Int {
        var position = 0
        var count = 0
        /// A number of seven bits a byte, least significant first; nil at the end or beyond 64 bits.
        func variableLength() -> UInt64? {
            var value: UInt64 = 0
            for shift in stride(from: UInt64(0), to: 64, by: 7) where position < bytes.count {
                let byte = bytes[position]
                position += 1
                value |= UInt64(byte & 0x7F) << shift
                if byte < 0x80 { return value }
            }
            return nil
        }
        while position < bytes.count, let tag = variableLength() {
            if tag >> 3 == 1 { count += 1 }
            switch tag & 7 {
            case 0: _ = variableLength()
            case 1: position += 8
            case 2:
                guard let length = variableLength(), length <= UInt64(bytes.count) else {
                    return count
                }
                position += Int(length)
            case 5: position += 4
            default: return count
            }
        }
        return count
    }
}
