// swift-tools-version: 6.2
import PackageDescription

/// Every target is compiled the same way: Swift 6 language mode, no warning survives.
let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

let package = Package(
    name: "EmuCore",
    products: [
        .library(name: "EmuCore", targets: ["EmuCore"]),
        .library(name: "PPCTarget", targets: ["PPCTarget"]),
        .library(name: "Migration", targets: ["Migration"]),
        .executable(name: "emu-launch", targets: ["emu-launch"]),
        .executable(name: "emu-stream", targets: ["emu-stream"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.0"),
    ],
    targets: [
        .target(name: "CSupport"),
        .target(name: "CPPCState"),
        .target(name: "CJIT", dependencies: ["CPPCState"]),
        .systemLibrary(
            name: "CElf", path: "Sources/CElf", pkgConfig: "libelf", providers: [.apt(["libelf-dev"])]),
        .systemLibrary(
            name: "CFFI", path: "Sources/CFFI", pkgConfig: "libffi", providers: [.apt(["libffi-dev"])]),
        .systemLibrary(name: "CFdt", path: "Sources/CFdt", providers: [.apt(["libfdt-dev"])]),
        .target(
            name: "EmuCore",
            dependencies: [
                "CSupport",
                .product(name: "Collections", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: strict),
        .target(
            name: "PPCTarget",
            dependencies: [
                "EmuCore", "CSupport", "CPPCState", "CJIT", "CElf", "CFFI", "CFdt",
                .product(name: "Collections", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .target(
            name: "Migration",
            dependencies: [
                "EmuCore", "CSupport",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "emu-launch",
            dependencies: [
                "EmuCore", "PPCTarget", "Migration",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        // What the instruction tests and the differential tester share; no product, so users do not build it.
        .target(
            name: "PPCTestSupport", dependencies: ["PPCTarget", "CPPCState"], path: "Tests/Support/PPCTestSupport",
            swiftSettings: strict),
        .executableTarget(
            name: "emu-difftest", dependencies: ["PPCTestSupport", "PPCTarget"], path: "Utilities/emu-difftest",
            exclude: ["README.md"], swiftSettings: strict),
        .executableTarget(
            name: "emu-stream",
            dependencies: [
                "PPCTarget", "Migration", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),
        .testTarget(name: "EmuCoreTests", dependencies: ["EmuCore"], swiftSettings: strict),
        .testTarget(name: "MigrationTests", dependencies: ["Migration", "EmuCore"], swiftSettings: strict),
        .testTarget(
            name: "PPCTargetTests", dependencies: ["PPCTarget", "PPCTestSupport", "EmuCore", "CPPCState"],
            swiftSettings: strict),
        .testTarget(
            name: "MachineTests", dependencies: ["PPCTarget", "Migration", "EmuCore"], swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
