/// VMX loads and stores, permute controls and VSCR moves (ISA 3.1 Book I, sections 6.7 and 6.18).
enum VectorMemoryRows {
    static var rows: [InstructionRow] {
        var t = VectorRowList()
        loads(&t)
        stores(&t)
        others(&t)
        return t.rows
    }

    private static func loads(_ t: inout VectorRowList) {
        func add(_ name: String, _ extended: UInt32, _ operand: Operand, execute: Execute) {
            t.indexed(
                name, extended, operand, stores: false, since: .altivec, facility: .vector, hasHighBit: false,
                execute: execute)
        }
        add("lvx", 103, .vrt) { c, w in loadVector(c, w) }
        add("lvxl", 359, .vrt) { c, w in loadVector(c, w) }
        add("lvebx", 7, .vrtUpdated) { c, w in loadElement(c, w, U8.self) }
        add("lvehx", 39, .vrtUpdated) { c, w in loadElement(c, w, U16.self) }
        add("lvewx", 71, .vrtUpdated) { c, w in loadElement(c, w, U32.self) }
    }

    private static func stores(_ t: inout VectorRowList) {
        func add(_ name: String, _ extended: UInt32, execute: Execute) {
            t.indexed(
                name, extended, .vrs, stores: true, since: .altivec, facility: .vector, hasHighBit: false,
                execute: execute)
        }
        add("stvx", 231) { c, w in storeVector(c, w) }
        add("stvxl", 487) { c, w in storeVector(c, w) }
        add("stvebx", 135) { c, w in storeElement(c, w, U8.self) }
        add("stvehx", 167) { c, w in storeElement(c, w, U16.self) }
        add("stvewx", 199) { c, w in storeElement(c, w, U32.self) }
    }

    private static func others(_ t: inout VectorRowList) {
        t.add(
            InstructionRow(
                "lvsl", .x(31, 6), [.vrt, .ra0, .rb], since: .altivec, facility: .vector, reserved: 1,
                execute: { c, w in permuteControl(c, w, right: false) }))
        t.add(
            InstructionRow(
                "lvsr", .x(31, 38), [.vrt, .ra0, .rb], since: .altivec, facility: .vector, reserved: 1,
                execute: { c, w in permuteControl(c, w, right: true) }))
        t.vxAny("mfvscr", 1540, [.vrt], .readsVSCR, reserved: 0x1f_f800) { c, w in
            vr(c)[Fields(w).rt] = .init(lo: UInt64(c.pointee.vscr), hi: 0)
            return Outcome.next
        }
        t.vxAny("mtvscr", 1604, [.vrb], .writesVSCR, reserved: 0x3ff_0000) { c, w in
            c.pointee.vscr = UInt32(truncatingIfNeeded: vr(c)[Fields(w).rb].lo)
            return Outcome.next
        }
        // Data stream touches are hints; ISA 3.0 removed them and processors treat them as no-operations. RA = 0 is an
        // invalid form.
        t.add(
            InstructionRow(
                "dst", .x(31, 342), [.ra, .rb, .unsigned("STRM", shift: 21, width: 2)], since: .altivec,
                reserved: 0x180_0001, execute: { c, w in Fields(w).ra == 0 ? raiseIllegal(c) : Outcome.next }))
        t.add(
            InstructionRow(
                "dstst", .x(31, 374), [.ra, .rb, .unsigned("STRM", shift: 21, width: 2)], since: .altivec,
                reserved: 0x180_0001, execute: { c, w in Fields(w).ra == 0 ? raiseIllegal(c) : Outcome.next }))
        t.add(
            InstructionRow(
                "dss", .x(31, 822), [.unsigned("STRM", shift: 21, width: 2)], since: .altivec,
                reserved: 0x19f_f801, execute: { _, _ in Outcome.next }))
    }
}
