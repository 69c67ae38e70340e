import CPPCState

/// VMX cryptography, decimal and single-precision floating point (ISA 3.1 Book I, sections 6.12, 6.14 and 6.17).
enum VectorSpecialRows {
    static var rows: [InstructionRow] {
        var t = VectorRowList()
        cryptography(&t)
        decimal(&t)
        floatingPoint(&t)
        return t.rows
    }

    private static func cryptography(_ t: inout VectorRowList) {
        t.vxAny("vsbox", 0x5c8, [.vrt, .vra], since: .isa207, ignored: 0xf800) { c, w in
            vx2(c, w) { (a: ppc_vsr, _: ppc_vsr) in substituted(a) }
        }
        t.vx("vcipher", 0x508, since: .isa207) { c, w in
            vx2(c, w) { (a: ppc_vsr, b: ppc_vsr) in encrypted(a, key: b, last: false) }
        }
        t.vx("vcipherlast", 0x509, since: .isa207) { c, w in
            vx2(c, w) { (a: ppc_vsr, b: ppc_vsr) in encrypted(a, key: b, last: true) }
        }
        t.vx("vncipher", 0x548, since: .isa207) { c, w in
            vx2(c, w) { (a: ppc_vsr, b: ppc_vsr) in decrypted(a, key: b, last: false) }
        }
        t.vx("vncipherlast", 0x549, since: .isa207) { c, w in
            vx2(c, w) { (a: ppc_vsr, b: ppc_vsr) in decrypted(a, key: b, last: true) }
        }
        t.vxAny(
            "vshasigmaw", 0x682,
            [.vrt, .vra, .unsigned("ST", shift: 15, width: 1), .unsigned("SIX", shift: 11, width: 4)], since: .isa207
        ) { c, w in
            vx2(c, w) { (a: ppc_vsr, _: ppc_vsr) in
                sigmaWords(a, big: w & 0x8000 != 0, mask: Int(truncatingIfNeeded: w >> 11 & 15))
            }
        }
        t.vxAny(
            "vshasigmad", 0x6c2,
            [.vrt, .vra, .unsigned("ST", shift: 15, width: 1), .unsigned("SIX", shift: 11, width: 4)], since: .isa207
        ) { c, w in
            vx2(c, w) { (a: ppc_vsr, _: ppc_vsr) in
                sigmaDoublewords(a, big: w & 0x8000 != 0, mask: Int(truncatingIfNeeded: w >> 11 & 15))
            }
        }
    }

