/// Fixed-point arithmetic (ISA 3.1 Book I, section 3.3.9).
enum FixedPointArithmeticRows {
    static let rows: [InstructionRow] = immediate + addition + multiplication + division

    private static let sum: Effects = [.cr0IfRc, .ovIfOE]
    private static let carrying: Effects = [.cr0IfRc, .ovIfOE, .writesCA]
    private static let extended: Effects = [.cr0IfRc, .ovIfOE, .readsCA, .writesCA]
    private static let rb: UInt32 = 0xf800

    private static let immediate: [InstructionRow] = [
        .init("addi", .d(14), [.rt, .ra0, .si]) { FixedPointArithmetic.addi($0, Fields($1)) },
        .init("addis", .d(15), [.rt, .ra0, .si]) { FixedPointArithmetic.addis($0, Fields($1)) },
        .init(
            "addpcis", InstructionForm("DX", match: 19 << 26 | 2 << 1, mask: 0xfc00_003e), [.rt, .dx], since: .isa300
        ) { FixedPointArithmetic.addpcis($0, $1) },
        .init("addic", .d(12), [.rt, .ra, .si], [.writesCA]) {
            FixedPointArithmetic.addic($0, Fields($1), record: false)
        },
        .init("addic.", .d(13), [.rt, .ra, .si], [.writesCA, .cr0]) {
            FixedPointArithmetic.addic($0, Fields($1), record: true)
        },
        .init("subfic", .d(8), [.rt, .ra, .si], [.writesCA]) { FixedPointArithmetic.subfic($0, Fields($1)) },
        .init("mulli", .d(7), [.rt, .ra, .si]) { FixedPointArithmetic.mulli($0, Fields($1)) },
    ]

    private static let addition: [InstructionRow] = [
        .init("add", .xo(31, 266), [.rt, .ra, .rb], sum, rc: true, oe: true) {
            FixedPointArithmetic.add($0, Fields($1))
        },
        .init("addc", .xo(31, 10), [.rt, .ra, .rb], carrying, rc: true, oe: true) {
            FixedPointArithmetic.addc($0, Fields($1))
        },
        .init("adde", .xo(31, 138), [.rt, .ra, .rb], extended, rc: true, oe: true) {
            FixedPointArithmetic.adde($0, Fields($1))
        },
        .init("addme", .xo(31, 234), [.rt, .ra], extended, rc: true, oe: true, reserved: rb) {
            FixedPointArithmetic.addme($0, Fields($1))
        },
        .init("addze", .xo(31, 202), [.rt, .ra], extended, rc: true, oe: true, reserved: rb) {
            FixedPointArithmetic.addze($0, Fields($1))
        },
        .init("subf", .xo(31, 40), [.rt, .ra, .rb], sum, rc: true, oe: true) {
            FixedPointArithmetic.subf($0, Fields($1))
        },
        .init("subfc", .xo(31, 8), [.rt, .ra, .rb], carrying, rc: true, oe: true) {
            FixedPointArithmetic.subfc($0, Fields($1))
        },
        .init("subfe", .xo(31, 136), [.rt, .ra, .rb], extended, rc: true, oe: true) {
            FixedPointArithmetic.subfe($0, Fields($1))
        },
        .init("subfme", .xo(31, 232), [.rt, .ra], extended, rc: true, oe: true, reserved: rb) {
            FixedPointArithmetic.subfme($0, Fields($1))
        },
        .init("subfze", .xo(31, 200), [.rt, .ra], extended, rc: true, oe: true, reserved: rb) {
            FixedPointArithmetic.subfze($0, Fields($1))
        },
        .init("neg", .xo(31, 104), [.rt, .ra], sum, rc: true, oe: true, reserved: rb) {
            FixedPointArithmetic.neg($0, Fields($1))
        },
        // Z23 form with CY = 0, the only value defined; QEMU takes bit 31 as a record bit.
        .init(
            "addex", .x(31, 170), [.rt, .ra, .rb, .unsigned("CY", shift: 9, width: 2)],
            [.cr0IfRc, .readsXER, .writesXER], since: .isa300, rc: true
        ) { FixedPointArithmetic.addex($0, Fields($1)) },
    ]

