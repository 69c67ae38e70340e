import CPPCState
import Testing

@testable import PPCTarget

/// Breakpoints, watchpoints and hooks cost something where they are, and nothing elsewhere.
@Suite("Stops") struct StopTests {
    private static let start: UInt64 = 0x10000
    /// A function in another granule.
    private static let far: UInt64 = 0x40000
    private static let data: UInt64 = 0x5_0000
    private static let watched: UInt64 = 0x8_0000
    private static let rounds: UInt64 = 6
    private static let turns: UInt64 = 2000

    /// R7 times a loop of R9 turns, which loads and stores, and a call of a function, which does so elsewhere.
    private static let main: [UInt32] = [
        0x7d29_03a6,  // mtctr r9
        0xe942_0000,  // ld r10, 0(r2)
        0x394a_0001,  // addi r10, r10, 1
        0xf942_0000,  // std r10, 0(r2)
        0x3863_0001,  // addi r3, r3, 1
        0x4200_fff0,  // bdnz to the load
        0x7d09_03a6,  // mtctr r8
        0x4e80_0421,  // bctrl
        0x38e7_ffff,  // addi r7, r7, -1
        0x2c27_0000,  // cmpdi r7, 0
        0x4082_ffd8,  // bne to the beginning
        0x4400_0022,  // sc 1
    ]
    private static let function: [UInt32] = [
        0x3884_0001,  // addi r4, r4, 1
        0x38a5_0001,  // addi r5, r5, 1
        0xe8c1_0000,  // ld r6, 0(r1)
        0xf881_0008,  // std r4, 8(r1)
        0x90a1_0014,  // stw r5, 20(r1)
        0x4e80_0020,  // blr
    ]

