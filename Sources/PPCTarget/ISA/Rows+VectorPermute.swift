import CPPCState

/// VMX pack, unpack, merge, splat, permute, insert and extract (ISA 3.1 Book I, section 6.8).
enum VectorPermuteRows {
    static var rows: [InstructionRow] {
        var t = VectorRowList()
        packs(&t)
        splats(&t)
        permutes(&t)
        elements(&t)
        return t.rows
    }

    private static func packs(_ t: inout VectorRowList) {
        t.vx("vpkuhum", 0x00e) { c, w in
            vx2(c, w) { (a: U16, b: U16) -> U8 in packed(a, b) { UInt8(truncatingIfNeeded: $0) } }
        }
        t.vx("vpkuwum", 0x04e) { c, w in
            vx2(c, w) { (a: U32, b: U32) -> U16 in packed(a, b) { UInt16(truncatingIfNeeded: $0) } }
        }
        t.vx("vpkudum", 0x44e, since: .isa207) { c, w in
            vx2(c, w) { (a: U64, b: U64) -> U32 in packed(a, b) { UInt32(truncatingIfNeeded: $0) } }
        }
        t.vxSat("vpkuhus", 0x08e) { c, w in
            vx2Saturating(c, w) { (a: U16, b: U16, s: inout Bool) -> U8 in
                packed(a, b) { clamped($0, to: UInt8.self, &s) }
            }
        }
        t.vxSat("vpkuwus", 0x0ce) { c, w in
            vx2Saturating(c, w) { (a: U32, b: U32, s: inout Bool) -> U16 in
                packed(a, b) { clamped($0, to: UInt16.self, &s) }
            }
        }
        t.vxSat("vpkudus", 0x4ce, since: .isa207) { c, w in
            vx2Saturating(c, w) { (a: U64, b: U64, s: inout Bool) -> U32 in
                packed(a, b) { clamped($0, to: UInt32.self, &s) }
            }
        }
        t.vxSat("vpkshus", 0x10e) { c, w in
            vx2Saturating(c, w) { (a: S16, b: S16, s: inout Bool) -> U8 in
                packed(a, b) { clamped($0, to: UInt8.self, &s) }
            }
        }
        t.vxSat("vpkswus", 0x14e) { c, w in
            vx2Saturating(c, w) { (a: S32, b: S32, s: inout Bool) -> U16 in
                packed(a, b) { clamped($0, to: UInt16.self, &s) }
            }
        }
        t.vxSat("vpksdus", 0x54e, since: .isa207) { c, w in
            vx2Saturating(c, w) { (a: S64, b: S64, s: inout Bool) -> U32 in
                packed(a, b) { clamped($0, to: UInt32.self, &s) }
            }
        }
        t.vxSat("vpkshss", 0x18e) { c, w in
            vx2Saturating(c, w) { (a: S16, b: S16, s: inout Bool) -> S8 in
                packed(a, b) { clamped($0, to: Int8.self, &s) }
            }
        }
        t.vxSat("vpkswss", 0x1ce) { c, w in
            vx2Saturating(c, w) { (a: S32, b: S32, s: inout Bool) -> S16 in
                packed(a, b) { clamped($0, to: Int16.self, &s) }
            }
        }
        t.vxSat("vpksdss", 0x5ce, since: .isa207) { c, w in
            vx2Saturating(c, w) { (a: S64, b: S64, s: inout Bool) -> S32 in
                packed(a, b) { clamped($0, to: Int32.self, &s) }
            }
        }
        t.vx("vpkpx", 0x30e) { c, w in vx2(c, w) { (a: U32, b: U32) -> U16 in packed(a, b) { packedPixel($0) } } }
        t.vxb("vupkhsb", 0x20e) { c, w in vx1(c, w) { (b: S8) in S16(truncatingIfNeeded: b.highHalf) } }
        t.vxb("vupklsb", 0x28e) { c, w in vx1(c, w) { (b: S8) in S16(truncatingIfNeeded: b.lowHalf) } }
        t.vxb("vupkhsh", 0x24e) { c, w in vx1(c, w) { (b: S16) in S32(truncatingIfNeeded: b.highHalf) } }
        t.vxb("vupklsh", 0x2ce) { c, w in vx1(c, w) { (b: S16) in S32(truncatingIfNeeded: b.lowHalf) } }
        t.vxb("vupkhsw", 0x64e, ignoresRA: true, since: .isa207) { c, w in
            vx1(c, w) { (b: S32) in S64(truncatingIfNeeded: b.highHalf) }
        }
        t.vxb("vupklsw", 0x6ce, ignoresRA: true, since: .isa207) { c, w in
            vx1(c, w) { (b: S32) in S64(truncatingIfNeeded: b.lowHalf) }
        }
        t.vxb("vupkhpx", 0x34e) { c, w in
            vx1(c, w) { (b: U16) in
                eachLane(U32(truncatingIfNeeded: b.highHalf)) { unpackedPixel(UInt16(truncatingIfNeeded: $0)) }
            }
        }
        t.vxb("vupklpx", 0x3ce) { c, w in
            vx1(c, w) { (b: U16) in
                eachLane(U32(truncatingIfNeeded: b.lowHalf)) { unpackedPixel(UInt16(truncatingIfNeeded: $0)) }
            }
        }
        t.vx("vmrghb", 0x00c) { c, w in vx2(c, w) { (a: U8, b: U8) in mergedHigh(a, b) } }
        t.vx("vmrglb", 0x10c) { c, w in vx2(c, w) { (a: U8, b: U8) in mergedLow(a, b) } }
        t.vx("vmrghh", 0x04c) { c, w in vx2(c, w) { (a: U16, b: U16) in mergedHigh(a, b) } }
        t.vx("vmrglh", 0x14c) { c, w in vx2(c, w) { (a: U16, b: U16) in mergedLow(a, b) } }
        t.vx("vmrghw", 0x08c) { c, w in vx2(c, w) { (a: U32, b: U32) in mergedHigh(a, b) } }
        t.vx("vmrglw", 0x18c) { c, w in vx2(c, w) { (a: U32, b: U32) in mergedLow(a, b) } }
        t.vx("vmrgew", 0x78c, since: .isa207) { c, w in vx2(c, w) { (a: U32, b: U32) in mergedEvenWords(a, b) } }
        t.vx("vmrgow", 0x68c, since: .isa207) { c, w in vx2(c, w) { (a: U32, b: U32) in mergedOddWords(a, b) } }
    }

