/// Floating-point arithmetic, rounding, comparison and move instructions (ISA 3.1 Book I, sections 4.6.5 to 4.6.8).
enum FloatingPointRows {
    private static let computes: Effects = [.readsFPSCR, .writesFPSCR, .cr1IfRc, .traps]
    private static let moves: Effects = [.readsFPSCR, .cr1IfRc]

    /// A-form arithmetic in its double (primary 63) or single (59) version; reserved bits are checked.
    private static func arithmetic(
        _ mnemonic: String, _ primary: UInt32, _ extended: UInt32, _ operands: [Operand], reserved: UInt32 = 0,
        since: InstructionSet = .base, execute: Execute
    ) -> InstructionRow {
        InstructionRow(
            mnemonic, .a(primary, extended), operands, computes, since: since, facility: .floatingPoint, rc: true,
            reserved: reserved, execute: execute)
    }

    /// X-form instruction of one source, `frT, frB`.
    private static func unary(
        _ mnemonic: String, _ primary: UInt32, _ extended: UInt32, _ effects: Effects = computes,
        reserved: UInt32 = 0x1f_0000, since: InstructionSet = .base, execute: Execute
    ) -> InstructionRow {
        InstructionRow(
            mnemonic, .x(primary, extended), [.frt, .frb], effects, since: since, facility: .floatingPoint, rc: true,
            reserved: reserved, execute: execute)
    }

    private static let tab: [Operand] = [.frt, .fra, .frb]
    private static let tac: [Operand] = [.frt, .fra, .frc]
    private static let tacb: [Operand] = [.frt, .fra, .frc, .frb]
    private static let tb: [Operand] = [.frt, .frb]

    static let elementary: [InstructionRow] = [
        arithmetic("fadd", 63, 21, tab, reserved: 0x7c0) { ScalarFloat.binary($0, $1, .add, single: false) },
        arithmetic("fadds", 59, 21, tab, reserved: 0x7c0) { ScalarFloat.binary($0, $1, .add, single: true) },
        arithmetic("fsub", 63, 20, tab, reserved: 0x7c0) { ScalarFloat.binary($0, $1, .subtract, single: false) },
        arithmetic("fsubs", 59, 20, tab, reserved: 0x7c0) { ScalarFloat.binary($0, $1, .subtract, single: true) },
        arithmetic("fmul", 63, 25, tac, reserved: 0xf800) { ScalarFloat.binary($0, $1, .multiply, single: false) },
        arithmetic("fmuls", 59, 25, tac, reserved: 0xf800) { ScalarFloat.binary($0, $1, .multiply, single: true) },
        arithmetic("fdiv", 63, 18, tab, reserved: 0x7c0) { ScalarFloat.binary($0, $1, .divide, single: false) },
        arithmetic("fdivs", 59, 18, tab, reserved: 0x7c0) { ScalarFloat.binary($0, $1, .divide, single: true) },
        arithmetic("fsqrt", 63, 22, tb) { ScalarFloat.squareRoot($0, $1, single: false) },
        arithmetic("fsqrts", 59, 22, tb) { ScalarFloat.squareRoot($0, $1, single: true) },
        arithmetic("fre", 63, 24, tb, reserved: 0x1f_07c0, since: .isa205) {
            ScalarFloat.reciprocal($0, $1, single: false)
        },
        arithmetic("fres", 59, 24, tb, reserved: 0x1f_07c0) { ScalarFloat.reciprocal($0, $1, single: true) },
        arithmetic("frsqrte", 63, 26, tb, reserved: 0x1f_07c0) {
            ScalarFloat.reciprocalRoot($0, $1, single: false)
        },
        arithmetic("frsqrtes", 59, 26, tb, reserved: 0x1f_07c0, since: .isa205) {
            ScalarFloat.reciprocalRoot($0, $1, single: true)
        },
    ]

    static let fused: [InstructionRow] = [
        arithmetic("fmadd", 63, 29, tacb) { ScalarFloat.fused($0, $1, [], single: false) },
        arithmetic("fmadds", 59, 29, tacb) { ScalarFloat.fused($0, $1, [], single: true) },
        arithmetic("fmsub", 63, 28, tacb) { ScalarFloat.fused($0, $1, .negateAddend, single: false) },
        arithmetic("fmsubs", 59, 28, tacb) { ScalarFloat.fused($0, $1, .negateAddend, single: true) },
        arithmetic("fnmadd", 63, 31, tacb) { ScalarFloat.fused($0, $1, .negateResult, single: false) },
        arithmetic("fnmadds", 59, 31, tacb) { ScalarFloat.fused($0, $1, .negateResult, single: true) },
        arithmetic("fnmsub", 63, 30, tacb) {
            ScalarFloat.fused($0, $1, [.negateAddend, .negateResult], single: false)
        },
        arithmetic("fnmsubs", 59, 30, tacb) {
            ScalarFloat.fused($0, $1, [.negateAddend, .negateResult], single: true)
        },
    ]

