/// Fixed-point loads and stores of one register, and the prefixed forms (ISA 3.1 Book I, section 3.3).
enum LoadStoreRows {
    static let rows: [InstructionRow] = loads + indexedLoads + stores + indexedStores + prefixedLoads + prefixedStores

    private static let updating = Operand.raUpdated
    private static let loadD: [Operand] = [.rt, .d, .ra0]
    private static let loadDU: [Operand] = [.rt, .d, updating]
    private static let loadDS: [Operand] = [.rt, .dsDisplacement, .ra0]
    private static let loadX: [Operand] = [.rt, .ra0, .rb]
    private static let loadXU: [Operand] = [.rt, updating, .rb]
    private static let storeD: [Operand] = [.rs, .d, .ra0]
    private static let storeDU: [Operand] = [.rs, .d, updating]
    private static let storeX: [Operand] = [.rs, .ra0, .rb]
    private static let storeXU: [Operand] = [.rs, updating, .rb]

    private static let loads: [InstructionRow] = [
        .init("lbz", .d(34), loadD, .loads) { LoadStore.load($0, Fields($1), .d, UInt8.self) },
        .init("lbzu", .d(35), loadDU, .loads) { LoadStore.load($0, Fields($1), .d, UInt8.self, update: true) },
        .init("lhz", .d(40), loadD, .loads) { LoadStore.load($0, Fields($1), .d, UInt16.self) },
        .init("lhzu", .d(41), loadDU, .loads) { LoadStore.load($0, Fields($1), .d, UInt16.self, update: true) },
        .init("lha", .d(42), loadD, .loads) {
            LoadStore.loadAlgebraic($0, Fields($1), .d, UInt16.self, as: Int16.self)
        },
        .init("lhau", .d(43), loadDU, .loads) {
            LoadStore.loadAlgebraic($0, Fields($1), .d, UInt16.self, as: Int16.self, update: true)
        },
        .init("lwz", .d(32), loadD, .loads) { LoadStore.load($0, Fields($1), .d, UInt32.self) },
        .init("lwzu", .d(33), loadDU, .loads) { LoadStore.load($0, Fields($1), .d, UInt32.self, update: true) },
        .init("lwa", .ds(58, 2), loadDS, .loads) {
            LoadStore.loadAlgebraic($0, Fields($1), .ds, UInt32.self, as: Int32.self)
        },
        .init("ld", .ds(58, 0), loadDS, .loads) { LoadStore.load($0, Fields($1), .ds, UInt64.self) },
        .init("ldu", .ds(58, 1), [.rt, .dsDisplacement, updating], .loads) {
            LoadStore.load($0, Fields($1), .ds, UInt64.self, update: true)
        },
        // RTp is even: its low bit belongs to the opcode.
        .init(
            "lq", InstructionForm("DQ", match: 56 << 26, mask: 0xfc20_0000), [.rtp, .dqDisplacement, .ra0], .loads,
            since: .isa205
        ) { LoadStore.loadQuad($0, Fields($1), prefixed: false) },
    ]

