import CPPCState
import Testing

@testable import PPCTarget

/// Closures of an embedder in front of instructions and behind hypercalls.
@Suite("Hooks") struct HookTests {
    private static let loop: UInt64 = 0x1000

    /// r3 counts up, r4 sums it, r5 is stored and loaded; 1000 rounds, then a hypercall that stops.
    private func make(_ kind: EngineKind, rounds: UInt64 = 1000) throws -> (PPCCPU, NativeEngine?) {
        let memory = FlatMemory(size: 1 << 20)
        let cpu = PPCCPU(model: try #require(PPCModel.named("power9")), memory: memory)
        let words: [UInt32] = [
            0x3863_0001,  // addi r3, r3, 1
            0x7c84_1a14,  // add r4, r4, r3
            0xf8a6_0000,  // std r5, 0(r6)
            0xe8e6_0000,  // ld r7, 0(r6)
            0x4200_fff0,  // bdnz to the beginning
            0x4400_0022,  // sc 1
        ]
        #expect(
            memory.load(
                bytes(of: words, bigEndian: true),
                at: Self.loop))
        gpr(cpu.state)[6] = 0x8000
        cpu.state.pointee.ctr = rounds
        cpu.state.pointee.nip = Self.loop
        cpu.hypercall = { _ in Outcome.stop }
        var native: NativeEngine?
        switch kind {
        case .interpreter: break
        case .blocks: cpu.engine = BlockEngine(cpu: cpu)
        case .native:
            native = try NativeEngine(cpu: cpu, codeSize: 1 << 20)
            cpu.engine = native
        }
        return (cpu, native)
    }

    @Test(
        "A hook sees the exact state before its instruction, and what it changes counts", arguments: EngineKind.allCases
    )
    func state(kind: EngineKind) throws {
        guard kind.isAvailable else { return }
        let (cpu, native) = try make(kind)
        var calls: UInt64 = 0
        var wrong = 0
        // In front of the load, in the middle of what shares an address check.
        try cpu.addHook(at: Self.loop + 12) { cpu in
            calls += 1
            let r = gpr(cpu.state)
            let isRight =
                cpu.state.pointee.nip == Self.loop + 12 && r[3] == calls && r[4] == calls * (calls + 1) / 2
                && r[7] == (calls < 2 ? 0 : calls - 2) * 3 && r[5] == (calls - 1) * 3
                && cpu.state.pointee.ctr == 1001 - calls
            if !isRight { wrong += 1 }
            r[5] = calls * 3
            return Outcome.next
        }
        #expect(cpu.run() == .requested)
        #expect(calls == 1000)
        #expect(gpr(cpu.state)[4] == 500_500 && gpr(cpu.state)[7] == 999 * 3 && gpr(cpu.state)[5] == 3000)
        #expect(wrong == 0, "\(wrong) calls saw another state")
        guard let native else { return }
        let s = native.statistics
        #expect(
            s.lookups + s.chains + s.outcomes + s.polls + s.interpreted < 40,
            "a thousand calls left generated code: \(s)")
    }

    @Test(
        "A hook can stop in front of its instruction, send execution elsewhere and be taken out",
        arguments: EngineKind.allCases)
    func control(kind: EngineKind) throws {
        guard kind.isAvailable else { return }
        let (cpu, _) = try make(kind, rounds: 500)
        try cpu.addHook(at: Self.loop + 4) { cpu in
            switch gpr(cpu.state)[3] {
            case 300: return Outcome.stop
            case 400:
                // Leave the addition out.
                cpu.state.pointee.nip = Self.loop + 8
                return Outcome.branch
            case 450:
                cpu.removeHook(at: Self.loop + 4)
                return Outcome.next
            default: return Outcome.next
            }
        }
        #expect(cpu.run() == .requested)
        #expect(cpu.state.pointee.nip == Self.loop + 4 && gpr(cpu.state)[3] == 300)
        #expect(gpr(cpu.state)[4] == 299 * 300 / 2)
        #expect(cpu.run() == .requested)
        #expect(gpr(cpu.state)[3] == 500 && gpr(cpu.state)[4] == 500 * 501 / 2 - 400)
        #expect(cpu.hooks.isEmpty)
    }

    @Test("Hypercalls are answered without leaving generated code", arguments: EngineKind.allCases)
    func hypercalls(kind: EngineKind) throws {
        guard kind.isAvailable else { return }
        let memory = FlatMemory(size: 1 << 20)
        let cpu = PPCCPU(model: try #require(PPCModel.named("power9")), memory: memory)
        // sc 1; bdnz -4; sc 1 with r3 = 0 at last.
        let words: [UInt32] = [0x4400_0022, 0x4200_fffc, 0x3860_0000, 0x4400_0022]
        #expect(
            memory.load(
                bytes(of: words, bigEndian: true),
                at: Self.loop))
        var native: NativeEngine?
        switch kind {
        case .interpreter: break
        case .blocks: cpu.engine = BlockEngine(cpu: cpu)
        case .native:
            native = try NativeEngine(cpu: cpu, codeSize: 1 << 20)
            cpu.engine = native
        }
        var sum: UInt64 = 0
        cpu.hypercall = { cpu in
            let r = gpr(cpu.state)
            guard r[3] != 0 else { return Outcome.stop }
            sum &+= r[3]
            r[3] &+= 1
            return Outcome.next
        }
        gpr(cpu.state)[3] = 1
        cpu.state.pointee.ctr = 1000
        cpu.state.pointee.nip = Self.loop
        #expect(cpu.run() == .requested)
        #expect(sum == 500_500)
        guard let native else { return }
        let s = native.statistics
        #expect(s.transitions >= 900)
        #expect(s.lookups + s.chains + s.outcomes + s.polls + s.interpreted < 40, "\(s)")
    }
}
