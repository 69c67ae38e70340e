import CPPCState
import Dispatch
import EmuCore
import Foundation
import Testing

@testable import PPCTarget

@Suite("vCPUs that take turns") struct SchedulingTests {
    /// Fifty times: sleeps until the decrementer wakes it, notes the time base and a number that it draws from a
    /// counter shared with the other thread, and computes. Thread 0 then waits for thread 1 to have finished, notes the
    /// time base again and switches the machine off. R3 is the thread's number; notes begin at 0x4000 and 0x6000.
    private static let program: [UInt32] = [
        0x1fe3_2000, 0x3bff_4000, 0x7c7d_1b78, 0x3bc0_0032, 0x38c0_3000,
        // Next round: mtdec, H_CEDE.
        0x387d_0003, 0x1c63_02bc, 0x7c76_03a6, 0x3860_00e0, 0x4400_0022,
        // mftb, std; lwarx, addi, stwcx., std.
        0x7c8c_42a6, 0xf89f_0000, 0x7ca0_3028, 0x38a5_0001, 0x7ca0_312d, 0x4082_fff4, 0xf8bf_0008, 0x3bff_0010,
        // 999 times bdnz; around.
        0x3860_03e7, 0x7c69_03a6, 0x4200_0000, 0x37de_ffff, 0x4082_ffbc,
        // Thread 0: spins until the counter is 100.
        0x2c1d_0000, 0x4082_0028, 0x80a6_0000, 0x2c05_0064, 0x4082_fff8, 0x7c8c_42a6, 0xf89f_0000,
        // H_RTAS.
        0x3860_7fff, 0x3863_7001, 0x3880_0180, 0x4400_0022, 0x4800_0000,
    ]
    /// power-off, two arguments, one result.
    private static let block: [UInt32] = [0x2003, 2, 1, 0, 0, 0]
    /// li r10,0x7000; mtdec r10; rfid.
    private static let decrementer: [UInt32] = [0x3940_7000, 0x7d56_03a6, 0x4c00_0024]

    /// Runs the program on two vCPUs.
    ///
    /// - Returns: The notes of both threads, and the machine.
    private func run(_ engine: EngineKind, shift: UInt64?, sleeps: Bool = false) throws -> ([UInt64], SpaprMachine) {
        var image = [UInt8](repeating: 0, count: 0x1000)
        for (start, list) in [(0x100, Self.program), (0x190, Self.block), (0x900, Self.decrementer)] {
            for (index, word) in list.enumerated() {
                withUnsafeBytes(of: word.bigEndian) {
                    image.replaceSubrange((start + index * 4)..<(start + index * 4 + 4), with: $0)
                }
            }
        }
        // The program says where its block is.
        image[0x100 + 32 * 4 + 3] = 0x90
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("guest.\(UUID().uuidString)")
        try Data(image).write(to: path)
        defer { try? FileManager.default.removeItem(at: path) }
        let platform = SpaprServices(isSingleThreaded: true, instructionShift: shift, sleepsWhenIdle: sleeps) { _ in
            TranslatingEngine(engine, codeSize: 2 << 20)
        }
        let machine = try SpaprMachine.make("pseries-7.2", platform: platform) { _, options in
            options.memory.size = 256 << 20
            options.smp.cpus = 2
            options.firmware = path.path
        }
        let ended = DispatchSemaphore(value: 0)
        machine.withLock {
            machine.onShutdown = { _ in ended.signal() }
            for thread in machine.threads {
                thread.cpu.setEntry(nip: 0x100, r3: UInt64(thread.index))
                thread.cpu.isHalted = false
            }
            machine.setRunState(.running)
        }
        // A minute is for machines that hang.
        try #require(ended.wait(timeout: .now() + 60) == .success)
        let notes = try machine.withLock {
            try stride(from: UInt64(0x4000), to: 0x6400, by: 8).map {
                try machine.memory.load(UInt64.self, at: $0, order: .big)
            }
        }
        return (notes, machine)
    }

    @Test("finish a program in which each waits for the other", arguments: EngineKind.allCases)
    func turns(engine: EngineKind) throws {
        guard engine.isAvailable else { return }
        let (notes, machine) = try run(engine, shift: nil)
        let drawn = [0x0, 0x400].flatMap { start in (0..<50).map { notes[start + 2 * $0 + 1] } }
        #expect(drawn.sorted() == Array(1...100))
        #expect(machine.threads.allSatisfy { $0.cpu.engine != nil || engine == .interpreter })
    }

    @Test("see the same time base and order in every run when instructions are counted", arguments: [true, false])
    func countedRunsAgree(sleeps: Bool) throws {
        let (first, _) = try run(.blocks, shift: 1, sleeps: sleeps)
        let (second, _) = try run(.blocks, shift: 1, sleeps: sleeps)
        #expect(first == second)
        let (reference, _) = try run(.interpreter, shift: 1, sleeps: sleeps)
        #expect(first == reference)
        // Fifty sleeps of at least 2100 ticks, and as many times a thousand instructions of 2 ns, 1.024 ticks each.
        #expect(first[100] &- first[0] > 49 * 3100)
        #expect(first[100] &- first[0] < 49 * 40000)
    }

    @Test("are woken at the nanosecond that their decrementer names")
    func exactWakeUp() throws {
        let (notes, _) = try run(.blocks, shift: 0)
        // Thread 0 sets its decrementer after 8 ns, tick 4, to 2100 ticks, and sleeps after 10; thread 1 sets its own
        // after 18 ns, tick 9, to 2800. Their deadlines come in the 4110th and the 5487th nanosecond, and four
        // instructions later, at ticks 2106 and 2811, each notes the time.
        #expect(notes[0x400] &- notes[0] == 2811 - 2106)
    }

    @Test("count no more instructions than they are asked for", arguments: [EngineKind.interpreter, .blocks])
    func limits(engine: EngineKind) throws {
        let memory = FlatMemory(size: 1 << 20)
        let cpu = PPCCPU(model: try #require(PPCModel.named("power9")), memory: memory)
        Context.storeMSR(cpu.state, MSR.sf)
        if engine == .blocks { cpu.engine = BlockEngine(cpu: cpu) }
        // addi r3,r3,1; addi r4,r4,1; b back.
        #expect(memory.load([0x38, 0x63, 0, 1, 0x38, 0x84, 0, 1, 0x4b, 0xff, 0xff, 0xf8], at: 0x1000))
        cpu.state.pointee.nip = 0x1000
        var total: UInt64 = 0
        for limit in [UInt64(1), 2, 3, 64, 65, 66, 67, 100, 1000, 4095, 4096, 4097, 100_000] {
            #expect(cpu.run(limit: limit) == .limit)
            total += limit
            #expect(cpu.state.pointee.instructions_executed == total)
            #expect(cpu.state.pointee.nip == 0x1000 + 4 * (total % 3))
            #expect(gpr(cpu.state)[3] == (total + 2) / 3)
        }
        if engine == .blocks { #expect(cpu.engine?.statistics.blocks ?? 0 > 0) }
    }

    @Test("Random numbers with a seed are the same every time, and others are not")
    func seeds() {
        let (a, b, c) = (RandomSource(seed: 1), RandomSource(seed: 1), RandomSource(seed: 2))
        let (x, y, z) = ((0..<9).map { _ in a.next() }, (0..<9).map { _ in b.next() }, (0..<9).map { _ in c.next() })
        #expect(x == y && x != z && Set(x).count == 9)
        #expect(RandomSource().next() != RandomSource().next())
    }
}
