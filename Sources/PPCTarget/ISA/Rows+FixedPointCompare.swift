/// Comparisons, selection and traps (ISA 3.1 Book I, sections 3.3.10 to 3.3.12).
enum FixedPointCompareRows {
    static let rows: [InstructionRow] = comparisons + selections + traps

    private static let l = Operand.unsigned("L", shift: 21, width: 1)

    private static let comparisons: [InstructionRow] = [
        .init("cmp", .x(31, 0), [.bf, l, .ra, .rb]) { FixedPointCompare.cmp($0, Fields($1), signed: true) },
        .init("cmpl", .x(31, 32), [.bf, l, .ra, .rb]) { FixedPointCompare.cmp($0, Fields($1), signed: false) },
        .init("cmpi", .d(11), [.bf, l, .ra, .si]) { FixedPointCompare.cmpi($0, Fields($1)) },
        .init("cmpli", .d(10), [.bf, l, .ra, .ui]) { FixedPointCompare.cmpli($0, Fields($1)) },
        .init("cmprb", .x(31, 192), [.bf, l, .ra, .rb], since: .isa300, reserved: 0x0040_0001) {
            FixedPointCompare.cmprb($0, Fields($1))
        },
        .init("cmpeqb", .x(31, 224), [.bf, .ra, .rb], since: .isa300, reserved: 0x0060_0000) {
            FixedPointCompare.cmpeqb($0, Fields($1))
        },
    ]

    private static let selections: [InstructionRow] = [
        .init("isel", .a(31, 15), [.rt, .ra0, .rb, .bc], .readsCR, since: .isa205, reserved: 1) {
            FixedPointCompare.isel($0, Fields($1))
        },
        .init("setb", .x(31, 128), [.rt, .bfa], .readsCR, since: .isa300, reserved: 0x0003_f801) {
            FixedPointCompare.setb($0, Fields($1))
        },
        .init("setbc", .x(31, 384), [.rt, .bi], .readsCR, since: .isa310) {
            FixedPointCompare.setbc($0, Fields($1), value: 1, when: 1)
        },
        .init("setbcr", .x(31, 416), [.rt, .bi], .readsCR, since: .isa310) {
            FixedPointCompare.setbc($0, Fields($1), value: 1, when: 0)
        },
        .init("setnbc", .x(31, 448), [.rt, .bi], .readsCR, since: .isa310) {
            FixedPointCompare.setbc($0, Fields($1), value: .max, when: 1)
        },
        .init("setnbcr", .x(31, 480), [.rt, .bi], .readsCR, since: .isa310) {
            FixedPointCompare.setbc($0, Fields($1), value: .max, when: 0)
        },
    ]

    private static let traps: [InstructionRow] = [
        .init("tw", .x(31, 4), [.to, .ra, .rb], .traps, reserved: 1) {
            FixedPointCompare.tw($0, Fields($1), gpr($0)[Fields($1).rb])
        },
        .init("td", .x(31, 68), [.to, .ra, .rb], .traps, reserved: 1) {
            FixedPointCompare.td($0, Fields($1), gpr($0)[Fields($1).rb])
        },
        .init("twi", .d(3), [.to, .ra, .si], .traps) { FixedPointCompare.tw($0, Fields($1), Fields($1).si) },
        .init("tdi", .d(2), [.to, .ra, .si], .traps) { FixedPointCompare.td($0, Fields($1), Fields($1).si) },
    ]
}
