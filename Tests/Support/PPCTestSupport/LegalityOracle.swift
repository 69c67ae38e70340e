import Foundation

/// Asks QEMU's user-mode emulation about words, through a resident program (`Utilities/difftest-runner/legality.c`).
///
/// Some words end the emulator. They are found by halving the batch, and answered with ``LegalityVerdict/unknown``.
package final class LegalityOracle {
    private static let emulator = "/usr/bin/qemu-ppc64"
    private static let maximumBatch = 128
    private let model: String
    private let runner: String
    private var running: (process: Process, input: FileHandle, output: FileHandle)?

    /// - Parameters:
    ///   - model: As in `-cpu`.
    ///   - runners: Folder with `legality-be`.
    /// - Throws: ``Oracle/Failure`` if the emulator or the program is not there.
    package init(model: String, runners: String) throws {
        self.model = model
        runner = "\(runners)/legality-be"
        guard FileManager.default.isExecutableFile(atPath: Self.emulator) else {
            throw Oracle.Failure.missing("\(Self.emulator) (Debian package qemu-user)")
        }
        guard FileManager.default.isExecutableFile(atPath: runner) else {
            throw Oracle.Failure.missing("\(runner) (make -C Utilities/difftest-runner)")
        }
    }

    deinit { end() }

    /// The models that the emulator knows, as in `-cpu`, without aliases.
    package static func models() throws -> Set<String> {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: emulator)
        process.arguments = ["-cpu", "help"]
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return Set(
            text.split(separator: "\n").filter { $0.contains("PVR") }
                .compactMap { $0.split(separator: " ").dropFirst().first.map(String.init) })
    }

    /// Verdicts on words, in their order.
    package func verdicts(_ words: [UInt64]) throws -> [LegalityVerdict] {
        var verdicts: [LegalityVerdict] = []
        verdicts.reserveCapacity(words.count)
        for start in stride(from: 0, to: words.count, by: Self.maximumBatch) {
            verdicts += try ask(words[start..<min(start + Self.maximumBatch, words.count)])
        }
        return verdicts
    }

    private func ask(_ words: ArraySlice<UInt64>) throws -> [LegalityVerdict] {
        if let answer = try exchange(words) { return answer.map(Self.verdict) }
        end()
        guard words.count > 1 else { return [.unknown] }
        let middle = words.startIndex + words.count / 2
        return try ask(words[..<middle]) + ask(words[middle...])
    }

    /// `nil` if the emulator ended.
    private func exchange(_ words: ArraySlice<UInt64>) throws -> [UInt64]? {
        let (process, input, output) = try running ?? start()
        running = (process, input, output)
        var request: [UInt8] = []
        for value in [UInt64(words.count)] + words {
            withUnsafeBytes(of: value.bigEndian) { request.append(contentsOf: $0) }
        }
        try input.write(contentsOf: request)
        var bytes: [UInt8] = []
        while bytes.count < words.count * 8 {
            guard let more = try output.read(upToCount: words.count * 8 - bytes.count), !more.isEmpty else {
                return nil
            }
            bytes += more
        }
        return bytes.withUnsafeBytes { raw in
            (0..<words.count).map { UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: 8 * $0, as: UInt64.self)) }
        }
    }

    private func start() throws -> (Process, FileHandle, FileHandle) {
        let process = Process()
        let (input, output) = (Pipe(), Pipe())
        process.executableURL = URL(fileURLWithPath: Self.emulator)
        process.arguments = ["-cpu", model, "-B", "0x100000000", runner]
        process.standardInput = input
        process.standardOutput = output
        // Why it ends is of no interest.
        process.standardError = FileHandle.nullDevice
        try process.run()
        return (process, input.fileHandleForWriting, output.fileHandleForReading)
    }

    private func end() {
        guard let (process, input, _) = running else { return }
        running = nil
        try? input.close()
        process.waitUntilExit()
    }

    /// Signal in the lowest byte, its code in the next, bit 16: raised by the word itself.
    private static func verdict(_ answer: UInt64) -> LegalityVerdict {
        guard answer & 0xff == 4, answer >> 16 & 1 == 1 else { return .executes }
        switch answer >> 8 & 0xff {
        case 1, 2: return .illegal  // ILL_ILLOPC, ILL_ILLOPN
        case 5, 6: return .privileged  // ILL_PRVOPC, ILL_PRVREG
        default: return .unavailable  // ILL_COPROC
        }
    }
}
