/// Branches and the condition register (ISA 3.1 Book I, chapter 2 and section 3.3.17).
enum BranchRows {
    static let rows: [InstructionRow] = immediate + register + logic + moves

    private static let linkBit: UInt32 = 1
    private static let jump: Effects = [.branches]
    private static let call: Effects = [.branches, .writesLR]
    private static let conditional: Effects = [.branches, .readsCR, .readsCTR, .writesCTR]
    private static let bdAbsolute = Operand("BD", .absoluteTarget, .immediate, shift: 2, width: 14, scale: 4)
    private static let liAbsolute = Operand("LI", .absoluteTarget, .immediate, shift: 2, width: 24, scale: 4)

    private static let immediate: [InstructionRow] = [
        .init("b", .i(18, aa: 0, lk: 0), [.li], jump) { Branch.b($0, $1, absolute: false, link: false) },
        .init("bl", .i(18, aa: 0, lk: 1), [.li], call) { Branch.b($0, $1, absolute: false, link: true) },
        .init("ba", .i(18, aa: 1, lk: 0), [liAbsolute], jump) { Branch.b($0, $1, absolute: true, link: false) },
        .init("bla", .i(18, aa: 1, lk: 1), [liAbsolute], call) { Branch.b($0, $1, absolute: true, link: true) },
        .init("bc", .b(16, aa: 0, lk: 0), [.bo, .bi, .bd], conditional) {
            Branch.bc($0, $1, absolute: false, link: false)
        },
        .init("bcl", .b(16, aa: 0, lk: 1), [.bo, .bi, .bd], conditional.union(.writesLR)) {
            Branch.bc($0, $1, absolute: false, link: true)
        },
        .init("bca", .b(16, aa: 1, lk: 0), [.bo, .bi, bdAbsolute], conditional) {
            Branch.bc($0, $1, absolute: true, link: false)
        },
        .init("bcla", .b(16, aa: 1, lk: 1), [.bo, .bi, bdAbsolute], conditional.union(.writesLR)) {
            Branch.bc($0, $1, absolute: true, link: true)
        },
    ]

    private static let viaLR: Effects = conditional.union(.readsLR)
    private static let bh = Operand.bh.omitted(at: 0)

    private static let register: [InstructionRow] = [
        .init("bclr", .xl(19, 16).fixing(0, mask: 1), [.bo, .bi, bh], viaLR) { Branch.bclr($0, $1, link: false) },
        .init("bclrl", .xl(19, 16).fixing(1, mask: 1), [.bo, .bi, bh], viaLR.union(.writesLR)) {
            Branch.bclr($0, $1, link: true)
        },
        .init("bcctr", .xl(19, 528).fixing(0, mask: 1), [.bo, .bi, bh], conditional) {
            Branch.bcctr($0, $1, link: false)
        },
        .init("bcctrl", .xl(19, 528).fixing(1, mask: 1), [.bo, .bi, bh], conditional.union(.writesLR)) {
            Branch.bcctr($0, $1, link: true)
        },
        .init(
            "bctar", .xl(19, 560).fixing(0, mask: 1), [.bo, .bi, bh], conditional, since: .isa207, facility: .tar,
            reserved: 0xe000
        ) { Branch.bctar($0, $1, link: false) },
        .init(
            "bctarl", .xl(19, 560).fixing(1, mask: 1), [.bo, .bi, bh], conditional.union(.writesLR), since: .isa207,
            facility: .tar, reserved: 0xe000
        ) { Branch.bctar($0, $1, link: true) },
    ]

    private static let bits: [Operand] = [.bt, .ba, .bb]
    private static let crLogic: Effects = [.readsCR, .writesCR]

    private static let logic: [InstructionRow] = [
        .init("crand", .xl(19, 257), bits, crLogic, reserved: 1) {
            ConditionRegister.logic($0, Fields($1)) { $0 & $1 }
        },
        .init("crandc", .xl(19, 129), bits, crLogic, reserved: 1) {
            ConditionRegister.logic($0, Fields($1)) { $0 & ~$1 }
        },
        .init("creqv", .xl(19, 289), bits, crLogic, reserved: 1) {
            ConditionRegister.logic($0, Fields($1)) { ~($0 ^ $1) }
        },
        .init("crnand", .xl(19, 225), bits, crLogic, reserved: 1) {
            ConditionRegister.logic($0, Fields($1)) { ~($0 & $1) }
        },
        .init("crnor", .xl(19, 33), bits, crLogic, reserved: 1) {
            ConditionRegister.logic($0, Fields($1)) { ~($0 | $1) }
        },
        .init("cror", .xl(19, 449), bits, crLogic, reserved: 1) { ConditionRegister.logic($0, Fields($1)) { $0 | $1 } },
        .init("crorc", .xl(19, 417), bits, crLogic, reserved: 1) {
            ConditionRegister.logic($0, Fields($1)) { $0 | ~$1 }
        },
        .init("crxor", .xl(19, 193), bits, crLogic, reserved: 1) {
            ConditionRegister.logic($0, Fields($1)) { $0 ^ $1 }
        },
        // QEMU does not look at the upper half of the extended opcode.
        .init(
            "mcrf", InstructionForm("XL", match: 19 << 26, mask: 0xfc00_003e), [.bf, .bfa], crLogic, reserved: 1
        ) { ConditionRegister.mcrf($0, Fields($1)) },
    ]

    private static let moves: [InstructionRow] = [
        .init("mcrxr", .x(31, 512), [.bf], [.readsXER, .writesXER, .writesCR], reserved: 0x007f_f801) {
            ConditionRegister.mcrxr($0, $1)
        },
        .init("mcrxrx", .x(31, 576), [.bf], [.readsXER, .writesCR], since: .isa300, reserved: 0x007f_f801) {
            ConditionRegister.mcrxrx($0, $1)
        },
        .init("mfcr", .xfx(31, 19).fixing(0, mask: 0x10_0000), [.rt], .readsCR, reserved: 0x801) {
            ConditionRegister.mfcr($0, $1)
        },
        .init(
            "mfocrf", .xfx(31, 19).fixing(0x10_0000, mask: 0x10_0000), [.rtUpdated, .fxm], .readsCR, reserved: 0x801
        ) { ConditionRegister.mfocrf($0, $1) },
        .init("mtcrf", .xfx(31, 144).fixing(0, mask: 0x10_0000), [.fxm, .rs], .writesCR, reserved: 0x801) {
            ConditionRegister.mtcrf($0, $1)
        },
        .init(
            "mtocrf", .xfx(31, 144).fixing(0x10_0000, mask: 0x10_0000), [.fxm, .rs], .writesCR, reserved: 0x801
        ) { ConditionRegister.mtocrf($0, $1) },
    ]
}
