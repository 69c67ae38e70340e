/// Decimal floating point (ISA 3.1 Book I, chapter 5): long under primary opcode 59, extended (`q`) under 63.
enum DecimalRows {
    private static let computes: Effects = [.readsFPSCR, .writesFPSCR, .cr1IfRc]
    private static let toField: Effects = [.readsFPSCR, .writesFPSCR, .writesCR]

    /// `reserved` holds the low bits of pair numbers, which must be even.
    private static func row(
        _ mnemonic: String, _ form: InstructionForm, _ operands: [Operand], effects: Effects = computes,
        rc: Bool = true, since: InstructionSet = .dfp, reserved: UInt32 = 0, execute: Execute
    ) -> InstructionRow {
        InstructionRow(
            mnemonic, form, operands, effects, since: since, facility: .floatingPoint, rc: rc, reserved: reserved,
            execute: execute)
    }

    private static let frtPair = Operand("FRTp", .fprPair, .write, shift: 21, width: 5)
    private static let fraPair = Operand("FRAp", .fprPair, .read, shift: 16, width: 5)
    private static let frbPair = Operand("FRBp", .fprPair, .read, shift: 11, width: 5)
    private static let rmc: Operand = .unsigned("RMC", shift: 9, width: 2)
    private static let tab: [Operand] = [.frt, .fra, .frb]
    private static let tabPairs: [Operand] = [frtPair, fraPair, frbPair]

    private static let arithmetic: [InstructionRow] = [
        row("dadd", .x(59, 2), tab) { DecimalFloat.arithmetic($0, $1, .long, .add) },
        row("daddq", .x(63, 2), tabPairs, reserved: 0x210800) { DecimalFloat.arithmetic($0, $1, .extended, .add) },
        row("dsub", .x(59, 514), tab) { DecimalFloat.arithmetic($0, $1, .long, .subtract) },
        row("dsubq", .x(63, 514), tabPairs, reserved: 0x210800) {
            DecimalFloat.arithmetic($0, $1, .extended, .subtract)
        },
        row("dmul", .x(59, 34), tab) { DecimalFloat.arithmetic($0, $1, .long, .multiply) },
        row("dmulq", .x(63, 34), tabPairs, reserved: 0x210800) {
            DecimalFloat.arithmetic($0, $1, .extended, .multiply)
        },
        row("ddiv", .x(59, 546), tab) { DecimalFloat.arithmetic($0, $1, .long, .divide) },
        row("ddivq", .x(63, 546), tabPairs, reserved: 0x210800) { DecimalFloat.arithmetic($0, $1, .extended, .divide) },
    ]

