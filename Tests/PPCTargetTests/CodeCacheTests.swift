import CPPCState
import Testing

@testable import PPCTarget

/// What goes when the code cache is full, and what stays.
@Suite("Code cache") struct CodeCacheTests {
    private static let helpers = 40
    private static let main: UInt64 = NativeProofTests.start
    /// Instructions of one piece of the program.
    private static let pieceWords = 12

    /// `pieces` pieces in a row, each with an access, a sum, and a call of one of a few functions, whose loops become
    /// regions; all of that again and again until R7 is zero.
    private static func program(_ pieces: Int) -> [UInt32] {
        var words: [UInt32] = []
        // Pieces first, then the end of the loop (8 words), then the functions (6 words each).
        func distance(from: Int, to: Int) -> UInt32 { UInt32(truncatingIfNeeded: (to - from) * 4) }
        let functions = pieces * pieceWords + 8
        for piece in 0..<pieces {
            words += [
                0xe8a1_0000,  // ld r5, 0(r1)
                0x38a5_0003,  // addi r5, r5, 3
                0xf8a1_0000,  // std r5, 0(r1)
                0x7c63_2a14,  // add r3, r3, r5
                0x7065_0001,  // andi. r5, r3, 1
                0x4182_0008,  // beq over the next
                0x38c6_0001,  // addi r6, r6, 1
                0x7c63_3278,  // xor r3, r3, r6
                0x3920_0030,  // li r9, 48
            ]
            let target = functions + piece % helpers * 6
            words.append(0x4800_0001 | distance(from: words.count, to: target) & 0x03ff_fffc)  // bl
            words += [0x3884_0001, 0x4800_0004]  // addi r4, r4, 1; b to the next
        }
        words += [
            0x38e7_ffff,  // addi r7, r7, -1
            0x2c27_0000,  // cmpdi r7, 0
            0x4182_0010,  // beq to the hypercall
            0x7d09_03a6,  // mtctr r8
            0x4e80_0420,  // bctr
            0x6000_0000,
            0x4400_0022,  // sc 1
            0x6000_0000,
        ]
        for helper in 0..<helpers {
            words += [
                0x3863_0000 | UInt32(helper + 1),  // addi r3, r3, n
                0x7d29_03a6,  // mtctr r9
                0x7c63_1a14,  // add r3, r3, r3
                0x4200_fffc,  // bdnz to the addition
                0x3863_0001,  // addi r3, r3, 1
                0x4e80_0020,  // blr
            ]
        }
        return words
    }

    @Test("code that does not fit goes zone by zone, joints and look-ups with it; results stay right")
    func evictions() throws {
        guard NativeEngine.isSupported else { return }
        let pieces = 4000
        let words = Self.program(pieces)
        func run(_ size: Int?) throws -> (PPCCPU, NativeEngine) {
            let (cpu, _) = try NativeProofTests.machine(words, size: 4 << 20, code: size ?? 8 << 20)
            let engine = try #require(cpu.engine as? NativeEngine)
            if size == nil { cpu.engine = nil }
            gpr(cpu.state)[7] = 5
            #expect(cpu.run() == .requested)
            return (cpu, engine)
        }
        let (reference, _) = try run(nil)
        let (cpu, engine) = try run(1)
        for register in 0..<32 { #expect(gpr(cpu.state)[register] == gpr(reference.state)[register]) }
        let statistics = engine.statistics
        #expect(statistics.codeCapacity == CodeZones.minimum)
        #expect(statistics.evictions >= 5 * 8, "\(statistics)")
        #expect(statistics.regions >= Self.helpers)
        #expect(Self.faults(engine) == [])
        let (large, whole) = try run(8 << 20)
        #expect(gpr(large.state)[3] == gpr(reference.state)[3])
        #expect(whole.statistics.evictions == 0)
    }

    @Test("code written over in a small cache is translated anew wherever it was")
    func rewriting() throws {
        guard NativeEngine.isSupported else { return }
        let words = Self.program(3000)
        let (cpu, memory) = try NativeProofTests.machine(words, size: 4 << 20, code: 1)
        let engine = try #require(cpu.engine as? NativeEngine)
        let (other, otherMemory) = try NativeProofTests.machine(words, size: 4 << 20)
        other.engine = nil
        for round in 0..<6 {
            for (machine, memory) in [(cpu, memory), (other, otherMemory)] {
                gpr(machine.state)[7] = 1
                machine.state.pointee.nip = Self.main
                // One addition of every hundredth piece becomes another, behind the engine's back but for the notice.
                for piece in stride(from: round * 7, to: 3000, by: 100) {
                    let address = Self.main + UInt64(piece * Self.pieceWords + 1) * 4
                    #expect(memory.load([0x38, 0xa5, 0, UInt8(round + 4)], at: address))
                    machine.sharedCode.changed(address, 4)
                }
                #expect(machine.run() == .requested)
            }
            for register in 0..<32 { #expect(gpr(cpu.state)[register] == gpr(other.state)[register]) }
            #expect(Self.faults(engine) == [])
        }
        #expect(engine.statistics.evictions > 8)
    }

    /// What does not fit together in an engine's books.
    private static func faults(_ engine: NativeEngine) -> [String] {
        var faults: [String] = []
        let (zones, table, exits) = (engine.zones, engine.table, engine.exits)
        var incoming: [Int32: Set<Int32>] = [:]
        var live: Set<UInt32> = []
        for zone in 0..<zones.count {
            for number in zones.blocks(zone) where !table.records[Int(number)].isDead {
                let record = table.records[Int(number)]
                live.insert(record.code)
                if !zones.code(zone).contains(Int(record.code)) { faults.append("block \(number) outside its zone") }
                if table.find(record.address, record.host, record.context) < 0 {
                    faults.append("block \(number) cannot be found")
                }
            }
            for exit in zones.exits(zone) {
                let record = exits[Int(exit)]
                let place = UnsafeRawPointer(engine.memory.write + Int(record.patch))
                let target = Int(place.loadUnaligned(as: Int32.self)) + Int(record.patch) + 4
                if record.linked < 0 {
                    if target != Int(record.stub) { faults.append("exit \(exit) leads to \(target), unlinked") }
                    continue
                }
                incoming[record.linked, default: []].insert(exit)
                let block = table.records[Int(record.linked)]
                if block.isDead || !zones.contains(block: record.linked) || target != Int(block.code) {
                    faults.append("exit \(exit) leads to \(target), for block \(record.linked)")
                }
            }
        }
        for (number, wanted) in incoming {
            var found: Set<Int32> = []
            var (exit, previous) = (table.records[Int(number)].incoming, Int32(-1))
            while exit >= 0, found.insert(exit).inserted {
                if exits[Int(exit)].previousIncoming != previous { faults.append("exit \(exit) is badly listed") }
                (previous, exit) = (exit, exits[Int(exit)].nextIncoming)
            }
            if found != wanted { faults.append("block \(number) lists \(found.count) of \(wanted.count) exits") }
        }
        engine.caches.forEach { entry in
            let offset = UInt32(truncatingIfNeeded: Int(entry.code) - Int(bitPattern: engine.memory.execute))
            if !live.contains(offset) { faults.append("a look-up of \(hex(entry.address)) leads nowhere") }
        }
        return faults
    }
}
