/// Fixed-point logical instructions (ISA 3.1 Book I, sections 3.3.13, 3.3.15 and 3.3.16).
enum FixedPointLogicalRows {
    static let rows: [InstructionRow] = immediate + binary + unary + counting + bits + decimal

    private static let ra = Operand.raWritten
    /// RB and Rc, where QEMU insists on zeros.
    private static let rbAndRc: UInt32 = 0xf801

    private static let immediate: [InstructionRow] = [
        .init("andi.", .d(28), [ra, .rs, .ui], .cr0) { FixedPointLogical.andi($0, Fields($1), shift: 0) },
        .init("andis.", .d(29), [ra, .rs, .ui], .cr0) { FixedPointLogical.andi($0, Fields($1), shift: 16) },
        .init("ori", .d(24), [ra, .rs, .ui]) { FixedPointLogical.immediate($0, Fields($1)) { $0 | $1 } },
        .init("oris", .d(25), [ra, .rs, .ui]) { FixedPointLogical.immediate($0, Fields($1)) { $0 | $1 &<< 16 } },
        .init("xori", .d(26), [ra, .rs, .ui]) { FixedPointLogical.immediate($0, Fields($1)) { $0 ^ $1 } },
        .init("xoris", .d(27), [ra, .rs, .ui]) { FixedPointLogical.immediate($0, Fields($1)) { $0 ^ $1 &<< 16 } },
    ]

    private static let binary: [InstructionRow] = [
        .init("and", .x(31, 28), [ra, .rs, .rb], .cr0IfRc, rc: true) {
            FixedPointLogical.binary($0, Fields($1)) { $0 & $1 }
        },
        .init("andc", .x(31, 60), [ra, .rs, .rb], .cr0IfRc, rc: true) {
            FixedPointLogical.binary($0, Fields($1)) { $0 & ~$1 }
        },
        .init("nor", .x(31, 124), [ra, .rs, .rb], .cr0IfRc, rc: true) {
            FixedPointLogical.binary($0, Fields($1)) { ~($0 | $1) }
        },
        .init("eqv", .x(31, 284), [ra, .rs, .rb], .cr0IfRc, rc: true) {
            FixedPointLogical.binary($0, Fields($1)) { ~($0 ^ $1) }
        },
        .init("xor", .x(31, 316), [ra, .rs, .rb], .cr0IfRc, rc: true) {
            FixedPointLogical.binary($0, Fields($1)) { $0 ^ $1 }
        },
        .init("orc", .x(31, 412), [ra, .rs, .rb], .cr0IfRc, rc: true) {
            FixedPointLogical.binary($0, Fields($1)) { $0 | ~$1 }
        },
        .init("or", .x(31, 444), [ra, .rs, .rb], .cr0IfRc, rc: true) { FixedPointLogical.or($0, Fields($1)) },
        .init("nand", .x(31, 476), [ra, .rs, .rb], .cr0IfRc, rc: true) {
            FixedPointLogical.binary($0, Fields($1)) { ~($0 & $1) }
        },
    ]

    private static let unary: [InstructionRow] = [
        .init("extsb", .x(31, 954), [ra, .rs], .cr0IfRc, rc: true) {
            FixedPointLogical.unary($0, Fields($1)) { FixedPointLogical.extend($0, Int8.self) }
        },
        .init("extsh", .x(31, 922), [ra, .rs], .cr0IfRc, rc: true) {
            FixedPointLogical.unary($0, Fields($1)) { FixedPointLogical.extend($0, Int16.self) }
        },
        .init("extsw", .x(31, 986), [ra, .rs], .cr0IfRc, rc: true) {
            FixedPointLogical.unary($0, Fields($1)) { FixedPointLogical.extend($0, Int32.self) }
        },
        .init("cntlzw", .x(31, 26), [ra, .rs], .cr0IfRc, rc: true) {
            FixedPointLogical.unary($0, Fields($1)) { FixedPointLogical.countLeadingZerosWord($0) }
        },
        .init("cntlzd", .x(31, 58), [ra, .rs], .cr0IfRc, rc: true) {
            FixedPointLogical.unary($0, Fields($1)) { FixedPointLogical.countLeadingZeros($0) }
        },
        .init("cnttzw", .x(31, 538), [ra, .rs], .cr0IfRc, since: .isa300, rc: true) {
            FixedPointLogical.unary($0, Fields($1)) { FixedPointLogical.countTrailingZerosWord($0) }
        },
        .init("cnttzd", .x(31, 570), [ra, .rs], .cr0IfRc, since: .isa300, rc: true) {
            FixedPointLogical.unary($0, Fields($1)) { FixedPointLogical.countTrailingZeros($0) }
        },
    ]

