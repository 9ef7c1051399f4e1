import Glibc
import Kernels
import TestSupport
import Testing
import Transformer

/// Forward and backward passes of whole models against a slow implementation in double precision.
@Suite struct GradientTests {
    private static func weight(_ sequence: Int) -> Double { 0.05 * Double(sequence + 1) }

    /// Σ_sequences w·log π(y|x), the function whose gradient the backward pass computes.
    private static func value(_ model: ReferenceModel, _ trees: [TokenTree]) -> Double {
        trees.flatMap(model.sequenceLogProbabilities).enumerated().reduce(0.0) {
            $0 + weight($1.offset) * $1.element
        }
    }

    private static func gradients(
        _ model: Decoder, _ trees: [TokenTree], _ method: BackwardMethod = .kept
    ) -> ParameterBuffer {
        let gradients = StepGradients(count: model.layout.count, method: method)
        _ = model.accumulateGradients(PackedBatch(trees), into: gradients) { sequences, _ in
            sequences.map(weight)
        }
        if method == .deferred {
            model.backwardBlocks(gradients) { _ in }
            model.backwardEmbeddings(gradients)
        }
        return gradients.buffer
    }

    /// A model with room for long texts.
    private static func roomy(_ shape: DecoderConfiguration) -> DecoderConfiguration {
        var shape = shape
        shape.maximumPositions = 160
        return shape
    }

    /// A prompt with more rows than attention works on at a time, behind it a continuation with as
    /// many, together longer than two such blocks.
    private static func longTrees(_ shape: DecoderConfiguration) -> [TokenTree] {
        func ids(_ count: Int, _ salt: Int) -> [Int32] {
            TinyModel.ids(count, salt: salt, vocabulary: shape.vocabularySize)
        }
        return [
            TokenTree(prompt: ids(67, 1), continuations: [ids(3, 2), ids(72, 3), ids(1, 4)]),
            TokenTree(prompt: ids(2, 5), continuations: [ids(65, 6)]),
        ]
    }

    // MARK: Forward

    @Test(arguments: TinyModel.all, [false, true])
    func logProbabilitiesAndLogitsAgree(_ shape: DecoderConfiguration, isLong: Bool) {
        let shape = Self.roomy(shape)
        let model = TinyModel.make(shape)
        let reference = ReferenceModel(shape, model.parameters)
        let trees = isLong ? Self.longTrees(shape) : TinyModel.trees(shape)
        let batch = PackedBatch(trees)
        let targets = trees.flatMap { tree in
            tree.continuations.flatMap { continuation in
                let text = tree.prompt + continuation
                let rows = reference.logits(Array(text.dropLast()))
                return (max(1, tree.prompt.count)..<max(1, text.count)).map {
                    (logits: rows[$0 - 1], token: Int(text[$0]))
                }
            }
        }
        let found = model.logProbabilities(batch)
        #expect(found.count == targets.count)
        for (value, target) in zip(found, targets) {
            let total = target.logits.reduce(0.0) { $0 + exp($1) }
            #expect(abs(Double(value) - (target.logits[target.token] - log(total))) < 2e-5)
        }
        var differences = [Double](repeating: .infinity, count: targets.count)
        differences.withUnsafeMutableBufferPointer { differences in
            model.predict(Array(targets.indices), of: batch) { index, logits in
                differences[index] =
                    targets[index].logits.indices.map {
                        abs(Double(logits[$0]) - targets[index].logits[$0])
                    }.max() ?? .infinity
            }
        }
        #expect((differences.max() ?? .infinity) < 2e-5)
    }

    // MARK: Backward

    @Test(arguments: TinyModel.all)
    func everyTensorAgreesWithCentralDifferences(_ shape: DecoderConfiguration) {
        let model = TinyModel.make(shape)
        let trees = TinyModel.trees(shape)
        let proof = GradientProof(ReferenceModel(shape, model.parameters)) {
            Self.value($0, trees)
        }
        #expect(proof.tensors.count == model.layout.entries.count)
        for method in [BackwardMethod.kept, .recomputed, .deferred] {
            let gradients = Self.gradients(model, trees, method)
            #expect(proof.faults(gradients).isEmpty, "\(method): \(proof.faults(gradients))")
            let (injected, missed) = proof.injectFaults(into: gradients)
            #expect(missed.isEmpty)
            #expect(injected == GradientFault.allCases.count * proof.tensors.count)
            print("\(shape.family), \(method): \(injected) faults, \(missed.count) missed")
        }
    }

    /// What is left without blocks: embedding, final norm, head.
    @Test(arguments: TinyModel.all)
    func modelsWithoutBlocksAgreeWithCentralDifferences(_ shape: DecoderConfiguration) {
        var shape = shape
        shape.layerCount = 0
        let model = TinyModel.make(shape)
        let trees = TinyModel.trees(shape)
        let proof = GradientProof(ReferenceModel(shape, model.parameters)) {
            Self.value($0, trees)
        }
        #expect(proof.faults(Self.gradients(model, trees)).isEmpty)
    }

    @Test(arguments: TinyModel.all)
    func longTextsAgreeWithCentralDifferences(_ shape: DecoderConfiguration) {
        let shape = Self.roomy(shape)
        let model = TinyModel.make(shape)
        let trees = Self.longTrees(shape)
        let proof = GradientProof(ReferenceModel(shape, model.parameters), directions: 2) {
            Self.value($0, trees)
        }
        for method in [BackwardMethod.kept, .recomputed, .deferred] {
            let gradients = Self.gradients(model, trees, method)
            #expect(proof.faults(gradients).isEmpty, "\(method): \(proof.faults(gradients))")
        }
    }

    /// Every single element, not only sums over directions.
    @Test(.enabled(if: getenv("CPO_TORTURE") != nil, "make torture"), arguments: TinyModel.all)
    func everyElementAgreesWithACentralDifference(_ shape: DecoderConfiguration) {
        let model = TinyModel.make(shape)
        let trees = TinyModel.trees(shape)
        var reference = ReferenceModel(shape, model.parameters)
        let gradients = Self.gradients(model, trees)
        for entry in model.layout.entries {
            var (error, norm) = (0.0, 0.0)
            for (element, value) in gradients.elements(of: entry).enumerated() {
                let index = entry.offset + element
                let original = reference.parameters[index]
                func shifted(_ amount: Double) -> Double {
                    reference.parameters[index] = original + amount
                    defer { reference.parameters[index] = original }
                    return Self.value(reference, trees)
                }
                let slope = (shifted(1e-5) - shifted(-1e-5)) / 2e-5
                error += (Double(value) - slope) * (Double(value) - slope)
                norm += slope * slope
            }
            #expect(error <= 2e-5 * 2e-5 * norm, "\(entry.name)")
        }
    }
}
