import Embedding
import Foundation
import Kernels
import StreamIO
import Testing

/// all-MiniLM-L6-v2 against sentence-transformers.
@Suite(.enabled(if: MiniLM.isPresent, "needs CPO_MINILM and ../shared/oracles"))
struct MiniLMTests {
    @Test func tokenIDsAreThoseOfTheReference() throws {
        let embedder = try TextEmbedder.load(directory: MiniLM.directory)
        #expect(embedder.maximumTokens == 256)
        for oracle in try MiniLM.cases() {
            let ids = try embedder.encoding(of: oracle.text).ids
            #expect(ids == oracle.ids, "\(oracle.text)")
        }
    }

    @Test func embeddingsAreThoseOfTheReference() throws {
        let embedder = try TextEmbedder.load(directory: MiniLM.directory)
        let cases = try MiniLM.cases()
        let result = try embedder.embed(cases.map(\.text))
        for (index, oracle) in cases.enumerated() {
            let got = result.vectors[index * 384..<(index + 1) * 384]
            #expect(largestDifference(got, oracle.embedding) < 1e-5, "\(oracle.text)")
            #expect(!result.truncated[index] || oracle.ids.count == 256)
        }
    }

    /// Rounding to 8 bits of mantissa, or to 8 bits in all, turns an embedding by few degrees.
    @Test(arguments: [(InferencePrecision.bf16, Float(0.9999)), (.int8, 0.99)])
    func roundedLayersEmbedAlmostTheSame(precision: InferencePrecision, least: Float) throws {
        let embedder = try TextEmbedder.load(directory: MiniLM.directory, precision: precision)
        let cases = try MiniLM.cases()
        let result = try embedder.embed(cases.map(\.text))
        for (index, oracle) in cases.enumerated() {
            let got = result.vectors[index * 384..<(index + 1) * 384]
            let cosine = zip(got, oracle.embedding).reduce(0) { $0 + $1.0 * $1.1 }
            #expect(cosine > least && got != oracle.embedding[...], "\(oracle.text)")
        }
    }

    @Test func packedIsTheSameAsOneByOne() throws {
        let embedder = try TextEmbedder.load(directory: MiniLM.directory)
        let texts = try MiniLM.cases().map(\.text)
        let single = try texts.flatMap { try embedder.embed([$0]).vectors }
        #expect(try embedder.embed(texts).vectors == single)
    }
}

enum MiniLM {
    struct Case: Decodable {
        var text: String
        var ids: [Int32]
        var embedding: [Float]
    }

    static let directory = ProcessInfo.processInfo.environment["CPO_MINILM"] ?? ""

    private static let oracle = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("shared/oracles/minilm.json")

    static var isPresent: Bool {
        !directory.isEmpty && FileManager.default.fileExists(atPath: oracle.path)
    }

    static func cases() throws -> [Case] {
        try JSONDecoder().decode([Case].self, from: Data(contentsOf: oracle))
    }
}
