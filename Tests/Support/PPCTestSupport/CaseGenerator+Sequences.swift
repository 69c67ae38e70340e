import PPCTarget

/// Sequences of several instructions over few registers, so that results feed later instructions, targets are sources
/// and status bits pile up before anything is compared.
extension CaseGenerator {
    /// Rows that may stand anywhere in a sequence: they go on to the next instruction, every difference is an error,
    /// and nothing needs to be set up around them.
    package func sequenceRows(model: TestModel, bigEndian: Bool) -> [Int] {
        let known = Set(KnownDifference.all.flatMap(\.mnemonics))
        return table.rows.indices.filter { index in
            let row = table.rows[index]
            return Self.obstacle(row, model: model, bigEndian: bigEndian) == nil && row.prefix == nil
                && row.effects.isDisjoint(with: [.branches, .traps, .synchronizes, .reserves])
                && !known.contains(row.mnemonic) && !Self.settingUp.contains(row.mnemonic)
                && !row.operands.contains { $0.kind == .accumulator || $0.kind == .spr }
        }
    }

    /// Need a reservation or addresses of their own.
    private static var settingUp: Set<String> {
        [
            "stbcx.", "sthcx.", "stwcx.", "stdcx.", "stqcx.", "lmw", "stmw", "lswi", "lswx", "stswi", "stswx", "lq",
            "stq", "mtxer", "mfspr", "mtspr",
        ]
    }

    /// A case of `length` instructions out of `rows`. At most one accesses memory, and stands first, because its
    /// address is made of registers that the others may change.
    package mutating func makeSequence(
        _ rows: [Int], length: Int, model: TestModel, bigEndian: Bool, slot: Int
    ) -> TestCase? {
        let computing = rows.filter { table.rows[$0].effects.isDisjoint(with: [.loads, .stores]) }
        guard !computing.isEmpty, length <= TestLayout.maxWords,
            var test = make(row: random.pick(rows), model: model, bigEndian: bigEndian, slot: slot)
        else { return nil }
        let general = (0..<3).map { _ in UInt64(random.below(32)) }
        let other = (0..<3).map { _ in UInt64(random.below(32)) }
        var attempts = 0
        while test.words.count < length, attempts < 64 {
            attempts += 1
            let index = random.pick(computing)
            let row = table.rows[index]
            var word = UInt64(
                UInt32(truncatingIfNeeded: random.next()) & ~(row.form.mask | row.unused) | row.form.match)
            for operand in row.operands where operand.width == 5 && operand.extract == nil {
                switch operand.kind {
                case .gpr, .gprOrZero: setField(&word, operand, random.pick(general))
                case .fpr, .vr, .vsr: setField(&word, operand, random.pick(other))
                default: break
                }
            }
            guard table.decode(word, for: model.instructionSets) == UInt16(index) else { continue }
            test.words.append(UInt32(truncatingIfNeeded: word))
        }
        return test.words.count == length ? test : nil
    }
}
