// swift-tools-version: 6.1
import PackageDescription

/// Whether the libraries are made for the fuzzer (pipelines/torture/fuzz.sh), which needs to see
/// every branch and every access to memory. Only the product `fuzz` can be linked then.
let fuzzing = Context.environment["CPO_FUZZ"] == "1"
let sanitizers = fuzzing ? ["-sanitize=fuzzer,address"] : []
let sanitizersOfC = fuzzing ? ["-fsanitize=fuzzer-no-link,address"] : []

/// Whether locks are those that the thread sanitizer sees (pipelines/torture/thread-sanitizer.sh).
let sanitizingThreads = Context.environment["CPO_THREAD_SANITIZER"] == "1"

// Kernels are written with Swift's SIMD types and compiled for the processor that runs them;
// without `-march=native` they would fall back to SSE2.
let settings: [SwiftSetting] =
    [
        .swiftLanguageMode(.v6),
        .enableUpcomingFeature("ExistentialAny"),
        .unsafeFlags(["-Xcc", "-march=native"] + sanitizers),
    ] + (sanitizingThreads ? [.define("CPO_THREAD_SANITIZER")] : [])

let argumentParser: Target.Dependency = .product(
    name: "ArgumentParser", package: "swift-argument-parser")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")

func library(
    _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []
) -> Target {
    .target(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: settings)
}

func tool(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(
        name: name, dependencies: ["ToolKit", argumentParser] + dependencies,
        swiftSettings: settings)
}

func tests(
    _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []
) -> Target {
    .testTarget(
        name: name, dependencies: dependencies, exclude: exclude, swiftSettings: settings)
}

let package = Package(
    name: "cpo-tools",
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    ],
    targets: [
        // System libraries
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),

        .systemLibrary(name: "CLinux"),

        // Numerics: no I/O, no Foundation
        .target(
            name: "CProduct",
            cSettings: [
                .unsafeFlags(
                    ["-march=native", "-ffp-contract=fast", "-Wno-psabi"] + sanitizersOfC)
            ]),
        .target(name: "CMemory"),
        library("Locks", []),
        library("Kernels", ["CProduct", "CMemory", "Locks"]),
        library("Transformer", ["Kernels"]),
        library("Objectives", []),

        // Files and formats
        library("StreamIO", ["CLinux", "CZstd", "Locks", crypto]),
        library("Records", ["StreamIO"]),
        library(
            "Tokenization",
            [
                "Locks", "StreamIO", "Records",
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            exclude: ["Protobuf/sentencepiece.proto"]),
        library("Checkpoints", ["Kernels", "StreamIO", "Transformer"]),

        // What the tools do
        library("Scoring", ["Kernels", "Transformer", "Records", "StreamIO"]),
        library(
            "Sampling",
            ["Kernels", "Transformer", "Checkpoints", "Tokenization", "Records", "StreamIO"]),
        library(
            "Training",
            [
                "Kernels", "Transformer", "Objectives", "Scoring", "Checkpoints", "Records",
                "StreamIO",
            ]),
        library("Evaluation", ["Locks", "Kernels", "StreamIO", "Records"]),
        library(
            "Embedding",
            [
                "Kernels", "Transformer", "Scoring", "Checkpoints", "Tokenization", "Evaluation",
                "StreamIO",
            ]),
        library("Reporting", ["Evaluation", "StreamIO", "Records"]),
        library(
            "ChatEndpoint",
            [
                "Locks", "StreamIO",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]),
        library("ToolKit", ["Kernels", "StreamIO", "Records", argumentParser]),
        library(
            "SamplingTool",
            ["ToolKit", "Sampling", "Kernels", "Records", "StreamIO", argumentParser]),
        library(
            "EndpointTool",
            [
                "ToolKit", "ChatEndpoint", "Evaluation", "Sampling", "Records", "StreamIO",
                argumentParser,
            ]),
        library(
            "TrainingTool",
            [
                "ToolKit", "Training", "Objectives", "Checkpoints", "Kernels", "Records",
                "StreamIO",
                "Scoring", "Tokenization", "Transformer", argumentParser,
            ]),

        // Executables
        tool("tokenize", ["Tokenization", "Records", "StreamIO"]),
        tool("pretrain-mle", ["TrainingTool", "Scoring"]),
        tool(
            "gen-negatives",
            ["SamplingTool", "EndpointTool", "Sampling", "Checkpoints", "Kernels", "Records"]),
        tool("rank-by-embedding", ["Embedding", "Evaluation", "Kernels", "Records"]),
        tool("train-cpo", ["TrainingTool", "Objectives", "Scoring"]),
        tool("blend-weights", ["Checkpoints", "StreamIO"]),
        tool(
            "judge",
            [
                "Embedding", "EndpointTool", "Evaluation", "Checkpoints", "Kernels", "Records",
                "StreamIO",
            ]),
        tool(
            "mauve",
            ["Embedding", "Evaluation", "Checkpoints", "Kernels", "Records", "StreamIO"]),
        tool("generate", ["SamplingTool", "Sampling", "Kernels", "Records"]),
        tool("score", ["Scoring", "Checkpoints", "Kernels", "Records", "Transformer"]),
        tool("import-checkpoint", ["Checkpoints", "Tokenization", "StreamIO"]),
        tool("export-checkpoint", ["Checkpoints", "Tokenization", "StreamIO"]),
        tool("report", ["Reporting", "StreamIO"]),

        // Writes data/mini-dolly.jsonl.zst
        .executableTarget(
            name: "make-mini-dolly", dependencies: ["StreamIO", "Records"],
            path: "data/generator", swiftSettings: settings),

        // Tests
        .target(
            name: "TestSupport",
            dependencies: ["Kernels", "StreamIO", "Transformer", "Checkpoints"],
            path: "Tests/TestSupport", swiftSettings: settings),
        tests("KernelsTests", ["Locks", "Kernels", "TestSupport"]),
        tests("TransformerTests", ["Transformer", "Checkpoints", "TestSupport"]),
        tests("ObjectivesTests", ["Objectives", "TestSupport"]),
        tests("StreamIOTests", ["Locks", "StreamIO", "Records", "TestSupport"]),
        tests("TokenizationTests", ["Tokenization", "Records", "StreamIO", "TestSupport"]),
        tests("CheckpointsTests", ["Checkpoints", "TestSupport"]),
        tests("SamplingTests", ["Sampling", "Checkpoints", "TestSupport"]),
        tests(
            "TrainingTests", ["Training", "Objectives", "Scoring", "Checkpoints", "TestSupport"]),
        tests(
            "EmbeddingTests", ["Embedding", "Checkpoints", "Evaluation", "Kernels", "TestSupport"]),
        tests("EvaluationTests", ["Evaluation", "Checkpoints", "TestSupport"]),
        tests(
            "ToolKitTests",
            ["ToolKit", "SamplingTool", "Sampling", "TestSupport", argumentParser]),
        tests("ReportingTests", ["Reporting", "Records", "StreamIO", "TestSupport"]),
        tests(
            "ChatEndpointTests",
            [
                "Locks", "ChatEndpoint", "EndpointTool", "Evaluation", "Kernels", "Sampling",
                "StreamIO",
                "TestSupport",
            ],
            exclude: ["serve-chat.py"]),
        tests("CLITests", [], exclude: ["Cases", "continue-greedily.py"]),
    ]
)

