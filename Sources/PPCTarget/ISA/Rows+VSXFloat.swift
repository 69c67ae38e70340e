/// VSX floating-point arithmetic on doubles and singles, scalar and vector (ISA 3.1 Book I, section 7.6.1).
enum VSXFloatRows {
    static let computes: Effects = [.readsFPSCR, .writesFPSCR, .traps]

    static func xx2(
        _ mnemonic: String, _ extended: UInt32, _ operands: [Operand], _ since: InstructionSet,
        selector: UInt32? = nil, effects: Effects = computes, execute: Execute
    ) -> InstructionRow {
        // Some instructions are told apart by bits 11:15.
        let form: InstructionForm = .xx2(60, extended)
        return InstructionRow(
            mnemonic, selector.map { form.fixing($0 << 16, mask: 0x1f << 16) } ?? form, operands, effects,
            since: since, facility: .vsx, execute: execute)
    }

    static func xx3(
        _ mnemonic: String, _ extended: UInt32, _ operands: [Operand], _ since: InstructionSet,
        effects: Effects = computes, reserved: UInt32 = 0, execute: Execute
    ) -> InstructionRow {
        InstructionRow(
            mnemonic, .xx3(60, extended), operands, effects, since: since, facility: .vsx, reserved: reserved,
            execute: execute)
    }

    static let tab: [Operand] = [.xt, .xa, .xb]
    static let tb: [Operand] = [.xt, .xb]
    private static let tabUpdating: [Operand] = [.xtUpdated, .xa, .xb]

    static let scalar: [InstructionRow] = [
        xx3("xsadddp", 32, tab, .vsx) { VSXFloat.scalar($0, $1, .add, single: false) },
        xx3("xsaddsp", 0, tab, .isa207) { VSXFloat.scalar($0, $1, .add, single: true) },
        xx3("xssubdp", 40, tab, .vsx) { VSXFloat.scalar($0, $1, .subtract, single: false) },
        xx3("xssubsp", 8, tab, .isa207) { VSXFloat.scalar($0, $1, .subtract, single: true) },
        xx3("xsmuldp", 48, tab, .vsx) { VSXFloat.scalar($0, $1, .multiply, single: false) },
        xx3("xsmulsp", 16, tab, .isa207) { VSXFloat.scalar($0, $1, .multiply, single: true) },
        xx3("xsdivdp", 56, tab, .vsx) { VSXFloat.scalar($0, $1, .divide, single: false) },
        xx3("xsdivsp", 24, tab, .isa207) { VSXFloat.scalar($0, $1, .divide, single: true) },
        xx2("xssqrtdp", 75, tb, .vsx) { VSXFloat.scalarRoot($0, $1, single: false) },
        xx2("xssqrtsp", 11, tb, .isa207) { VSXFloat.scalarRoot($0, $1, single: true) },
        xx2("xsredp", 90, tb, .vsx) { VSXFloat.scalarEstimate($0, $1, root: false, single: false) },
        xx2("xsresp", 26, tb, .isa207) { VSXFloat.scalarEstimate($0, $1, root: false, single: true) },
        xx2("xsrsqrtedp", 74, tb, .vsx) { VSXFloat.scalarEstimate($0, $1, root: true, single: false) },
        xx2("xsrsqrtesp", 10, tb, .isa207) { VSXFloat.scalarEstimate($0, $1, root: true, single: true) },
        xx2("xsrsp", 281, tb, .isa207) { VSXFloat.scalarRoundToSingle($0, $1) },
        xx2("xsrdpi", 73, tb, .vsx) { VSXFloat.scalarIntegral($0, $1, .tiesAway) },
        xx2("xsrdpic", 107, tb, .vsx) { VSXFloat.scalarIntegral($0, $1, nil) },
        xx2("xsrdpim", 121, tb, .vsx) { VSXFloat.scalarIntegral($0, $1, .down) },
        xx2("xsrdpip", 105, tb, .vsx) { VSXFloat.scalarIntegral($0, $1, .up) },
        xx2("xsrdpiz", 89, tb, .vsx) { VSXFloat.scalarIntegral($0, $1, .towardZero) },
        xx3("xstdivdp", 61, [.bf, .xa, .xb], .vsx, effects: .writesCR) {
            VSXFloat.divideTest($0, $1, Binary64.self, scalar: true)
        },
        xx2("xstsqrtdp", 106, [.bf, .xb], .vsx, effects: .writesCR) {
            VSXFloat.squareRootTest($0, $1, Binary64.self, scalar: true)
        },
    ]

