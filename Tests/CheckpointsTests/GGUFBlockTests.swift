import Checkpoints
import Foundation
import StreamIO
import Testing

/// Block formats against llama.cpp's own Python package: `gguf` 0.19.0, `gguf.quants.dequantize` and
/// `quantize`, over bytes of ``RandomBytes`` whose seed is the type's number. Random scales take in
/// infinities, NaN and subnormal ones.
@Suite struct GGUFBlockTests {
    struct Case: CustomTestStringConvertible {
        let name: String
        let code: UInt32
        let byteCount: Int
        /// Elements that are NaN.
        let nans: Int
        /// SHA-256 of 65 536 elements, NaN as 0x7FC00000.
        let digest: String
        var testDescription: String { name }

        init(_ name: String, _ code: UInt32, _ byteCount: Int, nans: Int, _ digest: String) {
            self.name = name
            self.code = code
            self.byteCount = byteCount
            self.nans = nans
            self.digest = digest
        }
    }

    static let cases = [
        Case(
            "F16", 1, 2 * 65536, nans: 2070,
            "4e2014404fbf2dd8ef4dd7c9de7b3378832b46e48e21f3763e34b0f24dc27e13"),
        Case(
            "BF16", 30, 2 * 65536, nans: 253,
            "739786d36ff517e3eb74b733cc3b4033475bd4885c6c6cd73664e530119061d8"),
        Case(
            "Q8_0", 8, 34 * 2048, nans: 2144,
            "ffd91f9e3e5945c13c20ec612062c1b84ada5778010e4acee019b1586872de4f"),
        Case(
            "Q4_0", 2, 18 * 2048, nans: 1984,
            "07cbde53ff4d572440ca553dc3a5c7109a9f66a32a8642e71ffe5ded9b3aea91"),
        Case(
            "Q4_1", 3, 20 * 2048, nans: 4288,
            "1cf2df1493f510ea2b413a7157935a666810f075f5e94f952c3698fff930b2af"),
        Case(
            "Q5_0", 6, 22 * 2048, nans: 1824,
            "3443efe64e893408783ef7fc08172337ef191aa34e03e2333c3ce6b2703108cf"),
        Case(
            "Q5_1", 7, 24 * 2048, nans: 4064,
            "f4e9677e4f60f817fbba8206326e76e139a4fcf20b08c529ed66e9447d96748c"),
        Case(
            "Q2_K", 10, 84 * 256, nans: 4608,
            "afd27b8cc50bbaeb00459b39390aba99374c3b8b379f9253472a463390cd31bb"),
        Case(
            "Q3_K", 11, 110 * 256, nans: 2048,
            "9eb1f0529fdc0c2906edbc42edf929c808b5b1a50fd4f7380b2d6be643647fcb"),
        Case(
            "Q4_K", 12, 144 * 256, nans: 3328,
            "48a1cd5575d464659c373a074a6a1fe2e7f04fe02b4765ce67c234c1cb7f01a4"),
        Case(
            "Q5_K", 13, 176 * 256, nans: 3072,
            "de153a9740a878fca8311c36a287ce3b441c29d3377cca0d70cb4e467da37a57"),
        Case(
            "Q6_K", 14, 210 * 256, nans: 2560,
            "86b5060567f6ae2924101c6e465594423aa646befe85eae15d3787558aed5db7"),
        Case(
            "IQ4_NL", 20, 18 * 2048, nans: 1952,
            "f69b37f93a1e0beec3ebef8779159878b593b2f6c30c993b9aba5a7d61f3306f"),
        Case(
            "IQ4_XS", 23, 136 * 256, nans: 768,
            "71c9789e8b73ff8e6a12590729271310d690f44386b19b35a19dc91c6f227f22"),
    ]

