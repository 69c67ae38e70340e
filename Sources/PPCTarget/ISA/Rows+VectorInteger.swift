import CPPCState

/// VMX integer arithmetic, compares, logic, shifts, products and quotients of elements (ISA 3.1 Book I, sections 6.9 to
/// 6.11).
enum VectorIntegerRows {
    static var rows: [InstructionRow] {
        var t = VectorRowList()
        sums(&t)
        extremes(&t)
        compares(&t)
        logic(&t)
        shifts(&t)
        return t.rows
    }

    private static func sums(_ t: inout VectorRowList) {
        t.vx("vaddubm", 0x000) { c, w in vx2(c, w) { (a: U8, b: U8) in a &+ b } }
        t.vx("vadduhm", 0x040) { c, w in vx2(c, w) { (a: U16, b: U16) in a &+ b } }
        t.vx("vadduwm", 0x080) { c, w in vx2(c, w) { (a: U32, b: U32) in a &+ b } }
        t.vx("vaddudm", 0x0c0, since: .isa207) { c, w in vx2(c, w) { (a: U64, b: U64) in a &+ b } }
        t.vx("vsububm", 0x400) { c, w in vx2(c, w) { (a: U8, b: U8) in a &- b } }
        t.vx("vsubuhm", 0x440) { c, w in vx2(c, w) { (a: U16, b: U16) in a &- b } }
        t.vx("vsubuwm", 0x480) { c, w in vx2(c, w) { (a: U32, b: U32) in a &- b } }
        t.vx("vsubudm", 0x4c0, since: .isa207) { c, w in vx2(c, w) { (a: U64, b: U64) in a &- b } }
        t.vxSat("vaddubs", 0x200) { c, w in
            vx2Saturating(c, w) { (a: U8, b: U8, s: inout Bool) in addSaturating(a, b, &s) }
        }
        t.vxSat("vaddsbs", 0x300) { c, w in
            vx2Saturating(c, w) { (a: S8, b: S8, s: inout Bool) in addSaturating(a, b, &s) }
        }
        t.vxSat("vsububs", 0x600) { c, w in
            vx2Saturating(c, w) { (a: U8, b: U8, s: inout Bool) in subtractSaturating(a, b, &s) }
        }
        t.vxSat("vsubsbs", 0x700) { c, w in
            vx2Saturating(c, w) { (a: S8, b: S8, s: inout Bool) in subtractSaturating(a, b, &s) }
        }
        t.vxSat("vadduhs", 0x240) { c, w in
            vx2Saturating(c, w) { (a: U16, b: U16, s: inout Bool) in addSaturating(a, b, &s) }
        }
        t.vxSat("vaddshs", 0x340) { c, w in
            vx2Saturating(c, w) { (a: S16, b: S16, s: inout Bool) in addSaturating(a, b, &s) }
        }
        t.vxSat("vsubuhs", 0x640) { c, w in
            vx2Saturating(c, w) { (a: U16, b: U16, s: inout Bool) in subtractSaturating(a, b, &s) }
        }
        t.vxSat("vsubshs", 0x740) { c, w in
            vx2Saturating(c, w) { (a: S16, b: S16, s: inout Bool) in subtractSaturating(a, b, &s) }
        }
        t.vxSat("vadduws", 0x280) { c, w in
            vx2Saturating(c, w) { (a: U32, b: U32, s: inout Bool) in addSaturating(a, b, &s) }
        }
        t.vxSat("vaddsws", 0x380) { c, w in
            vx2Saturating(c, w) { (a: S32, b: S32, s: inout Bool) in addSaturating(a, b, &s) }
        }
        t.vxSat("vsubuws", 0x680) { c, w in
            vx2Saturating(c, w) { (a: U32, b: U32, s: inout Bool) in subtractSaturating(a, b, &s) }
        }
        t.vxSat("vsubsws", 0x780) { c, w in
            vx2Saturating(c, w) { (a: S32, b: S32, s: inout Bool) in subtractSaturating(a, b, &s) }
        }
        t.vx("vaddcuw", 0x180) { c, w in vx2(c, w) { (a: U32, b: U32) in U32.zero.replacing(with: 1, where: ~a .< b) } }
        t.vx("vsubcuw", 0x580) { c, w in vx2(c, w) { (a: U32, b: U32) in U32.zero.replacing(with: 1, where: a .>= b) } }
        t.vx("vavgub", 0x402) { c, w in vx2(c, w) { (a: U8, b: U8) in average(a, b) } }
        t.vx("vavgsb", 0x502) { c, w in vx2(c, w) { (a: S8, b: S8) in average(a, b) } }
        t.vx("vabsdub", 0x403, since: .isa300) { c, w in vx2(c, w) { (a: U8, b: U8) in larger(a, b) &- smaller(a, b) } }
        t.vx("vavguh", 0x442) { c, w in vx2(c, w) { (a: U16, b: U16) in average(a, b) } }
        t.vx("vavgsh", 0x542) { c, w in vx2(c, w) { (a: S16, b: S16) in average(a, b) } }
        t.vx("vabsduh", 0x443, since: .isa300) { c, w in vx2(c, w) { (a: U16, b: U16) in larger(a, b) &- smaller(a, b) }
        }
        t.vx("vavguw", 0x482) { c, w in vx2(c, w) { (a: U32, b: U32) in average(a, b) } }
        t.vx("vavgsw", 0x582) { c, w in vx2(c, w) { (a: S32, b: S32) in average(a, b) } }
        t.vx("vabsduw", 0x483, since: .isa300) { c, w in vx2(c, w) { (a: U32, b: U32) in larger(a, b) &- smaller(a, b) }
        }
    }

