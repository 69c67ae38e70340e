import CPPCState

/// VSX loads and stores, and moves between VSRs and GPRs (ISA 3.1 Book I, sections 7.6.1 and 4.6.4).
enum VSXMemoryRows {
    static var rows: [InstructionRow] {
        var t = VectorRowList()
        scalarLoads(&t)
        scalarStores(&t)
        vectorLoads(&t)
        vectorStores(&t)
        displaced(&t)
        prefixed(&t)
        moves(&t)
        return t.rows
    }

    private static func scalarLoads(_ t: inout VectorRowList) {
        func add(_ name: String, _ extended: UInt32, since: InstructionSet, execute: Execute) {
            t.indexed(name, extended, .xt, stores: false, since: since, execute: execute)
        }
        // These leave doubleword 1 alone.
        add("lxsdx", 588, since: .vsx) { c, w in
            loadScalar(c, indexedAddress(c, Fields(w)), into: Fields(w).xt, clearing: false, UInt64.self) { $0 }
        }
        add("lxsiwax", 76, since: .isa207) { c, w in
            loadScalar(c, indexedAddress(c, Fields(w)), into: Fields(w).xt, clearing: false, UInt32.self) {
                UInt64(bitPattern: Int64(Int32(bitPattern: $0)))
            }
        }
        add("lxsiwzx", 12, since: .isa207) { c, w in
            loadScalar(c, indexedAddress(c, Fields(w)), into: Fields(w).xt, clearing: false, UInt32.self) { UInt64($0) }
        }
        add("lxsspx", 524, since: .isa207) { c, w in
            loadScalar(c, indexedAddress(c, Fields(w)), into: Fields(w).xt, clearing: false, UInt32.self) {
                doubleImage(ofSingle: $0)
            }
        }
        add("lxsibzx", 781, since: .isa300) { c, w in
            loadScalar(c, indexedAddress(c, Fields(w)), into: Fields(w).xt, clearing: false, UInt8.self) { UInt64($0) }
        }
        add("lxsihzx", 813, since: .isa300) { c, w in
            loadScalar(c, indexedAddress(c, Fields(w)), into: Fields(w).xt, clearing: false, UInt16.self) { UInt64($0) }
        }
        add("lxvrbx", 13, since: .isa310) { c, w in loadRightmost(c, w, UInt8.self) }
        add("lxvrhx", 45, since: .isa310) { c, w in loadRightmost(c, w, UInt16.self) }
        add("lxvrwx", 77, since: .isa310) { c, w in loadRightmost(c, w, UInt32.self) }
        add("lxvrdx", 109, since: .isa310) { c, w in loadRightmost(c, w, UInt64.self) }
    }

    private static func scalarStores(_ t: inout VectorRowList) {
        func add(_ name: String, _ extended: UInt32, since: InstructionSet, execute: Execute) {
            t.indexed(name, extended, .xs, stores: true, since: since, execute: execute)
        }
        add("stxsdx", 716, since: .vsx) { c, w in storeScalar(c, w, vsr(c)[Fields(w).xs].hi) }
        add("stxsiwx", 140, since: .isa207) { c, w in
            storeScalar(c, w, UInt32(truncatingIfNeeded: vsr(c)[Fields(w).xs].hi))
        }
        add("stxsspx", 652, since: .isa207) { c, w in
            storeScalar(c, w, singleImage(ofDouble: vsr(c)[Fields(w).xs].hi))
        }
        add("stxsibx", 909, since: .isa300) { c, w in
            storeScalar(c, w, UInt8(truncatingIfNeeded: vsr(c)[Fields(w).xs].hi))
        }
        add("stxsihx", 941, since: .isa300) { c, w in
            storeScalar(c, w, UInt16(truncatingIfNeeded: vsr(c)[Fields(w).xs].hi))
        }
        add("stxvrbx", 141, since: .isa310) { c, w in storeRightmost(c, w, UInt8.self) }
        add("stxvrhx", 173, since: .isa310) { c, w in storeRightmost(c, w, UInt16.self) }
        add("stxvrwx", 205, since: .isa310) { c, w in storeRightmost(c, w, UInt32.self) }
        add("stxvrdx", 237, since: .isa310) { c, w in storeRightmost(c, w, UInt64.self) }
    }

