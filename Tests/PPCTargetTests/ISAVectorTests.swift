import Foundation
import PPCTarget
import PPCTestSupport
import Testing

/// Replays what `emu-difftest --record` took from QEMU's user-mode emulation.
@Suite("Recorded instruction vectors.") struct ISAVectorTests {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Fixtures/vectors")

    static let files: [String] =
        ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).filter { $0.hasSuffix(".vec") }
        .sorted()

    @Test("vectors are there") func present() { #expect(!Self.files.isEmpty) }

    @Test("instructions end as recorded", arguments: files)
    func replay(file: String) throws {
        let vectors = try VectorFile(contentsOf: Self.folder.appendingPathComponent(file).path).vectors
        let subject = Subject()
        #expect(!vectors.isEmpty)
        var failures: [String] = []
        for vector in vectors {
            let lines = Self.unexplained(subject.run(vector.test), vector)
            if !lines.isEmpty {
                let words = vector.test.words.map { String($0, radix: 16) }.joined(separator: " ")
                failures.append("[\(words)] " + lines.prefix(4).joined(separator: "; "))
            }
        }
        #expect(
            failures.count == 0, "\(failures.count) of \(vectors.count): \(failures.prefix(5).joined(separator: "\n"))")
    }

    /// What differs from the recorded outcome without a known reason for one of the case's instructions.
    static func unexplained(_ outcome: TestOutcome, _ vector: RecordedVector) -> [String] {
        var lines = outcome.differences(to: vector.outcome)
        guard !lines.isEmpty else { return [] }
        for name in mnemonics(vector.test) {
            lines = KnownDifference.unexplained(lines, mnemonic: name, in: vector.test)
        }
        return lines
    }

    /// Mnemonics of a case's instructions.
    private static func mnemonics(_ test: TestCase) -> [String] {
        let table = InstructionTable.shared
        var names: [String] = []
        var prefix: UInt64 = 0
        for word in test.words {
            if prefix == 0, InstructionTable.isPrefix(word) {
                prefix = UInt64(word)
                continue
            }
            let row = table.decode(prefix << 32 | UInt64(word), for: test.model.instructionSets)
            prefix = 0
            if row != InstructionTable.noRow { names.append(table.rows[Int(row)].mnemonic) }
        }
        return names
    }

    @Test("instructions end alike when engines run them as a program", arguments: [EngineKind.blocks, .native], files)
    func replay(engine: EngineKind, file: String) throws {
        guard engine.isAvailable else { return }
        let vectors = try VectorFile(contentsOf: Self.folder.appendingPathComponent(file).path).vectors
        let subject = EngineSubject(engine)
        var failures: [String] = []
        for vector in vectors where EngineSubject.canRun(vector) {
            let lines = Self.unexplained(subject.run(vector.test), vector)
            if !lines.isEmpty {
                let words = vector.test.words.map { String($0, radix: 16) }.joined(separator: " ")
                failures.append("[\(words)] " + lines.prefix(4).joined(separator: "; "))
            }
        }
        #expect(
            failures.count == 0, "\(failures.count) of \(vectors.count): \(failures.prefix(5).joined(separator: "\n"))")
    }

    @Test("every row in the oracle's reach has a vector")
    func coverage() throws {
        #expect(try VectorCoverage(folder: Self.folder.path).missing == [])
    }

    @Test("a vector file cut short is refused")
    func truncated() throws {
        let name = try #require(Self.files.first)
        let whole = try Data(contentsOf: Self.folder.appendingPathComponent(name))
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("emucore-\(UUID().uuidString).vec")
        defer { try? FileManager.default.removeItem(at: file) }
        try whole.prefix(whole.count - 1).write(to: file)
        #expect(throws: VectorFile.Failure.self) { try VectorFile(contentsOf: file.path) }
    }
}