    private static func splats(_ t: inout VectorRowList) {
        t.vxAny("vspltb", 0x20c, [.vrt, .vrb, .unsigned("UIM", shift: 16, width: 4)]) { c, w in
            let lane = 15 - (Fields(w).ra & 15)
            return vx1(c, w) { (b: U8) in U8(repeating: b[lane]) }
        }
        t.vxAny("vsplth", 0x24c, [.vrt, .vrb, .unsigned("UIM", shift: 16, width: 3)]) { c, w in
            let lane = 7 - (Fields(w).ra & 7)
            return vx1(c, w) { (b: U16) in U16(repeating: b[lane]) }
        }
        t.vxAny("vspltw", 0x28c, [.vrt, .vrb, .unsigned("UIM", shift: 16, width: 2)]) { c, w in
            let lane = 3 - (Fields(w).ra & 3)
            return vx1(c, w) { (b: U32) in U32(repeating: b[lane]) }
        }
        t.vxAny("vspltisb", 0x30c, [.vrt, .simRA], ignored: 0xf800) { c, w in
            let value = Int8(truncatingIfNeeded: Int64(bitPattern: w << 43) >> 59)
            vr(c)[Fields(w).rt] = .init(image: S8(repeating: value))
            return Outcome.next
        }
        t.vxAny("vspltish", 0x34c, [.vrt, .simRA], ignored: 0xf800) { c, w in
            let value = Int16(truncatingIfNeeded: Int64(bitPattern: w << 43) >> 59)
            vr(c)[Fields(w).rt] = .init(image: S16(repeating: value))
            return Outcome.next
        }
        t.vxAny("vspltisw", 0x38c, [.vrt, .simRA], ignored: 0xf800) { c, w in
            let value = Int32(truncatingIfNeeded: Int64(bitPattern: w << 43) >> 59)
            vr(c)[Fields(w).rt] = .init(image: S32(repeating: value))
            return Outcome.next
        }
    }