    @Test(arguments: cases) func dequantisesAsGGMLDoes(_ format: Case) throws {
        let type = try #require(GGUFTensorType(format.code))
        #expect(type.name == format.name)
        var random = RandomBytes(seed: UInt64(format.code))
        let bytes = random.next(format.byteCount)
        var values = [Float](repeating: 0, count: 1 << 16)
        bytes.withUnsafeBytes { bytes in
            values.withUnsafeMutableBufferPointer { dequantise(bytes, type, to: $0) }
        }
        let bits = values.map { $0.isNaN ? 0x7FC0_0000 : $0.bitPattern }
        #expect(values.count(where: \.isNaN) == format.nans)
        #expect(SHA256Digest.hex(of: bits.withUnsafeBytes { Array($0) }) == format.digest)
    }

    @Test func everyReadableTypeIsCompared() {
        let compared = Set(Self.cases.map(\.name))
        let plain: Set<String> = ["F32", "F64"]
        #expect(Set(GGUFTensorType.readable.map(\.name)) == compared.union(plain))
    }

    @Test func typesOfFewerBitsAreRefusedByName() throws {
        for (code, name) in [
            (16, "IQ2_XXS"), (19, "IQ1_S"), (21, "IQ3_S"), (34, "TQ1_0"), (26, "I32"),
            (39, "MXFP4"),
        ] as [(UInt32, String)] {
            let type = try #require(GGUFTensorType(code))
            #expect(type.name == name)
            #expect(!GGUFTensorType.readable.contains(type))
        }
    }

    // MARK: Quantising

    /// Elements of many magnitudes: normal ones, subnormal ones, blocks of zeros, of whole numbers
    /// and of equal numbers.
    private static func elements() -> [Float] {
        var random = RandomBytes(seed: 5)
        let raw = random.next(4 << 16).withUnsafeBytes { Array($0.bindMemory(to: UInt32.self)) }
        return raw.enumerated().map { index, bits in
            let block = index / 32 % 61
            let largest = block < 40 ? 103 + block * 3 / 4 : block < 50 ? block - 40 : 129
            let exponent = UInt32(max(0, largest - Int(bits >> 24 & 7)))
            let value = Float(bitPattern: bits & 0x807F_FFFF | exponent << 23)
            return switch block {
            case 57: 0
            case 58: value.rounded(.toNearestOrEven)
            case 59: 1
            case 60: value / 2
            default: value
            }
        }
    }

    private func quantised(_ type: GGUFTensorType) -> String {
        let values = Self.elements()
        var blocks = [UInt8](repeating: 0, count: values.count / type.blockLength * type.blockSize)
        let overflow = values.withUnsafeBufferPointer { values in
            blocks.withUnsafeMutableBufferPointer { quantise(values, as: type, to: $0) }
        }
        #expect(overflow == nil)
        return SHA256Digest.hex(of: blocks)
    }

    @Test func quantisesAsGGMLDoes() {
        #expect(
            SHA256Digest.hex(of: Self.elements().withUnsafeBytes { Array($0) })
                == "fdbd48e28e5e56700cb9c0956d9b0d1b33af192bb63fdfc232a54294519df4d3")
        #expect(
            quantised(.q8x0)
                == "e7e7c63f1004d9700d27f9f4b7ec89dde49a0e218b0070c8ac95b445a4628c0c")
        #expect(
            quantised(.q4x0)
                == "2000b15025275cdc8a40aa8f4c9eeb5659a3a3ede18d516841643f6c6749f9e2")
    }

    @Test func aScaleBeyondHalfPrecisionIsFound() {
        var values = [Float](repeating: 1, count: 1 << 17)
        values[70_000] = 9e6
        values[90_000] = -9e6
        var blocks = [UInt8](repeating: 0, count: values.count / 32 * 34)
        let index = values.withUnsafeBufferPointer { values in
            blocks.withUnsafeMutableBufferPointer { quantise(values, as: .q8x0, to: $0) }
        }
        #expect(index == 70_000 / 32 * 32)
    }
}

/// Bytes of a linear congruential generator, the upper eight bits of its state.
private struct RandomBytes {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(state >> 56)
        }
    }
}
