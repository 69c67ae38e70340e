import CPPCState
import Testing

@testable import PPCTarget

/// Calls and indirect branches that regions take to where they went before.
@Suite("Branches in regions") struct BranchTests {
    private static let start: UInt64 = 0x10000
    private static let main: [UInt32] = [
        0x4800_0041,  // bl leaf
        0x4800_004d,  // bl saving
        0x7d09_03a6,  // mtctr r8
        0x4e80_0421,  // bctrl
        0x3929_ffff,  // addi r9, r9, -1
        0x2c29_0000,  // cmpdi r9, 0
        0x4082_ffe8,  // bne to the beginning
        0x4400_0022,  // sc 1
        0x9162_0000,  // stw r11, 0(r2)
        0x4bff_ffdc,  // b to the beginning
        0, 0, 0, 0, 0, 0,
        0x3863_0001, 0x4e80_0020, 0, 0,  // leaf: addi r3, r3, 1; blr
        0x7d88_02a6,  // saving: mflr r12
        0x3884_0001,  // addi r4, r4, 1
        0x7d8c_5214,  // add r12, r12, r10
        0x7d88_03a6,  // mtlr r12
        0x4e80_0020, 0, 0, 0,  // blr
        0x38a5_0001, 0x4e80_0020,  // first: addi r5, r5, 1; blr
        0x38c6_0001, 0x4e80_0020,  // second: addi r6, r6, 1; blr
    ]
    private static let leaf = start + 0x40
    private static let first = start + 0x70
    private static let second = start + 0x78

    private func make(_ kind: EngineKind) throws -> PPCCPU {
        let memory = FlatMemory(size: 1 << 20)
        let cpu = PPCCPU(model: try #require(PPCModel.named("power9")), memory: memory)
        let bytes = bytes(of: Self.main, bigEndian: true)
        #expect(memory.load(bytes, at: Self.start))
        cpu.hypercall = { _ in Outcome.stop }
        switch kind {
        case .interpreter: break
        case .blocks: cpu.engine = BlockEngine(cpu: cpu)
        case .native: cpu.engine = try NativeEngine(cpu: cpu, codeSize: 1 << 20)
        }
        let r = gpr(cpu.state)
        (r[2], r[8]) = (Self.leaf, Self.first)
        run(cpu, 2000)
        #expect((3...6).map { r[$0] } == [2000, 2000, 2000, 0])
        for number in 3...6 { r[number] = 0 }
        return cpu
    }

    private func run(_ cpu: PPCCPU, _ rounds: UInt64, from: UInt64 = start) {
        gpr(cpu.state)[9] = rounds
        cpu.state.pointee.nip = from
        #expect(cpu.run() == .requested)
    }

    @Test("A function that returns elsewhere than it was called from", arguments: EngineKind.allCases)
    func otherReturn(kind: EngineKind) throws {
        guard kind.isAvailable else { return }
        let cpu = try make(kind)
        let r = gpr(cpu.state)
        // Past the indirect call.
        r[10] = 8
        run(cpu, 300)
        #expect((3...6).map { r[$0] } == [300, 300, 0, 0])
        r[10] = 0
        run(cpu, 300)
        #expect((3...6).map { r[$0] } == [600, 600, 300, 0])
    }

    @Test("An indirect call that goes elsewhere than before", arguments: EngineKind.allCases)
    func otherTarget(kind: EngineKind) throws {
        guard kind.isAvailable else { return }
        let cpu = try make(kind)
        let r = gpr(cpu.state)
        for round in UInt64(1)...4 {
            r[8] = round % 2 == 0 ? Self.first : Self.second
            run(cpu, 250)
        }
        #expect((3...6).map { r[$0] } == [1000, 1000, 500, 500])
    }

    @Test("A store to a function that regions have copies of", arguments: EngineKind.allCases)
    func modification(kind: EngineKind) throws {
        guard kind.isAvailable else { return }
        let cpu = try make(kind)
        let r = gpr(cpu.state)
        for step in UInt64(2)...5 {
            r[11] = 0x3863_0000 | step
            run(cpu, 300, from: Self.start + 0x20)
        }
        #expect((3...6).map { r[$0] } == [300 * 14, 1200, 1200, 0])
    }

    @Test("Breakpoints in copied functions and where they return to", arguments: EngineKind.allCases)
    func breakpoints(kind: EngineKind) throws {
        guard kind.isAvailable else { return }
        let cpu = try make(kind)
        let r = gpr(cpu.state)
        let places = [Self.leaf + 4, Self.start + 4, Self.first, Self.start + 0x10]
        cpu.breakpoints = Set(places)
        r[9] = 3
        cpu.state.pointee.nip = Self.start
        for round in UInt64(1)...3 {
            for place in places {
                #expect(cpu.run() == .breakpoint)
                #expect(cpu.state.pointee.nip == place && r[3] == round)
            }
        }
        #expect(cpu.run() == .requested)
        cpu.breakpoints = []
        run(cpu, 300)
        #expect((3...6).map { r[$0] } == [303, 303, 303, 0])
    }

    @Test("A hook in a copied function may change where it returns to", arguments: EngineKind.allCases)
    func hooks(kind: EngineKind) throws {
        guard kind.isAvailable else { return }
        let cpu = try make(kind)
        let r = gpr(cpu.state)
        try cpu.addHook(at: Self.leaf + 4) { cpu in
            // Past the second call.
            cpu.state.pointee.lr = Self.start + 8
            return Outcome.next
        }
        run(cpu, 500)
        #expect((3...6).map { r[$0] } == [500, 0, 500, 0])
    }
}
