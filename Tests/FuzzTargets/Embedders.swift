import COpenBLAS
import Embedding
import StreamIO

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

    /// OpenBLAS keeps 128 MiB from its first product on, which no input is to blame for.
    private static let warmUp: Void = {
        let one: [Float] = [1]
        var product: [Float] = [0]
        cblas_sgemm(
            CblasRowMajor, CblasNoTrans, CblasNoTrans, 1, 1, 1, 1, one, 1, one, 1, 0, &product, 1)
    }()
}
