import PPCTarget
import PPCTestSupport
import Testing

/// Replays what `emu-difftest --legality --record` took from QEMU's user-mode emulation.
@Suite("Which words a model executes") struct LegalityTests {
    static var path: String { Fixture.directory.appendingPathComponent("legality.txt").path }

    @Test("every row, and every word one bit away, is accepted or refused as in QEMU", arguments: LegalityFile.models)
    func replay(name: String) throws {
        let model = try #require(PPCModel.named(name))
        let column = try #require(LegalityFile.models.firstIndex(of: name))
        let subject = LegalitySubject(model: model)
        var failures: [String] = []
        for line in try LegalityFile(contentsOf: Self.path).lines {
            let verdicts = line.verdicts[column]
            for (word, expected) in zip(LegalityFile.words(line.word, count: verdicts.count), verdicts)
            where expected != .unknown {
                let found = subject.verdict(word)
                if found == expected { continue }
                if LegalityDifference.covers(word, on: model, found: found, expected: expected) { continue }
                failures.append("\(line.mnemonic) [\(String(word, radix: 16))]: \(found), expected \(expected)")
            }
        }
        #expect(failures.count == 0, "\(failures.prefix(8).joined(separator: "\n"))")
    }

    @Test("siblings of a family have the same instructions")
    func siblings() throws {
        for name in LegalityFile.models {
            let model = try #require(PPCModel.named(name))
            for sibling in PPCModel.all where sibling.family == model.family {
                #expect(sibling.instructionSets == model.instructionSets, "\(sibling.name)")
            }
        }
    }

    @Test("every row is recorded with its word")
    func complete() throws {
        let recorded = try LegalityFile(contentsOf: Self.path).lines.map { "\($0.mnemonic) \($0.word)" }
        let rows = InstructionTable.shared.rows.map { "\($0.mnemonic) \(LegalityWords.base(of: $0))" }
        #expect(
            Set(recorded) == Set(rows), "record again: \(Set(rows).symmetricDifference(recorded).sorted().prefix(5))")
    }
}
