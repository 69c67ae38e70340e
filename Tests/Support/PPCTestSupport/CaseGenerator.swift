import PPCTarget

/// Makes random cases of table rows: random operands, awkward contents, addresses inside the data area.
package struct CaseGenerator {
    package let table: InstructionTable
    var random: RandomStream

    package init(table: InstructionTable = .shared, seed: UInt64) {
        self.table = table
        random = RandomStream(seed: seed)
    }

    /// Whether user-mode emulation can serve as the oracle for a row; the reason if not.
    package static func obstacle(_ row: InstructionRow, model: TestModel, bigEndian: Bool) -> String? {
        if row.since.isDisjoint(with: model.instructionSets) { return "not on \(model.name)" }
        if row.privilege != .problem { return "privileged" }
        if row.effects.contains(.nondeterministic) { return "nondeterministic" }
        if row.mnemonic.hasPrefix("hash") { return "keyed with a random number in user mode" }
        let unreachable: Set<String> = ["sc", "scv", "wait", "rfebb", "msgsndp", "msgclrp", "stop", "attn"]
        if unreachable.contains(row.mnemonic) { return "needs a system" }
        let bigEndianOnly: Set<String> = ["lmw", "stmw", "lswi", "lswx", "stswi", "stswx"]
        if !bigEndian, bigEndianOnly.contains(row.mnemonic) {
            return "an alignment interrupt in little-endian mode, at which user-mode emulation aborts"
        }
        return nil
    }

    /// A case of one row, or `nil` after too many words that other rows claim.
    package mutating func make(row index: Int, model: TestModel, bigEndian: Bool, slot: Int) -> TestCase? {
        let row = table.rows[index]
        let seed = UInt32(truncatingIfNeeded: random.next())
        var test = TestCase(
            model: model, bigEndian: bigEndian, slot: slot, seed: seed, words: [],
            image: RandomState.image(seed: seed, model: model),
            data: RandomState.data(seed: seed))
        for _ in 0..<64 {
            var word = randomWord(row)
            var before: [UInt32] = []
            var after: [UInt32] = []
            surround(row, word, &before, &after)
            // A prefixed instruction must not cross a 64-byte boundary.
            if row.prefix != nil, (test.start &+ UInt64(before.count) * 4) & 63 == 60 { before.append(0x6000_0000) }
            fixOperands(row, &word, &test, UInt64(before.count) * 4)
            guard table.decode(word, for: model.instructionSets) == UInt16(index) else { continue }
            test.words =
                before + (row.prefix == nil ? [] : [UInt32(word >> 32)]) + [UInt32(truncatingIfNeeded: word)] + after
            return test.words.count <= TestLayout.maxWords ? test : nil
        }
        return nil
    }

    private mutating func randomWord(_ row: InstructionRow) -> UInt64 {
        let free = ~(row.form.mask | row.unused)
        var word = UInt64(UInt32(truncatingIfNeeded: random.next()) & free | row.form.match)
        if let prefix = row.prefix {
            word |= UInt64(UInt32(truncatingIfNeeded: random.next()) & ~prefix.mask | prefix.match) << 32
        }
        // Two register fields that name the same register.
        let fields = row.operands.filter { $0.width == 5 && $0.extract == nil && Self.isRegister($0.kind) }
        if fields.count > 1, random.chance(5) {
            let from = random.pick(fields)
            let to = random.pick(fields)
            if from.kind == to.kind || Self.isGeneral(from.kind) && Self.isGeneral(to.kind) {
                setField(&word, to, word >> UInt64(from.shift) & 31)
            }
        }
        return word
    }

    private static func isRegister(_ kind: Operand.Kind) -> Bool {
        switch kind {
        case .gpr, .gprOrZero, .fpr, .vr, .vsr: true
        default: false
        }
    }
    private static func isGeneral(_ kind: Operand.Kind) -> Bool { kind == .gpr || kind == .gprOrZero }

    func setField(_ word: inout UInt64, _ operand: Operand, _ value: UInt64) {
        let mask = (UInt64(1) << UInt64(operand.width)) - 1
        word = word & ~(mask << UInt64(operand.shift)) | (value & mask) << UInt64(operand.shift)
    }

    /// Instructions without which a row can do nothing interesting.
    private mutating func surround(
        _ row: InstructionRow, _ word: UInt64, _ before: inout [UInt32], _ after: inout [UInt32]
    ) {
        let low = UInt32(truncatingIfNeeded: word)
        // Conditional stores need a reservation of their size at their address.
        let loads: [String: UInt32] = ["stbcx.": 52, "sthcx.": 116, "stwcx.": 20, "stdcx.": 84, "stqcx.": 276]
        if let extended = loads[row.mnemonic], !random.chance(8) {
            let target: UInt32 = row.mnemonic == "stqcx." ? 30 : random.chance(2) ? 30 : low >> 21 & 31
            before.append(31 << 26 | target << 21 | low & 0x001f_f800 | extended << 1)
        }
        // Accumulators are only visible through their moves.
        if row.operands.contains(where: { $0.kind == .accumulator }), !["xxmtacc", "xxmfacc"].contains(row.mnemonic) {
            let accumulator = (low >> 23 & 7) << 23
            before.append(0x7c01_0162 | accumulator)
            after.append(0x7c00_0162 | accumulator)
        }
    }

    private mutating func fixOperands(
        _ row: InstructionRow, _ word: inout UInt64, _ test: inout TestCase, _ offset: UInt64
    ) {
        for operand in row.operands {
            switch operand.kind {
            case .spr:
                // LR, CTR and XER: the only special purpose registers whose contents are part of a case.
                let number = UInt64(random.pick([1, 8, 9]))
                word = word & ~0x1f_f800 | number << 16
            case .relativeTarget:
                let words = UInt64(1 + random.below(16))
                setField(&word, operand, words)
            case .absoluteTarget:
                setField(&word, operand, 0x1fe0 + UInt64(random.below(16)))
            default: break
            }
        }
        if row.effects.contains(.branches) {
            let first = test.start &+ offset
            test.image.lr =
                first &+ UInt64(4 * (1 + random.below(16))) | (random.chance(8) ? UInt64(random.below(4)) : 0)
            if row.mnemonic.hasPrefix("bcctr") {
                test.image.ctr = first &+ UInt64(4 * (1 + random.below(16)))
            } else if random.chance(2) {
                test.image.ctr = UInt64(random.below(3))
            }
        }
        if !row.effects.isDisjoint(with: [.loads, .stores]) { fixAddress(row, &word, &test, offset) }
    }

    /// Points the effective address into the data area, which is known only by its operands' names.
    private mutating func fixAddress(
        _ row: InstructionRow, _ word: inout UInt64, _ test: inout TestCase, _ offset: UInt64
    ) {
        var target = TestLayout.dataAddress &+ 64 &+ UInt64(random.below(20)) * 16
        if random.chance(4) { target &+= UInt64(random.below(16)) }
        if random.chance(64) { target = 0x6000_0000 }
        let base = row.operands.first { $0.name == "RA" && Self.isGeneral($0.kind) }
        let displacement = row.operands.first { $0.kind == .displacement }
        let index = row.operands.first { $0.name == "RB" && $0.kind == .gpr }
        guard let base else { return }
        var ra = Int(word >> UInt64(base.shift) & 31)
        if row.prefix != nil, let displacement, word >> 52 & 1 != 0 {
            // Relative to the instruction: RA must be 0.
            if !random.chance(8) { setField(&word, base, 0) }
            let distance = target &- (test.start &+ offset)
            _ = displacement
            word = word & ~0x0003_ffff_0000_ffff | (distance >> 16 & 0x3_ffff) << 32 | distance & 0xffff
            return
        }
        // Lengths live in the upper byte of RB.
        let lengths = ["lxvl", "lxvll", "stxvl", "stxvll", "lxvrl", "lxvrll", "stxvrl", "stxvrll", "lxvpl", "stxvpl"]
        if lengths.contains(row.mnemonic), let index {
            if ra == 0 {
                ra = 1 + random.below(31)
                setField(&word, base, UInt64(ra))
            }
            let rb = Int(word >> UInt64(index.shift) & 31)
            test.image.gpr[rb] = UInt64(random.below(20)) << 56 | random.next() >> 8
            if rb != ra { test.image.gpr[ra] = target }
            return
        }
        if let index, row.mnemonic != "lswi", !row.mnemonic.hasPrefix("hash") {
            let rb = Int(word >> UInt64(index.shift) & 31)
            if ra == 0, base.kind == .gprOrZero {
                test.image.gpr[rb] = target
            } else if ra == rb {
                test.image.gpr[ra] = target >> 1
            } else {
                let part = random.chance(2) ? UInt64(random.below(256)) : random.pick(AwkwardValues.int64)
                test.image.gpr[rb] = part
                test.image.gpr[ra] = target &- part
            }
            return
        }
        if ra == 0, base.kind == .gprOrZero {
            ra = 1 + random.below(31)
            setField(&word, base, UInt64(ra))
        }
        let distance = displacement.map { UInt64(bitPattern: $0.value(in: word)) } ?? 0
        test.image.gpr[ra] = target &- distance
    }
}