    private static func permutes(_ t: inout VectorRowList) {
        t.va("vperm", 0x2b) { c, w in va3(c, w) { (a: ppc_vsr, b: ppc_vsr, d: ppc_vsr) in permuted(a, b, d) } }
        t.va("vpermr", 0x3b, since: .isa300) { c, w in
            va3(c, w) { (a: ppc_vsr, b: ppc_vsr, d: ppc_vsr) in permutedRight(a, b, d) }
        }
        t.va("vpermxor", 0x2d, since: .isa207) { c, w in
            va3(c, w) { (a: ppc_vsr, b: ppc_vsr, d: ppc_vsr) in permutedXor(a, b, d) }
        }
        t.add(
            InstructionRow(
                "vsldoi", .va(4, 0x2c), [.vrt, .vra, .vrb, .unsigned("SHB", shift: 6, width: 4)], since: .altivec,
                facility: .vector
            ) { c, w in
                vx2(c, w) { (a: ppc_vsr, b: ppc_vsr) in shiftedDouble(a, b, bytes: Int(truncatingIfNeeded: w >> 6 & 15))
                }
            })
        t.add(
            InstructionRow(
                "vsldbi", InstructionForm("VN", match: 0x1000_0016, mask: 0xfc00_063f),
                [.vrt, .vra, .vrb, .unsigned("SH", shift: 6, width: 3)], since: .isa310, facility: .vector
            ) { c, w in
                vx2(c, w) { (a: ppc_vsr, b: ppc_vsr) in shiftedDouble(a, b, bits: Int(truncatingIfNeeded: w >> 6 & 7)) }
            })
        t.add(
            InstructionRow(
                "vsrdbi", InstructionForm("VN", match: 0x1000_0216, mask: 0xfc00_063f),
                [.vrt, .vra, .vrb, .unsigned("SH", shift: 6, width: 3)], since: .isa310, facility: .vector
            ) { c, w in
                let count = Int(truncatingIfNeeded: w >> 6 & 7)
                return vx2(c, w) { (a: ppc_vsr, b: ppc_vsr) in count == 0 ? b : shiftedDouble(a, b, bits: 128 - count) }
            })
        t.vx("vslv", 0x744, since: .isa300) { c, w in
            vx2(c, w) { (a: ppc_vsr, b: ppc_vsr) in shiftedLeftVariable(a, b) }
        }
        t.vx("vsrv", 0x704, since: .isa300) { c, w in
            vx2(c, w) { (a: ppc_vsr, b: ppc_vsr) in shiftedRightVariable(a, b) }
        }
        t.vx("vsl", 0x1c4) { c, w in vx2(c, w) { (a: UInt128, b: UInt128) in a &<< (b & 7) } }
        t.vx("vsr", 0x2c4) { c, w in vx2(c, w) { (a: UInt128, b: UInt128) in a &>> (b & 7) } }
        t.vx("vslo", 0x40c) { c, w in vx2(c, w) { (a: UInt128, b: UInt128) in a &<< (b & 0x78) } }
        t.vx("vsro", 0x44c) { c, w in vx2(c, w) { (a: UInt128, b: UInt128) in a &>> (b & 0x78) } }
        t.vx("vbpermq", 0x54c, since: .isa207) { c, w in vx2(c, w) { (a: ppc_vsr, b: ppc_vsr) in bitPermutedQuad(a, b) }
        }
        t.vx("vbpermd", 0x5cc, since: .isa300) { c, w in
            vx2(c, w) { (a: U64, b: U64) in eachLane(a, b) { bitPermuted($0, $1) } }
        }
        t.vxb("vgbbd", 0x50c, ignoresRA: true, since: .isa207) { c, w in
            vx1(c, w) { (b: U64) in eachLane(b) { bitTransposed($0) } }
        }
    }

