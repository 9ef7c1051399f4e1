import COpenBLAS

/// What the package knows of the BLAS library that it runs on.
public enum BLAS {
    /// Name, version and kernel of the library, e.g. `OpenBLAS 0.3.21 (Haswell)`.
    public static var description: String {
        let configuration = String(cString: openblas_get_config())
        let version = configuration.split(separator: " ").prefix(2).joined(separator: " ")
        return "\(version) (\(String(cString: openblas_get_corename())))"
    }

    /// Holds each call to the thread that makes it; ``Parallel`` owns the parallelism.
    static func useOneThread() {
        openblas_set_num_threads(1)
    }
}
