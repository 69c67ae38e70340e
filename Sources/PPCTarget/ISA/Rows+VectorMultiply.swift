import CPPCState

/// VMX products, sums across elements, and quotients (ISA 3.1 Book I, section 6.9).
enum VectorMultiplyRows {
    static var rows: [InstructionRow] {
        var t = VectorRowList()
        products(&t)
        quotients(&t)
        return t.rows
    }

    private static func products(_ t: inout VectorRowList) {
        t.vx("vmulesb", 0x308) { c, w in vx2(c, w) { (a: S8, b: S8) in productBytes(a, b, even: true) } }
        t.vx("vmulosb", 0x108) { c, w in vx2(c, w) { (a: S8, b: S8) in productBytes(a, b, even: false) } }
        t.vx("vmuleub", 0x208) { c, w in vx2(c, w) { (a: U8, b: U8) in productBytes(a, b, even: true) } }
        t.vx("vmuloub", 0x008) { c, w in vx2(c, w) { (a: U8, b: U8) in productBytes(a, b, even: false) } }
        t.vx("vmulesh", 0x348) { c, w in vx2(c, w) { (a: S16, b: S16) in productHalves(a, b, even: true) } }
        t.vx("vmulosh", 0x148) { c, w in vx2(c, w) { (a: S16, b: S16) in productHalves(a, b, even: false) } }
        t.vx("vmuleuh", 0x248) { c, w in vx2(c, w) { (a: U16, b: U16) in productHalves(a, b, even: true) } }
        t.vx("vmulouh", 0x048) { c, w in vx2(c, w) { (a: U16, b: U16) in productHalves(a, b, even: false) } }
        t.vx("vmulesw", 0x388, since: .isa207) { c, w in
            vx2(c, w) { (a: S32, b: S32) in productWords(a, b, even: true) }
        }
        t.vx("vmulosw", 0x188, since: .isa207) { c, w in
            vx2(c, w) { (a: S32, b: S32) in productWords(a, b, even: false) }
        }
        t.vx("vmuleuw", 0x288, since: .isa207) { c, w in
            vx2(c, w) { (a: U32, b: U32) in productWords(a, b, even: true) }
        }
        t.vx("vmulouw", 0x088, since: .isa207) { c, w in
            vx2(c, w) { (a: U32, b: U32) in productWords(a, b, even: false) }
        }
        t.vx("vmulesd", 0x3c8, since: .isa310) { c, w in
            vx2(c, w) { (a: S64, b: S64) in productDoublewords(a, b, even: true) }
        }
        t.vx("vmulosd", 0x1c8, since: .isa310) { c, w in
            vx2(c, w) { (a: S64, b: S64) in productDoublewords(a, b, even: false) }
        }
        t.vx("vmuleud", 0x2c8, since: .isa310) { c, w in
            vx2(c, w) { (a: U64, b: U64) in productDoublewords(a, b, even: true) }
        }
        t.vx("vmuloud", 0x0c8, since: .isa310) { c, w in
            vx2(c, w) { (a: U64, b: U64) in productDoublewords(a, b, even: false) }
        }
        t.vx("vmuluwm", 0x089, since: .isa207) { c, w in vx2(c, w) { (a: U32, b: U32) in a &* b } }
        t.vx("vmulld", 0x1c9, since: .isa310) { c, w in vx2(c, w) { (a: U64, b: U64) in a &* b } }
        t.vx("vmulhsw", 0x389, since: .isa310) { c, w in
            vx2(c, w) { (a: S32, b: S32) in eachLane(a, b) { highProduct($0, $1) } }
        }
        t.vx("vmulhuw", 0x289, since: .isa310) { c, w in
            vx2(c, w) { (a: U32, b: U32) in eachLane(a, b) { highProduct($0, $1) } }
        }
        t.vx("vmulhsd", 0x3c9, since: .isa310) { c, w in
            vx2(c, w) { (a: S64, b: S64) in eachLane(a, b) { highProduct($0, $1) } }
        }
        t.vx("vmulhud", 0x2c9, since: .isa310) { c, w in
            vx2(c, w) { (a: U64, b: U64) in eachLane(a, b) { highProduct($0, $1) } }
        }
        t.va("vmhaddshs", 0x20, [.readsVSCR, .writesVSCR]) { c, w in
            va3Saturating(c, w) { (a: S16, b: S16, d: S16, s: inout Bool) in multiplyHighAdd(a, b, d, rounding: 0, &s) }
        }
        t.va("vmhraddshs", 0x21, [.readsVSCR, .writesVSCR]) { c, w in
            va3Saturating(c, w) { (a: S16, b: S16, d: S16, s: inout Bool) in
                multiplyHighAdd(a, b, d, rounding: 0x4000, &s)
            }
        }
        t.va("vmladduhm", 0x22) { c, w in va3(c, w) { (a: U16, b: U16, d: U16) in a &* b &+ d } }
        t.va("vmsumubm", 0x24) { c, w in va3(c, w) { (a: U8, b: U8, d: U32) in multiplySumBytes(a, b, d) } }
        t.va("vmsummbm", 0x25) { c, w in va3(c, w) { (a: S8, b: U8, d: S32) in multiplySumBytes(a, b, d) } }
        t.va("vmsumuhm", 0x26) { c, w in
            va3(c, w) { (a: U16, b: U16, d: U32) in multiplySumHalves(a, b, d) { UInt32(truncatingIfNeeded: $0) } }
        }
        t.va("vmsumuhs", 0x27, [.readsVSCR, .writesVSCR]) { c, w in
            va3Saturating(c, w) { (a: U16, b: U16, d: U32, s: inout Bool) in
                multiplySumHalves(a, b, d) { clamped($0, to: UInt32.self, &s) }
            }
        }
        t.va("vmsumshm", 0x28) { c, w in
            va3(c, w) { (a: S16, b: S16, d: S32) in multiplySumHalves(a, b, d) { Int32(truncatingIfNeeded: $0) } }
        }
        t.va("vmsumshs", 0x29, [.readsVSCR, .writesVSCR]) { c, w in
            va3Saturating(c, w) { (a: S16, b: S16, d: S32, s: inout Bool) in
                multiplySumHalves(a, b, d) { clamped($0, to: Int32.self, &s) }
            }
        }
        t.va("vmsumcud", 0x17, since: .isa310) { c, w in
            va3(c, w) { (a: U64, b: U64, d: UInt128) in multiplySumCarry(a, b, d) }
        }
        t.va("vmsumudm", 0x23, since: .isa300) { c, w in
            va3(c, w) { (a: U64, b: U64, d: UInt128) in multiplySumDoublewords(a, b, d) }
        }
        t.vxSat("vsum4ubs", 0x608) { c, w in vx2Saturating(c, w) { (a: U8, b: U32, s: inout Bool) in sumInto(a, b, &s) }
        }
        t.vxSat("vsum4sbs", 0x708) { c, w in vx2Saturating(c, w) { (a: S8, b: S32, s: inout Bool) in sumInto(a, b, &s) }
        }
        t.vxSat("vsum4shs", 0x648) { c, w in
            vx2Saturating(c, w) { (a: S16, b: S32, s: inout Bool) in sumInto(a, b, &s) }
        }
        t.vxSat("vsum2sws", 0x688) { c, w in
            vx2Saturating(c, w) { (a: S32, b: S32, s: inout Bool) in sumAcross(a, b, group: 2, &s) }
        }
        t.vxSat("vsumsws", 0x788) { c, w in
            vx2Saturating(c, w) { (a: S32, b: S32, s: inout Bool) in sumAcross(a, b, group: 4, &s) }
        }
    }

