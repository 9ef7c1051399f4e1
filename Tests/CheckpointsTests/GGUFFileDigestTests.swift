import Checkpoints
import Foundation
import StreamIO
import TestSupport
import Testing

/// Tensors of files that people use, dequantised, against llama.cpp's Python package: `gguf` 0.19.0,
/// `gguf.quants.dequantize`.
@Suite struct GGUFFileDigestTests {
    struct RealFile: CustomTestStringConvertible {
        /// The environment variable with the file's path.
        let variable: String
        /// The SHA-256 of the SHA-256 of all tensors in the order of the file.
        let digest: String
        /// One tensor of each type, and its SHA-256.
        let tensors: [(type: String, name: String, digest: String)]
        var path: String? { ProcessInfo.processInfo.environment[variable] }
        var testDescription: String { path == nil ? "\(variable), skipped" : variable }
    }

    static let files = [
        RealFile(
            variable: "CPO_SMOLLM2_GGUF",
            digest: "629d396854184b8601479ebeed6c62a099edb7739bc52bd5837109da361c5bd3",
            tensors: [
                (
                    "Q4_1", "blk.0.ffn_down.weight",
                    "0b78b2226f740ed5594510ed990ea6c2846a6a889ab07cf251e4a489df1d75b0"
                )
            ]),
        RealFile(
            variable: "CPO_QWEN_GGUF",
            digest: "12446a96cad4e32fe68151bc521f4d71f634a69b87e219b39a0401c6e54f744d",
            tensors: [
                (
                    "Q5_0", "blk.0.attn_k.weight",
                    "2b3fff93442559fba54cbdf3ed64b9f71bfe2fcf39bd725fc737c84d3bf5a3f6"
                ),
                (
                    "Q8_0", "blk.0.attn_v.weight",
                    "eaf7101a791d9c8de19271ec4dfaa0bd3f3e1d91d30d9685bc7199cde97408ff"
                ),
            ]),
        RealFile(
            variable: "CPO_GEMMA3_GGUF",
            digest: "3a8c353fabab75792f5a0d12bdd02ef379a238906fb8ad1e732e37a5659f3213",
            tensors: [
                (
                    "F32", "output_norm.weight",
                    "7c6f10fe176e85ae705758390d5cbe15b79d090656ebbb4f9789c073041139d8"
                ),
                (
                    "Q4_K", "blk.0.attn_output.weight",
                    "84421b360695121d4fa8c5b47aa4b9729eb814b9608b4856a3af07a1736cf47f"
                ),
                (
                    "Q6_K", "blk.0.ffn_down.weight",
                    "b718ca6bf05ad89435100bb9da1f6a6300a627c3396bc3bdb91809ca7dcdb4d8"
                ),
            ]),
    ]

    private func digest(_ file: GGUFFile, _ name: String) throws -> String {
        SHA256Digest.hex(of: try file.floats(name).withUnsafeBytes { Array($0) })
    }

    @Test(.enabled(if: files.contains { $0.path != nil }, "no GGUF file"), arguments: files)
    func tensorsAreThoseOfGGML(_ real: RealFile) throws {
        guard let path = real.path else { return }
        let file = try GGUFFile(path: path)
        for tensor in real.tensors {
            #expect(file[tensor.name]?.type.name == tensor.type)
            #expect(try digest(file, tensor.name) == tensor.digest)
        }
    }

    @Test(.enabled(if: ToolRunner.isTorture, "make torture"), arguments: files)
    func allTensorsAreThoseOfGGML(_ real: RealFile) throws {
        guard let path = real.path else { return }
        let file = try GGUFFile(path: path)
        var digests: [UInt8] = []
        for tensor in file.tensors {
            let text = Array(try digest(file, tensor.name).utf8)
            for pair in stride(from: 0, to: text.count, by: 2) {
                let byte = String(decoding: text[pair..<pair + 2], as: UTF8.self)
                digests.append(try #require(UInt8(byte, radix: 16)))
            }
        }
        #expect(SHA256Digest.hex(of: digests) == real.digest)
    }
}