    static let conversion: [InstructionRow] = [
        unary("frsp", 63, 12) { ScalarFloat.roundToSingle($0, $1) },
        unary("fctiw", 63, 14) { ScalarFloat.toInteger($0, $1, width: 32, signed: true, truncate: false) },
        unary("fctiwz", 63, 15) { ScalarFloat.toInteger($0, $1, width: 32, signed: true, truncate: true) },
        unary("fctiwu", 63, 142, reserved: 0, since: .isa206) {
            ScalarFloat.toInteger($0, $1, width: 32, signed: false, truncate: false)
        },
        unary("fctiwuz", 63, 143, reserved: 0, since: .isa206) {
            ScalarFloat.toInteger($0, $1, width: 32, signed: false, truncate: true)
        },
        unary("fctid", 63, 814) { ScalarFloat.toInteger($0, $1, width: 64, signed: true, truncate: false) },
        unary("fctidz", 63, 815) { ScalarFloat.toInteger($0, $1, width: 64, signed: true, truncate: true) },
        unary("fctidu", 63, 942, reserved: 0, since: .isa206) {
            ScalarFloat.toInteger($0, $1, width: 64, signed: false, truncate: false)
        },
        unary("fctiduz", 63, 943, reserved: 0, since: .isa206) {
            ScalarFloat.toInteger($0, $1, width: 64, signed: false, truncate: true)
        },
        unary("fcfid", 63, 846) { ScalarFloat.fromInteger($0, $1, signed: true, single: false) },
        unary("fcfids", 59, 846, reserved: 0, since: .isa206) {
            ScalarFloat.fromInteger($0, $1, signed: true, single: true)
        },
        unary("fcfidu", 63, 974, reserved: 0, since: .isa206) {
            ScalarFloat.fromInteger($0, $1, signed: false, single: false)
        },
        unary("fcfidus", 59, 974, reserved: 0, since: .isa206) {
            ScalarFloat.fromInteger($0, $1, signed: false, single: true)
        },
        unary("frin", 63, 392, since: .isa205) { ScalarFloat.roundToIntegral($0, $1, .tiesAway) },
        unary("friz", 63, 424, since: .isa205) { ScalarFloat.roundToIntegral($0, $1, .towardZero) },
        unary("frip", 63, 456, since: .isa205) { ScalarFloat.roundToIntegral($0, $1, .up) },
        unary("frim", 63, 488, since: .isa205) { ScalarFloat.roundToIntegral($0, $1, .down) },
    ]

    private static func test(
        _ mnemonic: String, _ extended: UInt32, _ operands: [Operand], _ effects: Effects, reserved: UInt32,
        since: InstructionSet = .base, execute: Execute
    ) -> InstructionRow {
        InstructionRow(
            mnemonic, .x(63, extended), operands, effects, since: since, facility: .floatingPoint,
            reserved: reserved, execute: execute)
    }

    static let comparison: [InstructionRow] = [
        test("fcmpu", 0, [.bf, .fra, .frb], [.readsFPSCR, .writesFPSCR, .writesCR, .traps], reserved: 0x60_0001) {
            ScalarFloat.compare($0, $1, ordered: false)
        },
        test("fcmpo", 32, [.bf, .fra, .frb], [.readsFPSCR, .writesFPSCR, .writesCR, .traps], reserved: 0x60_0001) {
            ScalarFloat.compare($0, $1, ordered: true)
        },
        test("ftdiv", 128, [.bf, .fra, .frb], .writesCR, reserved: 1, since: .isa206) {
            ScalarFloat.testDivide($0, $1)
        },
        test("ftsqrt", 160, [.bf, .frb], .writesCR, reserved: 1, since: .isa206) {
            ScalarFloat.testSquareRoot($0, $1)
        },
    ]

    static let move: [InstructionRow] = [
        InstructionRow(
            "fsel", .a(63, 23), tacb, moves, facility: .floatingPoint, rc: true,
            execute: { ScalarFloat.select($0, $1) }),
        unary("fmr", 63, 72, moves) { ScalarFloat.move($0, $1) { $1 } },
        unary("fneg", 63, 40, moves) { ScalarFloat.move($0, $1) { $1 ^ 1 << 63 } },
        unary("fabs", 63, 264, moves) { ScalarFloat.move($0, $1) { $1 & ~(1 << 63) } },
        unary("fnabs", 63, 136, moves) { ScalarFloat.move($0, $1) { $1 | 1 << 63 } },
        InstructionRow(
            "fcpsgn", .x(63, 8), tab, moves, since: .isa205, facility: .floatingPoint, rc: true,
            execute: { ScalarFloat.move($0, $1) { $0 & 1 << 63 | $1 & ~(1 << 63) } }),
        test("fmrgew", 966, tab, [], reserved: 1, since: .isa207) {
            ScalarFloat.move($0, $1 & ~1) { $0 & ~0xffff_ffff | $1 >> 32 }
        },
        test("fmrgow", 838, tab, [], reserved: 1, since: .isa207) {
            ScalarFloat.move($0, $1 & ~1) { $0 << 32 | $1 & 0xffff_ffff }
        },
    ]

    static let rows: [InstructionRow] =
        elementary + fused + conversion + comparison + move + status + loads + stores
}
