import Embedding
import Scoring
import StreamIO
import TestSupport
import Training

extension FuzzTarget {
    /// A sentence embedder: the JSON files, the tokenizer, the weights.
    static let embedder = FuzzTarget("embedder") { input in
        _ = warmUp
        let names = [
            "config.json", "modules.json", "1_Pooling/config.json", "sentence_bert_config.json",
            "tokenizer.json", "model.safetensors",
        ]
        try Scratch.withFiles(Array(zip(names, parts(input)))) { directory in
            let embedder = try TextEmbedder.load(directory: directory)
            let (vectors, _) = try embedder.embed(["", "A text, and ẞome more."])
            try require(vectors.count == 2 * embedder.width, "two vectors")
        }
    }

    /// What the kernels keep from their first product on is not the input's doing.
    private static let warmUp: Void = {
        let shape = TinyModel.llama
        _ = sequenceLogProbabilities(
            TinyModel.trees(shape), model: TinyModel.make(shape), rowLimit: 64)
    }()
}