    private static func decimal(_ t: inout VectorRowList) {
        t.add(
            InstructionRow(
                "bcdadd.", InstructionForm("VX", match: 0x10000401, mask: 0xfc0005ff), [.vrt, .vra, .vrb, .ps],
                .writesCR, since: .isa207, facility: .vector
            ) { c, w in
                decimalOperation(c, w) { t, a, b, ps in Decimal.add(t, a.pointee.u128, b.pointee.u128, ps) }
            })
        t.add(
            InstructionRow(
                "bcdsub.", InstructionForm("VX", match: 0x10000441, mask: 0xfc0005ff), [.vrt, .vra, .vrb, .ps],
                .writesCR, since: .isa207, facility: .vector
            ) { c, w in
                decimalOperation(c, w) { t, a, b, ps in Decimal.subtract(t, a.pointee.u128, b.pointee.u128, ps) }
            })
        t.add(
            InstructionRow(
                "bcdctsq.", InstructionForm("VX", match: 0x10000581, mask: 0xfc0007ff).fixing(0 << 16, mask: 0x1f_0000),
                [.vrt, .vrb], .writesCR, since: .isa300, facility: .vector
            ) { c, w in
                decimalOperation(c, w) { t, _, b, _ in Decimal.toSigned(t, b) }
            })
        t.add(
            InstructionRow(
                "bcdcfsq.", InstructionForm("VX", match: 0x10000581, mask: 0xfc0005ff).fixing(2 << 16, mask: 0x1f_0000),
                [.vrt, .vrb, .ps], .writesCR, since: .isa300, facility: .vector
            ) { c, w in
                decimalOperation(c, w) { t, _, b, ps in Decimal.fromSigned(t, b.pointee.u128, ps) }
            })
        t.add(
            InstructionRow(
                "bcdctz.", InstructionForm("VX", match: 0x10000581, mask: 0xfc0005ff).fixing(4 << 16, mask: 0x1f_0000),
                [.vrt, .vrb, .ps], .writesCR, since: .isa300, facility: .vector
            ) { c, w in
                decimalOperation(c, w) { t, _, b, ps in Decimal.toZoned(t, b.pointee.u128, ps) }
            })
        t.add(
            InstructionRow(
                "bcdctn.", InstructionForm("VX", match: 0x10000581, mask: 0xfc0007ff).fixing(5 << 16, mask: 0x1f_0000),
                [.vrt, .vrb], .writesCR, since: .isa300, facility: .vector
            ) { c, w in
                decimalOperation(c, w) { t, _, b, _ in Decimal.toNational(t, b.pointee.u128) }
            })
        t.add(
            InstructionRow(
                "bcdcfz.", InstructionForm("VX", match: 0x10000581, mask: 0xfc0005ff).fixing(6 << 16, mask: 0x1f_0000),
                [.vrt, .vrb, .ps], .writesCR, since: .isa300, facility: .vector
            ) { c, w in
                decimalOperation(c, w) { t, _, b, ps in Decimal.fromZoned(t, b.pointee.u128, ps) }
            })
        t.add(
            InstructionRow(
                "bcdcfn.", InstructionForm("VX", match: 0x10000581, mask: 0xfc0005ff).fixing(7 << 16, mask: 0x1f_0000),
                [.vrt, .vrb, .ps], .writesCR, since: .isa300, facility: .vector
            ) { c, w in
                decimalOperation(c, w) { t, _, b, ps in Decimal.fromNational(t, b.pointee.u128, ps) }
            })
        t.add(
            InstructionRow(
                "bcdsetsgn.",
                InstructionForm("VX", match: 0x10000581, mask: 0xfc0005ff).fixing(31 << 16, mask: 0x1f_0000),
                [.vrt, .vrb, .ps], .writesCR, since: .isa300, facility: .vector
            ) { c, w in
                decimalOperation(c, w) { t, _, b, ps in Decimal.setSign(t, b, ps) }
            })
        t.add(
            InstructionRow(
                "bcdcpsgn.", InstructionForm("VX", match: 0x10000341, mask: 0xfc0007ff), [.vrt, .vra, .vrb], .writesCR,
                since: .isa300, facility: .vector
            ) { c, w in
                decimalOperation(c, w) { t, a, b, _ in Decimal.copySign(t, a, b) }
            })
        t.add(
            InstructionRow(
                "bcds.", InstructionForm("VX", match: 0x100004c1, mask: 0xfc0005ff), [.vrt, .vra, .vrb, .ps], .writesCR,
                since: .isa300, facility: .vector
            ) { c, w in
                decimalOperation(c, w) { t, a, b, ps in Decimal.shift(t, a.pointee, b.pointee.u128, ps, rounding: false)
                }
            })
        t.add(
            InstructionRow(
                "bcdus.", InstructionForm("VX", match: 0x10000481, mask: 0xfc0007ff), [.vrt, .vra, .vrb], .writesCR,
                since: .isa300, facility: .vector
            ) { c, w in
                decimalOperation(c, w) { t, a, b, _ in Decimal.shiftUnsigned(t, a.pointee, b.pointee.u128) }
            })
        t.add(
            InstructionRow(
                "bcdsr.", InstructionForm("VX", match: 0x100005c1, mask: 0xfc0005ff), [.vrt, .vra, .vrb, .ps],
                .writesCR, since: .isa300, facility: .vector
            ) { c, w in
                decimalOperation(c, w) { t, a, b, ps in Decimal.shift(t, a.pointee, b.pointee.u128, ps, rounding: true)
                }
            })
        t.add(
            InstructionRow(
                "bcdtrunc.", InstructionForm("VX", match: 0x10000501, mask: 0xfc0005ff), [.vrt, .vra, .vrb, .ps],
                .writesCR, since: .isa300, facility: .vector
            ) { c, w in
                decimalOperation(c, w) { t, a, b, ps in Decimal.truncate(t, a.pointee, b.pointee.u128, ps) }
            })
        t.add(
            InstructionRow(
                "bcdutrunc.", InstructionForm("VX", match: 0x10000541, mask: 0xfc0007ff), [.vrt, .vra, .vrb], .writesCR,
                since: .isa300, facility: .vector
            ) { c, w in
                decimalOperation(c, w) { t, a, b, _ in Decimal.truncateUnsigned(t, a.pointee, b.pointee.u128) }
            })
    }

