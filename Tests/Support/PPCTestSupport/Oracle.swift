import Foundation

/// QEMU's user-mode emulation as the reference: a resident runner program that executes cases on request.
package final class Oracle {
    package enum Failure: Error, CustomStringConvertible {
        case missing(String)
        case ended(String)

        package var description: String {
            switch self {
            case .missing(let what): "the oracle needs \(what)"
            case .ended(let what): "the oracle ended early: \(what)"
            }
        }
    }

    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private let bigEndian: Bool
    private static let imageSize = 8 * (32 + 6 + 2 + 128)
    private static let requestSize = 8 + 4 * TestLayout.maxWords + imageSize + TestLayout.dataSize
    private static let responseSize = 16 + imageSize + TestLayout.dataSize

    /// - Parameters:
    ///   - runners: Folder with `runner-le` and `runner-be`.
    /// - Throws: ``Failure`` if the emulator or the runner is not there.
    package init(model: TestModel, bigEndian: Bool, runners: String) throws {
        self.bigEndian = bigEndian
        let emulator = bigEndian ? "/usr/bin/qemu-ppc64" : "/usr/bin/qemu-ppc64le"
        let runner = "\(runners)/runner-\(bigEndian ? "be" : "le")"
        guard FileManager.default.isExecutableFile(atPath: emulator) else {
            throw Failure.missing("\(emulator) (Debian package qemu-user)")
        }
        guard FileManager.default.isExecutableFile(atPath: runner) else {
            throw Failure.missing("\(runner) (make -C Utilities/difftest-runner)")
        }
        process.executableURL = URL(fileURLWithPath: emulator)
        process.arguments = ["-cpu", model.name, "-B", "0x100000000", runner]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
    }

    deinit {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    /// Runs cases, at most ``TestLayout/slots``, each in the slot of its position (`slot` must say so).
    package func run(_ cases: [TestCase]) throws -> [TestOutcome] {
        precondition(cases.count <= TestLayout.slots, "too many cases for one batch")
        var request = [UInt8]()
        request.reserveCapacity(8 + cases.count * Self.requestSize)
        put(UInt64(cases.count), &request)
        for (index, test) in cases.enumerated() {
            precondition(test.slot == index, "a case must sit in the slot of its position")
            put(UInt64(test.words.count), &request)
            for n in 0..<TestLayout.maxWords { put(n < test.words.count ? test.words[n] : 0, &request) }
            put(test.image, &request)
            request.append(contentsOf: test.data)
        }
        try input.fileHandleForWriting.write(contentsOf: request)
        let bytes = try read(cases.count * Self.responseSize)
        return (0..<cases.count).map { n in outcome(bytes, n * Self.responseSize) }
    }

    private func read(_ count: Int) throws -> [UInt8] {
        var bytes = [UInt8]()
        while bytes.count < count {
            guard let more = try output.fileHandleForReading.read(upToCount: count - bytes.count), !more.isEmpty else {
                process.waitUntilExit()
                throw Failure.ended("status \(process.terminationStatus), \(bytes.count) of \(count) bytes")
            }
            bytes.append(contentsOf: more)
        }
        return bytes
    }

    private func put<T: FixedWidthInteger>(_ value: T, _ bytes: inout [UInt8]) {
        withUnsafeBytes(of: bigEndian ? value.bigEndian : value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    private func put(_ image: RegisterImage, _ bytes: inout [UInt8]) {
        for n in 0..<37 { put(image[n], &bytes) }
        put(UInt64(0), &bytes)
        put(UInt64(0), &bytes)
        put(image.vscr, &bytes)
        for n in 38..<RegisterImage.valueCount { put(image[n], &bytes) }
    }

    private func outcome(_ bytes: [UInt8], _ at: Int) -> TestOutcome {
        func value(_ index: Int) -> UInt64 {
            let raw = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: at + 8 * index, as: UInt64.self) }
            return bigEndian ? UInt64(bigEndian: raw) : UInt64(littleEndian: raw)
        }
        var image = RegisterImage()
        for n in 0..<37 { image[n] = value(2 + n) }
        image.vscr = value(2 + 39)
        for n in 38..<RegisterImage.valueCount { image[n] = value(2 + n + 2) }
        let data = at + 16 + Self.imageSize
        return TestOutcome(
            signal: value(0), nip: value(1), image: image, data: Array(bytes[data..<data + TestLayout.dataSize]))
    }
}
