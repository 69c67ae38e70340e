import CPPCState
import Foundation
import PPCTestSupport
import Testing

@testable import PPCTarget

/// The recorded vectors on the native engine, in real mode: low memory with an end at each interrupt vector, the data
/// area and the code area.
@Suite("Recorded instruction vectors on the native engine") struct NativeVectorTests {
    /// RAM in three windows of 64 KiB.
    final class Windows: PhysicalMemory {
        let low = FlatMemory(size: 1 << 16)
        let data = FlatMemory(size: 1 << 16, base: TestLayout.dataAddress)
        let code = FlatMemory(size: 1 << 16, base: TestLayout.codeAddress)

        func hostMemory(at address: UInt64) -> HostMemory? {
            low.hostMemory(at: address) ?? data.hostMemory(at: address) ?? code.hostMemory(at: address)
        }
        func ioRead(at address: UInt64, size: Int) -> UInt64? { nil }
        func ioWrite(at address: UInt64, size: Int, value: UInt64) -> Bool { false }
    }

    @Test("instructions end as recorded", arguments: ISAVectorTests.files, HostLevel.allCases)
    func replay(file: String, level: HostLevel) throws {
        guard NativeEngine.isSupported else { return }
        let vectors = try VectorFile(contentsOf: ISAVectorTests.folder.appendingPathComponent(file).path).vectors
        let first = try #require(vectors.first)
        let model = try #require(PPCModel.named(first.test.model.name))
        let memory = Windows()
        // sc 1 wherever an interrupt leads; handlers are big-endian.
        for vector in stride(from: 0x100, to: 0x4000, by: 0x20) {
            _ = memory.low.load([0x44, 0, 0, 0x22], at: UInt64(vector))
        }
        let cpu = PPCCPU(model: model, memory: memory, clock: { 0 })
        cpu.hypercall = { _ in PPCTarget.Outcome.stop }
        let engine = try NativeEngine(cpu: cpu, codeSize: 1 << 20, level: level)
        cpu.engine = engine
        var failures: [String] = []
        var ran = 0
        for vector in vectors where vector.outcome.signal == 0 {
            let test = vector.test
            // What changes the context or leaves for the system is the interpreter's business anyway.
            guard let row = Self.row(test), Lowered.named[row.mnemonic] != nil else { continue }
            ran += 1
            engine.forgetTranslations()
            prepare(cpu.state, test, memory)
            _ = cpu.run()
            let ended = spr(cpu.state)[26] == test.start &+ UInt64(test.words.count) * 4
            let outcome = TestOutcome(
                signal: ended ? 0 : 255, nip: 0, image: Subject.registers(cpu.state, test),
                data: memory.data.bytes(at: TestLayout.dataAddress, count: TestLayout.dataSize) ?? [])
            let lines = ISAVectorTests.unexplained(outcome, vector)
            if !lines.isEmpty {
                let words = test.words.map { String($0, radix: 16) }.joined(separator: " ")
                failures.append("\(row.mnemonic) [\(words)] " + lines.prefix(4).joined(separator: "; "))
            }
        }
        // Sequences are fewer, and many end in an instruction that has no native code.
        #expect(ran > (file.hasPrefix("sequences") ? 100 : 300))
        #expect(failures.count == 0, "\(failures.count) of \(ran): \(failures.prefix(12).joined(separator: "\n"))")
    }

    /// The row of the case's own instruction, which comes last.
    private static func row(_ test: TestCase) -> InstructionRow? {
        guard let last = test.words.last else { return nil }
        var word = UInt64(last)
        if test.words.count > 1, InstructionTable.isPrefix(test.words[test.words.count - 2]) {
            word |= UInt64(test.words[test.words.count - 2]) << 32
        }
        let row = InstructionTable.shared.decode(word, for: test.model.instructionSets)
        return row == InstructionTable.noRow ? nil : InstructionTable.shared.rows[Int(row)]
    }

    private func prepare(_ cpu: CPUState, _ test: TestCase, _ memory: Windows) {
        Subject.load(test.image, test, into: cpu)
        // SF, FP, VEC, VSX, FE0, FE1, ME and the byte order.
        Context.storeMSR(cpu, 0x8000_0000_0280_3900 | (test.bigEndian ? 0 : 1))
        cpu.pointee.facilities = .max
        _ = memory.data.load(test.data, at: TestLayout.dataAddress)
        // An illegal word ends the case.
        var code: [UInt8] = []
        for word in test.words + [0] {
            let bytes = (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(8 * $0)) }
            code += test.bigEndian ? bytes.reversed() : bytes
        }
        _ = memory.code.load(code, at: test.start)
    }
}