    private static func extremes(_ t: inout VectorRowList) {
        t.vx("vmaxub", 0x002) { c, w in vx2(c, w) { (a: U8, b: U8) in larger(a, b) } }
        t.vx("vmaxsb", 0x102) { c, w in vx2(c, w) { (a: S8, b: S8) in larger(a, b) } }
        t.vx("vminub", 0x202) { c, w in vx2(c, w) { (a: U8, b: U8) in smaller(a, b) } }
        t.vx("vminsb", 0x302) { c, w in vx2(c, w) { (a: S8, b: S8) in smaller(a, b) } }
        t.vx("vmaxuh", 0x042) { c, w in vx2(c, w) { (a: U16, b: U16) in larger(a, b) } }
        t.vx("vmaxsh", 0x142) { c, w in vx2(c, w) { (a: S16, b: S16) in larger(a, b) } }
        t.vx("vminuh", 0x242) { c, w in vx2(c, w) { (a: U16, b: U16) in smaller(a, b) } }
        t.vx("vminsh", 0x342) { c, w in vx2(c, w) { (a: S16, b: S16) in smaller(a, b) } }
        t.vx("vmaxuw", 0x082) { c, w in vx2(c, w) { (a: U32, b: U32) in larger(a, b) } }
        t.vx("vmaxsw", 0x182) { c, w in vx2(c, w) { (a: S32, b: S32) in larger(a, b) } }
        t.vx("vminuw", 0x282) { c, w in vx2(c, w) { (a: U32, b: U32) in smaller(a, b) } }
        t.vx("vminsw", 0x382) { c, w in vx2(c, w) { (a: S32, b: S32) in smaller(a, b) } }
        t.vx("vmaxud", 0x0c2, since: .isa207) { c, w in vx2(c, w) { (a: U64, b: U64) in larger(a, b) } }
        t.vx("vmaxsd", 0x1c2, since: .isa207) { c, w in vx2(c, w) { (a: S64, b: S64) in larger(a, b) } }
        t.vx("vminud", 0x2c2, since: .isa207) { c, w in vx2(c, w) { (a: U64, b: U64) in smaller(a, b) } }
        t.vx("vminsd", 0x3c2, since: .isa207) { c, w in vx2(c, w) { (a: S64, b: S64) in smaller(a, b) } }
        t.vxb("vnegw", 0x602, selector: 6, since: .isa300) { c, w in vx1(c, w) { (b: U32) in 0 &- b } }
        t.vxb("vnegd", 0x602, selector: 7, since: .isa300) { c, w in vx1(c, w) { (b: U64) in 0 &- b } }
        t.vxb("vextsb2w", 0x602, selector: 16, since: .isa300) { c, w in vx1(c, w) { (b: S32) in (b &<< 24) &>> 24 } }
        t.vxb("vextsh2w", 0x602, selector: 17, since: .isa300) { c, w in vx1(c, w) { (b: S32) in (b &<< 16) &>> 16 } }
        t.vxb("vextsb2d", 0x602, selector: 24, since: .isa300) { c, w in vx1(c, w) { (b: S64) in (b &<< 56) &>> 56 } }
        t.vxb("vextsh2d", 0x602, selector: 25, since: .isa300) { c, w in vx1(c, w) { (b: S64) in (b &<< 48) &>> 48 } }
        t.vxb("vextsw2d", 0x602, selector: 26, since: .isa300) { c, w in vx1(c, w) { (b: S64) in (b &<< 32) &>> 32 } }
        t.vxb("vextsd2q", 0x602, selector: 27, since: .isa310) { c, w in vx1(c, w) { (b: S64) in S64(b[0], b[0] >> 63) }
        }
    }

