import CPPCState
import Testing

@testable import PPCTarget

/// Helpers as a C plug-in would bring them.
private let average: @convention(c) (UInt64, UInt64, UInt64) -> UInt64 = { ($0 &+ $1) >> $2 }
private let halve: @convention(c) (Double) -> Double = { $0 / 2 }
private let stopMachine: @convention(c) (UnsafeMutableRawPointer) -> Int32 = { raw in
    let cpu = raw.assumingMemoryBound(to: ppc_cpu.self)
    cpu.pointee.nip &+= 4
    return Outcome.stop
}

@Suite("Functions known at run time") struct ForeignTests {
    private func address<T>(_ function: T) throws -> UnsafeRawPointer {
        try #require(unsafeBitCast(function, to: UnsafeRawPointer?.self))
    }

    @Test("An interface calls functions of its signature")
    func call() throws {
        let interface = try CallInterface([.uint64, .uint64, .uint64], result: .uint64)
        var arguments: [UInt64] = [10, 4, 1]
        #expect(interface.call(try address(average), &arguments) == 7)
        #expect(throws: CallInterface.UnsupportedSignature.self) { try CallInterface([.void], result: .void) }
    }

    @Test("A closure behind a C entry sees the state and answers")
    func entry() throws {
        var calls = 0
        let entry = try NativeEntry { cpu in
            calls += 1
            gpr(cpu)[3] &+= 1
            return -5
        }
        let model = try #require(PPCModel.named("power9"))
        let cpu = PPCCPU(model: model, memory: FlatMemory(size: 1 << 16))
        #expect(entry.function(cpu.state) == -5)
        #expect(entry.function(cpu.state) == -5)
        #expect(calls == 2 && gpr(cpu.state)[3] == 2)
    }

    @Test("Added instructions execute on every engine", arguments: EngineKind.allCases)
    func helpers(kind: EngineKind) throws {
        guard kind.isAvailable else { return }
        let memory = FlatMemory(size: 1 << 20)
        let cpu = PPCCPU(model: try #require(PPCModel.named("power9")), memory: memory)
        Context.storeMSR(cpu.state, MSR.sf | MSR.fp)
        // Primary opcode 5 is nobody's.
        let opcode: UInt32 = 5 << 26
        cpu.install(
            try InstructionHelper(
                match: opcode | 1, mask: 0xfc00_003f,
                [.gpr(shift: 16), .gpr(shift: 11), .field(shift: 6, width: 5)], result: .gpr(shift: 21),
                function: address(average)))
        cpu.install(
            try InstructionHelper(
                match: opcode | 2, mask: 0xfc00_003f, [.fpr(shift: 11)], result: .fpr(shift: 21),
                function: address(halve)))
        cpu.install(
            try InstructionHelper(
                match: opcode | 3, mask: 0xfc00_003f, [.state], result: .outcome, function: address(stopMachine)))
        let words: [UInt32] = [
            opcode | 3 << 21 | 3 << 16 | 4 << 11 | 1 << 6 | 1,  // r3 = (r3 + r4) >> 1
            opcode | 1 << 21 | 1 << 11 | 2,  // f1 = f1 / 2
            0x4200_fff8,  // bdnz -8
            opcode | 3,
        ]
        let code = bytes(of: words, bigEndian: true)
        #expect(memory.load(code, at: 0x1000))
        switch kind {
        case .interpreter: break
        case .blocks: cpu.engine = BlockEngine(cpu: cpu)
        case .native: cpu.engine = try NativeEngine(cpu: cpu, codeSize: 1 << 20)
        }
        gpr(cpu.state)[4] = 64
        vsr(cpu.state)[1].hi = Double(1024).bitPattern
        cpu.state.pointee.ctr = 3
        cpu.state.pointee.nip = 0x1000
        #expect(cpu.run() == .requested)
        #expect(gpr(cpu.state)[3] == 56)
        #expect(Double(bitPattern: vsr(cpu.state)[1].hi) == 128)
        #expect(cpu.state.pointee.nip == 0x1010)
    }
}