    private static let counting: [InstructionRow] = [
        .init("popcntb", .x(31, 122), [ra, .rs], since: .isa205, reserved: rbAndRc) {
            FixedPointLogical.unary($0, Fields($1)) { FixedPointLogical.populationOfBytes($0) }
        },
        .init("popcntw", .x(31, 378), [ra, .rs], since: .isa206, reserved: rbAndRc) {
            FixedPointLogical.unary($0, Fields($1)) { FixedPointLogical.populationOfWords($0) }
        },
        .init("popcntd", .x(31, 506), [ra, .rs], since: .isa206, reserved: rbAndRc) {
            FixedPointLogical.unary($0, Fields($1)) { UInt64(truncatingIfNeeded: $0.nonzeroBitCount) }
        },
        .init("prtyw", .x(31, 154), [ra, .rs], since: .isa205, reserved: rbAndRc) {
            FixedPointLogical.unary($0, Fields($1)) { FixedPointLogical.parityOfWords($0) }
        },
        .init("prtyd", .x(31, 186), [ra, .rs], since: .isa205, reserved: rbAndRc) {
            FixedPointLogical.unary($0, Fields($1)) { FixedPointLogical.parity($0) }
        },
        .init("brh", .x(31, 219), [ra, .rs], since: .isa310, reserved: rbAndRc) {
            FixedPointLogical.unary($0, Fields($1)) { FixedPointLogical.reverseHalfwords($0) }
        },
        .init("brw", .x(31, 155), [ra, .rs], since: .isa310, reserved: rbAndRc) {
            FixedPointLogical.unary($0, Fields($1)) { FixedPointLogical.reverseWords($0) }
        },
        .init("brd", .x(31, 187), [ra, .rs], since: .isa310, reserved: rbAndRc) {
            FixedPointLogical.unary($0, Fields($1)) { $0.byteSwapped }
        },
        .init(
            "darn", .x(31, 755), [.rt, .unsigned("L", shift: 16, width: 2)], .nondeterministic, since: .isa300,
            reserved: 0x001c_f801
        ) { FixedPointLogical.darn($0, $1) },
    ]

    private static let bits: [InstructionRow] = [
        .init("cmpb", .x(31, 508), [ra, .rs, .rb], since: .isa205, reserved: 1) {
            FixedPointLogical.plain($0, Fields($1)) { FixedPointLogical.compareBytes($0, $1) }
        },
        .init("bpermd", .x(31, 252), [ra, .rs, .rb], since: .isa206, reserved: 1) {
            FixedPointLogical.plain($0, Fields($1)) { FixedPointLogical.permuteBits($0, $1) }
        },
        .init("cfuged", .x(31, 220), [ra, .rs, .rb], since: .isa310) {
            FixedPointLogical.plain($0, Fields($1)) { FixedPointLogical.centrifuge($0, $1) }
        },
        .init("cntlzdm", .x(31, 59), [ra, .rs, .rb], since: .isa310) {
            FixedPointLogical.plain($0, Fields($1)) { FixedPointLogical.countLeadingZerosUnderMask($0, $1) }
        },
        .init("cnttzdm", .x(31, 571), [ra, .rs, .rb], since: .isa310) {
            FixedPointLogical.plain($0, Fields($1)) { FixedPointLogical.countTrailingZerosUnderMask($0, $1) }
        },
        .init("pdepd", .x(31, 156), [ra, .rs, .rb], since: .isa310) {
            FixedPointLogical.plain($0, Fields($1)) { FixedPointLogical.depositBits($0, $1) }
        },
        .init("pextd", .x(31, 188), [ra, .rs, .rb], since: .isa310) {
            FixedPointLogical.plain($0, Fields($1)) { FixedPointLogical.extractBits($0, $1) }
        },
    ]

    private static let decimal: [InstructionRow] = [
        .init("addg6s", .xo(31, 74), [.rt, .ra, .rb], since: .isa206) { DecimalAssist.addg6s($0, $1) },
        .init("cdtbcd", .x(31, 282), [ra, .rs], since: .isa206) { DecimalAssist.cdtbcd($0, $1) },
        .init("cbcdtd", .x(31, 314), [ra, .rs], since: .isa206) { DecimalAssist.cbcdtd($0, $1) },
    ]
}
