/// System linkage, power saving, SLB and TLB management, doorbells and transactions (ISA 3.1 Book III; Book II,
/// chapter 5 of ISA 3.0 for transactional memory).
enum SystemRows {
    static let rows: [InstructionRow] = linkage + power + segments + translations + messages + transactions

    private static let rest: UInt32 = 0x03ff_f801
    private static let l = Operand.unsigned("L", shift: 16, width: 1)
    private static let lev = Operand.unsigned("LEV", shift: 5, width: 7)

    private static let linkage: [InstructionRow] = [
        .init("sc", .sc(17, 2), [lev], [.branches, .synchronizes], reserved: 0x03ff_f01c) { System.sc($0, $1) },
        .init(
            "scv", .sc(17, 1), [lev], [.branches, .synchronizes], since: .isa300, facility: .scv, reserved: 0x03ff_f01c
        ) { System.scv($0, $1) },
        .init("rfid", .xl(19, 18), [], [.branches, .synchronizes], privilege: .supervisor, reserved: 0x03ff_8001) {
            System.rfid($0, $1)
        },
        .init(
            "hrfid", .xl(19, 274), [], [.branches, .synchronizes], since: .isa205, privilege: .hypervisor,
            reserved: 0x03ff_8001
        ) {
            System.hrfid($0, $1)
        },
        .init(
            "rfscv", .xl(19, 82), [], [.branches, .synchronizes, .readsLR, .readsCTR], since: .isa300,
            privilege: .supervisor, reserved: 0x03ff_8001
        ) { System.rfscv($0, $1) },
        .init(
            "rfebb", .xl(19, 146), [.unsigned("S", shift: 11, width: 1)], [.branches, .synchronizes], since: .isa207,
            facility: .ebb
        ) { System.rfebb($0, $1) },
    ]

    private static let power: [InstructionRow] = [
        .init("stop", .xl(19, 370), [], [.synchronizes], since: .isa300, privilege: .hypervisor, reserved: rest) {
            System.stop($0, $1)
        },
        .init("doze", .xl(19, 402), [], [.synchronizes], since: .powerSaving, privilege: .hypervisor, reserved: rest) {
            System.nap($0, $1)
        },
        .init("nap", .xl(19, 434), [], [.synchronizes], since: .powerSaving, privilege: .hypervisor, reserved: rest) {
            System.nap($0, $1)
        },
        .init("sleep", .xl(19, 466), [], [.synchronizes], since: .powerSaving, privilege: .hypervisor, reserved: rest) {
            System.nap($0, $1)
        },
        .init(
            "rvwinkle", .xl(19, 498), [], [.synchronizes], since: .powerSaving, privilege: .hypervisor, reserved: rest
        ) { System.nap($0, $1) },
        .init(
            "wait", .x(31, 30),
            [.unsigned("WC", shift: 21, width: 2), .unsigned("PL", shift: 16, width: 2)], [.synchronizes],
            since: .isa300, reserved: 0x039c_f801
        ) { System.wait($0, $1) },
    ]

    private static let segments: [InstructionRow] = [
        .init("slbie", .x(31, 434), [.rb], [.synchronizes], privilege: .supervisor) { System.slbie($0, $1) },
        .init("slbieg", .x(31, 466), [.rs, .rb], [.synchronizes], since: .isa300, privilege: .supervisor) {
            System.slbie($0, $1)
        },
        .init(
            "slbia", .x(31, 498), [.unsigned("IH", shift: 21, width: 3)], [.synchronizes], privilege: .supervisor
        ) { System.slbia($0, $1) },
        .init("slbiag", .x(31, 850), [.rs, l], [.synchronizes], since: .isa300, privilege: .supervisor) {
            System.slbiag($0, $1)
        },
        .init("slbmte", .x(31, 402), [.rs, .rb], [.synchronizes, .traps], privilege: .supervisor) {
            System.slbmte($0, $1)
        },
        .init("slbmfev", .x(31, 851), [.rt, .rb], [.traps], privilege: .supervisor) { System.slbmfev($0, $1) },
        .init("slbmfee", .x(31, 915), [.rt, .rb], [.traps], privilege: .supervisor) { System.slbmfee($0, $1) },
        .init(
            "slbfee.", .x(31, 979).fixing(1, mask: 1), [.rt, .rb], [.cr0]
        ) { System.slbfee($0, $1) },
        .init("slbsync", .x(31, 338), [], [.synchronizes], since: .isa300, privilege: .supervisor) { _, _ in
            Outcome.next
        },
        .init(
            "mtsr", .x(31, 210), [segmentRegister, .rs], [.synchronizes], privilege: .supervisor, reserved: 0x0010_f801
        ) {
            System.mtsr($0, $1)
        },
        .init("mtsrin", .x(31, 242), [.rs, .rb], [.synchronizes], privilege: .supervisor, reserved: 0x001f_0001) {
            System.mtsrin($0, $1)
        },
        .init("mfsr", .x(31, 595), [.rt, segmentRegister], privilege: .supervisor, reserved: 0x0010_f801) {
            System.mfsr($0, $1)
        },
        .init("mfsrin", .x(31, 659), [.rt, .rb], privilege: .supervisor, reserved: 0x001f_0001) {
            System.mfsr($0, $1)
        },
    ]

