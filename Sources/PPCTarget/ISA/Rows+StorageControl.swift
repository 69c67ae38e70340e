import CSupport

/// Multiple and string accesses, reservations, atomic memory operations, cache management and synchronisation
/// (ISA 3.1 Book I, sections 3.3.6, 3.3.7 and 3.3.19; Book II, chapter 4).
enum StorageControlRows {
    static let rows: [InstructionRow] =
        multiple + reservations + atomics + cache + synchronisation + hashes + cacheInhibited

    private static let multiple: [InstructionRow] = [
        .init("lmw", .d(46), [.rt, .d, .ra0], [.loads, .traps]) { LoadStoreMultiple.lmw($0, $1) },
        .init("stmw", .d(47), [.rs, .d, .ra0], [.stores, .traps]) { LoadStoreMultiple.stmw($0, $1) },
        .init("lswi", .x(31, 597), [.rt, .ra0, .nb], [.loads, .traps], reserved: 1) {
            LoadStoreMultiple.lswi($0, $1)
        },
        .init("lswx", .x(31, 533), [.rt, .ra0, .rb], [.loads, .traps, .readsXER], reserved: 1) {
            LoadStoreMultiple.lswx($0, $1)
        },
        .init("stswi", .x(31, 725), [.rs, .ra0, .nb], [.stores, .traps], reserved: 1) {
            LoadStoreMultiple.stswi($0, $1)
        },
        .init("stswx", .x(31, 661), [.rs, .ra0, .rb], [.stores, .traps, .readsXER], reserved: 1) {
            LoadStoreMultiple.stswx($0, $1)
        },
    ]

    private static let larx: Effects = [.loads, .reserves, .traps]
    private static let stcx: Effects = [.stores, .reserves, .cr0, .traps]
    /// EH is a hint about the lock's use.
    private static let loadOperands: [Operand] = [.rt, .ra0, .rb, .unsigned("EH", shift: 0, width: 1).omitted(at: 0)]
    private static let storeOperands: [Operand] = [.rs, .ra0, .rb]

    private static let reservations: [InstructionRow] = [
        .init("lbarx", .x(31, 52), loadOperands, larx, since: .isa206) { Atomics.load($0, $1, UInt8.self) },
        .init("lharx", .x(31, 116), loadOperands, larx, since: .isa206) { Atomics.load($0, $1, UInt16.self) },
        .init("lwarx", .x(31, 20), loadOperands, larx) { Atomics.load($0, $1, UInt32.self) },
        .init("ldarx", .x(31, 84), loadOperands, larx) { Atomics.load($0, $1, UInt64.self) },
        .init(
            "lqarx", .x(31, 276), [.rtp, .ra0, .rb, .unsigned("EH", shift: 0, width: 1).omitted(at: 0)], larx,
            since: .isa207
        ) { Atomics.loadQuad($0, $1) },
        .init("stbcx.", .x(31, 694), storeOperands, stcx, since: .isa206) {
            Atomics.store($0, $1, UInt8.self) { cs_atomic_cas8($0, $1, $2) }
        },
        .init("sthcx.", .x(31, 726), storeOperands, stcx, since: .isa206) {
            Atomics.store($0, $1, UInt16.self) { cs_atomic_cas16($0, $1, $2) }
        },
        .init("stwcx.", .x(31, 150), storeOperands, stcx) {
            Atomics.store($0, $1, UInt32.self) { cs_atomic_cas32($0, $1, $2) }
        },
        .init("stdcx.", .x(31, 214), storeOperands, stcx) {
            Atomics.store($0, $1, UInt64.self) { cs_atomic_cas64($0, $1, $2) }
        },
        .init("stqcx.", .x(31, 182), [.rsp, .ra0, .rb], stcx, since: .isa207) { Atomics.storeQuad($0, $1) },
    ]

    private static let fc = Operand.unsigned("FC", shift: 11, width: 5)
    private static let amo: Effects = [.loads, .stores, .traps]

    private static let atomics: [InstructionRow] = [
        .init("lwat", .x(31, 582), [.rtUpdated, .ra0, fc], amo, since: .isa300, reserved: 1) {
            Atomics.fetch($0, $1, UInt32.self, Int32.self) { cs_atomic_cas32($0, $1, $2) }
        },
        .init("ldat", .x(31, 614), [.rtUpdated, .ra0, fc], amo, since: .isa300, reserved: 1) {
            Atomics.fetch($0, $1, UInt64.self, Int64.self) { cs_atomic_cas64($0, $1, $2) }
        },
        .init("stwat", .x(31, 710), [.rs, .ra0, fc], amo, since: .isa300, reserved: 1) {
            Atomics.update($0, $1, UInt32.self, Int32.self) { cs_atomic_cas32($0, $1, $2) }
        },
        .init("stdat", .x(31, 742), [.rs, .ra0, fc], amo, since: .isa300, reserved: 1) {
            Atomics.update($0, $1, UInt64.self, Int64.self) { cs_atomic_cas64($0, $1, $2) }
        },
        // There is no copy-paste accelerator: the pair is illegal, as in QEMU, and cpabort has nothing to abort.
        .init("copy", .x(31, 774), [.ra0, .rb], .traps, since: .isa300, reserved: 0x03c0_0001) { cpu, _ in
            raiseIllegal(cpu)
        },
        .init(
            "paste.", .x(31, 902), [.ra0, .rb, .unsigned("L", shift: 21, width: 1).omitted(at: 0)], [.traps, .cr0],
            since: .isa300, reserved: 0x03c0_0000
        ) { cpu, _ in raiseIllegal(cpu) },
        .init("cpabort", .x(31, 838), [], since: .isa300, reserved: 0x03ff_f801) { _, _ in Outcome.next },
    ]