    private static func compares(_ t: inout VectorRowList) {
        t.vc("vcmpequb", 6) { c, w in vectorCompare(c, w) { (a: U8, b: U8) in a .== b } }
        t.vc("vcmpequh", 70) { c, w in vectorCompare(c, w) { (a: U16, b: U16) in a .== b } }
        t.vc("vcmpequw", 134) { c, w in vectorCompare(c, w) { (a: U32, b: U32) in a .== b } }
        t.vc("vcmpequd", 199, since: .isa207) { c, w in vectorCompare(c, w) { (a: U64, b: U64) in a .== b } }
        t.vc("vcmpgtub", 518) { c, w in vectorCompare(c, w) { (a: U8, b: U8) in a .> b } }
        t.vc("vcmpgtuh", 582) { c, w in vectorCompare(c, w) { (a: U16, b: U16) in a .> b } }
        t.vc("vcmpgtuw", 646) { c, w in vectorCompare(c, w) { (a: U32, b: U32) in a .> b } }
        t.vc("vcmpgtud", 711, since: .isa207) { c, w in vectorCompare(c, w) { (a: U64, b: U64) in a .> b } }
        t.vc("vcmpgtsb", 774) { c, w in vectorCompare(c, w) { (a: S8, b: S8) in a .> b } }
        t.vc("vcmpgtsh", 838) { c, w in vectorCompare(c, w) { (a: S16, b: S16) in a .> b } }
        t.vc("vcmpgtsw", 902) { c, w in vectorCompare(c, w) { (a: S32, b: S32) in a .> b } }
        t.vc("vcmpgtsd", 967, since: .isa207) { c, w in vectorCompare(c, w) { (a: S64, b: S64) in a .> b } }
        t.vc("vcmpneb", 7, since: .isa300) { c, w in vectorCompare(c, w) { (a: U8, b: U8) in a .!= b } }
        t.vc("vcmpneh", 71, since: .isa300) { c, w in vectorCompare(c, w) { (a: U16, b: U16) in a .!= b } }
        t.vc("vcmpnew", 135, since: .isa300) { c, w in vectorCompare(c, w) { (a: U32, b: U32) in a .!= b } }
        t.vc("vcmpnezb", 263, since: .isa300) { c, w in
            vectorCompare(c, w) { (a: U8, b: U8) in (a .!= b) .| (a .== 0) .| (b .== 0) }
        }
        t.vc("vcmpnezh", 327, since: .isa300) { c, w in
            vectorCompare(c, w) { (a: U16, b: U16) in (a .!= b) .| (a .== 0) .| (b .== 0) }
        }
        t.vc("vcmpnezw", 391, since: .isa300) { c, w in
            vectorCompare(c, w) { (a: U32, b: U32) in (a .!= b) .| (a .== 0) .| (b .== 0) }
        }
        t.vc("vcmpequq", 455, since: .isa310) { c, w in compareQuad(c, w) { (a: UInt128, b: UInt128) in a == b } }
        t.vc("vcmpgtuq", 647, since: .isa310) { c, w in compareQuad(c, w) { (a: UInt128, b: UInt128) in a > b } }
        t.vc("vcmpgtsq", 903, since: .isa310) { c, w in compareQuad(c, w) { (a: Int128, b: Int128) in a > b } }
        t.vxAny("vcmpuq", 0x101, [.bf, .vra, .vrb], since: .isa310, .writesCR, reserved: 0x60_0000) { c, w in
            compareQuad(c, w, UInt128.self)
        }
        t.vxAny("vcmpsq", 0x141, [.bf, .vra, .vrb], since: .isa310, .writesCR, reserved: 0x60_0000) { c, w in
            compareQuad(c, w, Int128.self)
        }
    }