    private static let comparison: [InstructionRow] = [
        row("dcmpu", .x(59, 642), [.bf, .fra, .frb], effects: toField, rc: false) {
            DecimalFloat.compare($0, $1, .long, ordered: false)
        },
        row("dcmpuq", .x(63, 642), [.bf, fraPair, frbPair], effects: toField, rc: false, reserved: 0x10800) {
            DecimalFloat.compare($0, $1, .extended, ordered: false)
        },
        row("dcmpo", .x(59, 130), [.bf, .fra, .frb], effects: toField, rc: false) {
            DecimalFloat.compare($0, $1, .long, ordered: true)
        },
        row("dcmpoq", .x(63, 130), [.bf, fraPair, frbPair], effects: toField, rc: false, reserved: 0x10800) {
            DecimalFloat.compare($0, $1, .extended, ordered: true)
        },
        row("dtstex", .x(59, 162), [.bf, .fra, .frb], effects: toField, rc: false) {
            DecimalFloat.testExponent($0, $1, .long)
        },
        row("dtstexq", .x(63, 162), [.bf, fraPair, frbPair], effects: toField, rc: false, reserved: 0x10800) {
            DecimalFloat.testExponent($0, $1, .extended)
        },
        row("dtstsf", .x(59, 674), [.bf, .fra, .frb], effects: toField, rc: false) {
            DecimalFloat.testSignificance($0, $1, .long, immediate: false)
        },
        row("dtstsfq", .x(63, 674), [.bf, .fra, frbPair], effects: toField, rc: false, reserved: 0x800) {
            DecimalFloat.testSignificance($0, $1, .extended, immediate: false)
        },
        row(
            "dtstsfi", .x(59, 675), [.bf, .unsigned("UIM", shift: 16, width: 6), .frb], effects: toField, rc: false,
            since: .isa300
        ) { DecimalFloat.testSignificance($0, $1, .long, immediate: true) },
        row(
            "dtstsfiq", .x(63, 675), [.bf, .unsigned("UIM", shift: 16, width: 6), frbPair], effects: toField, rc: false,
            since: .isa300, reserved: 0x800
        ) { DecimalFloat.testSignificance($0, $1, .extended, immediate: true) },
        row("dtstdc", .z22(59, 194), [.bf, .fra, .unsigned("DCM", shift: 10, width: 6)], effects: toField, rc: false) {
            DecimalFloat.testClass($0, $1, .long)
        },
        row(
            "dtstdcq", .z22(63, 194), [.bf, fraPair, .unsigned("DCM", shift: 10, width: 6)], effects: toField,
            rc: false, reserved: 0x10000
        ) { DecimalFloat.testClass($0, $1, .extended) },
        row("dtstdg", .z22(59, 226), [.bf, .fra, .unsigned("DGM", shift: 10, width: 6)], effects: toField, rc: false) {
            DecimalFloat.testGroup($0, $1, .long)
        },
        row(
            "dtstdgq", .z22(63, 226), [.bf, fraPair, .unsigned("DGM", shift: 10, width: 6)], effects: toField,
            rc: false, reserved: 0x10000
        ) { DecimalFloat.testGroup($0, $1, .extended) },
    ]

    private static let quantum: [InstructionRow] = [
        row("dquai", .z23(59, 67), [.signed("TE", shift: 16, width: 5), .frt, .frb, rmc]) {
            DecimalFloat.quantize($0, $1, .long, immediate: true)
        },
        row("dquaiq", .z23(63, 67), [.signed("TE", shift: 16, width: 5), frtPair, frbPair, rmc], reserved: 0x200800) {
            DecimalFloat.quantize($0, $1, .extended, immediate: true)
        },
        row("dqua", .z23(59, 3), [.frt, .fra, .frb, rmc]) { DecimalFloat.quantize($0, $1, .long, immediate: false) },
        row("dquaq", .z23(63, 3), [frtPair, fraPair, frbPair, rmc], reserved: 0x210800) {
            DecimalFloat.quantize($0, $1, .extended, immediate: false)
        },
        row("drrnd", .z23(59, 35), [.frt, .fra, .frb, rmc]) { DecimalFloat.reround($0, $1, .long) },
        row("drrndq", .z23(63, 35), [frtPair, .fra, frbPair, rmc], reserved: 0x200800) {
            DecimalFloat.reround($0, $1, .extended)
        },
        row("drintx", .z23(59, 99), [.unsigned("R", shift: 16, width: 1), .frt, .frb, rmc]) {
            DecimalFloat.roundToIntegral($0, $1, .long, exact: true)
        },
        row("drintxq", .z23(63, 99), [.unsigned("R", shift: 16, width: 1), frtPair, frbPair, rmc], reserved: 0x200800) {
            DecimalFloat.roundToIntegral($0, $1, .extended, exact: true)
        },
        row("drintn", .z23(59, 227), [.unsigned("R", shift: 16, width: 1), .frt, .frb, rmc]) {
            DecimalFloat.roundToIntegral($0, $1, .long, exact: false)
        },
        row("drintnq", .z23(63, 227), [.unsigned("R", shift: 16, width: 1), frtPair, frbPair, rmc], reserved: 0x200800)
        { DecimalFloat.roundToIntegral($0, $1, .extended, exact: false) },
    ]