    private static let indexedLoads: [InstructionRow] = [
        .init("lbzx", .x(31, 87), loadX, .loads) { LoadStore.load($0, Fields($1), .x, UInt8.self) },
        .init("lbzux", .x(31, 119), loadXU, .loads) { LoadStore.load($0, Fields($1), .x, UInt8.self, update: true) },
        .init("lhzx", .x(31, 279), loadX, .loads) { LoadStore.load($0, Fields($1), .x, UInt16.self) },
        .init("lhzux", .x(31, 311), loadXU, .loads) { LoadStore.load($0, Fields($1), .x, UInt16.self, update: true) },
        .init("lhax", .x(31, 343), loadX, .loads) {
            LoadStore.loadAlgebraic($0, Fields($1), .x, UInt16.self, as: Int16.self)
        },
        .init("lhaux", .x(31, 375), loadXU, .loads) {
            LoadStore.loadAlgebraic($0, Fields($1), .x, UInt16.self, as: Int16.self, update: true)
        },
        .init("lwzx", .x(31, 23), loadX, .loads) { LoadStore.load($0, Fields($1), .x, UInt32.self) },
        .init("lwzux", .x(31, 55), loadXU, .loads) { LoadStore.load($0, Fields($1), .x, UInt32.self, update: true) },
        .init("lwax", .x(31, 341), loadX, .loads) {
            LoadStore.loadAlgebraic($0, Fields($1), .x, UInt32.self, as: Int32.self)
        },
        .init("lwaux", .x(31, 373), loadXU, .loads) {
            LoadStore.loadAlgebraic($0, Fields($1), .x, UInt32.self, as: Int32.self, update: true)
        },
        .init("ldx", .x(31, 21), loadX, .loads) { LoadStore.load($0, Fields($1), .x, UInt64.self) },
        .init("ldux", .x(31, 53), loadXU, .loads) { LoadStore.load($0, Fields($1), .x, UInt64.self, update: true) },
        .init("lhbrx", .x(31, 790), loadX, .loads, reserved: 1) {
            LoadStore.load($0, Fields($1), .x, UInt16.self, reversed: true)
        },
        .init("lwbrx", .x(31, 534), loadX, .loads, reserved: 1) {
            LoadStore.load($0, Fields($1), .x, UInt32.self, reversed: true)
        },
        .init("ldbrx", .x(31, 532), loadX, .loads, since: .isa205, reserved: 1) {
            LoadStore.load($0, Fields($1), .x, UInt64.self, reversed: true)
        },
    ]

    private static let stores: [InstructionRow] = [
        .init("stb", .d(38), storeD, .stores) { LoadStore.store($0, Fields($1), .d, UInt8.self) },
        .init("stbu", .d(39), storeDU, .stores) { LoadStore.store($0, Fields($1), .d, UInt8.self, update: true) },
        .init("sth", .d(44), storeD, .stores) { LoadStore.store($0, Fields($1), .d, UInt16.self) },
        .init("sthu", .d(45), storeDU, .stores) { LoadStore.store($0, Fields($1), .d, UInt16.self, update: true) },
        .init("stw", .d(36), storeD, .stores) { LoadStore.store($0, Fields($1), .d, UInt32.self) },
        .init("stwu", .d(37), storeDU, .stores) { LoadStore.store($0, Fields($1), .d, UInt32.self, update: true) },
        .init("std", .ds(62, 0), [.rs, .dsDisplacement, .ra0], .stores) {
            LoadStore.store($0, Fields($1), .ds, UInt64.self)
        },
        .init("stdu", .ds(62, 1), [.rs, .dsDisplacement, updating], .stores) {
            LoadStore.store($0, Fields($1), .ds, UInt64.self, update: true)
        },
        .init(
            "stq", InstructionForm("DS", match: 62 << 26 | 2, mask: 0xfc20_0003), [.rsp, .dsDisplacement, .ra0],
            .stores, since: .isa205
        ) { LoadStore.storeQuad($0, Fields($1), prefixed: false) },
    ]

    private static let indexedStores: [InstructionRow] = [
        .init("stbx", .x(31, 215), storeX, .stores) { LoadStore.store($0, Fields($1), .x, UInt8.self) },
        .init("stbux", .x(31, 247), storeXU, .stores) { LoadStore.store($0, Fields($1), .x, UInt8.self, update: true) },
        .init("sthx", .x(31, 407), storeX, .stores) { LoadStore.store($0, Fields($1), .x, UInt16.self) },
        .init("sthux", .x(31, 439), storeXU, .stores) {
            LoadStore.store($0, Fields($1), .x, UInt16.self, update: true)
        },
        .init("stwx", .x(31, 151), storeX, .stores) { LoadStore.store($0, Fields($1), .x, UInt32.self) },
        .init("stwux", .x(31, 183), storeXU, .stores) {
            LoadStore.store($0, Fields($1), .x, UInt32.self, update: true)
        },
        .init("stdx", .x(31, 149), storeX, .stores) { LoadStore.store($0, Fields($1), .x, UInt64.self) },
        .init("stdux", .x(31, 181), storeXU, .stores) {
            LoadStore.store($0, Fields($1), .x, UInt64.self, update: true)
        },
        .init("sthbrx", .x(31, 918), storeX, .stores) {
            LoadStore.store($0, Fields($1), .x, UInt16.self, reversed: true)
        },
        .init("stwbrx", .x(31, 662), storeX, .stores) {
            LoadStore.store($0, Fields($1), .x, UInt32.self, reversed: true)
        },
        .init("stdbrx", .x(31, 660), storeX, .stores, since: .isa205) {
            LoadStore.store($0, Fields($1), .x, UInt64.self, reversed: true)
        },
    ]

