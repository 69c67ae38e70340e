import CPPCState
import Foundation
import Dispatch
import Testing

@testable import PPCTarget

/// Random instruction streams in random states: whatever the guest does, the host goes on.
///
/// `EMUCORE_FUZZ_ROUNDS` sets the number of machines per engine, `EMUCORE_FUZZ_SEED` the first seed, and
/// `EMUCORE_FUZZ_ENGINE` one engine instead of all.
@Suite struct CPUFuzzTests {
    private static func setting(_ name: String, _ fallback: UInt64) -> UInt64 {
        ProcessInfo.processInfo.environment[name].flatMap(UInt64.init) ?? fallback
    }

    @Test("random streams neither trap nor hang nor leak", arguments: EngineKind.allCases)
    func randomStreams(engine: EngineKind) throws {
        let chosen = ProcessInfo.processInfo.environment["EMUCORE_FUZZ_ENGINE"] ?? engine.rawValue
        guard engine.isAvailable, engine.rawValue == chosen else { return }
        let first = Self.setting("EMUCORE_FUZZ_SEED", 1)
        for seed in first..<first + Self.setting("EMUCORE_FUZZ_ROUNDS", 24) {
            var random = SplitMix(state: seed)
            weak var left: PPCCPU?
            try Self.round(&random, engine, &left)
            #expect(left == nil, "seed \(seed) leaves its CPU behind")
        }
    }

    /// Runs without counting, as machines do; somebody else stops the CPU, wherever it is then.
    private static func runFreely(_ cpu: PPCCPU) {
        nonisolated(unsafe) let cpu = cpu
        let other = DispatchQueue(label: "stop")
        // Weakly: Dispatch keeps what is cancelled until its time has come.
        let stop = DispatchWorkItem { [weak cpu] in cpu?.stop() }
        other.asyncAfter(deadline: .now() + .microseconds(500), execute: stop)
        _ = cpu.run()
        stop.cancel()
        // It may be on its way all the same; the request would end a later run.
        other.sync {}
        _ = cpu.serveExitRequest()
    }

    @Test("an interrupt that nothing masks does not keep a run from its limit", arguments: EngineKind.allCases)
    func unmaskedInterrupt(engine: EngineKind) throws {
        guard engine.isAvailable else { return }
        let cpu = PPCCPU(model: try #require(PPCModel.named("power9")), memory: FlatMemory(size: 1 << 20))
        switch engine {
        case .interpreter: break
        case .blocks: cpu.engine = BlockEngine(cpu: cpu)
        case .native: cpu.engine = try NativeEngine(cpu: cpu, codeSize: 1 << 18)
        }
        // With LPCR[LPES] = 0 external interrupts are the hypervisor's, whatever MSR[EE] is.
        cpu.setLPCR(0)
        cpu.raise(interrupt: PendingInterrupt.external)
        #expect(cpu.run(limit: 1000) == .limit)
    }

    private static let awkward: [UInt64] = [
        0, 1, 7, 0xfff, 0x1000, 0xffff, 0x10000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 1 << 32, 1 << 40, 1 << 60,
        0x4000_0000_0000_0000, 0x7fff_ffff_ffff_ffff, 0x8000_0000_0000_0000, 0xc000_0000_0000_0000,
        0xffff_ffff_ffff_fff8, .max,
    ]

    private static func value(_ random: inout SplitMix) -> UInt64 {
        switch random.next() % 4 {
        case 0: return awkward[Int(random.next() % UInt64(awkward.count))]
        case 1: return random.next() & 0xf_ffff
        case 2: return random.next() & 0xffff_ffff
        default: return random.next()
        }
    }

    private static func round(_ random: inout SplitMix, _ engine: EngineKind, _ left: inout PPCCPU?) throws {
        let models = PPCModel.all
        let model = models[Int(random.next() % UInt64(models.count))]
        let memory = FlatMemory(size: 1 << 20)
        memory.onRead = { address, _ in address & 0x100 == 0 ? nil : address }
        memory.onWrite = { address, _, _ in address & 0x100 == 0 }
        var ticks: UInt64 = 0
        let cpu = PPCCPU(model: model, memory: memory) {
            ticks &+= 777
            return ticks
        }
        left = cpu
        switch engine {
        case .interpreter: break
        case .blocks: cpu.engine = BlockEngine(cpu: cpu)
        case .native: cpu.engine = try NativeEngine(cpu: cpu, codeSize: 1 << 18)
        }
        let rows = InstructionTable.shared.rows
        let words = memory.pointer.assumingMemoryBound(to: UInt32.self)
        for index in 0..<(1 << 18) {
            // Half of memory is instructions of the table with random operands, half noise and pointers.
            var word = UInt32(truncatingIfNeeded: random.next())
            if random.next() & 3 != 0 {
                let row = rows[Int(random.next() % UInt64(rows.count))]
                word = row.form.match | word & ~row.form.mask & ~row.unused
            }
            words[index] = random.next() & 7 == 0 ? word : word.bigEndian
        }
        let table = UnsafeMutableRawPointer.allocate(byteCount: 1 << 18, alignment: 1 << 18)
        defer { table.deallocate() }
        for offset in stride(from: 0, to: 1 << 18, by: 8) {
            table.storeBytes(of: value(&random), toByteOffset: offset, as: UInt64.self)
        }
        cpu.mmu.hashTable = HashTable(base: table, shift: 18)
        cpu.hypercall = { cpu in
            gpr(cpu.state)[3] = gpr(cpu.state)[4]
            return gpr(cpu.state)[5] & 15 == 0 ? Outcome.stop : Outcome.next
        }
        for turn in 0..<40 {
            scramble(cpu, &random)
            // The native engine does not count; the interpreter stands in for it then.
            if engine == .native || engine == .blocks && turn & 1 == 0 {
                runFreely(cpu)
            } else {
                _ = cpu.run(limit: 400)
            }
            cpu.isHalted = false
        }
        // Generated code does not count.
        #expect(cpu.state.pointee.instructions_executed > 0 || engine == .native)
    }

    private static func scramble(_ cpu: PPCCPU, _ random: inout SplitMix) {
        let state = cpu.state
        for index in 0..<32 { gpr(state)[index] = value(&random) }
        for index in 0..<64 { vsr(state)[index] = ppc_vsr(lo: value(&random), hi: value(&random)) }
        for definition in cpu.registers.definitions where definition.name != "PVR" {
            spr(state)[definition.number] = value(&random)
        }
        state.pointee.lr = value(&random)
        state.pointee.ctr = value(&random)
        state.pointee.fpscr = value(&random)
        cpu.mmu.processTable = random.next() & 0xf_f01f
        cpu.mmu.segments = (0..<cpu.model.slbSize).map { _ in
            SLBEntry(
                esid: value(&random) & ~0xfff_ffff | random.next() & 0x800_0000,
                vsid: value(&random) & ~0xff0 | [0, 0x100, 0x110, 0x120][Int(random.next() & 3)])
        }
        cpu.reloadMonitor()
        cpu.setLPCR(value(&random))
        Context.storeMSR(state, random.next())
        state.pointee.nip = random.next() & 1 == 0 ? value(&random) & ~3 : random.next() & 0xf_fffc
        cpu.raise(interrupt: random.next() & 0xf_ffff)
    }
}

/// A small deterministic generator.
struct SplitMix {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }
}
