import PPCTarget

/// Words on which QEMU's user-mode emulation and this package disagree on purpose.
package struct LegalityDifference: Sendable {
    package let reason: String
    /// The word, the model, our verdict and QEMU's.
    let applies: @Sendable (UInt64, PPCModel, LegalityVerdict, LegalityVerdict) -> Bool

    /// Whether an entry covers a difference.
    package static func covers(
        _ word: UInt64, on model: PPCModel, found: LegalityVerdict, expected: LegalityVerdict
    ) -> Bool {
        all.contains { $0.applies(word, model, found, expected) }
    }

    package static let all: [LegalityDifference] = opcodes + forms + userMode

    private static func primary(_ word: UInt64) -> UInt64 { word >> 26 & 63 }
    private static func extended(_ word: UInt64) -> UInt64 { word >> 1 & 0x3ff }

    /// The row of a word on a model that has every instruction.
    private static func mnemonic(_ word: UInt64) -> String? {
        let row = InstructionTable.shared.decode(word, for: InstructionSet(rawValue: .max))
        return row == InstructionTable.noRow ? nil : InstructionTable.shared.rows[Int(row)].mnemonic
    }

    private static let ungated: Set<String> = [
        "dtstsfi", "dtstsfiq", "xvtstdcdp", "xvtstdcsp", "xxspltib", "dctfixqq", "dcffixqq", "vcntmbb", "vcntmbh",
        "vcntmbw", "vcntmbd", "vsubudm", "vclrrb", "vextractbm", "vextracthm", "vextractwm", "vextractdm", "vextractqm",
    ]

    private static let opcodes: [LegalityDifference] = [
        .init(
            reason:
                """
                The extended opcode of VX and VA forms has eleven or six bits, the last bit of the word among them \
                (ISA 3.1 Book I, 1.6.1 and the opcode maps). QEMU 7.2 looks at the word without its last bit in \
                instructions that it has decoded since before that, and executes their neighbours, which are no \
                instructions.
                """,
            applies: { word, model, found, expected in
                primary(word) == 4 && word >> 32 == 0 && found == .illegal && expected == .executes
                    && (InstructionTable.shared.decode(word ^ 1, for: model.instructionSets) != InstructionTable.noRow
                        || mnemonic(word ^ 1).map(ungated.contains) == true)
            }),
        .init(
            reason:
                """
                Instructions of ISA 2.07, 3.0 and 3.1 that QEMU 7.2 also executes on models from before; a program \
                that asks for the level by trying would be misled.
                """,
            applies: { word, _, found, expected in
                word >> 32 == 0 && found == .illegal && expected == .executes
                    && mnemonic(word).map(ungated.contains) == true
            }),
        .init(
            reason:
                """
                The record bit belongs to the opcodes of transactional memory, and tcheck has none (ISA 2.07 Book \
                II, 5.5). QEMU 7.2 does not look at it.
                """,
            applies: { word, _, found, expected in
                primary(word) == 31 && found == .illegal && expected != .illegal
                    && [654, 686, 718, 750, 782, 814, 846, 878, 910, 942, 1006].contains(extended(word))
            }),
        .init(
            reason:
                """
                QEMU 7.2 ignores the reserved bit inside the extended opcode of lxvx; assemblers and disassemblers \
                know it as zero alone.
                """,
            applies: { word, _, found, expected in
                primary(word) == 31 && extended(word) == 300 && found == .illegal && expected == .executes
            }),
    ]

    private static let forms: [LegalityDifference] = [
        .init(
            reason:
                """
                The index of vinsertd has four bits, the one before them is reserved (ISA 3.1 Book I, Vector Insert \
                Doubleword). QEMU 7.2 takes five, finds the index out of range and changes nothing.
                """,
            applies: { word, _, found, expected in
                primary(word) == 4 && word & 0x7ff == 0x3cd && word >> 20 & 1 == 1 && found == .illegal
                    && expected == .executes
            }),
        .init(
            reason:
                """
                An odd register where a pair is named is an invalid form (ISA 3.1 Book I, "Invalid Instruction \
                Forms"), whose results are undefined. QEMU 7.2 goes on with the next register, for these and no \
                others.
                """,
            applies: { word, _, found, expected in
                found == .illegal && expected == .executes && word >> 21 & 1 == 1
                    && (word >> 32 == 0 ? [57, 61] : [56, 60]).contains(primary(word))
            }),
        .init(
            reason:
                """
                mffs: bits 11:15 are reserved before ISA 3.0 and ignored; C libraries rely on it. QEMU 7.2 refuses \
                values that no later instruction has.
                """,
            applies: { word, model, found, expected in
                primary(word) == 63 && extended(word) == 583 && found == .executes && expected == .illegal
                    && !model.instructionSets.contains(.isa300)
            }),
    ]

    private static let userMode: [LegalityDifference] = [
        .init(
            reason:
                """
                Processes of user-mode emulation have FSCR[SCV] and FSCR[EBB] off; the interrupt of a missing \
                facility becomes the same signal as that of an illegal instruction. The guests "relocated" and \
                "monitor" of Fixtures/baremetal execute both in QEMU's machine.
                """,
            applies: { word, _, found, expected in
                found == .executes && expected == .illegal
                    && (primary(word) == 17 && word & 3 == 1 || primary(word) == 19 && extended(word) == 146)
            }),
        .init(
            reason:
                """
                The user-mode emulator has no rfscv, and calls rfi privileged before it finds that the model has \
                none.
                """,
            applies: { word, _, found, expected in
                primary(word) == 19
                    && (extended(word) == 82 && found == .privileged && expected == .illegal
                        || extended(word) == 50 && found == .illegal && expected == .privileged)
            }),
    ]
}
