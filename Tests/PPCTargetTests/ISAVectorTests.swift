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
            let lines = subject.run(vector.test).differences(to: vector.outcome)
            if !lines.isEmpty {
                let words = vector.test.words.map { String($0, radix: 16) }.joined(separator: " ")
                failures.append("[\(words)] " + lines.prefix(4).joined(separator: "; "))
            }
        }
        #expect(
            failures.count == 0, "\(failures.count) of \(vectors.count): \(failures.prefix(5).joined(separator: "\n"))")
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
