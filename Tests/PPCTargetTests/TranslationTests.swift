import CPPCState
import Testing

@testable import PPCTarget

@Suite("Translation")
struct TranslationTests {
    @Test("The assembler's code computes what it says")
    func assembler() throws {
        let memory = try CodeMemory(codeSize: 65536, dataSize: 65536)
        let tables = Assembler.Tables()
        var asm = Assembler(
            at: memory.next, capacity: memory.codeFree, executableOffset: memory.executableOffset, tables: tables)
        // Sum of (i * 3) ^ 5 for i below rdi, through high and low registers, memory and a loop.
        let top = asm.label()
        asm.constant(.rax, 0)
        asm.constant(.r9, 0)
        asm.bind(top)
        asm.lea(.w64, .r10, MemoryOperand(.r9, index: .r9, scale: 1))
        asm.alu(.xor, .w64, .r10, immediate: 5)
        asm.store(.w64, MemoryOperand(.rsi, 8), .r10)
        asm.alu(.add, .w64, .rax, MemoryOperand(.rsi, 8))
        asm.alu(.add, .w64, .r9, immediate: 1)
        asm.alu(.cmp, .w64, .r9, .rdi)
        asm.jump(.below, top)
        asm.ret()
        let isResolved = asm.resolve()
        #expect(isResolved)
        typealias Function = @convention(c) (UInt64, UnsafeMutableRawPointer) -> UInt64
        let function = unsafeBitCast(UnsafeRawPointer(memory.execute), to: Function.self)
        let expected = (0..<UInt64(100)).reduce(UInt64(0)) { $0 + (($1 * 3) ^ 5) }
        #expect(function(100, UnsafeMutableRawPointer(memory.data)) == expected)
    }

    @Test("Random loops end alike on every engine", arguments: UInt64(1)...60)
    func randomLoops(seed: UInt64) throws {
        let program = TranslationProgram(
            seed: seed, length: 4 + Int(seed % 24), rows: TranslationProgram.rows(), bigEndian: seed % 3 == 0)
        let reference = try #require(program.run(.interpreter))
        let blocks = try #require(program.run(.blocks))
        #expect(blocks.firstDifference(reference) == nil)
        guard NativeEngine.isSupported else { return }
        let native = try #require(program.run(.native(.all)))
        #expect(native.firstDifference(reference) == nil)
    }

    /// In regions of many blocks, every other one left by a fault.
    @Test("Comparisons and branches in random loops end alike on every engine", arguments: UInt64(1)...120)
    func randomBranches(seed: UInt64) throws {
        let names: Set<String> = [
            "cmpi", "cmpli", "cmp", "cmpl", "isel", "add", "addi", "subf", "and", "andi.", "rlwinm", "extsb", "neg",
            "lwz", "lbzx", "stw", "mfcr", "mtcrf", "crand", "setb", "adde", "divd", "fcmpu", "or",
        ]
        let comparisons: Set<String> = ["cmpi", "cmpli", "cmp", "cmpl"]
        let rows = TranslationProgram.rows { names.contains($0.mnemonic) }
        let many = rows + (0..<3).flatMap { _ in rows.filter { comparisons.contains($0.mnemonic) } }
        var program = TranslationProgram(
            seed: seed &* 131, length: 8 + Int(seed % 29), rows: many, bigEndian: seed % 3 == 0)
        program.addBranches(faults: seed % 2 == 0)
        let reference = try #require(program.run(.interpreter))
        #expect(try #require(program.run(.blocks)).firstDifference(reference) == nil)
        guard NativeEngine.isSupported else { return }
        let native = try #require(program.run(.native(.all)))
        #expect(native.firstDifference(reference) == nil)
    }

    static let seedsPerRow: UInt64 = 8

