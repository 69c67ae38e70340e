/// Rotates and shifts (ISA 3.1 Book I, section 3.3.14).
enum FixedPointRotateRows {
    static let rows: [InstructionRow] = rotates + shifts

    private static let ra = Operand.raWritten

    private static let rotates: [InstructionRow] = [
        .init("rlwimi", .m(20), [.raUpdated, .rs, .sh, .mb, .me], .cr0IfRc, rc: true) {
            FixedPointRotate.rlwimi($0, Fields($1))
        },
        .init("rlwinm", .m(21), [ra, .rs, .sh, .mb, .me], .cr0IfRc, rc: true) {
            FixedPointRotate.rlwinm($0, Fields($1))
        },
        .init("rlwnm", .m(23), [ra, .rs, .rb, .mb, .me], .cr0IfRc, rc: true) { FixedPointRotate.rlwnm($0, Fields($1)) },
        .init("rldicl", .md(30, 0), [ra, .rs, .sh6, .mb6], .cr0IfRc, rc: true) {
            FixedPointRotate.rldicl($0, Fields($1))
        },
        .init("rldicr", .md(30, 1), [ra, .rs, .sh6, .me6], .cr0IfRc, rc: true) {
            FixedPointRotate.rldicr($0, Fields($1))
        },
        .init("rldic", .md(30, 2), [ra, .rs, .sh6, .mb6], .cr0IfRc, rc: true) {
            FixedPointRotate.rldic($0, Fields($1))
        },
        .init("rldimi", .md(30, 3), [.raUpdated, .rs, .sh6, .mb6], .cr0IfRc, rc: true) {
            FixedPointRotate.rldimi($0, Fields($1))
        },
        .init("rldcl", .mds(30, 8), [ra, .rs, .rb, .mb6], .cr0IfRc, rc: true) {
            FixedPointRotate.rldcl($0, Fields($1))
        },
        .init("rldcr", .mds(30, 9), [ra, .rs, .rb, .me6], .cr0IfRc, rc: true) {
            FixedPointRotate.rldcr($0, Fields($1))
        },
    ]

    private static let shifts: [InstructionRow] = [
        .init("slw", .x(31, 24), [ra, .rs, .rb], .cr0IfRc, rc: true) { FixedPointRotate.slw($0, Fields($1)) },
        .init("srw", .x(31, 536), [ra, .rs, .rb], .cr0IfRc, rc: true) { FixedPointRotate.srw($0, Fields($1)) },
        .init("sld", .x(31, 27), [ra, .rs, .rb], .cr0IfRc, rc: true) { FixedPointRotate.sld($0, Fields($1)) },
        .init("srd", .x(31, 539), [ra, .rs, .rb], .cr0IfRc, rc: true) { FixedPointRotate.srd($0, Fields($1)) },
        .init("sraw", .x(31, 792), [ra, .rs, .rb], [.cr0IfRc, .writesCA], rc: true) {
            FixedPointRotate.sraw($0, Fields($1))
        },
        .init("srawi", .x(31, 824), [ra, .rs, .sh], [.cr0IfRc, .writesCA], rc: true) {
            FixedPointRotate.srawi($0, Fields($1))
        },
        .init("srad", .x(31, 794), [ra, .rs, .rb], [.cr0IfRc, .writesCA], rc: true) {
            FixedPointRotate.srad($0, Fields($1))
        },
        .init("sradi", .xs(31, 413), [ra, .rs, .sh6], [.cr0IfRc, .writesCA], rc: true) {
            FixedPointRotate.sradi($0, Fields($1))
        },
        .init("extswsli", .xs(31, 445), [ra, .rs, .sh6], .cr0IfRc, since: .isa300, rc: true) {
            FixedPointRotate.extswsli($0, Fields($1))
        },
    ]
}