    private static func floatingPoint(_ t: inout VectorRowList) {
        t.vx("vaddfp", 0x00a, .readsVSCR) { c, w in vectorFloat2(c, w) { r, a, b in r.sum(a, b) } }
        t.vx("vsubfp", 0x04a, .readsVSCR) { c, w in vectorFloat2(c, w) { r, a, b in r.difference(a, b) } }
        t.vx("vmaxfp", 0x40a, .readsVSCR) { c, w in vectorFloat2(c, w) { r, a, b in r.extreme(a, b, largest: true) } }
        t.vx("vminfp", 0x44a, .readsVSCR) { c, w in vectorFloat2(c, w) { r, a, b in r.extreme(a, b, largest: false) } }
        t.add(
            InstructionRow(
                "vmaddfp", .va(4, 0x2e), [.vrt, .vra, .vrc, .vrb], .readsVSCR, since: .altivec, facility: .vector
            ) { c, w in vectorMultiplyAdd(c, w, negated: false) })
        t.add(
            InstructionRow(
                "vnmsubfp", .va(4, 0x2f), [.vrt, .vra, .vrc, .vrb], .readsVSCR, since: .altivec, facility: .vector
            ) { c, w in vectorMultiplyAdd(c, w, negated: true) })
        t.vxb("vrefp", 0x10a, .readsVSCR) { c, w in vectorFloat1(c, w) { r, b in r.reciprocal(b) } }
        t.vxb("vrsqrtefp", 0x14a, .readsVSCR) { c, w in vectorFloat1(c, w) { r, b in r.reciprocalSquareRoot(b) } }
        t.vxb("vexptefp", 0x18a, .readsVSCR) { c, w in vectorFloat1(c, w) { r, b in r.exponential(b) } }
        t.vxb("vlogefp", 0x1ca, .readsVSCR) { c, w in vectorFloat1(c, w) { r, b in r.logarithm(b) } }
        t.vxb("vrfin", 0x20a, .readsVSCR) { c, w in vectorFloat1(c, w) { r, b in r.rounded(b, .toNearestOrEven) } }
        t.vxb("vrfiz", 0x24a, .readsVSCR) { c, w in vectorFloat1(c, w) { r, b in r.rounded(b, .towardZero) } }
        t.vxb("vrfip", 0x28a, .readsVSCR) { c, w in vectorFloat1(c, w) { r, b in r.rounded(b, .up) } }
        t.vxb("vrfim", 0x2ca, .readsVSCR) { c, w in vectorFloat1(c, w) { r, b in r.rounded(b, .down) } }
        t.vxAny("vcfux", 0x30a, [.vrt, .vrb, .uimRA]) { c, w in
            vx1(c, w) { (b: U32) in
                U32(truncatingIfNeeded: eachLane(b) { VectorFloat.fromInteger($0, scale: Fields(w).ra) })
            }
        }
        t.vxAny("vcfsx", 0x34a, [.vrt, .vrb, .uimRA]) { c, w in
            vx1(c, w) { (b: S32) in
                U32(
                    truncatingIfNeeded: eachLane(b) {
                        Int32(bitPattern: VectorFloat.fromInteger($0, scale: Fields(w).ra))
                    })
            }
        }
        t.vxAny("vctuxs", 0x38a, [.vrt, .vrb, .uimRA], [.readsVSCR, .writesVSCR]) { c, w in
            vectorToInteger(c, w, UInt32.self)
        }
        t.vxAny("vctsxs", 0x3ca, [.vrt, .vrb, .uimRA], [.readsVSCR, .writesVSCR]) { c, w in
            vectorToInteger(c, w, Int32.self)
        }
        t.vc("vcmpeqfp", 198, .readsVSCR) { c, w in vectorFloatCompare(c, w) { a, b in a == b } }
        t.vc("vcmpgefp", 454, .readsVSCR) { c, w in vectorFloatCompare(c, w) { a, b in a >= b } }
        t.vc("vcmpgtfp", 710, .readsVSCR) { c, w in vectorFloatCompare(c, w) { a, b in a > b } }
        t.vc("vcmpbfp", 966, .readsVSCR) { c, w in vectorBoundsCompare(c, w) }
    }
}
