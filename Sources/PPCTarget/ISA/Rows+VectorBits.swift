import CPPCState

/// VMX bit counts and moves, masks, strings, and 128-bit integers (ISA 3.1 Book I, sections 6.10, 6.13 and 6.16).
enum VectorBitRows {
    static var rows: [InstructionRow] {
        var t = VectorRowList()
        bits(&t)
        masks(&t)
        strings(&t)
        quadwords(&t)
        return t.rows
    }

    private static func bits(_ t: inout VectorRowList) {
        t.vxb("vclzb", 0x702, ignoresRA: true, since: .isa207) { c, w in
            vx1(c, w) { (b: U8) in eachLane(b) { UInt8(truncatingIfNeeded: $0.leadingZeroBitCount) } }
        }
        t.vxb("vpopcntb", 0x703, ignoresRA: true, since: .isa207) { c, w in
            vx1(c, w) { (b: U8) in eachLane(b) { UInt8(truncatingIfNeeded: $0.nonzeroBitCount) } }
        }
        t.vxb("vctzb", 0x602, selector: 28, since: .isa300) { c, w in
            vx1(c, w) { (b: U8) in eachLane(b) { UInt8(truncatingIfNeeded: $0.trailingZeroBitCount) } }
        }
        t.vxb("vclzh", 0x742, ignoresRA: true, since: .isa207) { c, w in
            vx1(c, w) { (b: U16) in eachLane(b) { UInt16(truncatingIfNeeded: $0.leadingZeroBitCount) } }
        }
        t.vxb("vpopcnth", 0x743, ignoresRA: true, since: .isa207) { c, w in
            vx1(c, w) { (b: U16) in eachLane(b) { UInt16(truncatingIfNeeded: $0.nonzeroBitCount) } }
        }
        t.vxb("vctzh", 0x602, selector: 29, since: .isa300) { c, w in
            vx1(c, w) { (b: U16) in eachLane(b) { UInt16(truncatingIfNeeded: $0.trailingZeroBitCount) } }
        }
        t.vxb("vclzw", 0x782, ignoresRA: true, since: .isa207) { c, w in
            vx1(c, w) { (b: U32) in eachLane(b) { UInt32(truncatingIfNeeded: $0.leadingZeroBitCount) } }
        }
        t.vxb("vpopcntw", 0x783, ignoresRA: true, since: .isa207) { c, w in
            vx1(c, w) { (b: U32) in eachLane(b) { UInt32(truncatingIfNeeded: $0.nonzeroBitCount) } }
        }
        t.vxb("vctzw", 0x602, selector: 30, since: .isa300) { c, w in
            vx1(c, w) { (b: U32) in eachLane(b) { UInt32(truncatingIfNeeded: $0.trailingZeroBitCount) } }
        }
        t.vxb("vclzd", 0x7c2, ignoresRA: true, since: .isa207) { c, w in
            vx1(c, w) { (b: U64) in eachLane(b) { UInt64(truncatingIfNeeded: $0.leadingZeroBitCount) } }
        }
        t.vxb("vpopcntd", 0x7c3, ignoresRA: true, since: .isa207) { c, w in
            vx1(c, w) { (b: U64) in eachLane(b) { UInt64(truncatingIfNeeded: $0.nonzeroBitCount) } }
        }
        t.vxb("vctzd", 0x602, selector: 31, since: .isa300) { c, w in
            vx1(c, w) { (b: U64) in eachLane(b) { UInt64(truncatingIfNeeded: $0.trailingZeroBitCount) } }
        }
        t.vxb("vprtybw", 0x602, selector: 8, since: .isa300) { c, w in
            vx1(c, w) { (b: U32) in eachLane(b) { byteParity($0) } }
        }
        t.vxb("vprtybd", 0x602, selector: 9, since: .isa300) { c, w in
            vx1(c, w) { (b: U64) in eachLane(b) { byteParity($0) } }
        }
        t.vxb("vprtybq", 0x602, selector: 10, since: .isa300) { c, w in vx1(c, w) { (b: UInt128) in byteParity(b) } }
        t.vx("vcfuged", 0x54d, since: .isa310) { c, w in
            vx2(c, w) { (a: U64, b: U64) in eachLane(a, b) { centrifuged($0, $1) } }
        }
        t.vx("vclzdm", 0x784, since: .isa310) { c, w in
            vx2(c, w) { (a: U64, b: U64) in eachLane(a, b) { zerosUnderMask($0, $1, trailing: false) } }
        }
        t.vx("vctzdm", 0x7c4, since: .isa310) { c, w in
            vx2(c, w) { (a: U64, b: U64) in eachLane(a, b) { zerosUnderMask($0, $1, trailing: true) } }
        }
        t.vx("vpdepd", 0x5cd, since: .isa310) { c, w in
            vx2(c, w) { (a: U64, b: U64) in eachLane(a, b) { bitsDeposited($0, $1) } }
        }
        t.vx("vpextd", 0x58d, since: .isa310) { c, w in
            vx2(c, w) { (a: U64, b: U64) in eachLane(a, b) { bitsExtracted($0, $1) } }
        }
        t.vxAny("vgnb", 0x4cc, [.rt, .vrb, .unsigned("N", shift: 16, width: 3)], since: .isa310, ignored: 0x18_0000) {
            c, w in
            let f = Fields(w)
            // Strides below two are undefined; RT keeps its value.
            if f.ra & 7 >= 2 { gpr(c)[f.rt] = everyNthBit(vr(c)[f.rb], stride: f.ra & 7) }
            return Outcome.next
        }
        t.vxAny("vclzlsbb", 0x602, [.rt, .vrb], since: .isa300, fixing: (0 << 16, 0x1f_0000)) { c, w in
            let f = Fields(w)
            gpr(c)[f.rt] = evenBytes(vr(c)[f.rb], trailing: false)
            return Outcome.next
        }
        t.vxAny("vctzlsbb", 0x602, [.rt, .vrb], since: .isa300, fixing: (1 << 16, 0x1f_0000)) { c, w in
            let f = Fields(w)
            gpr(c)[f.rt] = evenBytes(vr(c)[f.rb], trailing: true)
            return Outcome.next
        }
    }