    private static let multiplication: [InstructionRow] = [
        .init("mullw", .xo(31, 235), [.rt, .ra, .rb], sum, rc: true, oe: true) {
            FixedPointArithmetic.mullw($0, Fields($1))
        },
        .init("mulld", .xo(31, 233), [.rt, .ra, .rb], sum, rc: true, oe: true) {
            FixedPointArithmetic.mulld($0, Fields($1))
        },
        .init("mulhw", .x(31, 75), [.rt, .ra, .rb], .cr0IfRc, rc: true) { FixedPointArithmetic.mulhw($0, Fields($1)) },
        .init("mulhwu", .x(31, 11), [.rt, .ra, .rb], .cr0IfRc, rc: true) {
            FixedPointArithmetic.mulhwu($0, Fields($1))
        },
        .init("mulhd", .x(31, 73), [.rt, .ra, .rb], .cr0IfRc, rc: true) { FixedPointArithmetic.mulhd($0, Fields($1)) },
        .init("mulhdu", .x(31, 9), [.rt, .ra, .rb], .cr0IfRc, rc: true) { FixedPointArithmetic.mulhdu($0, Fields($1)) },
        .init("maddhd", .va(4, 48), [.rt, .ra, .rb, .rc], since: .isa300) {
            FixedPointArithmetic.maddhd($0, Fields($1))
        },
        .init("maddhdu", .va(4, 49), [.rt, .ra, .rb, .rc], since: .isa300) {
            FixedPointArithmetic.maddhdu($0, Fields($1))
        },
        .init("maddld", .va(4, 51), [.rt, .ra, .rb, .rc], since: .isa300) {
            FixedPointArithmetic.maddld($0, Fields($1))
        },
    ]

    private static let division: [InstructionRow] = [
        .init("divw", .xo(31, 491), [.rt, .ra, .rb], sum, rc: true, oe: true) {
            FixedPointDivision.divw($0, Fields($1))
        },
        .init("divwu", .xo(31, 459), [.rt, .ra, .rb], sum, rc: true, oe: true) {
            FixedPointDivision.divwu($0, Fields($1))
        },
        .init("divd", .xo(31, 489), [.rt, .ra, .rb], sum, rc: true, oe: true) {
            FixedPointDivision.divd($0, Fields($1))
        },
        .init("divdu", .xo(31, 457), [.rt, .ra, .rb], sum, rc: true, oe: true) {
            FixedPointDivision.divdu($0, Fields($1))
        },
        .init("divwe", .xo(31, 427), [.rt, .ra, .rb], sum, since: .isa206, rc: true, oe: true) {
            FixedPointDivision.divwe($0, Fields($1))
        },
        .init("divweu", .xo(31, 395), [.rt, .ra, .rb], sum, since: .isa206, rc: true, oe: true) {
            FixedPointDivision.divweu($0, Fields($1))
        },
        .init("divde", .xo(31, 425), [.rt, .ra, .rb], sum, since: .isa206, rc: true, oe: true) {
            FixedPointDivision.divde($0, Fields($1))
        },
        .init("divdeu", .xo(31, 393), [.rt, .ra, .rb], sum, since: .isa206, rc: true, oe: true) {
            FixedPointDivision.divdeu($0, Fields($1))
        },
        .init("modsw", .x(31, 779), [.rt, .ra, .rb], since: .isa300, reserved: 1) {
            FixedPointDivision.modsw($0, Fields($1))
        },
        .init("moduw", .x(31, 267), [.rt, .ra, .rb], since: .isa300, reserved: 1) {
            FixedPointDivision.moduw($0, Fields($1))
        },
        .init("modsd", .x(31, 777), [.rt, .ra, .rb], since: .isa300, reserved: 1) {
            FixedPointDivision.modsd($0, Fields($1))
        },
        .init("modud", .x(31, 265), [.rt, .ra, .rb], since: .isa300, reserved: 1) {
            FixedPointDivision.modud($0, Fields($1))
        },
    ]
}
