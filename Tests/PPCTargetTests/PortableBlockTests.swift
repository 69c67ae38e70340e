import CPPCState
import PPCTestSupport
import Testing

@testable import PPCTarget

/// Blocks that go on through calls.
@Suite("Portable blocks") struct PortableBlockTests {
    private static let start: UInt64 = 0x10000
    private static let main: [UInt32] = [
        0x3863_0001,  // addi r3, r3, 1
        0x6000_0000,  // nop
        0x4800_0019,  // bl leaf
        0x6000_0000,  // nop
        0x4800_0008,  // b over the next
        0,
        0x4200_ffe8,  // bdnz to the beginning
        0x4400_0022,  // sc 1
        0x7c08_02a6,  // leaf: mflr r0
        0xf801_0010,  // std r0, 16(r1)
        0x9165_0000,  // stw r11, 0(r5)
        0x3884_0001,  // addi r4, r4, 1
        0x6000_0000,  // nop
        0xe801_0010,  // ld r0, 16(r1)
        0x7c08_03a6,  // mtlr r0
        0x4e80_0020,  // blr
    ]
    private static let added = start + 4 * 11
    private static let data: UInt64 = 0x40000

    private func make(_ kind: EngineKind, storesTo target: UInt64 = data) throws -> PPCCPU {
        let memory = FlatMemory(size: 1 << 20)
        let cpu = PPCCPU(model: try #require(PPCModel.named("power9")), memory: memory)
        #expect(memory.load(bytes(of: Self.main, bigEndian: true), at: Self.start))
        cpu.hypercall = { _ in Outcome.stop }
        if kind == .blocks { cpu.engine = BlockEngine(cpu: cpu) }
        let r = gpr(cpu.state)
        (r[1], r[5], r[11]) = (Self.data + 0x100, target, 0x3884_0002)  // addi r4, r4, 2
        cpu.state.pointee.ctr = 1000
        cpu.state.pointee.nip = Self.start
        return cpu
    }

    @Test("A call and the way back are one block, and every instruction counts")
    func calls() throws {
        let reference = try make(.interpreter)
        let cpu = try make(.blocks)
        for subject in [reference, cpu] { #expect(subject.run() == .requested) }
        #expect(gpr(cpu.state)[3] == 1000 && gpr(cpu.state)[4] == 1000)
        #expect(cpu.state.pointee.instructions_executed == reference.state.pointee.instructions_executed)
        #expect(cpu.state.pointee.lr == reference.state.pointee.lr)
        #expect(cpu.engine?.statistics.blocks == 1)
    }

    @Test("A limit stops between any two instructions", arguments: [UInt64(1), 2, 3, 101, 102, 103, 105, 107, 109])
    func limits(limit: UInt64) throws {
        let reference = try make(.interpreter)
        let cpu = try make(.blocks)
        for _ in 0..<50 {
            for subject in [reference, cpu] { #expect(subject.run(limit: limit) == .limit) }
            #expect(cpu.state.pointee.nip == reference.state.pointee.nip)
            for number in 0..<12 { #expect(gpr(cpu.state)[number] == gpr(reference.state)[number]) }
        }
    }

    @Test("A store to what comes later in the block takes effect at once")
    func stores() throws {
        let cpu = try make(.blocks, storesTo: Self.added)
        #expect(cpu.run() == .requested)
        #expect(gpr(cpu.state)[3] == 1000 && gpr(cpu.state)[4] == 2000)
    }

    @Test("A breakpoint in a function stops each call of it")
    func breakpoints() throws {
        let cpu = try make(.blocks)
        cpu.breakpoints = [Self.added]
        for round in UInt64(1)...5 {
            #expect(cpu.run() == .breakpoint)
            #expect(cpu.state.pointee.nip == Self.added)
            #expect(gpr(cpu.state)[3] == round && gpr(cpu.state)[4] == round - 1)
        }
        cpu.breakpoints = []
        #expect(cpu.run() == .requested)
        #expect(gpr(cpu.state)[4] == 1000)
    }
}