    private static func masks(_ t: inout VectorRowList) {
        t.vxAny("mtvsrbm", 0x642, [.vrt, .rb], since: .isa310, fixing: (16 << 16, 0x1f_0000)) { c, w in
            let f = Fields(w)
            vr(c)[f.rt] = .init(image: expandedMask(gpr(c)[f.rb], U8.self))
            return Outcome.next
        }
        t.vxb("vexpandbm", 0x642, selector: 0, since: .isa310) { c, w in vx1(c, w) { (b: S8) in b &>> 7 } }
        t.vxAny("vextractbm", 0x642, [.rt, .vrb], since: .isa310, fixing: (8 << 16, 0x1f_0000)) { c, w in
            let f = Fields(w)
            gpr(c)[f.rt] = signMask(vr(c)[f.rb].view(U8.self))
            return Outcome.next
        }
        t.vxAny(
            "vcntmbb", 0x642, [.rt, .vrb, .unsigned("MP", shift: 16, width: 1)], since: .isa310,
            fixing: (24 << 16, 0x1e_0000)
        ) { c, w in
            let f = Fields(w)
            let ones = UInt64(truncatingIfNeeded: signMask(vr(c)[f.rb].view(U8.self)).nonzeroBitCount)
            gpr(c)[f.rt] = (f.ra & 1 != 0 ? ones : 16 - ones) << 56
            return Outcome.next
        }
        t.vxAny("mtvsrhm", 0x642, [.vrt, .rb], since: .isa310, fixing: (17 << 16, 0x1f_0000)) { c, w in
            let f = Fields(w)
            vr(c)[f.rt] = .init(image: expandedMask(gpr(c)[f.rb], U16.self))
            return Outcome.next
        }
        t.vxb("vexpandhm", 0x642, selector: 1, since: .isa310) { c, w in vx1(c, w) { (b: S16) in b &>> 15 } }
        t.vxAny("vextracthm", 0x642, [.rt, .vrb], since: .isa310, fixing: (9 << 16, 0x1f_0000)) { c, w in
            let f = Fields(w)
            gpr(c)[f.rt] = signMask(vr(c)[f.rb].view(U16.self))
            return Outcome.next
        }
        t.vxAny(
            "vcntmbh", 0x642, [.rt, .vrb, .unsigned("MP", shift: 16, width: 1)], since: .isa310,
            fixing: (26 << 16, 0x1e_0000)
        ) { c, w in
            let f = Fields(w)
            let ones = UInt64(truncatingIfNeeded: signMask(vr(c)[f.rb].view(U16.self)).nonzeroBitCount)
            gpr(c)[f.rt] = (f.ra & 1 != 0 ? ones : 8 - ones) << 57
            return Outcome.next
        }
        t.vxAny("mtvsrwm", 0x642, [.vrt, .rb], since: .isa310, fixing: (18 << 16, 0x1f_0000)) { c, w in
            let f = Fields(w)
            vr(c)[f.rt] = .init(image: expandedMask(gpr(c)[f.rb], U32.self))
            return Outcome.next
        }
        t.vxb("vexpandwm", 0x642, selector: 2, since: .isa310) { c, w in vx1(c, w) { (b: S32) in b &>> 31 } }
        t.vxAny("vextractwm", 0x642, [.rt, .vrb], since: .isa310, fixing: (10 << 16, 0x1f_0000)) { c, w in
            let f = Fields(w)
            gpr(c)[f.rt] = signMask(vr(c)[f.rb].view(U32.self))
            return Outcome.next
        }
        t.vxAny(
            "vcntmbw", 0x642, [.rt, .vrb, .unsigned("MP", shift: 16, width: 1)], since: .isa310,
            fixing: (28 << 16, 0x1e_0000)
        ) { c, w in
            let f = Fields(w)
            let ones = UInt64(truncatingIfNeeded: signMask(vr(c)[f.rb].view(U32.self)).nonzeroBitCount)
            gpr(c)[f.rt] = (f.ra & 1 != 0 ? ones : 4 - ones) << 58
            return Outcome.next
        }
        t.vxAny("mtvsrdm", 0x642, [.vrt, .rb], since: .isa310, fixing: (19 << 16, 0x1f_0000)) { c, w in
            let f = Fields(w)
            vr(c)[f.rt] = .init(image: expandedMask(gpr(c)[f.rb], U64.self))
            return Outcome.next
        }
        t.vxb("vexpanddm", 0x642, selector: 3, since: .isa310) { c, w in vx1(c, w) { (b: S64) in b &>> 63 } }
        t.vxAny("vextractdm", 0x642, [.rt, .vrb], since: .isa310, fixing: (11 << 16, 0x1f_0000)) { c, w in
            let f = Fields(w)
            gpr(c)[f.rt] = signMask(vr(c)[f.rb].view(U64.self))
            return Outcome.next
        }
        t.vxAny(
            "vcntmbd", 0x642, [.rt, .vrb, .unsigned("MP", shift: 16, width: 1)], since: .isa310,
            fixing: (30 << 16, 0x1e_0000)
        ) { c, w in
            let f = Fields(w)
            let ones = UInt64(truncatingIfNeeded: signMask(vr(c)[f.rb].view(U64.self)).nonzeroBitCount)
            gpr(c)[f.rt] = (f.ra & 1 != 0 ? ones : 2 - ones) << 59
            return Outcome.next
        }
        t.vxAny("mtvsrqm", 0x642, [.vrt, .rb], since: .isa310, fixing: (20 << 16, 0x1f_0000)) { c, w in
            let f = Fields(w)
            vr(c)[f.rt] = gpr(c)[f.rb] & 1 != 0 ? .ones : .zero
            return Outcome.next
        }
        t.vxb("vexpandqm", 0x642, selector: 4, since: .isa310) { c, w in vx1(c, w) { (b: Int128) in b >> 127 } }
        t.vxAny("vextractqm", 0x642, [.rt, .vrb], since: .isa310, fixing: (12 << 16, 0x1f_0000)) { c, w in
            let f = Fields(w)
            gpr(c)[f.rt] = vr(c)[f.rb].hi >> 63
            return Outcome.next
        }
        t.add(
            InstructionRow(
                "mtvsrbmi", InstructionForm("DX", match: 0x1000_0014, mask: 0xfc00_003e), [.vrt, .maskDX],
                since: .isa310, facility: .vector
            ) { c, w in
                vr(c)[Fields(w).rt] = .init(image: expandedMask(w & 0xffc0 | w >> 15 & 0x3e | w & 1, U8.self))
                return Outcome.next
            })
    }