    /// Each row in loops of its own, so that a failure names it.
    @Test("Every instruction with native code ends as in the interpreter", arguments: 0..<8)
    func everyRow(part: Int) throws {
        guard NativeEngine.isSupported else { return }
        var failures: [String] = []
        for (index, row) in TranslationProgram.rows().enumerated() where index % 8 == part {
            for seed in UInt64(1)...Self.seedsPerRow {
                var program = TranslationProgram(
                    seed: seed &* 7919 &+ UInt64(index), length: 3, rows: [row], bigEndian: seed % 3 == 0)
                // Some as regions, others once over awkward values.
                program.isAwkward = seed % 4 != 0
                program.rounds = seed % 4 == 0 ? 110 : 1
                let reference = try #require(program.run(.interpreter))
                let native = try #require(program.run(.native(HostLevel.allCases[(Int(seed) + index) % 3])))
                guard let difference = native.firstDifference(reference) else { continue }
                let words = program.words.map { String($0, radix: 16) }.joined(separator: " ")
                failures.append("\(row.mnemonic) [\(words)] \(program.bigEndian ? "BE" : "LE") \(difference)")
                break
            }
        }
        #expect(failures.isEmpty, "\(failures.count): \(failures.joined(separator: "\n"))")
    }

    @Test("Random loops of vector instructions end alike on every engine", arguments: UInt64(1)...40)
    func randomVectorLoops(seed: UInt64) throws {
        let rows = TranslationProgram.rows { [.vector, .vsx, .vsxOrVector].contains($0.facility) }
        let program = TranslationProgram(
            seed: seed &* 77, length: 4 + Int(seed % 12), rows: rows, bigEndian: seed % 3 == 0)
        let reference = try #require(program.run(.interpreter))
        guard NativeEngine.isSupported else { return }
        for level in HostLevel.allCases {
            #expect(try #require(program.run(.native(level))).firstDifference(reference) == nil)
        }
    }

    @Test("Loops that change the rounding mode end alike on every engine", arguments: UInt64(1)...40)
    func roundingLoops(seed: UInt64) throws {
        let rows = TranslationProgram.rows { $0.mnemonic.wholeMatch(of: /f.*|xs.*|xv.*p|v.*fp/) != nil }
        var program = TranslationProgram(
            seed: seed &* 193, length: 6 + Int(seed % 12), rows: rows, bigEndian: seed % 3 == 0)
        program.isAwkward = seed % 4 == 0
        program.addModes(distance: 3 + Int(seed % 5))
        let reference = try #require(program.run(.interpreter))
        #expect(try #require(program.run(.blocks)).firstDifference(reference) == nil)
        guard NativeEngine.isSupported else { return }
        for level in HostLevel.allCases {
            #expect(try #require(program.run(.native(level))).firstDifference(reference) == nil)
        }
    }

    @Test("Code that a loop writes over is translated anew", arguments: [false, true])
    func selfModification(native: Bool) throws {
        guard !native || NativeEngine.isSupported else { return }
        let memory = FlatMemory(size: 1 << 20)
        let model = try #require(PPCModel.named("power9"))
        let cpu = PPCCPU(model: model, memory: memory)
        Context.storeMSR(cpu.state, MSR.sf | MSR.le)
        cpu.hypercall = { _ in PPCTarget.Outcome.stop }
        // addi r3,r3,1 becomes addi r3,r3,2 and so on: r4 holds the word, r5 its address.
        let words: [UInt32] = [
            0x3863_0001,  // addi r3, r3, 1
            0x3884_0001,  // addi r4, r4, 1
            0x9085_0000,  // stw r4, 0(r5)
            0x4c00_012c,  // isync
            0x4200_fff0,  // bdnz -16
            0x4400_0022,  // sc 1
        ]
        let code = bytes(of: words, bigEndian: false)
        #expect(memory.load(code, at: 0x10000))
        gpr(cpu.state)[4] = 0x3863_0001
        gpr(cpu.state)[5] = 0x10000
        cpu.state.pointee.ctr = 300
        cpu.state.pointee.nip = 0x10000
        cpu.engine = native ? try NativeEngine(cpu: cpu, codeSize: 1 << 20) : BlockEngine(cpu: cpu)
        _ = cpu.run()
        #expect(gpr(cpu.state)[3] == (1...300).reduce(0, +))
        #expect((cpu.engine?.statistics.invalidations ?? 0) > 200)
    }
}