    private static func vectorLoads(_ t: inout VectorRowList) {
        func add(
            _ name: String, _ extended: UInt32, since: InstructionSet, facility: Facility = .vsx, execute: Execute
        ) {
            t.indexed(name, extended, .xt, stores: false, since: since, facility: facility, execute: execute)
        }
        add("lxvd2x", 844, since: .vsx) { c, w in loadElements(c, w, U64.self) }
        add("lxvw4x", 780, since: .vsx) { c, w in loadElements(c, w, U32.self) }
        add("lxvh8x", 812, since: .isa300) { c, w in loadElements(c, w, U16.self) }
        add("lxvb16x", 876, since: .isa300) { c, w in loadElements(c, w, U8.self) }
        add("lxvdsx", 332, since: .vsx) { c, w in
            var value: UInt64 = 0
            guard load(c, indexedAddress(c, Fields(w)), &value) else { return Outcome.exception }
            vsr(c)[Fields(w).xt] = ppc_vsr(lo: value, hi: value)
            return Outcome.next
        }
        add("lxvwsx", 364, since: .isa300, facility: .vsxOrVector) { c, w in
            if let outcome = unavailableVSXOrVector(c, Fields(w).xt) { return outcome }
            var value: UInt32 = 0
            guard load(c, indexedAddress(c, Fields(w)), &value) else { return Outcome.exception }
            vsr(c)[Fields(w).xt] = ppc_vsr(image: U32(repeating: value))
            return Outcome.next
        }
        add("lxvx", 268, since: .isa300, facility: .vsxOrVector) { c, w in
            let f = Fields(w)
            return unavailableVSXOrVector(c, f.xt) ?? loadQuad(c, indexedAddress(c, f), into: f.xt)
        }
        add("lxvl", 269, since: .isa300, facility: .vsxOrVector) { c, w in loadWithLength(c, w, left: false) }
        add("lxvll", 301, since: .isa300, facility: .vsxOrVector) { c, w in loadWithLength(c, w, left: true) }
        t.indexed("lxvpx", 333, .xtp, stores: false, since: .isa310, ignoresLast: true) { c, w in
            loadPair(c, indexedAddress(c, Fields(w)), into: pairNumber(Fields(w)))
        }
    }

    private static func vectorStores(_ t: inout VectorRowList) {
        func add(
            _ name: String, _ extended: UInt32, since: InstructionSet, facility: Facility = .vsx, execute: Execute
        ) {
            t.indexed(name, extended, .xs, stores: true, since: since, facility: facility, execute: execute)
        }
        add("stxvd2x", 972, since: .vsx) { c, w in storeElements(c, w, U64.self) }
        add("stxvw4x", 908, since: .vsx) { c, w in storeElements(c, w, U32.self) }
        add("stxvh8x", 940, since: .isa300) { c, w in storeElements(c, w, U16.self) }
        add("stxvb16x", 1004, since: .isa300) { c, w in storeElements(c, w, U8.self) }
        add("stxvx", 396, since: .isa300, facility: .vsxOrVector) { c, w in
            let f = Fields(w)
            return unavailableVSXOrVector(c, f.xs) ?? storeQuad(c, indexedAddress(c, f), from: f.xs)
        }
        add("stxvl", 397, since: .isa300, facility: .vsxOrVector) { c, w in storeWithLength(c, w, left: false) }
        add("stxvll", 429, since: .isa300, facility: .vsxOrVector) { c, w in storeWithLength(c, w, left: true) }
        t.indexed("stxvpx", 461, .xsp, stores: true, since: .isa310, ignoresLast: true) { c, w in
            storePair(c, indexedAddress(c, Fields(w)), from: pairNumber(Fields(w)))
        }
    }

