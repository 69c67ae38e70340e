/// Moves to and from the machine state register and special purpose registers (ISA 3.1 Book III, section 5.4.4).
enum SPRRows {
    private static let l = Operand.unsigned("L", shift: 16, width: 1)

    static let rows: [InstructionRow] = [
        .init("mfmsr", .x(31, 83), [.rt], privilege: .supervisor, reserved: 0x001f_f801) { SPRMoves.mfmsr($0, $1) },
        .init("mtmsr", .x(31, 146), [.rs, l], [.synchronizes], privilege: .supervisor, reserved: 0x001e_f801) {
            SPRMoves.mtmsr($0, $1)
        },
        .init("mtmsrd", .x(31, 178), [.rs, l], [.synchronizes], privilege: .supervisor, reserved: 0x001e_f801) {
            SPRMoves.mtmsrd($0, $1)
        },
        .init(
            "mfspr", .xfx(31, 339), [.rt, .spr], [.readsLR, .readsCTR, .readsXER, .nondeterministic, .traps],
            reserved: 1
        ) { SPRMoves.mfspr($0, $1) },
        .init(
            "mtspr", .xfx(31, 467), [.spr, .rs], [.writesLR, .writesCTR, .writesXER, .synchronizes, .traps]
        ) { SPRMoves.mtspr($0, $1) },
        .init("mftb", .xfx(31, 371), [.rt, .spr], [.nondeterministic, .traps], reserved: 1) {
            SPRMoves.mfspr($0, $1)
        },
    ]
}
