import Foundation
import PPCTarget
import Testing

/// What an embedder does with a CPU and memory, through public declarations alone.
@Suite struct EmbedderTests {
    /// li r3, 5; addi r3, r3, 1; std r3, 0(r4); ld r6, 0(r5); stw r3, 0(r7); sc 1; b .
    private static let words: [UInt32] = [
        0x3860_0005, 0x3863_0001, 0xf864_0000, 0xe8c5_0000, 0x9067_0000, 0x4400_0022, 0x4800_0000,
    ]

    /// An ELF file of one segment.
    private static func elf(_ code: [UInt8], at address: UInt64, bigEndian: Bool) -> [UInt8] {
        var file: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 2, bigEndian ? 2 : 1, 1] + [UInt8](repeating: 0, count: 9)
        func add(_ value: UInt64, _ size: Int) {
            let all = (0..<size).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
            file += bigEndian ? all.reversed() : all
        }
        for (value, size) in [
            (2, 2), (21, 2), (1, 4), (address, 8), (64, 8), (0, 8), (2, 4), (64, 2), (56, 2), (1, 2), (0, 2), (0, 2),
            (0, 2), (1, 4), (5, 4), (120, 8), (address, 8), (address, 8), (UInt64(code.count), 8),
            (UInt64(code.count) + 64, 8), (16, 8),
        ] as [(UInt64, Int)] { add(value, size) }
        return file + code
    }

    @Test("runs bytes or an ELF program, steps, stops, and shows everything to closures", arguments: [true, false])
    func everything(bigEndian: Bool) throws {
        let memory = FlatMemory(size: 1 << 20)
        let cpu = PPCCPU(model: try #require(PPCModel.named("power9")), memory: memory)
        let code = bytes(of: Self.words, bigEndian: bigEndian)
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("embedder-\(UUID()).elf")
        try Data(Self.elf(code, at: 0x4000, bigEndian: bigEndian)).write(to: path)
        defer { try? FileManager.default.removeItem(at: path) }
        #expect(memory.load([UInt8](repeating: 0xff, count: 64), at: 0x4000 + UInt64(code.count)))
        let program = try cpu.loadProgram(path.path, into: memory)
        #expect(program.entry == 0x4000 && program.isLittleEndian == !bigEndian)
        #expect(memory.bytes(at: 0x4000, count: code.count) == code)
        #expect(memory.bytes(at: 0x4000 + UInt64(code.count), count: 64) == [UInt8](repeating: 0, count: 64))

        // Registers and memory by name.
        #expect(cpu.setRegister("r4", 0x8000) && cpu.setRegister("R5", 0x2_0000_0000) && cpu.setRegister("r7", 1 << 32))
        #expect(!cpu.setRegister("nonsense", 1) && cpu.register("nonsense") == nil)
        #expect(cpu.register("pc") == 0x4000)
        #expect(cpu.writeMemory(at: 0x9000, [1, 2, 3]) && cpu.readMemory(at: 0x9001, count: 2) == [2, 3])
        #expect(cpu.readMemory(at: 1 << 40, count: 1) == nil)

        // Steps and breakpoints.
        #expect(cpu.step() == .limit)
        #expect(cpu.register("r3") == 5 && cpu.register("pc") == 0x4004)
        cpu.breakpoints = [0x4008]
        #expect(cpu.run() == .breakpoint)
        #expect(cpu.register("r3") == 6 && cpu.register("pc") == 0x4008)

        // Instructions, devices and hypercalls.
        var seen: [UInt64] = []
        var written: [UInt64] = []
        cpu.onInstruction = { cpu, address in
            seen.append(address)
            return true
        }
        memory.onRead = { address, size in address == 0x2_0000_0000 && size == 8 ? 0x1122 : nil }
        memory.onWrite = { address, size, value in
            written += [address, UInt64(size), value]
            return true
        }
        cpu.hypercall = { cpu in
            cpu.setRegister("r3", 42)
            return Outcome.stop
        }
        #expect(cpu.run() == .requested)
        #expect(seen == [0x4008, 0x400c, 0x4010, 0x4014])
        #expect(cpu.register("r3") == 42 && cpu.register("pc") == 0x4018)
        #expect(memory.bytes(at: bigEndian ? 0x8007 : 0x8000, count: 1) == [6])
        // Devices answer in big-endian order; a little-endian program sees the bytes swapped.
        #expect(cpu.register("r6") == (bigEndian ? 0x1122 : 0x2211_0000_0000_0000))
        #expect(written == [1 << 32, 4, bigEndian ? 6 : 0x0600_0000])

        // Disassembly.
        let disassembler = Disassembler(sets: cpu.model.instructionSets)
        #expect(disassembler.text(of: UInt64(Self.words[1])).split(separator: " ") == ["addi", "r3,r3,1"])

        // A limit, with the last instruction branching to itself.
        cpu.onInstruction = nil
        #expect(cpu.run(limit: 1000) == .limit)
    }

    @Test("refuses a program that does not fit, or is none")
    func refusals() throws {
        let memory = FlatMemory(size: 1 << 16)
        let cpu = PPCCPU(model: try #require(PPCModel.named("power9")), memory: memory)
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("embedder-\(UUID()).elf")
        defer { try? FileManager.default.removeItem(at: path) }
        for bytes in [[], [0x7f, 0x45], Self.elf([0, 0, 0, 0], at: 1 << 16, bigEndian: true)] as [[UInt8]] {
            try Data(bytes).write(to: path)
            #expect(throws: (any Error).self) { try cpu.loadProgram(path.path, into: memory) }
        }
    }
}
