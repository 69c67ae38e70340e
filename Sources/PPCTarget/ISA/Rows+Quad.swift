/// Quad-precision floating point (ISA 3.1 Book I, section 7.6.1). Operands are VRs; VSX must be enabled.
enum QuadRows {
    private static let tab: [Operand] = [.vrt, .vra, .vrb]
    private static let tabUpdating: [Operand] = [
        Operand("VRT", .vr, .readWrite, shift: 21, width: 5), .vra, .vrb,
    ]
    private static let tb: [Operand] = [.vrt, .vrb]
    private static let computes: Effects = [.readsFPSCR, .writesFPSCR, .traps]
    private static let toField: Effects = [.readsFPSCR, .writesFPSCR, .writesCR, .traps]

    /// X form under primary opcode 63. `selector` fixes bits 11:15, `low` fixes bit 31 (the O of round-to-odd forms).
    private static func row(
        _ mnemonic: String, _ extended: UInt32, _ operands: [Operand], selector: UInt32? = nil, low: UInt32? = nil,
        since: InstructionSet = .isa300, reserved: UInt32 = 0, effects: Effects = computes, execute: Execute
    ) -> InstructionRow {
        var form: InstructionForm = .x(63, extended)
        if let selector { form = form.fixing(selector << 16, mask: 0x1f << 16) }
        if let low { form = form.fixing(low, mask: 1) }
        return InstructionRow(
            mnemonic, form, operands, effects, since: since, facility: .vsx, reserved: reserved, execute: execute)
    }

    /// Z23 form: R is bit 15, RMC bits 21:22; `exact` fixes bit 31.
    private static func rounding(
        _ mnemonic: String, _ extended: UInt32, exact: UInt32? = nil, execute: Execute
    ) -> InstructionRow {
        var form: InstructionForm = .z23(63, extended).fixing(0, mask: 0x1e << 16)
        if let exact { form = form.fixing(exact, mask: 1) }
        return InstructionRow(
            mnemonic, form,
            [.unsigned("R", shift: 16, width: 1), .vrt, .vrb, .unsigned("RMC", shift: 9, width: 2)], computes,
            since: .isa300, facility: .vsx, execute: execute)
    }

    private static let arithmetic: [InstructionRow] = [
        row("xsaddqp", 4, tab, low: 0) { QuadFloat.arithmetic($0, $1, .add, toOdd: false) },
        row("xsaddqpo", 4, tab, low: 1) { QuadFloat.arithmetic($0, $1, .add, toOdd: true) },
        row("xssubqp", 516, tab, low: 0) { QuadFloat.arithmetic($0, $1, .subtract, toOdd: false) },
        row("xssubqpo", 516, tab, low: 1) { QuadFloat.arithmetic($0, $1, .subtract, toOdd: true) },
        row("xsmulqp", 36, tab, low: 0) { QuadFloat.arithmetic($0, $1, .multiply, toOdd: false) },
        row("xsmulqpo", 36, tab, low: 1) { QuadFloat.arithmetic($0, $1, .multiply, toOdd: true) },
        row("xsdivqp", 548, tab, low: 0) { QuadFloat.arithmetic($0, $1, .divide, toOdd: false) },
        row("xsdivqpo", 548, tab, low: 1) { QuadFloat.arithmetic($0, $1, .divide, toOdd: true) },
        row("xssqrtqp", 804, tb, selector: 27, low: 0) { QuadFloat.squareRoot($0, $1, toOdd: false) },
        row("xssqrtqpo", 804, tb, selector: 27, low: 1) { QuadFloat.squareRoot($0, $1, toOdd: true) },
        row("xsmaddqp", 388, tabUpdating, low: 0) { QuadFloat.fused($0, $1, [], toOdd: false) },
        row("xsmaddqpo", 388, tabUpdating, low: 1) { QuadFloat.fused($0, $1, [], toOdd: true) },
        row("xsmsubqp", 420, tabUpdating, low: 0) { QuadFloat.fused($0, $1, .negateAddend, toOdd: false) },
        row("xsmsubqpo", 420, tabUpdating, low: 1) { QuadFloat.fused($0, $1, .negateAddend, toOdd: true) },
        row("xsnmaddqp", 452, tabUpdating, low: 0) { QuadFloat.fused($0, $1, .negateResult, toOdd: false) },
        row("xsnmaddqpo", 452, tabUpdating, low: 1) { QuadFloat.fused($0, $1, .negateResult, toOdd: true) },
        row("xsnmsubqp", 484, tabUpdating, low: 0) {
            QuadFloat.fused($0, $1, [.negateAddend, .negateResult], toOdd: false)
        },
        row("xsnmsubqpo", 484, tabUpdating, low: 1) {
            QuadFloat.fused($0, $1, [.negateAddend, .negateResult], toOdd: true)
        },
    ]

