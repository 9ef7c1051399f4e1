import StreamIO
public import Transformer

/// A digest of what training sees of its records: token ids, rankings, scores and their order. Names of
/// files, compression and other fields do not matter.
public struct DataDigest: Sendable {
    private var digests: [UInt8] = []

    /// The digest of no records.
    public init() {}

    /// The digest of trees without rankings or scores.
    public init(_ trees: [TokenTree]) {
        for tree in trees { add(tree) }
    }

    /// Adds a record.
    ///
    /// - Parameters:
    ///   - ranking: the candidates' indices, best first, if they are used
    ///   - scores: reference scores of the candidates, if those of the record are used
    public mutating func add(_ tree: TokenTree, ranking: [Int]? = nil, scores: [Double]? = nil) {
        var bytes: [UInt8] = []
        func append(_ value: Int64) {
            withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
        }
        func append(_ ids: [Int32]) {
            append(Int64(ids.count))
            for id in ids { withUnsafeBytes(of: id.littleEndian) { bytes += $0 } }
        }
        append(tree.prompt)
        append(Int64(tree.continuations.count))
        for continuation in tree.continuations { append(continuation) }
        append(Int64(ranking?.count ?? -1))
        for place in ranking ?? [] { append(Int64(place)) }
        append(Int64(scores?.count ?? -1))
        for score in scores ?? [] { append(Int64(bitPattern: score.bitPattern)) }
        digests += Array(SHA256Digest.hex(of: bytes).utf8)
    }

    /// SHA-256 in hexadecimal digits.
    public var hex: String { SHA256Digest.hex(of: digests) }
}