    private static func strings(_ t: inout VectorRowList) {
        t.add(
            InstructionRow(
                "vstribl", InstructionForm.vc(4, 0x00d).fixing(0 << 16, mask: 0x1f_0000), [.vrt, .vrb], .cr6IfRc,
                since: .isa310, facility: .vector, rc: true
            ) { c, w in isolateString(c, w, U8.self, left: true) })
        t.add(
            InstructionRow(
                "vstribr", InstructionForm.vc(4, 0x00d).fixing(1 << 16, mask: 0x1f_0000), [.vrt, .vrb], .cr6IfRc,
                since: .isa310, facility: .vector, rc: true
            ) { c, w in isolateString(c, w, U8.self, left: false) })
        t.add(
            InstructionRow(
                "vstrihl", InstructionForm.vc(4, 0x00d).fixing(2 << 16, mask: 0x1f_0000), [.vrt, .vrb], .cr6IfRc,
                since: .isa310, facility: .vector, rc: true
            ) { c, w in isolateString(c, w, U16.self, left: true) })
        t.add(
            InstructionRow(
                "vstrihr", InstructionForm.vc(4, 0x00d).fixing(3 << 16, mask: 0x1f_0000), [.vrt, .vrb], .cr6IfRc,
                since: .isa310, facility: .vector, rc: true
            ) { c, w in isolateString(c, w, U16.self, left: false) })
        t.vxAny("vclrlb", 0x18d, [.vrt, .vra, .rb], since: .isa310) { c, w in clearBytes(c, w, right: false) }
        t.vxAny("vclrrb", 0x1cd, [.vrt, .vra, .rb], since: .isa310) { c, w in clearBytes(c, w, right: true) }
    }