    private static let conversion: [InstructionRow] = [
        row("xscvdpqp", 836, tb, selector: 22, reserved: 0x1) { QuadFloat.fromDouble($0, $1) },
        row("xscvqpdp", 836, tb, selector: 20, low: 0) { QuadFloat.toDouble($0, $1, toOdd: false) },
        row("xscvqpdpo", 836, tb, selector: 20, low: 1) { QuadFloat.toDouble($0, $1, toOdd: true) },
        row("xscvqpsdz", 836, tb, selector: 25, reserved: 0x1) { QuadFloat.toInteger($0, $1, width: 64, signed: true) },
        row("xscvqpswz", 836, tb, selector: 9, reserved: 0x1) { QuadFloat.toInteger($0, $1, width: 32, signed: true) },
        row("xscvqpudz", 836, tb, selector: 17, reserved: 0x1) {
            QuadFloat.toInteger($0, $1, width: 64, signed: false)
        },
        row("xscvqpuwz", 836, tb, selector: 1, reserved: 0x1) { QuadFloat.toInteger($0, $1, width: 32, signed: false) },
        row("xscvqpuqz", 836, tb, selector: 0, since: .isa310) {
            QuadFloat.toInteger($0, $1, width: 128, signed: false)
        },
        row("xscvqpsqz", 836, tb, selector: 8, since: .isa310) {
            QuadFloat.toInteger($0, $1, width: 128, signed: true)
        },
        row("xscvsdqp", 836, tb, selector: 10, reserved: 0x1) {
            QuadFloat.fromInteger($0, $1, width: 64, signed: true)
        },
        row("xscvudqp", 836, tb, selector: 2, reserved: 0x1) {
            QuadFloat.fromInteger($0, $1, width: 64, signed: false)
        },
        row("xscvuqqp", 836, tb, selector: 3, since: .isa310) {
            QuadFloat.fromInteger($0, $1, width: 128, signed: false)
        },
        row("xscvsqqp", 836, tb, selector: 11, since: .isa310) {
            QuadFloat.fromInteger($0, $1, width: 128, signed: true)
        },
    ]

    private static let comparison: [InstructionRow] = [
        row("xscmpoqp", 132, [.bf, .vra, .vrb], reserved: 0x600001, effects: toField) {
            QuadFloat.compare($0, $1, ordered: true)
        },
        row("xscmpuqp", 644, [.bf, .vra, .vrb], reserved: 0x600001, effects: toField) {
            QuadFloat.compare($0, $1, ordered: false)
        },
        row("xscmpexpqp", 164, [.bf, .vra, .vrb], reserved: 0x600001, effects: toField) {
            QuadFloat.compareExponents($0, $1)
        },
        row("xscmpeqqp", 68, tab, since: .isa310) { QuadFloat.compareToMask($0, $1, .equal) },
        row("xscmpgeqp", 196, tab, since: .isa310) { QuadFloat.compareToMask($0, $1, .greaterOrEqual) },
        row("xscmpgtqp", 228, tab, since: .isa310) { QuadFloat.compareToMask($0, $1, .greater) },
        row("xsmaxcqp", 676, tab, since: .isa310) { QuadFloat.extremum($0, $1, maximum: true) },
        row("xsmincqp", 740, tab, since: .isa310) { QuadFloat.extremum($0, $1, maximum: false) },
        row("xststdcqp", 708, [.bf, .vrb, .unsigned("DCMX", shift: 16, width: 7)], effects: toField) {
            QuadFloat.testClass($0, $1)
        },
    ]

    private static let bits: [InstructionRow] = [
        row("xsabsqp", 804, tb, selector: 0, reserved: 0x1, effects: []) {
            QuadFloat.bits($0, $1) { $1 & ~0x8000_0000_0000_0000 }
        },
        row("xsnabsqp", 804, tb, selector: 8, reserved: 0x1, effects: []) {
            QuadFloat.bits($0, $1) { $1 | 0x8000_0000_0000_0000 }
        },
        row("xsnegqp", 804, tb, selector: 16, reserved: 0x1, effects: []) {
            QuadFloat.bits($0, $1) { $1 ^ 0x8000_0000_0000_0000 }
        },
        row("xscpsgnqp", 100, tab, reserved: 0x1, effects: []) {
            QuadFloat.bits($0, $1) { VSXConvert.merge($0, $1, 0x8000_0000_0000_0000) }
        },
        row("xsxexpqp", 804, tb, selector: 2, reserved: 0x1, effects: []) { QuadFloat.extractExponent($0, $1) },
        row("xsxsigqp", 804, tb, selector: 18, reserved: 0x1, effects: []) { QuadFloat.extractSignificand($0, $1) },
        row("xsiexpqp", 868, tab, reserved: 0x1, effects: []) { QuadFloat.insertExponent($0, $1) },
    ]

    private static let integral: [InstructionRow] = [
        rounding("xsrqpi", 5, exact: 0) { QuadFloat.roundToIntegral($0, $1) },
        rounding("xsrqpix", 5, exact: 1) { QuadFloat.roundToIntegral($0, $1) },
        rounding("xsrqpxp", 37) { QuadFloat.roundToExtended($0, $1) },
    ]

    static let rows: [InstructionRow] = arithmetic + conversion + comparison + bits + integral
}