    static let scalarFused: [InstructionRow] = [
        xx3("xsmaddadp", 33, tabUpdating, .vsx) {
            VSXFloat.scalarFused($0, $1, [], multipliesTarget: false, single: false)
        },
        xx3("xsmaddmdp", 41, tabUpdating, .vsx) {
            VSXFloat.scalarFused($0, $1, [], multipliesTarget: true, single: false)
        },
        xx3("xsmaddasp", 1, tabUpdating, .isa207) {
            VSXFloat.scalarFused($0, $1, [], multipliesTarget: false, single: true)
        },
        xx3("xsmaddmsp", 9, tabUpdating, .isa207) {
            VSXFloat.scalarFused($0, $1, [], multipliesTarget: true, single: true)
        },
        xx3("xsmsubadp", 49, tabUpdating, .vsx) {
            VSXFloat.scalarFused($0, $1, .negateAddend, multipliesTarget: false, single: false)
        },
        xx3("xsmsubmdp", 57, tabUpdating, .vsx) {
            VSXFloat.scalarFused($0, $1, .negateAddend, multipliesTarget: true, single: false)
        },
        xx3("xsmsubasp", 17, tabUpdating, .isa207) {
            VSXFloat.scalarFused($0, $1, .negateAddend, multipliesTarget: false, single: true)
        },
        xx3("xsmsubmsp", 25, tabUpdating, .isa207) {
            VSXFloat.scalarFused($0, $1, .negateAddend, multipliesTarget: true, single: true)
        },
        xx3("xsnmaddasp", 129, tabUpdating, .isa207) {
            VSXFloat.scalarFused($0, $1, .negateResult, multipliesTarget: false, single: true)
        },
        xx3("xsnmaddmsp", 137, tabUpdating, .isa207) {
            VSXFloat.scalarFused($0, $1, .negateResult, multipliesTarget: true, single: true)
        },
        xx3("xsnmaddadp", 161, tabUpdating, .vsx) {
            VSXFloat.scalarFused($0, $1, .negateResult, multipliesTarget: false, single: false)
        },
        xx3("xsnmaddmdp", 169, tabUpdating, .vsx) {
            VSXFloat.scalarFused($0, $1, .negateResult, multipliesTarget: true, single: false)
        },
        xx3("xsnmsubasp", 145, tabUpdating, .isa207) {
            VSXFloat.scalarFused($0, $1, [.negateAddend, .negateResult], multipliesTarget: false, single: true)
        },
        xx3("xsnmsubmsp", 153, tabUpdating, .isa207) {
            VSXFloat.scalarFused($0, $1, [.negateAddend, .negateResult], multipliesTarget: true, single: true)
        },
        xx3("xsnmsubadp", 177, tabUpdating, .vsx) {
            VSXFloat.scalarFused($0, $1, [.negateAddend, .negateResult], multipliesTarget: false, single: false)
        },
        xx3("xsnmsubmdp", 185, tabUpdating, .vsx) {
            VSXFloat.scalarFused($0, $1, [.negateAddend, .negateResult], multipliesTarget: true, single: false)
        },
    ]