    private static func quadwords(_ t: inout VectorRowList) {
        t.vx("vadduqm", 0x100, since: .isa207) { c, w in vx2(c, w) { (a: UInt128, b: UInt128) -> UInt128 in a &+ b } }
        t.vx("vaddcuq", 0x140, since: .isa207) { c, w in
            vx2(c, w) { (a: UInt128, b: UInt128) -> UInt128 in carryOut(a, b, 0) }
        }
        t.vx("vsubuqm", 0x500, since: .isa207) { c, w in vx2(c, w) { (a: UInt128, b: UInt128) -> UInt128 in a &- b } }
        t.vx("vsubcuq", 0x540, since: .isa207) { c, w in
            vx2(c, w) { (a: UInt128, b: UInt128) -> UInt128 in a >= b ? 1 : 0 }
        }
        t.va("vaddeuqm", 0x3c, since: .isa207) { c, w in
            va3(c, w) { (a: UInt128, b: UInt128, d: UInt128) in a &+ b &+ (d & 1) }
        }
        t.va("vaddecuq", 0x3d, since: .isa207) { c, w in
            va3(c, w) { (a: UInt128, b: UInt128, d: UInt128) in carryOut(a, b, d & 1) }
        }
        t.va("vsubeuqm", 0x3e, since: .isa207) { c, w in
            va3(c, w) { (a: UInt128, b: UInt128, d: UInt128) in a &+ ~b &+ (d & 1) }
        }
        t.va("vsubecuq", 0x3f, since: .isa207) { c, w in
            va3(c, w) { (a: UInt128, b: UInt128, d: UInt128) in carryOut(a, ~b, d & 1) }
        }
        t.vx("vslq", 0x105, since: .isa310) { c, w in vx2(c, w) { (a: UInt128, b: ppc_vsr) in a &<< quadShiftCount(b) }
        }
        t.vx("vsrq", 0x205, since: .isa310) { c, w in vx2(c, w) { (a: UInt128, b: ppc_vsr) in a &>> quadShiftCount(b) }
        }
        t.vx("vsraq", 0x305, since: .isa310) { c, w in
            vx2(c, w) { (a: Int128, b: ppc_vsr) in a &>> Int128(quadShiftCount(b)) }
        }
        t.vx("vrlq", 0x005, since: .isa310) { c, w in
            vx2(c, w) { (a: UInt128, b: ppc_vsr) in rotatedQuad(a, quadShiftCount(b)) }
        }
        t.vx("vrlqnm", 0x145, since: .isa310) { c, w in
            vx2(c, w) { (a: UInt128, b: ppc_vsr) in rotateAndMaskQuad(a, b, insert: nil) }
        }
        t.vxUpdate("vrlqmi", 0x045, since: .isa310) { c, w in
            let into = vr(c)[Fields(w).rt].u128
            return vx2(c, w) { (a: UInt128, b: ppc_vsr) in rotateAndMaskQuad(a, b, insert: into) }
        }
        t.vxAny("vmul10cuq", 0x001, [.vrt, .vra], since: .isa300, reserved: 0xf800) { c, w in
            vx2(c, w) { (a: UInt128, _: UInt128) in timesTen(a, plus: 0, high: true) }
        }
        t.vx("vmul10ecuq", 0x041, since: .isa300) { c, w in
            vx2(c, w) { (a: UInt128, b: UInt128) in timesTen(a, plus: b & 15, high: true) }
        }
        t.vxAny("vmul10uq", 0x201, [.vrt, .vra], since: .isa300, reserved: 0xf800) { c, w in
            vx2(c, w) { (a: UInt128, _: UInt128) in timesTen(a, plus: 0, high: false) }
        }
        t.vx("vmul10euq", 0x241, since: .isa300) { c, w in
            vx2(c, w) { (a: UInt128, b: UInt128) in timesTen(a, plus: b & 15, high: false) }
        }
        t.vx("vpmsumb", 0x408, since: .isa207) { c, w in vx2(c, w) { (a: U8, b: U8) -> U16 in polynomialSum(a, b) } }
        t.vx("vpmsumh", 0x448, since: .isa207) { c, w in vx2(c, w) { (a: U16, b: U16) -> U32 in polynomialSum(a, b) } }
        t.vx("vpmsumw", 0x488, since: .isa207) { c, w in vx2(c, w) { (a: U32, b: U32) -> U64 in polynomialSum(a, b) } }
        t.vx("vpmsumd", 0x4c8, since: .isa207) { c, w in
            vx2(c, w) { (a: U64, b: U64) in carrylessProduct(a[0], b[0]) ^ carrylessProduct(a[1], b[1]) }
        }
    }
}
