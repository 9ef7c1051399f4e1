import StreamIO

/// What `--version` says.
public enum Version {
    /// The package and its version.
    public static let package = "cpo-tools 0.1.0"

    /// Tool, package, compiler and libraries.
    static func description(tool: String, libraries: [String]) -> String {
        let parts = [package, compiler, "zstd \(Zstd.version)"] + libraries
        return "\(tool) (\(parts.joined(separator: ", ")))"
    }

    private static var compiler: String {
        #if compiler(>=6.4)
            "Swift 6.4 or later"
        #elseif compiler(>=6.3)
            "Swift 6.3"
        #else
            "Swift 6"
        #endif
    }
}