    private static func displaced(_ t: inout VectorRowList) {
        func add(
            _ name: String, _ form: InstructionForm, _ operands: [Operand], stores: Bool,
            since: InstructionSet = .isa300, facility: Facility, execute: Execute
        ) {
            t.add(
                InstructionRow(
                    name, form, operands, stores ? .stores : .loads, since: since, facility: facility, execute: execute)
            )
        }
        let pair = InstructionForm("DQ", match: 6 << 26, mask: 0xfc00_000f)
        add("lxv", .dq(61, 1), [.xtDQ, .dqDisplacement, .ra0], stores: false, facility: .vsxOrVector) { c, w in
            let f = Fields(w)
            return unavailableVSXOrVector(c, f.xtDQ) ?? loadQuad(c, displacedAddress(c, f, f.dq), into: f.xtDQ)
        }
        add("stxv", .dq(61, 5), [.xsDQ, .dqDisplacement, .ra0], stores: true, facility: .vsxOrVector) { c, w in
            let f = Fields(w)
            return unavailableVSXOrVector(c, f.xtDQ) ?? storeQuad(c, displacedAddress(c, f, f.dq), from: f.xtDQ)
        }
        add("lxvp", pair, [.xtp, .dqDisplacement, .ra0], stores: false, since: .isa310, facility: .vsx) { c, w in
            let f = Fields(w)
            return loadPair(c, displacedAddress(c, f, f.dq), into: pairNumber(f))
        }
        add(
            "stxvp", pair.fixing(1, mask: 0), [.xsp, .dqDisplacement, .ra0], stores: true, since: .isa310,
            facility: .vsx
        ) { c, w in
            let f = Fields(w)
            return storePair(c, displacedAddress(c, f, f.dq), from: pairNumber(f))
        }
        add("lxsd", .ds(57, 2), [.vrt, .dsDisplacement, .ra0], stores: false, facility: .vsx) { c, w in
            let f = Fields(w)
            return loadScalar(c, displacedAddress(c, f, f.ds), into: f.rt + 32, clearing: true, UInt64.self) { $0 }
        }
        add("lxssp", .ds(57, 3), [.vrt, .dsDisplacement, .ra0], stores: false, facility: .vector) { c, w in
            let f = Fields(w)
            return loadScalar(c, displacedAddress(c, f, f.ds), into: f.rt + 32, clearing: true, UInt32.self) {
                doubleImage(ofSingle: $0)
            }
        }
        add("stxsd", .ds(61, 2), [.vrs, .dsDisplacement, .ra0], stores: true, facility: .vector) { c, w in
            let f = Fields(w)
            return store(c, displacedAddress(c, f, f.ds), vr(c)[f.rs].hi) ? Outcome.next : Outcome.exception
        }
        add("stxssp", .ds(61, 3), [.vrs, .dsDisplacement, .ra0], stores: true, facility: .vector) { c, w in
            let f = Fields(w)
            let single = singleImage(ofDouble: vr(c)[f.rs].hi)
            return store(c, displacedAddress(c, f, f.ds), single) ? Outcome.next : Outcome.exception
        }
    }

    private static func prefixed(_ t: inout VectorRowList) {
        func add(
            _ name: String, _ form: InstructionForm, _ register: Operand, stores: Bool, facility: Facility = .vsx,
            execute: Execute
        ) {
            t.add(
                InstructionRow(
                    name, form, prefix: (match: 0x0400_0000, mask: 0xff80_0000), [register, .d34, .ra0, .r],
                    stores ? .stores : .loads, since: .isa310, facility: facility, execute: execute))
        }
        func form(_ primary: UInt32) -> InstructionForm {
            InstructionForm("8LS:D", match: primary << 26, mask: 0xfc00_0000)
        }
        // The sixth bit of the register number lies where others have the last bit of the primary opcode.
        add("plxv", InstructionForm("8LS:D", match: 0xc800_0000, mask: 0xf800_0000), .xt8LS, stores: false) { c, w in
            guard let ea = prefixedAddress(c, w) else { return raiseIllegal(c) }
            return loadQuad(c, ea, into: Int(truncatingIfNeeded: w >> 21 & 63))
        }
        add("pstxv", InstructionForm("8LS:D", match: 0xd800_0000, mask: 0xf800_0000), .xs8LS, stores: true) { c, w in
            guard let ea = prefixedAddress(c, w) else { return raiseIllegal(c) }
            return storeQuad(c, ea, from: Int(truncatingIfNeeded: w >> 21 & 63))
        }
        add("plxvp", form(58), .xtp, stores: false) { c, w in
            guard let ea = prefixedAddress(c, w) else { return raiseIllegal(c) }
            return loadPair(c, ea, into: pairNumber(Fields(w)))
        }
        add("pstxvp", form(62), .xsp, stores: true) { c, w in
            guard let ea = prefixedAddress(c, w) else { return raiseIllegal(c) }
            return storePair(c, ea, from: pairNumber(Fields(w)))
        }
        add("plxsd", form(42), .vrt, stores: false) { c, w in
            guard let ea = prefixedAddress(c, w) else { return raiseIllegal(c) }
            return loadScalar(c, ea, into: Fields(w).rt + 32, clearing: true, UInt64.self) { $0 }
        }
        add("plxssp", form(43), .vrt, stores: false, facility: .vector) { c, w in
            guard let ea = prefixedAddress(c, w) else { return raiseIllegal(c) }
            return loadScalar(c, ea, into: Fields(w).rt + 32, clearing: true, UInt32.self) { doubleImage(ofSingle: $0) }
        }
        add("pstxsd", form(46), .vrs, stores: true, facility: .vector) { c, w in
            guard let ea = prefixedAddress(c, w) else { return raiseIllegal(c) }
            return store(c, ea, vr(c)[Fields(w).rs].hi) ? Outcome.next : Outcome.exception
        }
        add("pstxssp", form(47), .vrs, stores: true, facility: .vector) { c, w in
            guard let ea = prefixedAddress(c, w) else { return raiseIllegal(c) }
            return store(c, ea, singleImage(ofDouble: vr(c)[Fields(w).rs].hi)) ? Outcome.next : Outcome.exception
        }
    }