    static let vector: [InstructionRow] = [
        xx3("xvadddp", 96, tab, .vsx) { VSXFloat.vector64($0, $1, .add) },
        xx3("xvaddsp", 64, tab, .vsx) { VSXFloat.vector32($0, $1, .add) },
        xx3("xvsubdp", 104, tab, .vsx) { VSXFloat.vector64($0, $1, .subtract) },
        xx3("xvsubsp", 72, tab, .vsx) { VSXFloat.vector32($0, $1, .subtract) },
        xx3("xvmuldp", 112, tab, .vsx) { VSXFloat.vector64($0, $1, .multiply) },
        xx3("xvmulsp", 80, tab, .vsx) { VSXFloat.vector32($0, $1, .multiply) },
        xx3("xvdivdp", 120, tab, .vsx) { VSXFloat.vector64($0, $1, .divide) },
        xx3("xvdivsp", 88, tab, .vsx) { VSXFloat.vector32($0, $1, .divide) },
        xx2("xvsqrtdp", 203, tb, .vsx) { VSXFloat.vectorRoot($0, $1, Binary64.self) },
        xx2("xvredp", 218, tb, .vsx) { VSXFloat.vectorEstimate($0, $1, Binary64.self, root: false) },
        xx2("xvrsqrtedp", 202, tb, .vsx) { VSXFloat.vectorEstimate($0, $1, Binary64.self, root: true) },
        xx2("xvrdpi", 201, tb, .vsx) { VSXFloat.vectorIntegral($0, $1, Binary64.self, .tiesAway) },
        xx2("xvrdpic", 235, tb, .vsx) { VSXFloat.vectorIntegral($0, $1, Binary64.self, nil) },
        xx2("xvrdpim", 249, tb, .vsx) { VSXFloat.vectorIntegral($0, $1, Binary64.self, .down) },
        xx2("xvrdpip", 233, tb, .vsx) { VSXFloat.vectorIntegral($0, $1, Binary64.self, .up) },
        xx2("xvrdpiz", 217, tb, .vsx) { VSXFloat.vectorIntegral($0, $1, Binary64.self, .towardZero) },
        xx3("xvtdivdp", 125, [.bf, .xa, .xb], .vsx, effects: .writesCR) {
            VSXFloat.divideTest($0, $1, Binary64.self, scalar: false)
        },
        xx2("xvtsqrtdp", 234, [.bf, .xb], .vsx, effects: .writesCR) {
            VSXFloat.squareRootTest($0, $1, Binary64.self, scalar: false)
        },
        xx3("xvmaxdp", 224, tab, .vsx) { VSXFloat.vectorExtremum($0, $1, Binary64.self, maximum: true) },
        xx3("xvmindp", 232, tab, .vsx) { VSXFloat.vectorExtremum($0, $1, Binary64.self, maximum: false) },
        xx2("xvsqrtsp", 139, tb, .vsx) { VSXFloat.vectorRoot($0, $1, Binary32.self) },
        xx2("xvresp", 154, tb, .vsx) { VSXFloat.vectorEstimate($0, $1, Binary32.self, root: false) },
        xx2("xvrsqrtesp", 138, tb, .vsx) { VSXFloat.vectorEstimate($0, $1, Binary32.self, root: true) },
        xx2("xvrspi", 137, tb, .vsx) { VSXFloat.vectorIntegral($0, $1, Binary32.self, .tiesAway) },
        xx2("xvrspic", 171, tb, .vsx) { VSXFloat.vectorIntegral($0, $1, Binary32.self, nil) },
        xx2("xvrspim", 185, tb, .vsx) { VSXFloat.vectorIntegral($0, $1, Binary32.self, .down) },
        xx2("xvrspip", 169, tb, .vsx) { VSXFloat.vectorIntegral($0, $1, Binary32.self, .up) },
        xx2("xvrspiz", 153, tb, .vsx) { VSXFloat.vectorIntegral($0, $1, Binary32.self, .towardZero) },
        xx3("xvtdivsp", 93, [.bf, .xa, .xb], .vsx, effects: .writesCR) {
            VSXFloat.divideTest($0, $1, Binary32.self, scalar: false)
        },
        xx2("xvtsqrtsp", 170, [.bf, .xb], .vsx, effects: .writesCR) {
            VSXFloat.squareRootTest($0, $1, Binary32.self, scalar: false)
        },
        xx3("xvmaxsp", 192, tab, .vsx) { VSXFloat.vectorExtremum($0, $1, Binary32.self, maximum: true) },
        xx3("xvminsp", 200, tab, .vsx) { VSXFloat.vectorExtremum($0, $1, Binary32.self, maximum: false) },
    ]