    private static func quotients(_ t: inout VectorRowList) {
        t.vx("vdivsw", 0x18b, since: .isa310) { c, w in
            vx2(c, w) { (a: S32, b: S32) in eachLane(a, b) { quotient($0, $1) } }
        }
        t.vx("vdivesw", 0x38b, since: .isa310) { c, w in
            vx2(c, w) { (a: S32, b: S32) in eachLane(a, b) { quotientExtendedWord($0, $1) } }
        }
        t.vx("vmodsw", 0x78b, since: .isa310) { c, w in
            vx2(c, w) { (a: S32, b: S32) in eachLane(a, b) { remainder($0, $1) } }
        }
        t.vx("vdivsd", 0x1cb, since: .isa310) { c, w in
            vx2(c, w) { (a: S64, b: S64) in eachLane(a, b) { quotient($0, $1) } }
        }
        t.vx("vdivesd", 0x3cb, since: .isa310) { c, w in
            vx2(c, w) { (a: S64, b: S64) in eachLane(a, b) { quotientExtended($0, $1) } }
        }
        t.vx("vmodsd", 0x7cb, since: .isa310) { c, w in
            vx2(c, w) { (a: S64, b: S64) in eachLane(a, b) { remainder($0, $1) } }
        }
        t.vx("vdivsq", 0x10b, since: .isa310) { c, w in vx2(c, w) { (a: Int128, b: Int128) in quotient(a, b) } }
        t.vx("vdivesq", 0x30b, since: .isa310) { c, w in vx2(c, w) { (a: Int128, b: Int128) in quotientExtended(a, b) }
        }
        t.vx("vmodsq", 0x70b, since: .isa310) { c, w in vx2(c, w) { (a: Int128, b: Int128) in remainder(a, b) } }
        t.vx("vdivuw", 0x08b, since: .isa310) { c, w in
            vx2(c, w) { (a: U32, b: U32) in eachLane(a, b) { quotient($0, $1) } }
        }
        t.vx("vdiveuw", 0x28b, since: .isa310) { c, w in
            vx2(c, w) { (a: U32, b: U32) in eachLane(a, b) { quotientExtendedWord($0, $1) } }
        }
        t.vx("vmoduw", 0x68b, since: .isa310) { c, w in
            vx2(c, w) { (a: U32, b: U32) in eachLane(a, b) { remainder($0, $1) } }
        }
        t.vx("vdivud", 0x0cb, since: .isa310) { c, w in
            vx2(c, w) { (a: U64, b: U64) in eachLane(a, b) { quotient($0, $1) } }
        }
        t.vx("vdiveud", 0x2cb, since: .isa310) { c, w in
            vx2(c, w) { (a: U64, b: U64) in eachLane(a, b) { quotientExtended($0, $1) } }
        }
        t.vx("vmodud", 0x6cb, since: .isa310) { c, w in
            vx2(c, w) { (a: U64, b: U64) in eachLane(a, b) { remainder($0, $1) } }
        }
        t.vx("vdivuq", 0x00b, since: .isa310) { c, w in vx2(c, w) { (a: UInt128, b: UInt128) in quotient(a, b) } }
        t.vx("vdiveuq", 0x20b, since: .isa310) { c, w in
            vx2(c, w) { (a: UInt128, b: UInt128) in quotientExtended(a, b) }
        }
        t.vx("vmoduq", 0x60b, since: .isa310) { c, w in vx2(c, w) { (a: UInt128, b: UInt128) in remainder(a, b) } }
    }
}