    private static let indexed: [Operand] = [.ra0, .rb]
    private static let th = Operand.unsigned("TH", shift: 21, width: 5).omitted(at: 0)

    private static let cache: [InstructionRow] = [
        .init(
            "dcbf", .x(31, 86), [.ra0, .rb, .unsigned("L", shift: 21, width: 3).omitted(at: 0)], .loads,
            reserved: 0x03c0_0001
        ) {
            StorageControl.touch($0, $1)
        },
        .init("dcbst", .x(31, 54), indexed, .loads, reserved: 0x03e0_0001) { StorageControl.touch($0, $1) },
        .init("dcbi", .x(31, 470), indexed, [.loads, .stores], privilege: .supervisor, reserved: 0x03e0_0001) {
            StorageControl.dcbi($0, $1)
        },
        .init("dcbt", .x(31, 278), [.ra0, .rb, th], reserved: 1) { _, _ in Outcome.next },
        .init("dcbtst", .x(31, 246), [.ra0, .rb, th], reserved: 1) { _, _ in Outcome.next },
        .init("dcbz", .x(31, 1014), indexed, .stores, reserved: 0x03c0_0001) { StorageControl.dcbz($0, $1) },
        .init("icbi", .x(31, 982), indexed, .loads, reserved: 0x03e0_0001) {
            StorageControl.icbi($0, $1)
        },
    ]

    private static let synchronisation: [InstructionRow] = [
        // SC of ISA 3.1 is shown, but QEMU 7.2 takes zero only.
        .init(
            "sync", .x(31, 598), [.unsigned("L", shift: 21, width: 2), .unsigned("SC", shift: 16, width: 2)],
            reserved: 0x039f_f801
        ) {
            StorageControl.sync($0, $1)
        },
        .init("eieio", .x(31, 854), [], reserved: 0x01ff_f801) { StorageControl.eieio($0, $1) },
        .init("isync", .xl(19, 150), [], .synchronizes, reserved: 0x03ff_f801) { StorageControl.isync($0, $1) },
    ]

    /// Displacement of the hash instructions: D in the RT field, DX in bit 31.
    private static let hashDisplacement = Operand("D", .displacement, .immediate, shift: 21, width: 5) { word in
        Int64(bitPattern: 0xffff_ffff_ffff_fe00 | (word & 1) << 8 | (word >> 21 & 31) << 3)
    }
    private static let hashOperands: [Operand] = [.rb, hashDisplacement, .ra0]

    /// Accesses that bypass the caches (ISA 2.06 to 3.1 Book III, "Hypervisor Real Mode Cache-Inhibited Storage Access"):
    /// only where the hypervisor's instructions are, and only while data addresses are not translated.
    private static func inhibited(
        _ name: String, _ extended: UInt32, stores: Bool, execute: @escaping Execute
    ) -> InstructionRow {
        InstructionRow(
            name, .x(31, extended), [stores ? .rs : .rt, .ra0, .rb], [stores ? .stores : .loads, .traps],
            since: .isa206,
            privilege: .hypervisor, reserved: stores ? 0 : 1, execute: execute)
    }

    private static let cacheInhibited: [InstructionRow] = [
        inhibited("lwzcix", 789, stores: false) { StorageControl.loadInhibited($0, $1, UInt32.self) },
        inhibited("lhzcix", 821, stores: false) { StorageControl.loadInhibited($0, $1, UInt16.self) },
        inhibited("lbzcix", 853, stores: false) { StorageControl.loadInhibited($0, $1, UInt8.self) },
        inhibited("ldcix", 885, stores: false) { StorageControl.loadInhibited($0, $1, UInt64.self) },
        inhibited("stwcix", 917, stores: true) { StorageControl.storeInhibited($0, $1, UInt32.self) },
        inhibited("sthcix", 949, stores: true) { StorageControl.storeInhibited($0, $1, UInt16.self) },
        inhibited("stbcix", 981, stores: true) { StorageControl.storeInhibited($0, $1, UInt8.self) },
        inhibited("stdcix", 1013, stores: true) { StorageControl.storeInhibited($0, $1, UInt64.self) },
    ]

    private static let hashes: [InstructionRow] = [
        .init("hashst", .x(31, 722), hashOperands, [.stores, .traps]) {
            StorageControl.hash($0, $1, key: 468, check: false, privileged: false)
        },
        .init("hashchk", .x(31, 754), hashOperands, [.loads, .traps]) {
            StorageControl.hash($0, $1, key: 468, check: true, privileged: false)
        },
        .init("hashstp", .x(31, 658), hashOperands, [.stores, .traps]) {
            StorageControl.hash($0, $1, key: 469, check: false, privileged: true)
        },
        .init("hashchkp", .x(31, 690), hashOperands, [.loads, .traps]) {
            StorageControl.hash($0, $1, key: 469, check: true, privileged: true)
        },
    ]
}
