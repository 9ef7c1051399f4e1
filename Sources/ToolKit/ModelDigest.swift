import Glibc
import StreamIO

/// A digest of what makes a model directory what it is: configuration, tokenizer, weights, the parts of
/// an embedder.
public func modelDirectoryDigest(_ directory: String) throws -> String {
    let kinds = [".json", ".safetensors", ".model", ".txt", ".jinja"]
    func listing(_ path: String) throws -> [String] {
        try FileTree.entries(of: path).sorted().flatMap { name -> [String] in
            let path = "\(path)/\(name)"
            var status = stat()
            guard stat(path.systemPath, &status) == 0 else { return [] }
            switch status.st_mode & S_IFMT {
            case S_IFDIR where !name.hasPrefix(".") && name != "training-state":
                return try listing(path).map { "\(name)/" + $0 }
            case S_IFREG where kinds.contains(where: name.hasSuffix):
                return ["\(name) \(try SHA256Digest.hex(ofFile: path))\n"]
            default: return []
            }
        }
    }
    return SHA256Digest.hex(of: try listing(directory).joined().utf8)
}