// Measures what tests run
package.targets.append(
    .executableTarget(name: "peak-memory", path: "Tests/PeakMemory", swiftSettings: settings))

// MARK: Fuzzing

package.targets += [
    // Code that reads what others wrote, as functions of the bytes alone
    .target(
        name: "FuzzTargets",
        dependencies: [
            "ChatEndpoint", "Checkpoints", "Embedding", "Evaluation", "Kernels", "Records",
            "Reporting", "Sampling", "Scoring", "StreamIO", "TestSupport", "Tokenization",
            "ToolKit",
            "Training", "Transformer", argumentParser,
        ],
        path: "Tests/FuzzTargets", swiftSettings: settings),
    .executableTarget(
        name: "fuzz-corpus", dependencies: ["FuzzTargets", "Records", "StreamIO", "TestSupport"],
        path: "Tests/FuzzCorpus", swiftSettings: settings),
    .testTarget(
        name: "FuzzTests", dependencies: ["FuzzTargets", "TestSupport"], exclude: ["Corpus"],
        swiftSettings: settings),
]
if fuzzing {
    package.targets += [
        .target(name: "CAllocationLimit", path: "Tests/FuzzAllocationLimit"),
        .executableTarget(
            name: "fuzz", dependencies: ["FuzzTargets", "CAllocationLimit"], path: "Tests/Fuzz",
            exclude: ["Dictionaries"],
            swiftSettings: settings + [.unsafeFlags(["-parse-as-library"])],
            linkerSettings: [
                .unsafeFlags(sanitizers + ["-use-ld=lld", "-Xlinker", "--wrap=mmap"])
            ]),
    ]
}
