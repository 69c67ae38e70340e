extension FloatingPointRows {
    // MARK: FPSCR (ISA 3.1 Book I, section 4.6.9)

    /// One of the `mffs` family, told apart by bits 11:15.
    private static func from(
        _ mnemonic: String, _ selector: UInt32, _ operands: [Operand], _ effects: Effects,
        since: InstructionSet = .isa300, rc: Bool = false, execute: Execute
    ) -> InstructionRow {
        InstructionRow(
            mnemonic, InstructionForm.x(63, 583).fixing(selector << 16, mask: 0x1f << 16), operands, effects,
            since: since, facility: .floatingPoint, rc: rc, execute: execute)
    }

    static let status: [InstructionRow] = [
        from("mffs", 0, [.frt], [.readsFPSCR, .cr1IfRc], since: .base, rc: true) {
            StatusRegister.moveFrom($0, $1)
        },
        // Before ISA 3.0 bits 11:15 were reserved and ignored; C libraries count on the newer forms acting as mffs there.
        InstructionRow(
            "mffs", .x(63, 583), [.frt], [.readsFPSCR, .cr1IfRc], since: .untilISA207, facility: .floatingPoint,
            rc: true,
            execute: { StatusRegister.moveFrom($0, $1) }),
        from("mffsce", 1, [.frt], [.readsFPSCR, .writesFPSCR]) { StatusRegister.moveFromClearingEnables($0, $1) },
        from("mffscdrn", 20, [.frt, .frb], [.readsFPSCR, .writesFPSCR]) {
            StatusRegister.moveFromSettingDRN($0, $1, immediate: false)
        },
        from("mffscdrni", 21, [.frt, .unsigned("DRM", shift: 11, width: 3)], [.readsFPSCR, .writesFPSCR]) {
            StatusRegister.moveFromSettingDRN($0, $1, immediate: true)
        },
        from("mffscrn", 22, [.frt, .frb], [.readsFPSCR, .writesFPSCR]) {
            StatusRegister.moveFromSettingRN($0, $1, immediate: false)
        },
        from("mffscrni", 23, [.frt, .unsigned("RM", shift: 11, width: 2)], [.readsFPSCR, .writesFPSCR]) {
            StatusRegister.moveFromSettingRN($0, $1, immediate: true)
        },
        from("mffsl", 24, [.frt], .readsFPSCR) { StatusRegister.moveFromLightweight($0, $1) },
        InstructionRow(
            "mcrfs", .x(63, 64), [.bf, .unsigned("BFA", shift: 18, width: 3)],
            [.readsFPSCR, .writesFPSCR, .writesCR], facility: .floatingPoint, reserved: 0x63_f801,
            execute: { StatusRegister.moveToCR($0, $1) }),
        InstructionRow(
            "mtfsb0", .x(63, 70), [.unsigned("BT", shift: 21, width: 5)], [.readsFPSCR, .writesFPSCR, .cr1IfRc],
            facility: .floatingPoint, rc: true, reserved: 0x1f_f800,
            execute: { StatusRegister.setBit($0, $1, false) }),
        InstructionRow(
            "mtfsb1", .x(63, 38), [.unsigned("BT", shift: 21, width: 5)],
            [.readsFPSCR, .writesFPSCR, .cr1IfRc, .traps], facility: .floatingPoint, rc: true, reserved: 0x1f_f800,
            execute: { StatusRegister.setBit($0, $1, true) }),
        InstructionRow(
            "mtfsf", .xfl(63, 711),
            [
                .unsigned("FLM", shift: 17, width: 8), .frb, .unsigned("L", shift: 25, width: 1),
                .unsigned("W", shift: 16, width: 1),
            ],
            [.readsFPSCR, .writesFPSCR, .cr1IfRc, .traps], facility: .floatingPoint, rc: true,
            execute: { StatusRegister.moveTo($0, $1) }),
        InstructionRow(
            "mtfsfi", .x(63, 134),
            [
                .unsigned("BF", shift: 23, width: 3), .unsigned("U", shift: 12, width: 4),
                .unsigned("W", shift: 16, width: 1),
            ],
            [.readsFPSCR, .writesFPSCR, .cr1IfRc, .traps], facility: .floatingPoint, rc: true, reserved: 0x6e_0800,
            execute: { StatusRegister.moveToImmediate($0, $1) }),
    ]

    // MARK: Loads and stores (sections 4.6.2 to 4.6.4)

    private static let prefixOfMLS: (match: UInt32, mask: UInt32) = (0x0600_0000, 0xff80_0000)
    private static let displacement34 = Operand("D", .displacement, .immediate, shift: 0, width: 34) { word in
        Int64(bitPattern: FloatAccess.prefixedDisplacement(word))
    }
    private static let relative: Operand = .unsigned("R", shift: 52, width: 1)

    private static func access(
        _ mnemonic: String, _ form: InstructionForm, _ operands: [Operand], _ effects: Effects,
        since: InstructionSet = .base, reserved: UInt32 = 0, isPrefixed: Bool = false, execute: Execute
    ) -> InstructionRow {
        InstructionRow(
            mnemonic, form, prefix: isPrefixed ? prefixOfMLS : nil, operands, effects, since: since,
            facility: .floatingPoint, reserved: reserved, execute: execute)
    }

    private static let frtPair = Operand("FRTp", .fprPair, .write, shift: 21, width: 5)
    private static let frsPair = Operand("FRSp", .fprPair, .read, shift: 21, width: 5)

    static let loads: [InstructionRow] = [
        access("lfs", .d(48), [.frt, .d, .ra0], .loads) { FloatAccess.load($0, $1, .displacement, single: true) },
        access("lfsu", .d(49), [.frt, .d, .raUpdated], .loads) {
            FloatAccess.load($0, $1, .displacement, single: true, update: true)
        },
        access("lfsx", .x(31, 535), [.frt, .ra0, .rb], .loads) {
            FloatAccess.load($0, $1, .indexed, single: true)
        },
        access("lfsux", .x(31, 567), [.frt, .raUpdated, .rb], .loads) {
            FloatAccess.load($0, $1, .indexed, single: true, update: true)
        },
        access("lfd", .d(50), [.frt, .d, .ra0], .loads) { FloatAccess.load($0, $1, .displacement, single: false) },
        access("lfdu", .d(51), [.frt, .d, .raUpdated], .loads) {
            FloatAccess.load($0, $1, .displacement, single: false, update: true)
        },
        access("lfdx", .x(31, 599), [.frt, .ra0, .rb], .loads) {
            FloatAccess.load($0, $1, .indexed, single: false)
        },
        access("lfdux", .x(31, 631), [.frt, .raUpdated, .rb], .loads) {
            FloatAccess.load($0, $1, .indexed, single: false, update: true)
        },
        access("lfiwax", .x(31, 855), [.frt, .ra0, .rb], .loads, since: .isa205, reserved: 1) {
            FloatAccess.loadWord($0, $1, signed: true)
        },
        access("lfiwzx", .x(31, 887), [.frt, .ra0, .rb], .loads, since: .isa206, reserved: 1) {
            FloatAccess.loadWord($0, $1, signed: false)
        },
        access("lfdp", .ds(57, 0), [frtPair, .dsDisplacement, .ra0], .loads, since: .isa205, reserved: 0x20_0000) {
            FloatAccess.loadPair($0, $1, .displacementDS)
        },
        access("lfdpx", .x(31, 791), [frtPair, .ra0, .rb], .loads, since: .isa205, reserved: 0x20_0001) {
            FloatAccess.loadPair($0, $1, .indexed)
        },
        access("plfs", .d(48), [.frt, displacement34, .ra0, relative], .loads, since: .isa310, isPrefixed: true) {
            FloatAccess.load($0, $1, .prefixed, single: true)
        },
        access("plfd", .d(50), [.frt, displacement34, .ra0, relative], .loads, since: .isa310, isPrefixed: true) {
            FloatAccess.load($0, $1, .prefixed, single: false)
        },
    ]

    static let stores: [InstructionRow] = [
        access("stfs", .d(52), [.frs, .d, .ra0], .stores) {
            FloatAccess.store($0, $1, .displacement, single: true)
        },
        access("stfsu", .d(53), [.frs, .d, .raUpdated], .stores) {
            FloatAccess.store($0, $1, .displacement, single: true, update: true)
        },
        access("stfsx", .x(31, 663), [.frs, .ra0, .rb], .stores) {
            FloatAccess.store($0, $1, .indexed, single: true)
        },
        access("stfsux", .x(31, 695), [.frs, .raUpdated, .rb], .stores) {
            FloatAccess.store($0, $1, .indexed, single: true, update: true)
        },
        access("stfd", .d(54), [.frs, .d, .ra0], .stores) {
            FloatAccess.store($0, $1, .displacement, single: false)
        },
        access("stfdu", .d(55), [.frs, .d, .raUpdated], .stores) {
            FloatAccess.store($0, $1, .displacement, single: false, update: true)
        },
        access("stfdx", .x(31, 727), [.frs, .ra0, .rb], .stores) {
            FloatAccess.store($0, $1, .indexed, single: false)
        },
        access("stfdux", .x(31, 759), [.frs, .raUpdated, .rb], .stores) {
            FloatAccess.store($0, $1, .indexed, single: false, update: true)
        },
        access("stfiwx", .x(31, 983), [.frs, .ra0, .rb], .stores, reserved: 1) { FloatAccess.storeWord($0, $1) },
        access("stfdp", .ds(61, 0), [frsPair, .dsDisplacement, .ra0], .stores, since: .isa205, reserved: 0x20_0000) {
            FloatAccess.storePair($0, $1, .displacementDS)
        },
        access("stfdpx", .x(31, 919), [frsPair, .ra0, .rb], .stores, since: .isa205, reserved: 0x20_0001) {
            FloatAccess.storePair($0, $1, .indexed)
        },
        access("pstfs", .d(52), [.frs, displacement34, .ra0, relative], .stores, since: .isa310, isPrefixed: true) {
            FloatAccess.store($0, $1, .prefixed, single: true)
        },
        access("pstfd", .d(54), [.frs, displacement34, .ra0, relative], .stores, since: .isa310, isPrefixed: true) {
            FloatAccess.store($0, $1, .prefixed, single: false)
        },
    ]
}