    private static let segmentRegister = Operand.unsigned("SR", shift: 16, width: 4)
    private static let invalidation: [Operand] = [
        .rb, .rs, .unsigned("RIC", shift: 18, width: 2), .unsigned("PRS", shift: 17, width: 1),
        .unsigned("R", shift: 16, width: 1),
    ]

    private static let translations: [InstructionRow] = [
        .init("tlbie", .x(31, 306), invalidation, [.synchronizes, .traps], privilege: .supervisor) {
            System.tlbie($0, $1)
        },
        .init("tlbiel", .x(31, 274), invalidation, [.synchronizes, .traps], privilege: .supervisor) {
            System.tlbiel($0, $1)
        },
        .init("tlbsync", .x(31, 566), [], [.synchronizes, .traps], privilege: .supervisor, reserved: rest) {
            System.tlbsync($0, $1)
        },
    ]

    private static let messages: [InstructionRow] = [
        .init("msgsnd", .x(31, 206), [.rb], since: .isa207, privilege: .hypervisor) { _, _ in Outcome.next },
        .init("msgclr", .x(31, 238), [.rb], since: .isa207, privilege: .hypervisor) { _, _ in Outcome.next },
        .init("msgsync", .x(31, 886), [], since: .isa300, privilege: .hypervisor) { _, _ in Outcome.next },
        .init("msgsndp", .x(31, 142), [.rb], [.synchronizes], since: .isa207, facility: .msgp, privilege: .supervisor) {
            System.msgsndp($0, $1)
        },
        .init("msgclrp", .x(31, 174), [.rb], since: .isa207, facility: .msgp, privilege: .supervisor) {
            System.msgclrp($0, $1)
        },
    ]

    private static let rbSigned = Operand.signed("SI", shift: 11, width: 5)
    private static func transaction(
        _ name: String, _ extended: UInt32, _ operands: [Operand], reserved: UInt32, privilege: Privilege = .problem,
        execute: @escaping Execute
    ) -> InstructionRow {
        InstructionRow(
            name, .x(31, extended).fixing(1, mask: 1), operands, [.cr0], since: .tm, facility: .tm,
            privilege: privilege, reserved: reserved, execute: execute)
    }

    /// Transactions never start: `tbegin.` fails, and outside of a transaction the others only set CR0.
    private static let transactions: [InstructionRow] = [
        transaction("tbegin.", 654, [.unsigned("R", shift: 21, width: 1)], reserved: 0x01df_f800) {
            System.tbegin($0, $1)
        },
        transaction("tend.", 686, [.unsigned("A", shift: 25, width: 1)], reserved: 0x01ff_f800) {
            System.outsideTransaction($0, $1)
        },
        transaction("tabort.", 910, [.ra], reserved: 0x03e0_f800) { System.outsideTransaction($0, $1) },
        transaction("tabortwc.", 782, [.to, .ra, .rb], reserved: 0) { System.outsideTransaction($0, $1) },
        transaction("tabortdc.", 814, [.to, .ra, .rb], reserved: 0) { System.outsideTransaction($0, $1) },
        transaction("tabortwci.", 846, [.to, .ra, rbSigned], reserved: 0) { System.outsideTransaction($0, $1) },
        transaction("tabortdci.", 878, [.to, .ra, rbSigned], reserved: 0) { System.outsideTransaction($0, $1) },
        transaction("tsr.", 750, [.unsigned("L", shift: 21, width: 1)], reserved: 0x03df_f800) {
            System.outsideTransaction($0, $1)
        },
        transaction("treclaim.", 942, [.ra], reserved: 0x03e0_f800, privilege: .supervisor) {
            System.outsideTransaction($0, $1)
        },
        transaction("trechkpt.", 1006, [], reserved: 0x03ff_f800, privilege: .supervisor) {
            System.outsideTransaction($0, $1)
        },
        InstructionRow(
            "tcheck", .x(31, 718), [.bf], [.writesCR], since: .tm, facility: .tm, reserved: 0x007f_f801
        ) { System.tcheck($0, $1) },
    ]
}
