import CPPCState
import EmuCore
import Foundation
import Migration
import Testing

@testable import PPCTarget

/// A guest that is stopped at any of its instructions, sent to another machine and goes on there on another engine.
@Suite("Migration at any instruction") struct EngineMigrationTests {
    private static let start: UInt64 = 0x3000
    private static let data: UInt64 = 0x3_0000
    /// R7 rounds: R9 turns of integer, floating-point and vector work with loads, stores, carries and condition fields,
    /// then a call of a function that adds to a word atomically. Ends in a branch to itself.
    private static let program: [UInt32] = [
        0x7d29_03a6,  // mtctr r9
        0xe941_0000, 0x7c63_5014, 0x7c84_1914,  // ld r10, 0(r1); addc r3, r3, r10; adde r4, r4, r3
        0xf861_0008, 0x394a_0007, 0xf941_0000,  // std r3, 8(r1); addi r10, r10, 7; std r10, 0(r1)
        0xfc21_102a, 0xfc61_00b2, 0x1021_1000,  // fadd f1, f1, f2; fmul f3, f1, f2; vaddubm v1, v1, v2
        0xd861_0010, 0x7065_0001, 0x4182_0008,  // stfd f3, 16(r1); andi. r5, r3, 1; beq over the next
        0x38c6_0001, 0x7d23_2000, 0x5488_283e,  // addi r6, r6, 1; cmpd cr2, r3, r4; rotlwi r8, r4, 5
        0x4200_ffc4,  // bdnz to the load
        0x4800_0015,  // bl to the function
        0x38e7_ffff, 0x2c27_0000, 0x4082_ffb0,  // addi r7, r7, -1; cmpdi r7, 0; bne to the beginning
        0x4800_0000,  // b to itself
        0x7d68_02a6,  // mflr r11
        0x7d80_1028, 0x398c_0003, 0x7d80_112d, 0x4082_fff4,  // lwarx r12, 0, r2; addi; stwcx.; bne back
        0x7d68_03a6, 0x4e80_0020,  // mtlr r11; blr
    ]
    /// Place of the branch to itself, and what comes once a turn rather than once a round.
    private static let end = 21
    private static let inner = 1...16

    private func machine(_ firmware: String) throws -> SpaprMachine {
        try SpaprMachine.make("pseries-7.2") { _, options in
            options.memory.size = 256 << 20
            options.firmware = firmware
        }
    }

    private func setEngine(_ kind: EngineKind, _ cpu: PPCCPU) throws {
        switch kind {
        case .interpreter: cpu.engine = nil
        case .blocks: cpu.engine = BlockEngine(cpu: cpu)
        case .native: cpu.engine = try NativeEngine(cpu: cpu, codeSize: 1 << 20)
        }
    }

    private func begin(_ cpu: PPCCPU) {
        let r = gpr(cpu.state)
        for index in 0..<32 { r[index] = UInt64(index) &* 0x0123_4567_89ab_cdef }
        (r[1], r[2], r[7], r[9]) = (Self.data, Self.data + 0x40, 50, 60)
        for index in 0..<64 { vsr(cpu.state)[index] = .init(lo: UInt64(index) << 40 | 3, hi: UInt64(index) << 20 | 5) }
        vsr(cpu.state)[1].hi = (1.5).bitPattern
        vsr(cpu.state)[2].hi = (0.1).bitPattern
        Context.storeMSR(cpu.state, MSR.sf | MSR.fp | MSR.vec | MSR.vsx)
        cpu.isHalted = false
        cpu.state.pointee.nip = Self.start
    }

    private func result(_ machine: SpaprMachine) throws -> [UInt64] {
        let state = machine.threads[0].cpu.state
        var values = (0..<32).map { gpr(state)[$0] } + (0..<64).flatMap { [vsr(state)[$0].hi, vsr(state)[$0].lo] }
        values += (0..<8).map { UInt64(crFields(state)[$0]) }
        values += [state.pointee.lr, state.pointee.ctr, state.pointee.nip, state.pointee.fpscr, state.pointee.msr]
        values += [UInt64(state.pointee.ca), UInt64(state.pointee.so)]
        values += try (0..<16).map { try machine.memory.load(UInt64.self, at: Self.data + 8 * $0, order: .big) }
        return values
    }

    /// Runs to the `count`th time that execution comes to an instruction, or to the end.
    private func run(_ machine: SpaprMachine, to place: Int, _ count: Int) throws {
        // What a machine says at its start, which this one is spared: it is not any more as it was loaded.
        machine.isAsLoaded = false
        let cpu = machine.threads[0].cpu
        let end = Self.start + UInt64(4 * Self.end)
        try cpu.addHook(at: end) { _ in Outcome.stop }
        let address = Self.start + UInt64(4 * place)
        var left = count
        if address != end {
            try cpu.addHook(at: address) { _ in
                left -= 1
                return left == 0 ? Outcome.stop : Outcome.next
            }
        }
        #expect(cpu.run() == .requested)
        cpu.removeHook(at: address)
        cpu.removeHook(at: end)
        cpu.passedHook = nil
    }

    @Test("ends as it does undisturbed, whichever engines execute its parts", .timeLimit(.minutes(10)))
    func everywhere() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("guest.\(UUID().uuidString)")
        var image = [UInt8](repeating: 0, count: Int(Self.start))
        for word in Self.program { withUnsafeBytes(of: word.bigEndian) { image += $0 } }
        try Data(image).write(to: path)
        defer { try? FileManager.default.removeItem(at: path) }
        let reference = try machine(path.path)
        begin(reference.threads[0].cpu)
        try run(reference, to: Self.end, 1)
        let expected = try result(reference)

        let kinds = [EngineKind.native, .blocks, .native, .interpreter].filter(\.isAvailable)
        var current = try machine(path.path)
        var cpu = current.threads[0].cpu
        begin(cpu)
        try setEngine(kinds[0], cpu)
        var stops: Set<UInt64> = []
        var legs = 0
        let places = Self.program.indices.filter { $0 != Self.end }
        while cpu.state.pointee.nip != Self.start + UInt64(4 * Self.end) {
            let place = places[legs * 5 % places.count]
            // Regions come to be after a hundred turns.
            try run(current, to: place, Self.inner.contains(place) ? [1, 130, 2, 260, 17][legs % 5] : legs % 3 + 1)
            stops.insert(cpu.state.pointee.nip)
            legs += 1
            let stream = try MigrationController(machine: current).save()
            let next = try machine(path.path)
            let kind = kinds[legs % kinds.count]
            // An engine that was there before the stream came, or one that comes after it.
            if legs % 2 == 0 { try setEngine(kind, next.threads[0].cpu) }
            try MigrationController(machine: next).load(stream)
            if legs % 2 == 1 { try setEngine(kind, next.threads[0].cpu) }
            (current, cpu) = (next, next.threads[0].cpu)
            guard legs < 200 else { break }
        }
        #expect(try result(current) == expected)
        #expect(stops.count == Self.program.count)
        #expect(legs >= places.count)
    }
}