    static let vectorFused: [InstructionRow] = [
        xx3("xvmaddadp", 97, tabUpdating, .vsx) {
            VSXFloat.vectorFused($0, $1, Binary64.self, [], multipliesTarget: false)
        },
        xx3("xvmaddmdp", 105, tabUpdating, .vsx) {
            VSXFloat.vectorFused($0, $1, Binary64.self, [], multipliesTarget: true)
        },
        xx3("xvmsubadp", 113, tabUpdating, .vsx) {
            VSXFloat.vectorFused($0, $1, Binary64.self, .negateAddend, multipliesTarget: false)
        },
        xx3("xvmsubmdp", 121, tabUpdating, .vsx) {
            VSXFloat.vectorFused($0, $1, Binary64.self, .negateAddend, multipliesTarget: true)
        },
        xx3("xvnmaddadp", 225, tabUpdating, .vsx) {
            VSXFloat.vectorFused($0, $1, Binary64.self, .negateResult, multipliesTarget: false)
        },
        xx3("xvnmaddmdp", 233, tabUpdating, .vsx) {
            VSXFloat.vectorFused($0, $1, Binary64.self, .negateResult, multipliesTarget: true)
        },
        xx3("xvnmsubadp", 241, tabUpdating, .vsx) {
            VSXFloat.vectorFused($0, $1, Binary64.self, [.negateAddend, .negateResult], multipliesTarget: false)
        },
        xx3("xvnmsubmdp", 249, tabUpdating, .vsx) {
            VSXFloat.vectorFused($0, $1, Binary64.self, [.negateAddend, .negateResult], multipliesTarget: true)
        },
        xx3("xvmaddasp", 65, tabUpdating, .vsx) {
            VSXFloat.vectorFused($0, $1, Binary32.self, [], multipliesTarget: false)
        },
        xx3("xvmaddmsp", 73, tabUpdating, .vsx) {
            VSXFloat.vectorFused($0, $1, Binary32.self, [], multipliesTarget: true)
        },
        xx3("xvmsubasp", 81, tabUpdating, .vsx) {
            VSXFloat.vectorFused($0, $1, Binary32.self, .negateAddend, multipliesTarget: false)
        },
        xx3("xvmsubmsp", 89, tabUpdating, .vsx) {
            VSXFloat.vectorFused($0, $1, Binary32.self, .negateAddend, multipliesTarget: true)
        },
        xx3("xvnmaddasp", 193, tabUpdating, .vsx) {
            VSXFloat.vectorFused($0, $1, Binary32.self, .negateResult, multipliesTarget: false)
        },
        xx3("xvnmaddmsp", 201, tabUpdating, .vsx) {
            VSXFloat.vectorFused($0, $1, Binary32.self, .negateResult, multipliesTarget: true)
        },
        xx3("xvnmsubasp", 209, tabUpdating, .vsx) {
            VSXFloat.vectorFused($0, $1, Binary32.self, [.negateAddend, .negateResult], multipliesTarget: false)
        },
        xx3("xvnmsubmsp", 217, tabUpdating, .vsx) {
            VSXFloat.vectorFused($0, $1, Binary32.self, [.negateAddend, .negateResult], multipliesTarget: true)
        },
    ]

    static let rows: [InstructionRow] =
        scalar + scalarFused + vector + vectorFused + comparison + classification + formats + toInteger + fromInteger
        + bits
}