    private static func moves(_ t: inout VectorRowList) {
        func add(
            _ name: String, _ extended: UInt32, _ operands: [Operand], since: InstructionSet,
            facility: Facility = .vsxOrVector, reserved: UInt32 = 0xf800, execute: Execute
        ) {
            t.add(
                InstructionRow(
                    name, .xx1(31, extended), operands, since: since, facility: facility, reserved: reserved,
                    execute: execute))
        }
        add("mfvsrd", 51, [.raWritten, .xs], since: .isa207) { c, w in
            let f = Fields(w)
            if let outcome = unavailableFPOrVector(c, f.xs) { return outcome }
            gpr(c)[f.ra] = vsr(c)[f.xs].hi
            return Outcome.next
        }
        add("mfvsrwz", 115, [.raWritten, .xs], since: .isa207) { c, w in
            let f = Fields(w)
            if let outcome = unavailableFPOrVector(c, f.xs) { return outcome }
            gpr(c)[f.ra] = vsr(c)[f.xs].hi & 0xffff_ffff
            return Outcome.next
        }
        add("mfvsrld", 307, [.raWritten, .xs], since: .isa300) { c, w in
            let f = Fields(w)
            if let outcome = unavailableVSXOrVector(c, f.xs) { return outcome }
            gpr(c)[f.ra] = vsr(c)[f.xs].lo
            return Outcome.next
        }
        add("mtvsrd", 179, [.xt, .ra], since: .isa207) { c, w in
            let f = Fields(w)
            if let outcome = unavailableFPOrVector(c, f.xt) { return outcome }
            vsr(c)[f.xt].hi = gpr(c)[f.ra]
            return Outcome.next
        }
        add("mtvsrwa", 211, [.xt, .ra], since: .isa207) { c, w in
            let f = Fields(w)
            if let outcome = unavailableFPOrVector(c, f.xt) { return outcome }
            vsr(c)[f.xt].hi = UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: gpr(c)[f.ra])))
            return Outcome.next
        }
        add("mtvsrwz", 243, [.xt, .ra], since: .isa207) { c, w in
            let f = Fields(w)
            if let outcome = unavailableFPOrVector(c, f.xt) { return outcome }
            vsr(c)[f.xt].hi = gpr(c)[f.ra] & 0xffff_ffff
            return Outcome.next
        }
        add("mtvsrdd", 435, [.xt, .ra0, .rb], since: .isa300, reserved: 0) { c, w in
            let f = Fields(w)
            if let outcome = unavailableVSXOrVector(c, f.xt) { return outcome }
            vsr(c)[f.xt] = ppc_vsr(lo: gpr(c)[f.rb], hi: f.ra == 0 ? 0 : gpr(c)[f.ra])
            return Outcome.next
        }
        add("mtvsrws", 403, [.xt, .ra], since: .isa300) { c, w in
            let f = Fields(w)
            if let outcome = unavailableVSXOrVector(c, f.xt) { return outcome }
            vsr(c)[f.xt] = ppc_vsr(image: U32(repeating: UInt32(truncatingIfNeeded: gpr(c)[f.ra])))
            return Outcome.next
        }
    }
}
