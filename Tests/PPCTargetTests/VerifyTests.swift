import CPPCState
import EmuCore
import Foundation
import Testing

@testable import PPCTarget

@Suite("Verify mode")
struct VerifyTests {
    /// A CPU at a loop that counts, sums, stores and reads the time base, and then makes a hypercall.
    private func machine(_ memory: FlatMemory, rounds: UInt64) throws -> PPCCPU {
        let cpu = PPCCPU(model: try #require(PPCModel.named("power9")), memory: memory)
        Context.storeMSR(cpu.state, MSR.sf | MSR.le)
        cpu.hypercall = { _ in PPCTarget.Outcome.stop }
        // addi r3,r3,1; add r4,r4,r3; stw r4,0(r1); mftb r6; bdnz; sc 1
        let words: [UInt32] = [0x3863_0001, 0x7c84_1a14, 0x9081_0000, 0x7ccc_42a6, 0x4200_fff0, 0x4400_0022]
        let code = bytes(of: words, bigEndian: false)
        try #require(memory.load(code, at: 0x10000))
        gpr(cpu.state)[1] = 0x40000
        cpu.state.pointee.ctr = rounds
        cpu.state.pointee.nip = 0x10000
        return cpu
    }

    @Test("Finds nothing in a loop that becomes a region, and leaves what the interpreter leaves", arguments: [1, 3])
    func agreement(sample: Int) throws {
        guard NativeEngine.isSupported else { return }
        let memory = FlatMemory(size: 1 << 20)
        let cpu = try machine(memory, rounds: 500)
        var found: [Divergence] = []
        let native = try NativeEngine(cpu: cpu, codeSize: 1 << 20)
        let engine = VerifyingEngine(native, sample: sample) { found.append($0) }
        cpu.engine = engine
        #expect(cpu.run() == .requested)
        #expect(found.map(\.description) == [])
        #expect(engine.counts.pieces > 0)
        #expect((engine.counts.unchecked > 0) == (sample > 1))
        #expect(engine.statistics.regions == 1)
        #expect(gpr(cpu.state)[3] == 500)
        #expect(gpr(cpu.state)[4] == 125_250)
        #expect(memory.bytes(at: 0x40000, count: 4) == [0x42, 0xe9, 1, 0])
    }

    @Test("Stops at the first block whose translation is wrong, and goes on by the interpreter")
    func wrongTranslation() throws {
        guard NativeEngine.isSupported else { return }
        let memory = FlatMemory(size: 1 << 20)
        let cpu = try machine(memory, rounds: 500)
        var found: [Divergence] = []
        let native = try NativeEngine(cpu: cpu, codeSize: 1 << 20)
        let row = try #require(InstructionTable.shared.rows.firstIndex { $0.mnemonic == "add" })
        native.infos[row].lowered = .subf
        cpu.engine = VerifyingEngine(native) { found.append($0) }
        #expect(cpu.run() == .requested)
        #expect(found.count == 1)
        let first = try #require(found.first)
        #expect(first.address == 0x10000)
        // The first sum is right either way: 1 - 0.
        let sum = try #require(first.registers.first { $0.name == "GPR4" })
        #expect(sum.expected != sum.found)
        #expect(!first.memory.isEmpty)
        #expect(first.path.contains { $0.contains("add     r4,r4,r3") })
        #expect(gpr(cpu.state)[4] == 125_250)
    }

    @Test("Describes translations in the log, within the filter")
    func translationLog() throws {
        let memory = FlatMemory(size: 1 << 20)
        let path = "/tmp/emucore-log-%d"
        let log = ExecutionLog()
        try log.open(path)
        let name = "/tmp/emucore-log-\(ProcessInfo.processInfo.processIdentifier)"
        defer { try? FileManager.default.removeItem(atPath: name) }
        log.items = [.inAsm, .exec]
        try log.setFilter("0x10000+0x100")
        let cpu = try machine(memory, rounds: 2)
        cpu.executionLog = log
        cpu.engine = BlockEngine(cpu: cpu)
        #expect(cpu.run() == .requested)
        let text = try String(contentsOfFile: name, encoding: .utf8)
        #expect(text.contains("0x0000000000010004:  7c841a14  add     r4,r4,r3\n"))
        #expect(text.contains("Trace 0: [0000000000010000/"))
    }
}