    private func make(_ kind: EngineKind) throws -> PPCCPU {
        let memory = FlatMemory(size: 1 << 20)
        let cpu = PPCCPU(model: try #require(PPCModel.named("power9")), memory: memory)
        for (words, address) in [(Self.main, Self.start), (Self.function, Self.far)] {
            let bytes = bytes(of: words, bigEndian: true)
            #expect(memory.load(bytes, at: address))
        }
        let r = gpr(cpu.state)
        (r[1], r[2], r[7], r[8], r[9]) = (Self.watched, Self.data, Self.rounds, Self.far, Self.turns)
        cpu.state.pointee.nip = Self.start
        cpu.hypercall = { _ in Outcome.stop }
        switch kind {
        case .interpreter: break
        case .blocks: cpu.engine = BlockEngine(cpu: cpu)
        case .native: cpu.engine = try NativeEngine(cpu: cpu, codeSize: 1 << 20)
        }
        return cpu
    }

    /// The loop ran in the engine's code: a few instructions alone were the interpreter's, and a few accesses slow.
    private func expectSpeed(_ cpu: PPCCPU, interpreted: Int, slow: Int) {
        #expect(gpr(cpu.state)[3] == Self.rounds * Self.turns)
        guard let statistics = cpu.engine?.statistics else { return }
        #expect(statistics.interpreted <= interpreted, "\(statistics)")
        guard cpu.engine is NativeEngine else { return }
        #expect(statistics.regions >= 1)
        #expect(statistics.slowAccesses <= slow, "\(statistics)")
        #expect(statistics.lookups + statistics.chains + statistics.outcomes + statistics.polls < 300, "\(statistics)")
    }

    @Test("A breakpoint stops each time before its instruction; code elsewhere is fast", arguments: EngineKind.allCases)
    func breakpoints(kind: EngineKind) throws {
        guard kind.isAvailable else { return }
        let cpu = try make(kind)
        cpu.breakpoints = [Self.far + 4]
        let r = gpr(cpu.state)
        for round in 1...Self.rounds {
            #expect(cpu.run() == .breakpoint)
            #expect(cpu.state.pointee.nip == Self.far + 4)
            #expect(r[4] == round && r[5] == round - 1 && r[3] == round * Self.turns)
        }
        #expect(cpu.run() == .requested)
        #expect(r[5] == Self.rounds)
        expectSpeed(cpu, interpreted: 2 * Int(Self.rounds), slow: 60)
    }

    @Test("Changing breakpoints leaves translations of other granules alone", arguments: EngineKind.allCases)
    func changes(kind: EngineKind) throws {
        guard kind.isAvailable else { return }
        let cpu = try make(kind)
        cpu.breakpoints = [Self.far]
        #expect(cpu.run() == .breakpoint)
        let before = cpu.engine?.statistics
        for round in 2...Self.rounds {
            // Taken out and put back, as debuggers do, and another one meanwhile.
            cpu.breakpoints = []
            cpu.breakpoints = [Self.far + 20]
            #expect(cpu.run() == .breakpoint)
            #expect(cpu.state.pointee.nip == Self.far + 20)
            cpu.breakpoints = [Self.far]
            #expect(cpu.run() == .breakpoint)
            #expect(cpu.state.pointee.nip == Self.far && gpr(cpu.state)[4] == round - 1)
        }
        cpu.breakpoints = []
        #expect(cpu.run() == .requested)
        #expect(gpr(cpu.state)[5] == Self.rounds)
        guard let before, let after = cpu.engine?.statistics else { return }
        #expect(after.flushes == before.flushes)
        #expect(after.regions == max(before.regions, cpu.engine is NativeEngine ? 1 : 0))
    }

    @Test("Steps go over breakpoints one instruction at a time", arguments: EngineKind.allCases)
    func steps(kind: EngineKind) throws {
        guard kind.isAvailable else { return }
        let cpu = try make(kind)
        cpu.breakpoints = [Self.start + 4, Self.start + 8]
        for place in UInt64(0)..<5 {
            #expect(cpu.state.pointee.nip == Self.start + 4 * place)
            #expect(cpu.step() == .limit)
        }
        #expect(cpu.run(limit: 100) == .breakpoint)
        #expect(cpu.state.pointee.nip == Self.start + 4 && gpr(cpu.state)[3] == 1)
    }

    struct Report: Equatable {
        var address: UInt64
        var size: Int
        var kind: AccessKind
        var place: UInt64
    }

    @Test("A watchpoint reports address, size and instruction; other pages are fast", arguments: EngineKind.allCases)
    func watchpoints(kind: EngineKind) throws {
        guard kind.isAvailable else { return }
        let cpu = try make(kind)
        cpu.mmu.watchpoints = [
            Watchpoint(address: Self.watched + 12, count: 1, loads: true, stores: true),
            Watchpoint(address: Self.watched + 20, count: 8, loads: true, stores: false),
        ]
        var reports: [Report] = []
        cpu.mmu.onWatchpoint = { [unowned cpu] in
            reports.append(Report(address: $0, size: $1, kind: $2, place: cpu.state.pointee.nip))
        }
        #expect(cpu.run() == .requested)
        // The load and the last store touch other bytes, or are not watched.
        let store = Report(address: Self.watched + 8, size: 8, kind: .store, place: Self.far + 12)
        #expect(reports == [Report](repeating: store, count: Int(Self.rounds)))
        // Three accesses of the function each round.
        expectSpeed(cpu, interpreted: 4, slow: 60 + 3 * Int(Self.rounds))
        cpu.mmu.watchpoints = []
        gpr(cpu.state)[7] = 1
        cpu.state.pointee.nip = Self.start
        #expect(cpu.run() == .requested)
        #expect(reports.count == Int(Self.rounds))
    }

    @Test("A hook is called each time; code elsewhere is fast", arguments: EngineKind.allCases)
    func hooks(kind: EngineKind) throws {
        guard kind.isAvailable else { return }
        let cpu = try make(kind)
        var seen: [UInt64] = []
        try cpu.addHook(at: Self.far + 8) { cpu in
            seen.append(gpr(cpu.state)[5])
            return Outcome.next
        }
        #expect(cpu.run() == .requested)
        #expect(seen == Array(1...Self.rounds))
        expectSpeed(cpu, interpreted: 2 * Int(Self.rounds), slow: 60)
    }

    @Test("A breakpoint and a hook in one place: the breakpoint comes first", arguments: EngineKind.allCases)
    func both(kind: EngineKind) throws {
        guard kind.isAvailable else { return }
        let cpu = try make(kind)
        var calls = 0
        try cpu.addHook(at: Self.far) { _ in
            calls += 1
            return Outcome.next
        }
        cpu.breakpoints = [Self.far]
        for round in 0..<Int(Self.rounds) {
            #expect(cpu.run() == .breakpoint)
            #expect(calls == round)
        }
        #expect(cpu.run() == .requested)
        #expect(calls == Int(Self.rounds))
    }
}
