import CPPCState
import PPCTestSupport
import Testing

@testable import PPCTarget

/// Blocks that go on through calls, and steps that do two instructions.
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

    // MARK: Steps

    @Test("Every instruction with a step of its own ends as in the interpreter", arguments: 0..<4)
    func recipes(part: Int) throws {
        let rows = InstructionTable.shared.rows
        let named = Set(StepRecipe.all.map { $0.mnemonic })
        let own = rows.indices.filter { rows[$0].prefix == nil && named.contains(rows[$0].mnemonic) }
        #expect(own.count == named.count)
        for index in own where index % 4 == part {
            for seed in UInt64(1)...4 {
                var program = TranslationProgram(
                    seed: seed &* 6007 &+ UInt64(index), length: 4, rows: [rows[index]], bigEndian: seed % 2 == 0)
                program.isAwkward = seed % 4 == 3
                program.rounds = 3
                let reference = try #require(program.run(.interpreter))
                let name = Comment("\(rows[index].mnemonic) \(program.words.map { String($0, radix: 16) })")
                #expect(try #require(program.run(.blocks)).firstDifference(reference) == nil, name)
            }
        }
    }

    @Test("Vector registers of a facility that is off are refused", arguments: [EngineKind.interpreter, .blocks])
    func facilities(kind: EngineKind) throws {
        let memory = FlatMemory(size: 1 << 20)
        let cpu = PPCCPU(model: try #require(PPCModel.named("power9")), memory: memory)
        // lxv vs32 and lxv vs0 at 0(r1); sc 1 there and at the interrupt's vector.
        #expect(memory.load(bytes(of: [0xf401_0009, 0xf401_0001, 0x4400_0022], bigEndian: true), at: Self.start))
        #expect(memory.load(bytes(of: [0x4400_0022], bigEndian: true), at: 0xf40))
        Context.storeMSR(cpu.state, MSR.sf | MSR.vec)
        cpu.hypercall = { _ in Outcome.stop }
        if kind == .blocks { cpu.engine = BlockEngine(cpu: cpu) }
        gpr(cpu.state)[1] = Self.data
        cpu.state.pointee.nip = Self.start
        #expect(cpu.run() == .requested)
        #expect(cpu.state.pointee.nip == 0xf44)
        #expect(spr(cpu.state)[SPRegister.srr0] == Self.start + 4)
    }

    // MARK: Fusions

    /// The word of a kind's instruction: registers R3 to R10, base R1 for stores and loads.
    private func word(_ kind: StepKind, _ random: inout TranslationProgram.Random) -> UInt32 {
        let name: String =
            switch kind {
            case .cmpdi: "cmpi"
            case .cmpldi: "cmpli"
            case .cmpd: "cmp"
            case .cmpld: "cmpl"
            default: kind.mnemonic
            }
        func register() -> UInt32 { UInt32(3 + random.below(8)) }
        switch kind {
        case .mflr: return 0x7c08_02a6 | register() << 21
        case .mtlr: return 0x7c08_03a6 | register() << 21
        case .branchIfClear, .branchIfSet:
            // Over the next one.
            return 0x4000_0008 | (kind == .branchIfSet ? 12 : 4) << 21 | UInt32(random.below(32)) << 16
        default: break
        }
        guard let row = InstructionTable.shared.rows.first(where: { $0.mnemonic == name && $0.prefix == nil }) else {
            return 0
        }
        var word = row.form.match | UInt32(truncatingIfNeeded: random.next()) & ~row.form.mask & ~row.unused
        if row.hasRc { word &= ~1 }
        if row.hasOE { word &= ~0x400 }
        let memory = row.effects.contains(.loads) || row.effects.contains(.stores)
        word = word & ~0x001f_0000 | (memory ? 1 : register()) << 16
        let comparison = name.hasPrefix("cmp")
        if comparison {
            word = word & ~0x20_0000 | (kind.mnemonic == name ? 0 : 0x20_0000)
        } else {
            word = word & ~0x03e0_0000 | register() << 21
        }
        if row.operands.contains(where: { $0.name == "RB" }) { word = word & ~0xf800 | register() << 11 }
        if memory { word &= kind == .stdu ? ~0xffc0 : ~0xfc00 }
        return word
    }

    /// Two words that the fusion is for.
    private func pair(_ fusion: Fusion, _ random: inout TranslationProgram.Random) -> [UInt32] {
        let one = word(fusion.first, &random)
        var two = word(fusion.second, &random)
        let result = one >> (fusion.first.targetsRA ? 16 : 21) & 31
        func put(_ value: UInt32, _ shift: UInt32, _ width: UInt32) {
            two = two & ~((1 << width - 1) << shift) | value << shift
        }
        switch fusion.link {
        case .none, .sameBase: break
        case .rs: put(result, 21, 5)
        case .ra, .base: put(result, 16, 5)
        case .rb: put(result, 11, 5)
        case .rsOrRB: put(result, random.below(2) == 0 ? 21 : 11, 5)
        case .raOrRB: put(result, random.below(2) == 0 ? 16 : 11, 5)
        case .field: put(fusion.first == .andiRecord ? 0 : one >> 23 & 7, 18, 3)
        }
        return [one, two]
    }

    private func step(_ word: UInt32, _ context: TranslationContext) -> (Step, StepKind)? {
        let table = InstructionTable.shared
        var step = Step(
            run: StepFlow.called, address: 0, word: UInt64(word), execute: StepFlow.illegal)
        let row = table.decode(UInt64(word), for: InstructionSet(rawValue: .max).subtracting([.only970, .untilISA207]))
        guard row != InstructionTable.noRow else { return nil }
        let lowered = RowInfo(table.rows[Int(row)]).lowered
        let move = BranchSteps.moveKind(lowered, step.word)
        if move != .none { return (step, move) }
        let branch = BranchSteps.kind(lowered, step.word, isFollowed: false)
        if branch != .none {
            step.field = UInt8(truncatingIfNeeded: Fields(step.word).ra >> 2)
            return (step, branch)
        }
        guard let recipe = StepRecipe.byRow(table)[Int(row)],
            recipe.prepare(&step, row: table.rows[Int(row)], context: context)
        else { return nil }
        return (step, recipe.kind(step.word, table.rows[Int(row)]))
    }

    private static let tested = Fusion.all.indices.filter {
        ![StepKind.returning, .followedReturn].contains(Fusion.all[$0].second)
    }

    @Test("Two instructions in one step do what each does alone", arguments: 0..<4)
    func fusions(part: Int) throws {
        let table = Fusion.Table()
        var random = TranslationProgram.Random(state: 0x1234_5678_9abc_def1 &+ UInt64(part))
        let cpu = PPCCPU(model: try #require(PPCModel.named("power10")), memory: FlatMemory(size: 1 << 16))
        Context.storeMSR(cpu.state, MSR.sf)
        let context = TranslationContext(cpu.state)
        for index in Self.tested where index % 4 == part {
            let fusion = Fusion.all[index]
            for seed in UInt64(1)...4 {
                let words = pair(fusion, &random)
                let name = Comment("\(fusion.first) \(fusion.second) \(words.map { String($0, radix: 16) })")
                let steps = UnsafeMutablePointer<Step>.allocate(capacity: 2)
                defer { steps.deallocate() }
                let (one, first) = try #require(step(words[0], context), name)
                let (two, second) = try #require(step(words[1], context), name)
                steps.initialize(to: one)
                (steps + 1).initialize(to: two)
                #expect(table.fuse(steps, first, second, context), name)
                var program = TranslationProgram(seed: seed, length: 0, rows: [], bigEndian: seed % 2 == 0)
                // What the second may skip, and something that changes the first one's operands.
                program.words = words + [0x3863_0013, 0x7c84_1a14]
                program.rounds = 20
                let reference = try #require(program.run(.interpreter))
                #expect(try #require(program.run(.blocks)).firstDifference(reference) == nil, name)
            }
        }
    }

    @Test("A load of its own base moves the next one's", arguments: [false, true])
    func ownBase(bigEndian: Bool) throws {
        var program = TranslationProgram(seed: 5, length: 0, rows: [], bigEndian: bigEndian)
        // or r5, r1, r1; lbz r5, 0(r5); lbz r6, 8(r5); add r7, r7, r6
        program.words = [0x7c25_0b78, 0x88a5_0000, 0x88c5_0008, 0x7ce7_3214]
        let reference = try #require(program.run(.interpreter))
        #expect(try #require(program.run(.blocks)).firstDifference(reference) == nil)
    }
}