    private static let conversion: [InstructionRow] = [
        row("dctdp", .x(59, 258), [.frt, .frb]) { DecimalFloat.shortToLong($0, $1) },
        row("dctqpq", .x(63, 258), [frtPair, .frb], reserved: 0x200000) { DecimalFloat.longToExtended($0, $1) },
        row("drsp", .x(59, 770), [.frt, .frb]) { DecimalFloat.longToShort($0, $1) },
        row("drdpq", .x(63, 770), [frtPair, frbPair], reserved: 0x200800) { DecimalFloat.extendedToLong($0, $1) },
        row("dcffix", .x(59, 802), [.frt, .frb], since: .isa206) { DecimalFloat.fromInteger($0, $1, .long) },
        row("dcffixq", .x(63, 802), [frtPair, .frb], reserved: 0x200000) {
            DecimalFloat.fromInteger($0, $1, .extended)
        },
        row("dctfix", .x(59, 290), [.frt, .frb]) { DecimalFloat.toInteger($0, $1, .long) },
        row("dctfixq", .x(63, 290), [.frt, frbPair], reserved: 0x800) { DecimalFloat.toInteger($0, $1, .extended) },
        row("ddedpd", .x(59, 322), [.unsigned("SP", shift: 19, width: 2), .frt, .frb]) {
            DecimalFloat.toBCD($0, $1, .long)
        },
        row("ddedpdq", .x(63, 322), [.unsigned("SP", shift: 19, width: 2), frtPair, frbPair], reserved: 0x200800) {
            DecimalFloat.toBCD($0, $1, .extended)
        },
        row("denbcd", .x(59, 834), [.unsigned("S", shift: 20, width: 1), .frt, .frb]) {
            DecimalFloat.fromBCD($0, $1, .long)
        },
        row("denbcdq", .x(63, 834), [.unsigned("S", shift: 20, width: 1), frtPair, frbPair], reserved: 0x200800) {
            DecimalFloat.fromBCD($0, $1, .extended)
        },
        row("dxex", .x(59, 354), [.frt, .frb]) { DecimalFloat.extractExponent($0, $1, .long) },
        row("dxexq", .x(63, 354), [.frt, frbPair], reserved: 0x800) { DecimalFloat.extractExponent($0, $1, .extended) },
        row("diex", .x(59, 866), tab) { DecimalFloat.insertExponent($0, $1, .long) },
        row("diexq", .x(63, 866), [frtPair, .fra, frbPair], reserved: 0x200800) {
            DecimalFloat.insertExponent($0, $1, .extended)
        },
        row("dscli", .z22(59, 66), [.frt, .fra, .unsigned("SH", shift: 10, width: 6)]) {
            DecimalFloat.shift($0, $1, .long, left: true)
        },
        row("dscliq", .z22(63, 66), [frtPair, fraPair, .unsigned("SH", shift: 10, width: 6)], reserved: 0x210000) {
            DecimalFloat.shift($0, $1, .extended, left: true)
        },
        row("dscri", .z22(59, 98), [.frt, .fra, .unsigned("SH", shift: 10, width: 6)]) {
            DecimalFloat.shift($0, $1, .long, left: false)
        },
        row("dscriq", .z22(63, 98), [frtPair, fraPair, .unsigned("SH", shift: 10, width: 6)], reserved: 0x210000) {
            DecimalFloat.shift($0, $1, .extended, left: false)
        },
    ]

    /// Between 128-bit integers in VRs and extended format (ISA 3.1).
    private static let wideIntegers: [InstructionRow] = [
        row(
            "dcffixqq", InstructionForm.x(63, 994).fixing(0, mask: 0x1f << 16), [frtPair, .vrb],
            effects: [.readsFPSCR, .writesFPSCR], rc: false, since: .isa310, reserved: 0x20_0000
        ) { cpu, word in
            DecimalFloat.vectorChecked(cpu) ?? DecimalFloat.fromInteger(cpu, word, .extended, wide: true)
        },
        row(
            "dctfixqq", InstructionForm.x(63, 994).fixing(1 << 16, mask: 0x1f << 16), [.vrt, frbPair],
            effects: [.readsFPSCR, .writesFPSCR], rc: false, since: .isa310, reserved: 0x800
        ) { cpu, word in
            DecimalFloat.vectorChecked(cpu) ?? DecimalFloat.toInteger(cpu, word, .extended, wide: true)
        },
    ]

    static let rows: [InstructionRow] = arithmetic + comparison + quantum + conversion + wideIntegers
}