    /// Prefix of MLS:D and 8LS:D forms; R and the immediate are operands, two bits are ignored.
    private static let mls: (match: UInt32, mask: UInt32) = (0x0600_0000, 0xff80_0000)
    private static let eightLS: (match: UInt32, mask: UInt32) = (0x0400_0000, 0xff80_0000)
    private static let loadP: [Operand] = [.rt, .d34, .ra0, .r]
    private static let storeP: [Operand] = [.rs, .d34, .ra0, .r]

    private static func prefixed(
        _ mnemonic: String, _ primary: UInt32, _ prefix: (match: UInt32, mask: UInt32), _ operands: [Operand],
        _ effects: Effects, evenPair: Bool = false, execute: Execute
    ) -> InstructionRow {
        InstructionRow(
            mnemonic, evenPair ? .d(primary).fixing(0, mask: 1 << 21) : .d(primary), prefix: prefix, operands, effects,
            since: .isa310, facility: .prefix,
            execute: execute)
    }

    private static let prefixedLoads: [InstructionRow] = [
        prefixed("paddi", 14, mls, [.rt, .ra0, .si34, .r], []) { LoadStore.paddi($0, Fields($1)) },
        prefixed("plbz", 34, mls, loadP, .loads) { LoadStore.load($0, Fields($1), .prefixed, UInt8.self) },
        prefixed("plhz", 40, mls, loadP, .loads) { LoadStore.load($0, Fields($1), .prefixed, UInt16.self) },
        prefixed("plha", 42, mls, loadP, .loads) {
            LoadStore.loadAlgebraic($0, Fields($1), .prefixed, UInt16.self, as: Int16.self)
        },
        prefixed("plwz", 32, mls, loadP, .loads) { LoadStore.load($0, Fields($1), .prefixed, UInt32.self) },
        prefixed("plwa", 41, eightLS, loadP, .loads) {
            LoadStore.loadAlgebraic($0, Fields($1), .prefixed, UInt32.self, as: Int32.self)
        },
        prefixed("pld", 57, eightLS, loadP, .loads) { LoadStore.load($0, Fields($1), .prefixed, UInt64.self) },
        // Odd register pairs are invalid forms (section 3.3.4); QEMU takes them.
        prefixed("plq", 56, eightLS, [.rtp, .d34, .ra0, .r], .loads, evenPair: true) {
            LoadStore.loadQuad($0, Fields($1), prefixed: true)
        },
    ]

    private static let prefixedStores: [InstructionRow] = [
        prefixed("pstb", 38, mls, storeP, .stores) { LoadStore.store($0, Fields($1), .prefixed, UInt8.self) },
        prefixed("psth", 44, mls, storeP, .stores) { LoadStore.store($0, Fields($1), .prefixed, UInt16.self) },
        prefixed("pstw", 36, mls, storeP, .stores) { LoadStore.store($0, Fields($1), .prefixed, UInt32.self) },
        prefixed("pstd", 61, eightLS, storeP, .stores) { LoadStore.store($0, Fields($1), .prefixed, UInt64.self) },
        prefixed("pstq", 60, eightLS, [.rsp, .d34, .ra0, .r], .stores, evenPair: true) {
            LoadStore.storeQuad($0, Fields($1), prefixed: true)
        },
        .init(
            "pnop", InstructionForm("MRR", match: 0, mask: 0), prefix: (0x0700_0000, 0xfff3_ffff), [], .traps,
            since: .isa310, facility: .prefix
        ) { LoadStore.pnop($0, $1) },
    ]
}