    private static func logic(_ t: inout VectorRowList) {
        t.vx("vand", 0x404) { c, w in vx2(c, w) { (a: U64, b: U64) in a & b } }
        t.vx("vandc", 0x444) { c, w in vx2(c, w) { (a: U64, b: U64) in a & ~b } }
        t.vx("vor", 0x484) { c, w in vx2(c, w) { (a: U64, b: U64) in a | b } }
        t.vx("vxor", 0x4c4) { c, w in vx2(c, w) { (a: U64, b: U64) in a ^ b } }
        t.vx("vnor", 0x504) { c, w in vx2(c, w) { (a: U64, b: U64) in ~(a | b) } }
        t.vx("vorc", 0x544, since: .isa207) { c, w in vx2(c, w) { (a: U64, b: U64) in a | ~b } }
        t.vx("vnand", 0x584, since: .isa207) { c, w in vx2(c, w) { (a: U64, b: U64) in ~(a & b) } }
        t.vx("veqv", 0x684, since: .isa207) { c, w in vx2(c, w) { (a: U64, b: U64) in ~(a ^ b) } }
        t.va("vsel", 0x2a) { c, w in va3(c, w) { (a: U64, b: U64, m: U64) in selected(a, b, m) } }
    }

    private static func shifts(_ t: inout VectorRowList) {
        t.vx("vslb", 0x104) { c, w in vx2(c, w) { (a: U8, b: U8) in a &<< b } }
        t.vx("vsrb", 0x204) { c, w in vx2(c, w) { (a: U8, b: U8) in a &>> b } }
        t.vx("vsrab", 0x304) { c, w in vx2(c, w) { (a: S8, b: S8) in a &>> b } }
        t.vx("vrlb", 0x004) { c, w in vx2(c, w) { (a: U8, b: U8) in rotated(a, b) } }
        t.vx("vslh", 0x144) { c, w in vx2(c, w) { (a: U16, b: U16) in a &<< b } }
        t.vx("vsrh", 0x244) { c, w in vx2(c, w) { (a: U16, b: U16) in a &>> b } }
        t.vx("vsrah", 0x344) { c, w in vx2(c, w) { (a: S16, b: S16) in a &>> b } }
        t.vx("vrlh", 0x044) { c, w in vx2(c, w) { (a: U16, b: U16) in rotated(a, b) } }
        t.vx("vslw", 0x184) { c, w in vx2(c, w) { (a: U32, b: U32) in a &<< b } }
        t.vx("vsrw", 0x284) { c, w in vx2(c, w) { (a: U32, b: U32) in a &>> b } }
        t.vx("vsraw", 0x384) { c, w in vx2(c, w) { (a: S32, b: S32) in a &>> b } }
        t.vx("vrlw", 0x084) { c, w in vx2(c, w) { (a: U32, b: U32) in rotated(a, b) } }
        t.vx("vsld", 0x5c4, since: .isa207) { c, w in vx2(c, w) { (a: U64, b: U64) in a &<< b } }
        t.vx("vsrd", 0x6c4, since: .isa207) { c, w in vx2(c, w) { (a: U64, b: U64) in a &>> b } }
        t.vx("vsrad", 0x3c4, since: .isa207) { c, w in vx2(c, w) { (a: S64, b: S64) in a &>> b } }
        t.vx("vrld", 0x0c4, since: .isa207) { c, w in vx2(c, w) { (a: U64, b: U64) in rotated(a, b) } }
        t.vx("vrlwnm", 0x185, since: .isa300) { c, w in
            vx2(c, w) { (a: U32, b: U32) in rotateAndMask(a, b, insert: nil) }
        }
        t.vxUpdate("vrlwmi", 0x085, since: .isa300) { c, w in
            let into = vr(c)[Fields(w).rt].view(U32.self)
            return vx2(c, w) { (a: U32, b: U32) in rotateAndMask(a, b, insert: into) }
        }
        t.vx("vrldnm", 0x1c5, since: .isa300) { c, w in
            vx2(c, w) { (a: U64, b: U64) in rotateAndMask(a, b, insert: nil) }
        }
        t.vxUpdate("vrldmi", 0x0c5, since: .isa300) { c, w in
            let into = vr(c)[Fields(w).rt].view(U64.self)
            return vx2(c, w) { (a: U64, b: U64) in rotateAndMask(a, b, insert: into) }
        }
    }
}