    private static func elements(_ t: inout VectorRowList) {
        t.vxAny("vextublx", 0x60d, [.rt, .ra, .vrb], since: .isa300) { c, w in extractToGPR(c, w, bits: 8, left: true) }
        t.vxAny("vextubrx", 0x70d, [.rt, .ra, .vrb], since: .isa300) { c, w in extractToGPR(c, w, bits: 8, left: false)
        }
        t.vxAny("vextuhlx", 0x64d, [.rt, .ra, .vrb], since: .isa300) { c, w in extractToGPR(c, w, bits: 16, left: true)
        }
        t.vxAny("vextuhrx", 0x74d, [.rt, .ra, .vrb], since: .isa300) { c, w in extractToGPR(c, w, bits: 16, left: false)
        }
        t.vxAny("vextuwlx", 0x68d, [.rt, .ra, .vrb], since: .isa300) { c, w in extractToGPR(c, w, bits: 32, left: true)
        }
        t.vxAny("vextuwrx", 0x78d, [.rt, .ra, .vrb], since: .isa300) { c, w in extractToGPR(c, w, bits: 32, left: false)
        }
        t.vxAny("vextractub", 0x20d, [.vrt, .vrb, .uim4RA], since: .isa300, reserved: 0x10_0000) { c, w in
            extractImmediate(c, w, size: 1)
        }
        t.vxAny("vextractuh", 0x24d, [.vrt, .vrb, .uim4RA], since: .isa300, reserved: 0x10_0000) { c, w in
            extractImmediate(c, w, size: 2)
        }
        t.vxAny("vextractuw", 0x28d, [.vrt, .vrb, .uim4RA], since: .isa300, reserved: 0x10_0000) { c, w in
            extractImmediate(c, w, size: 4)
        }
        t.vxAny("vextractd", 0x2cd, [.vrt, .vrb, .uim4RA], since: .isa300, reserved: 0x10_0000) { c, w in
            extractImmediate(c, w, size: 8)
        }
        t.vxAny("vinsertb", 0x30d, [.vrtUpdated, .vrb, .uim4RA], since: .isa300, reserved: 0x10_0000) { c, w in
            let f = Fields(w)
            insert(vr(c)[f.rb].hi, size: 1, at: f.ra & 15, into: &vr(c)[f.rt])
            return Outcome.next
        }
        t.vxAny("vinserth", 0x34d, [.vrtUpdated, .vrb, .uim4RA], since: .isa300, reserved: 0x10_0000) { c, w in
            let f = Fields(w)
            insert(vr(c)[f.rb].hi, size: 2, at: f.ra & 15, into: &vr(c)[f.rt])
            return Outcome.next
        }
        t.vxAny("vinsertw", 0x38d, [.vrtUpdated, .vrb, .uim4RA], since: .isa300, reserved: 0x10_0000) { c, w in
            let f = Fields(w)
            insert(vr(c)[f.rb].hi, size: 4, at: f.ra & 15, into: &vr(c)[f.rt])
            return Outcome.next
        }
        t.vxAny("vinsertd", 0x3cd, [.vrtUpdated, .vrb, .uim4RA], since: .isa300, reserved: 0x10_0000) { c, w in
            let f = Fields(w)
            insert(vr(c)[f.rb].hi, size: 8, at: f.ra & 15, into: &vr(c)[f.rt])
            return Outcome.next
        }
        t.vxAny("vinsw", 0x0cf, [.vrtUpdated, .rb, .uim4RA], since: .isa310, reserved: 0x10_0000) { c, w in
            let f = Fields(w)
            insert(gpr(c)[f.rb], size: 4, at: f.ra & 15, into: &vr(c)[f.rt])
            return Outcome.next
        }
        t.vxAny("vinsd", 0x1cf, [.vrtUpdated, .rb, .uim4RA], since: .isa310, reserved: 0x10_0000) { c, w in
            let f = Fields(w)
            insert(gpr(c)[f.rb], size: 8, at: f.ra & 15, into: &vr(c)[f.rt])
            return Outcome.next
        }
        t.vxAny("vinsblx", 0x20f, [.vrtUpdated, .ra, .rb], since: .isa310) { c, w in
            insertFromGPR(c, w, size: 1, right: false)
        }
        t.vxAny("vinsbrx", 0x30f, [.vrtUpdated, .ra, .rb], since: .isa310) { c, w in
            insertFromGPR(c, w, size: 1, right: true)
        }
        t.vxAny("vinsbvlx", 0x00f, [.vrtUpdated, .ra, .vrb], since: .isa310) { c, w in
            insertFromVR(c, w, size: 1, right: false)
        }
        t.vxAny("vinsbvrx", 0x10f, [.vrtUpdated, .ra, .vrb], since: .isa310) { c, w in
            insertFromVR(c, w, size: 1, right: true)
        }
        t.vxAny("vinshlx", 0x24f, [.vrtUpdated, .ra, .rb], since: .isa310) { c, w in
            insertFromGPR(c, w, size: 2, right: false)
        }
        t.vxAny("vinshrx", 0x34f, [.vrtUpdated, .ra, .rb], since: .isa310) { c, w in
            insertFromGPR(c, w, size: 2, right: true)
        }
        t.vxAny("vinshvlx", 0x04f, [.vrtUpdated, .ra, .vrb], since: .isa310) { c, w in
            insertFromVR(c, w, size: 2, right: false)
        }
        t.vxAny("vinshvrx", 0x14f, [.vrtUpdated, .ra, .vrb], since: .isa310) { c, w in
            insertFromVR(c, w, size: 2, right: true)
        }
        t.vxAny("vinswlx", 0x28f, [.vrtUpdated, .ra, .rb], since: .isa310) { c, w in
            insertFromGPR(c, w, size: 4, right: false)
        }
        t.vxAny("vinswrx", 0x38f, [.vrtUpdated, .ra, .rb], since: .isa310) { c, w in
            insertFromGPR(c, w, size: 4, right: true)
        }
        t.vxAny("vinswvlx", 0x08f, [.vrtUpdated, .ra, .vrb], since: .isa310) { c, w in
            insertFromVR(c, w, size: 4, right: false)
        }
        t.vxAny("vinswvrx", 0x18f, [.vrtUpdated, .ra, .vrb], since: .isa310) { c, w in
            insertFromVR(c, w, size: 4, right: true)
        }
        t.vxAny("vinsdlx", 0x2cf, [.vrtUpdated, .ra, .rb], since: .isa310) { c, w in
            insertFromGPR(c, w, size: 8, right: false)
        }
        t.vxAny("vinsdrx", 0x3cf, [.vrtUpdated, .ra, .rb], since: .isa310) { c, w in
            insertFromGPR(c, w, size: 8, right: true)
        }
        t.add(
            InstructionRow("vextdubvlx", .va(4, 0x18), [.vrt, .vra, .vrb, .rc], since: .isa310, facility: .vector) {
                c, w in extractFromPair(c, w, size: 1, right: false)
            })
        t.add(
            InstructionRow("vextdubvrx", .va(4, 0x19), [.vrt, .vra, .vrb, .rc], since: .isa310, facility: .vector) {
                c, w in extractFromPair(c, w, size: 1, right: true)
            })
        t.add(
            InstructionRow("vextduhvlx", .va(4, 0x1a), [.vrt, .vra, .vrb, .rc], since: .isa310, facility: .vector) {
                c, w in extractFromPair(c, w, size: 2, right: false)
            })
        t.add(
            InstructionRow("vextduhvrx", .va(4, 0x1b), [.vrt, .vra, .vrb, .rc], since: .isa310, facility: .vector) {
                c, w in extractFromPair(c, w, size: 2, right: true)
            })
        t.add(
            InstructionRow("vextduwvlx", .va(4, 0x1c), [.vrt, .vra, .vrb, .rc], since: .isa310, facility: .vector) {
                c, w in extractFromPair(c, w, size: 4, right: false)
            })
        t.add(
            InstructionRow("vextduwvrx", .va(4, 0x1d), [.vrt, .vra, .vrb, .rc], since: .isa310, facility: .vector) {
                c, w in extractFromPair(c, w, size: 4, right: true)
            })
        t.add(
            InstructionRow("vextddvlx", .va(4, 0x1e), [.vrt, .vra, .vrb, .rc], since: .isa310, facility: .vector) {
                c, w in extractFromPair(c, w, size: 8, right: false)
            })
        t.add(
            InstructionRow("vextddvrx", .va(4, 0x1f), [.vrt, .vra, .vrb, .rc], since: .isa310, facility: .vector) {
                c, w in extractFromPair(c, w, size: 8, right: true)
            })
    }
}
