import CPPCState
import Testing

@testable import PPCTarget

@Suite struct CPUTests {
    private final class Clock {
        var now: UInt64 = 1_000_000
    }
    private static func make(_ name: String = "power9", clock: Clock = Clock()) throws -> (PPCCPU, FlatMemory) {
        let memory = FlatMemory(size: 1 << 20)
        return (PPCCPU(model: try #require(PPCModel.named(name)), memory: memory) { clock.now }, memory)
    }

    @Test(arguments: [
        ("POWER8", 0x004d_0200 as UInt32), ("power9", 0x004e_1200), ("power10_v2.0", 0x0080_0200),
        ("970fx", 0x003c_0301), ("power7+", 0x004a_0201),
    ])
    func findsModelsByAlias(name: String, pvr: UInt32) throws {
        #expect(try #require(PPCModel.named(name)).pvr == pvr)
        #expect(try #require(PPCModel.matching(pvr: pvr)).pvr == pvr)
    }

    @Test(arguments: [
        (0x0f00_0003 as UInt32, "power8", true), (0x0f00_0005, "power8", false), (0x0f00_0006, "power10", true),
        (0x0f00_0002, "970", false), (0x1234, "power9", false),
    ])
    func compatibilityFollowsTheModel(pvr: UInt32, name: String, usable: Bool) throws {
        let (cpu, _) = try Self.make(name)
        #expect(cpu.setCompatibility(pvr: pvr) == usable)
        #expect(cpu.compatibilityPVR == (usable ? pvr : 0))
    }

    @Test func timeBaseTicksSixtyFourTimesIn125Nanoseconds() throws {
        let clock = Clock()
        let (cpu, _) = try Self.make(clock: clock)
        cpu.time.timeBase = 0
        clock.now += 125_000
        #expect(cpu.time.timeBase == 64_000)
        clock.now += 1
        #expect(cpu.time.timeBase == 64_000)
        for ticks: UInt64 in [0, 1, 63, 64, 65, 0xffff_ffff, 1 << 60] {
            let deadline = CPUTime.nanoseconds(ticks: ticks)
            #expect(CPUTime.ticks(nanoseconds: deadline) >= ticks)
            #expect(deadline == 0 || CPUTime.ticks(nanoseconds: deadline - 1) < ticks)
        }
    }

    @Test func decrementerIsALevelThatWritingWithdraws() throws {
        let clock = Clock()
        let (cpu, _) = try Self.make(clock: clock)
        cpu.setDecrementer(64)
        let deadline = try #require(cpu.nextDecrementerDeadline)
        #expect(!cpu.checkDecrementer())
        clock.now = deadline
        #expect(cpu.checkDecrementer())
        #expect(cpu.state.pointee.pending_interrupts == PendingInterrupt.decrementer)
        #expect(cpu.nextDecrementerDeadline == nil)
        cpu.setDecrementer(0x7fff_ffff)
        #expect(cpu.state.pointee.pending_interrupts == 0)
        cpu.setDecrementer(0xffff_ffff)
        #expect(cpu.state.pointee.pending_interrupts == PendingInterrupt.decrementer)
        cpu.setLPCR(cpu.lpcr | LPCR.ld)
        cpu.setDecrementer(0xffff_ffff)
        #expect(cpu.state.pointee.pending_interrupts == 0)
        #expect(cpu.decrementer == 0xffff_ffff)
    }

    @Test func interruptsComeInOrderOfPriorityAndOnlyUnmasked() throws {
        let (cpu, _) = try Self.make()
        cpu.resetForPartition()
        cpu.raise(interrupt: PendingInterrupt.decrementer | PendingInterrupt.external | PendingInterrupt.doorbell)
        #expect(!cpu.hasWork)
        Context.storeMSR(cpu.state, MSR.sf | MSR.ee | MSR.me)
        #expect(Interrupts.nextUnmasked(cpu.state) == PendingInterrupt.external)
        cpu.state.pointee.nip = 0x4000
        #expect(Interrupts.deliverPending(cpu.state))
        #expect(cpu.state.pointee.nip == 0x500)
        #expect(cpu.register("srr0") == 0x4000)
        #expect(cpu.register("srr1") == MSR.sf | MSR.ee | MSR.me)
        #expect(cpu.register("msr") == MSR.sf | MSR.me)
        cpu.raise(interrupt: PendingInterrupt.machineCheck)
        #expect(Interrupts.nextUnmasked(cpu.state) == PendingInterrupt.machineCheck)
    }

    @Test func alternateLocationNeedsTranslationOn() throws {
        let (cpu, _) = try Self.make()
        cpu.setLPCR(3 << LPCR.ailShift)
        Context.storeMSR(cpu.state, MSR.sf | MSR.ir | MSR.dr)
        cpu.state.pointee.nip = 0xc000_0000_0000_1000
        _ = raise(cpu.state, .program, srr1: ProgramCause.trap)
        ExceptionDelivery.deliver(cpu.state)
        #expect(cpu.register("nip") == 0xc000_0000_0000_4700)
        #expect(cpu.register("msr") == MSR.sf | MSR.ir | MSR.dr)
        #expect(cpu.register("srr1") == MSR.sf | MSR.ir | MSR.dr | ProgramCause.trap)
        ExceptionDelivery.deliverSystemReset(cpu.state)
        #expect(cpu.register("nip") == 0x100)
        #expect(cpu.register("msr") == MSR.sf)
    }

    @Test func problemStateImpliesTranslationAndInterrupts() throws {
        let (cpu, _) = try Self.make()
        #expect(cpu.setRegister("MSR", MSR.pr | MSR.hv | MSR.s))
        #expect(cpu.register("msr") == MSR.pr | MSR.ee | MSR.ir | MSR.dr)
        #expect(cpu.state.pointee.problem_state == 1)
        #expect(cpu.state.pointee.narrow == 1)
    }

    @Test func registersByName() throws {
        let (cpu, _) = try Self.make()
        for (name, value) in [
            ("r31", 5), ("cr", 0x1234_5678), ("xer", 0xe000_0045), ("ctr", 9), ("vs12", 3), ("f1", 8), ("sprg0", 77),
        ] as [(String, UInt64)] {
            #expect(cpu.setRegister(name, value))
            #expect(cpu.register(name) == value)
        }
        #expect(cpu.register("cr7") == 8)
        #expect(cpu.register("r32") == nil)
        #expect(!cpu.setRegister("pvr", 1))
    }

    @Test func soleCPUAndMemoryRunAProgram() throws {
        let (cpu, memory) = try Self.make()
        // addi r3, r3, 1; addi r4, r4, 2; sc 1
        #expect(memory.load([0x38, 0x63, 0, 1, 0x38, 0x84, 0, 2, 0x44, 0, 0, 0x22], at: 0x1000))
        cpu.setRegister("pc", 0x1000)
        cpu.setRegister("r3", 41)
        var trace: [UInt64] = []
        cpu.onInstruction = { _, address in
            trace.append(address)
            return true
        }
        cpu.breakpoints = [0x1004]
        cpu.hypercall = { _ in Outcome.stop }
        #expect(cpu.run() == .breakpoint)
        #expect(cpu.register("r3") == 42)
        #expect(cpu.register("pc") == 0x1004)
        #expect(cpu.run() == .requested)
        #expect(cpu.register("r4") == 2)
        #expect(cpu.register("pc") == 0x100c)
        #expect(trace == [0x1000, 0x1004, 0x1008])
        cpu.onInstruction = nil
        cpu.breakpoints = []
        cpu.setRegister("pc", 0x1000)
        #expect(cpu.step() == .limit)
        #expect(cpu.register("pc") == 0x1004)
        #expect(cpu.state.pointee.instructions_executed == 4)
    }

    @Test func writeTagsAreWithheldWhereCodeWasTranslated() throws {
        final class Tracker: TranslatedCodeTracker {
            var stores: [UInt64] = []
            func mayWrite(at address: UInt64, count: UInt64) -> Bool { address &- 0x2_0000 >= 0x1_0000 }
            func stored(_ cpu: CPUState, at address: UInt64, count: Int) { stores.append(address) }
            func catchUp() {}
        }
        let (cpu, memory) = try Self.make()
        let tracker = Tracker()
        cpu.mmu.codeTracker = tracker
        defer { cpu.mmu.codeTracker = nil }
        #expect(store(cpu.state, 0x2_0010, 1 as UInt32) && store(cpu.state, 0x2_0014, 2 as UInt32))
        #expect(store(cpu.state, 0x4_0010, 1 as UInt32) && store(cpu.state, 0x4_0014, 2 as UInt32))
        #expect(tracker.stores == [0x2_0010, 0x2_0014, 0x4_0010])
        cpu.mmu.withdrawWriteTags(at: 0x4_0000, count: 4)
        #expect(store(cpu.state, 0x4_0018, 3 as UInt64))
        #expect(tracker.stores.last == 0x4_0018)
        #expect(memory.bytes(at: 0x2_0010, count: 8) == [0, 0, 0, 1, 0, 0, 0, 2])
    }

    @Test func devicesSeeAccessesInTheirSize() throws {
        let (cpu, memory) = try Self.make()
        var seen: [String] = []
        memory.onRead = { address, size in
            seen.append("r\(size)@\(address)")
            return 0x1122_3344
        }
        memory.onWrite = { address, size, value in
            seen.append("w\(size)@\(address)=\(value)")
            return true
        }
        var word: UInt32 = 0
        #expect(load(cpu.state, 0x100_0004, &word))
        #expect(word == 0x1122_3344)
        Context.storeMSR(cpu.state, MSR.sf | MSR.le)
        #expect(load(cpu.state, 0x100_0004, &word))
        #expect(word == 0x4433_2211)
        #expect(store(cpu.state, 0x100_0008, 0x0102 as UInt16))
        #expect(seen == ["r4@16777220", "r4@16777220", "w2@16777224=513"])
    }
}
