import CPPCState
import Testing

@testable import PPCTarget

@Suite("Generated code") struct NativeProofTests {
    static let start: UInt64 = 0x10000

    /// A CPU in big-endian 64-bit real mode at `words`, with R1 at data and R8 at the first word.
    static func machine(_ words: [UInt32], size: Int = 1 << 20, code: Int = 1 << 20) throws -> (PPCCPU, FlatMemory) {
        let memory = FlatMemory(size: size)
        let cpu = PPCCPU(model: try #require(PPCModel.named("power9")), memory: memory)
        Context.storeMSR(cpu.state, MSR.sf | MSR.fp | MSR.vec | MSR.vsx)
        cpu.hypercall = { _ in Outcome.stop }
        cpu.engine = try NativeEngine(cpu: cpu, codeSize: code)
        let bytes = bytes(of: words, bigEndian: true)
        try #require(memory.load(bytes, at: start))
        gpr(cpu.state)[1] = 0x8000
        gpr(cpu.state)[8] = start
        cpu.state.pointee.ctr = .max
        cpu.state.pointee.nip = start
        return (cpu, memory)
    }

    // MARK: Interrupts

    /// Loops without end. Each adds 1 to R3 every time round, but the last one.
    static let loops: [(name: String, words: [UInt32])] = [
        ("bdnz to itself", [0x3863_0001, 0x4200_fffc]),
        ("region with a branch inside", [0x3863_0001, 0x7065_0001, 0x4182_0008, 0x38c6_0001, 0x4bff_fff0]),
        ("call and return", [0x3863_0001, 0x4800_0009, 0x4bff_fff8, 0x38e7_0001, 0x4e80_0020]),
        ("indirect branch", [0x3863_0001, 0x7d09_03a6, 0x4e80_0420]),
        ("returns to its own beginning", [0x3863_0001, 0x7d08_03a6, 0x4e80_0020]),
        ("memory", [0xe8a1_0000, 0x3863_0001, 0x7ca5_1a14, 0xf8a1_0000, 0x4bff_fff0]),
        ("floating point", [0xfc21_102a, 0x3863_0001, 0xfc61_00b2, 0x4bff_fff4]),
        ("vectors", [0x1021_1080, 0x3863_0001, 0x4bff_fff8]),
        ("a lock that is never free", [0x7ca0_0828, 0x3863_0001, 0x2c05_ffff, 0x4082_fff4, 0x4bff_fff0]),
        ("atomic addition", [0x7ca0_0828, 0x38a5_0001, 0x7ca0_092d, 0x3863_0001, 0x4bff_fff0]),
        ("a chain of blocks", [0x3863_0001] + [UInt32](repeating: 0x4800_0004, count: 40) + [0x4bff_ff5c]),
        ("branch to itself", [0x4800_0000]),
    ]

    @Test("looks at requests in every kind of loop, soon", .timeLimit(.minutes(2)), arguments: loops.indices)
    func polls(index: Int) throws {
        guard NativeEngine.isSupported else { return }
        let loop = Self.loops[index]
        let (cpu, _) = try Self.machine(loop.words)
        // The run loop looks at the clock whenever generated code has come back to it: by a request that the ticker
        // makes, since nothing else here does. A loop that does not look would never get to the end of this.
        let isStill = loop.name == "branch to itself"
        var looks = 0
        cpu.time.clock = { [unowned cpu] in
            looks += 1
            if looks >= 40, gpr(cpu.state)[3] > 10_000 || isStill { cpu.stop() }
            return 0
        }
        cpu.time.reset()
        looks = 0
        #expect(cpu.run() == .requested)
        // By now hot code has become a region. A request that is there already is found at once.
        let engine = try #require(cpu.engine as? NativeEngine)
        let before = gpr(cpu.state)[3]
        for round in UInt64(1)...10 {
            cpu.stop()
            _ = engine.execute(cpu)
            #expect(gpr(cpu.state)[3] &- before <= 2 * round, "\(loop.name)")
            #expect(cpu.serveExitRequest())
        }
    }

    @Test(
        "takes the decrementer's interrupt out of every kind of loop", .timeLimit(.minutes(2)), arguments: loops.indices
    )
    func interrupts(index: Int) throws {
        guard NativeEngine.isSupported else { return }
        let (cpu, memory) = try Self.machine(Self.loops[index].words)
        // The handler makes a hypercall, which stops.
        #expect(memory.load([0x44, 0, 0, 0x22], at: 0x900))
        Context.storeMSR(cpu.state, cpu.state.pointee.msr | MSR.ee)
        var looks: UInt64 = 0
        cpu.time.clock = {
            looks += 1
            return looks * 1000
        }
        cpu.setDecrementer(8000)
        #expect(cpu.run() == .requested)
        #expect(cpu.state.pointee.nip == 0x904)
        let from = spr(cpu.state)[SPRegister.srr0]
        #expect(from >= Self.start && from < Self.start + UInt64(4 * Self.loops[index].words.count))
    }

    // MARK: The code cache

    /// `count` blocks in a row, each adding 1 to R3 through R6, then a count-down and a hypercall.
    private static func sprawl(_ count: Int) -> [UInt32] {
        var words: [UInt32] = []
        for _ in 0..<count { words += [0x3863_0001, 0x3884_0001, 0x38a5_0001, 0x38c6_0001, 0x4800_0004] }
        // addi r7,r7,-1; cmpdi r7,0; beq out; mtctr r8; bctr; out: sc 1
        return words + [0x38e7_ffff, 0x2c27_0000, 0x4182_000c, 0x7d09_03a6, 0x4e80_0420, 0x4400_0022]
    }

    @Test("stays in its bounds and right when guest code exceeds the cache many times over")
    func smallCache() throws {
        guard NativeEngine.isSupported else { return }
        let blocks = 20_000
        let (cpu, _) = try Self.machine(Self.sprawl(blocks), size: 4 << 20)
        gpr(cpu.state)[7] = 4
        #expect(cpu.run() == .requested)
        for register in 3...6 { #expect(gpr(cpu.state)[register] == UInt64(4 * blocks)) }
        let statistics = try #require(cpu.engine).statistics
        #expect(statistics.codeCapacity <= 1 << 20)
        #expect(statistics.codeBytes <= statistics.codeCapacity)
        // Every time round everything has to be translated again, zone by zone.
        #expect(statistics.blocks > 3 * blocks)
        #expect(statistics.evictions >= 4 * 8 && statistics.evicted > 2 * blocks)
        // Only the engine's beginning was told to forget everything.
        #expect(statistics.flushes <= 1)
    }

    // MARK: Slower code where it is needed

    @Test("stops at a breakpoint each time round, goes on from it, and is fast again without it")
    func breakpoints() throws {
        guard NativeEngine.isSupported else { return }
        let (cpu, _) = try Self.machine([0x3863_0001, 0x4200_fffc, 0x4400_0022])
        cpu.state.pointee.ctr = 200_010
        cpu.breakpoints = [Self.start + 4]
        for round in UInt64(1)...10 {
            #expect(cpu.run() == .breakpoint)
            #expect(cpu.state.pointee.nip == Self.start + 4)
            #expect(gpr(cpu.state)[3] == round)
        }
        cpu.breakpoints = []
        #expect(cpu.run() == .requested)
        #expect(gpr(cpu.state)[3] == 200_010)
        #expect(cpu.engine?.statistics.regions == 1)
    }

    @Test("shows a hook every instruction while it is there, and none after")
    func hooks() throws {
        guard NativeEngine.isSupported else { return }
        let (cpu, _) = try Self.machine([0x3863_0001, 0x4200_fffc, 0x4400_0022])
        cpu.state.pointee.ctr = 100_000
        var seen: [UInt64] = []
        cpu.onInstruction = { cpu, address in
            seen.append(address)
            if seen.count == 1001 { cpu.onInstruction = nil }
            return true
        }
        #expect(cpu.run() == .requested)
        #expect(seen.count == 1001)
        #expect(seen == (0..<1001).map { Self.start + ($0 % 2 == 0 ? 0 : 4) })
        #expect(gpr(cpu.state)[3] == 100_000)
        #expect(cpu.engine?.statistics.regions == 1)
    }

    @Test("steps one instruction at a time between stretches of native code")
    func steps() throws {
        guard NativeEngine.isSupported else { return }
        let (cpu, _) = try Self.machine([0x3863_0001, 0x4200_fffc, 0x4400_0022])
        cpu.state.pointee.ctr = 100_000
        for count in UInt64(0)..<20 {
            #expect(cpu.state.pointee.nip == Self.start + 4 * (count % 2))
            #expect(cpu.step() == .limit)
        }
        #expect(gpr(cpu.state)[3] == 10)
        #expect(cpu.run() == .requested)
        #expect(gpr(cpu.state)[3] == 100_000)
    }
}
