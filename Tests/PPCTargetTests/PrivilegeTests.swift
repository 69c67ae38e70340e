import Testing

@testable import PPCTarget

/// What no oracle shows: QEMU knows neither PCR's effect nor exact counts at indirect branches.
@Suite struct PrivilegeTests {
    private static func machine(_ engine: EngineKind, _ model: String, _ words: [UInt32]) throws -> PPCCPU {
        let memory = FlatMemory(size: 1 << 20)
        let cpu = PPCCPU(model: try #require(PPCModel.named(model)), memory: memory)
        let code = bytes(of: words, bigEndian: true)
        #expect(memory.load(code, at: 0x10000))
        switch engine {
        case .interpreter: break
        case .blocks: cpu.engine = BlockEngine(cpu: cpu)
        case .native: cpu.engine = try NativeEngine(cpu: cpu, codeSize: 1 << 20)
        }
        cpu.state.pointee.nip = 0x10000
        return cpu
    }

    /// The vector of the first interrupt, and the cause bits in SRR1.
    private static func interrupt(_ cpu: PPCCPU) -> (vector: UInt32, cause: UInt64) {
        var seen: (UInt32, UInt64) = (0, 0)
        cpu.onInterrupt = { cpu, vector, _ in
            if seen.0 == 0 { seen = (vector, cpu.state.pointee.excp_srr1) }
            cpu.stop()
        }
        _ = cpu.run()
        return seen
    }

    @Test("PCR takes instructions of later levels from problem state", arguments: EngineKind.allCases)
    func compatibility(engine: EngineKind) throws {
        guard engine.isAvailable else { return }
        let setb: UInt32 = 0x7c60_0100
        for (mode, problem, vector) in [
            ("power8", true, 0x700), ("power9", true, 0xc00), ("power8", false, 0xc00),
        ] as [(String, Bool, UInt32)] {
            let cpu = try Self.machine(engine, "power9", [setb, 0x4400_0002])
            #expect(cpu.setCompatibility(pvr: try #require(CompatibilityMode.named(mode)).logicalPVR))
            // Problem state without translation, so that no tables are needed.
            Context.setMSR(cpu.state, MSR.sf | (problem ? MSR.pr : 0))
            let seen = Self.interrupt(cpu)
            #expect(seen.vector == vector)
            if vector == 0x700 { #expect(seen.cause == ProgramCause.illegal) }
        }
    }

    @Test("Completed instructions are counted exactly, and in the states asked for", arguments: EngineKind.allCases)
    func counting(engine: EngineKind) throws {
        guard engine.isAvailable else { return }
        // li r3, 100; mtctr r3; addi r4, r4, 1; bdnz; bctr to the sc behind it.
        let words: [UInt32] = [
            0x3860_0064, 0x7c69_03a6, 0x3884_0001, 0x4200_fffc, 0x7ca9_03a6, 0x4e80_0420, 0x4400_0002,
        ]
        for (control, problem, expected) in [
            (0, false, 205), (0x8000_0000, false, 0), (0x4000_0000, false, 0), (0x4000_0000, true, 205),
            (0x2000_0000, true, 0), (0x10, false, 0), (0x20, false, 205),
        ] as [(UInt64, Bool, UInt64)] {
            let cpu = try Self.machine(engine, "power9", words)
            cpu.setRegister("r5", 0x10018)
            Context.setMSR(cpu.state, MSR.sf | (problem ? MSR.pr : 0))
            cpu.setRegister("pmc5", 0)
            cpu.setRegister("mmcr0", control)
            #expect(Self.interrupt(cpu).vector == 0xc00)
            #expect(cpu.register("pmc5") == expected)
        }
    }

    @Test("A counter reaches its limit at the same instruction on every engine", arguments: EngineKind.allCases)
    func overflow(engine: EngineKind) throws {
        guard engine.isAvailable else { return }
        // addi r4, r4, 1; b .-4
        let cpu = try Self.machine(engine, "power9", [0x3884_0001, 0x4bff_fffc])
        Context.setMSR(cpu.state, MSR.sf | MSR.ee)
        cpu.setRegister("pmc5", 0x8000_0000 - 10_001)
        cpu.setRegister("mmcr0", MMCR0.pmae | MMCR0.pmcjce | MMCR0.fcece)
        #expect(Self.interrupt(cpu).vector == InterruptVector.performanceMonitor.rawValue)
        #expect(cpu.register("r4") == 5001)
        #expect(cpu.register("pmc5") == 0x8000_0000)
        #expect(cpu.register("siar") == 0x10004)
        #expect(cpu.register("mmcr0") == MMCR0.fc | MMCR0.pmao | MMCR0.pmcjce)
    }

    @Test("A doorbell to oneself waits for EE, shows in DPDES and can be withdrawn", arguments: EngineKind.allCases)
    func doorbell(engine: EngineKind) throws {
        guard engine.isAvailable else { return }
        // msgsndp r4; mfspr r3, DPDES; msgclrp r4; mfspr r6, DPDES; msgsndp r4; mtmsrd r5, 1; nop
        let words: [UInt32] = [
            0x7c00_211c, 0x7c70_2aa6, 0x7c00_215c, 0x7cd0_2aa6, 0x7c00_211c, 0x7ca1_0164, 0x6000_0000,
        ]
        let cpu = try Self.machine(engine, "power9", words)
        Context.setMSR(cpu.state, MSR.sf)
        cpu.setRegister("r4", 5 << 27)
        cpu.setRegister("r5", MSR.ee)
        #expect(Self.interrupt(cpu).vector == InterruptVector.doorbell.rawValue)
        #expect(cpu.register("r3") == 1)
        #expect(cpu.register("r6") == 0)
    }

    @Test("darn delivers 32 or 64 random bits, and all ones for the reserved form", arguments: EngineKind.allCases)
    func randomNumber(engine: EngineKind) throws {
        guard engine.isAvailable else { return }
        let cpu = try Self.machine(
            engine, "power9", [0x7c60_05e6, 0x7c81_05e6, 0x7ca2_05e6, 0x7cc3_05e6, 0x7ce1_05e6, 0x4400_0002])
        Context.setMSR(cpu.state, MSR.sf)
        #expect(Self.interrupt(cpu).vector == InterruptVector.systemCall.rawValue)
        #expect(try #require(cpu.register("r3")) >> 32 == 0)
        for name in ["r4", "r5", "r7"] { #expect(cpu.register(name) != .max) }
        #expect(cpu.register("r4") != cpu.register("r7"))
        #expect(cpu.register("r6") == .max)
    }

    @Test("cache-inhibited accesses are the hypervisor's, without translation", arguments: EngineKind.allCases)
    func cacheInhibited(engine: EngineKind) throws {
        guard engine.isAvailable else { return }
        // stwcix r4, 0, r5; lwzcix r6, 0, r5. POWER7 has no hypervisor state apart.
        let words: [UInt32] = [0x7c80_2f2a, 0x7cc0_2e2a, 0x4400_0002]
        for (model, msr, isAllowed) in [
            ("power7", MSR.sf, true), ("power7", MSR.sf | MSR.dr, false), ("power7", MSR.sf | MSR.pr, false),
            ("power9", MSR.sf, false),
        ] {
            let cpu = try Self.machine(engine, model, words)
            cpu.setRegister("r4", 0x1234_5678)
            cpu.setRegister("r5", 0x2_0000)
            Context.setMSR(cpu.state, msr)
            let seen = Self.interrupt(cpu)
            #expect(seen.vector == (isAllowed ? InterruptVector.systemCall : .program).rawValue)
            if isAllowed { #expect(cpu.register("r6") == 0x1234_5678) }
            if !isAllowed { #expect(seen.cause == ProgramCause.privileged) }
        }
    }

    @Test("wait halts until an interrupt, which returns behind it", arguments: EngineKind.allCases)
    func waiting(engine: EngineKind) throws {
        guard engine.isAvailable else { return }
        let cpu = try Self.machine(engine, "power9", [0x7c00_003c, 0x6000_0000])
        Context.setMSR(cpu.state, MSR.sf | MSR.ee)
        #expect(cpu.run() == .halted)
        #expect(cpu.register("pc") == 0x10004)
        cpu.raise(interrupt: PendingInterrupt.external)
        var from: UInt64 = 0
        cpu.onInterrupt = { cpu, vector, address in
            if from == 0, vector == InterruptVector.external.rawValue { from = address }
            cpu.lower(interrupt: PendingInterrupt.external)
            cpu.stop()
        }
        _ = cpu.run()
        #expect(from == 0x10004)
    }
}
