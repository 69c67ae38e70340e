// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "Examples",
    dependencies: [.package(name: "EmuCore", path: "..")],
    targets: [
        .executableTarget(name: "call-function", dependencies: [.product(name: "PPCTarget", package: "EmuCore")]),
        .executableTarget(name: "trace-program", dependencies: [.product(name: "PPCTarget", package: "EmuCore")]),
        .executableTarget(
            name: "save-and-load",
            dependencies: [
                .product(name: "EmuCore", package: "EmuCore"), .product(name: "PPCTarget", package: "EmuCore"),
                .product(name: "Migration", package: "EmuCore"),
            ]),
        .executableTarget(
            name: "boot-linux",
            dependencies: [
                .product(name: "EmuCore", package: "EmuCore"), .product(name: "PPCTarget", package: "EmuCore"),
                .product(name: "Migration", package: "EmuCore"),
            ]),
    ],
    swiftLanguageModes: [.v6]
)
