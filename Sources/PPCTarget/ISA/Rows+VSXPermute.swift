import CPPCState

/// VSX logic, permutes, splats and element moves (ISA 3.1 Book I, sections 7.6.1.5 and 7.6.3).
enum VSXPermuteRows {
    static var rows: [InstructionRow] {
        var t = VectorRowList()
        logic(&t)
        permutes(&t)
        splats(&t)
        elements(&t)
        prefixed(&t)
        return t.rows
    }

    private static func logic(_ t: inout VectorRowList) {
        t.xx3("xxland", 130) { c, w in xx3(c, w) { (a: U64, b: U64) in a & b } }
        t.xx3("xxlandc", 138) { c, w in xx3(c, w) { (a: U64, b: U64) in a & ~b } }
        t.xx3("xxlor", 146) { c, w in xx3(c, w) { (a: U64, b: U64) in a | b } }
        t.xx3("xxlxor", 154) { c, w in xx3(c, w) { (a: U64, b: U64) in a ^ b } }
        t.xx3("xxlnor", 162) { c, w in xx3(c, w) { (a: U64, b: U64) in ~(a | b) } }
        t.xx3("xxlorc", 170, since: .isa207) { c, w in xx3(c, w) { (a: U64, b: U64) in a | ~b } }
        t.xx3("xxlnand", 178, since: .isa207) { c, w in xx3(c, w) { (a: U64, b: U64) in ~(a & b) } }
        t.xx3("xxleqv", 186, since: .isa207) { c, w in xx3(c, w) { (a: U64, b: U64) in ~(a ^ b) } }
        t.add(
            InstructionRow(
                "xxsel", .xx4(60, 3), [.xt, .xa, .xb, .xc], since: .vsx, facility: .vsx,
                execute: { c, w in xx4(c, w) { (a: U64, b: U64, m: U64) in selected(a, b, m) } }))
        t.add(
            InstructionRow(
                "xvtlsbb", InstructionForm.xx2(60, 475).fixing(2 << 16, mask: 0x1f_0000), [.bf, .xb], .writesCR,
                since: .isa310, facility: .vsx, ignored: 0x60_0001,
                execute: { c, w in
                    let b = vsr(c)[Fields(w).xb]
                    let ones: UInt64 = 0x0101_0101_0101_0101
                    crFields(c)[Fields(w).bf] =
                        (b.lo & b.hi & ones == ones ? 8 : 0) | ((b.lo | b.hi) & ones == 0 ? 2 : 0)
                    return Outcome.next
                }))
    }

    /// XX3 form with a two-bit immediate in bits 22:23.
    private static func withImmediate(_ extended: UInt32) -> InstructionForm {
        InstructionForm("XX3", match: 60 << 26 | extended << 3, mask: 0xfc00_04f8)
    }

    private static func permutes(_ t: inout VectorRowList) {
        t.xx3("xxmrghw", 18) { c, w in xx3(c, w) { (a: U32, b: U32) in mergedHigh(a, b) } }
        t.xx3("xxmrglw", 50) { c, w in xx3(c, w) { (a: U32, b: U32) in mergedLow(a, b) } }
        t.add(
            InstructionRow(
                "xxpermdi", withImmediate(10), [.xt, .xa, .xb, .unsigned("DM", shift: 8, width: 2)], since: .vsx,
                facility: .vsx,
                execute: { c, w in
                    xx3(c, w) { (a: U64, b: U64) in U64(w & 0x100 == 0 ? b[1] : b[0], w & 0x200 == 0 ? a[1] : a[0]) }
                }))
        t.add(
            InstructionRow(
                "xxsldwi", withImmediate(2), [.xt, .xa, .xb, .unsigned("SHW", shift: 8, width: 2)], since: .vsx,
                facility: .vsx,
                execute: { c, w in
                    xx3(c, w) { (a: ppc_vsr, b: ppc_vsr) in
                        shiftedDouble(a, b, bits: 32 * Int(truncatingIfNeeded: w >> 8 & 3))
                    }
                }))
        t.add(
            InstructionRow(
                "xxperm", .xx3(60, 26), [.xtUpdated, .xa, .xb], since: .isa300, facility: .vsx,
                execute: { c, w in
                    let second = vsr(c)[Fields(w).xt]
                    return xx3(c, w) { (a: ppc_vsr, b: ppc_vsr) in permuted(a, second, b) }
                }))
        t.add(
            InstructionRow(
                "xxpermr", .xx3(60, 58), [.xtUpdated, .xa, .xb], since: .isa300, facility: .vsx,
                execute: { c, w in
                    let second = vsr(c)[Fields(w).xt]
                    return xx3(c, w) { (a: ppc_vsr, b: ppc_vsr) in permutedRight(a, second, b) }
                }))
        t.xx2("xxbrh", 475, selector: 7) { c, w in xx2(c, w) { (b: U16) in eachLane(b) { $0.byteSwapped } } }
        t.xx2("xxbrw", 475, selector: 15) { c, w in xx2(c, w) { (b: U32) in eachLane(b) { $0.byteSwapped } } }
        t.xx2("xxbrd", 475, selector: 23) { c, w in xx2(c, w) { (b: U64) in eachLane(b) { $0.byteSwapped } } }
        t.xx2("xxbrq", 475, selector: 31) { c, w in xx2(c, w) { (b: UInt128) in b.byteSwapped } }
        func control(_ name: String, _ extended: UInt32, execute: Execute) {
            t.add(
                InstructionRow(
                    name, .xx1(60, extended), [.xt, .vrb, .unsigned("IMM", shift: 16, width: 2)], since: .isa310,
                    facility: .vsx, execute: execute))
        }
        control("xxgenpcvbm", 916) { c, w in generateControl(c, w, size: 1) }
        control("xxgenpcvhm", 917) { c, w in generateControl(c, w, size: 2) }
        control("xxgenpcvwm", 948) { c, w in generateControl(c, w, size: 4) }
        control("xxgenpcvdm", 949) { c, w in generateControl(c, w, size: 8) }
    }

    private static func splats(_ t: inout VectorRowList) {
        t.add(
            InstructionRow(
                "xxspltw", .xx2(60, 164), [.xt, .xb, .unsigned("UIM", shift: 16, width: 2)], since: .vsx,
                facility: .vsx,
                execute: { c, w in xx2(c, w) { (b: U32) in U32(repeating: b[3 - (Fields(w).ra & 3)]) } }))
        t.add(
            InstructionRow(
                "xxspltib", InstructionForm.xx1(60, 360).fixing(0, mask: 0x18_0000),
                [.xt, .unsigned("IMM8", shift: 11, width: 8)], since: .isa300, facility: .vsxOrVector,
                execute: { c, w in
                    let f = Fields(w)
                    if let outcome = unavailableVSXOrVector(c, f.xt) { return outcome }
                    vsr(c)[f.xt] = ppc_vsr(image: U8(repeating: UInt8(truncatingIfNeeded: w >> 11)))
                    return Outcome.next
                }))
        t.add(
            InstructionRow(
                "lxvkq", InstructionForm.xx1(60, 360).fixing(0x1f_0000, mask: 0x1f_0000),
                [.xt, .unsigned("UIM", shift: 11, width: 5)], since: .isa310, facility: .vsx,
                execute: { c, w in
                    guard let value = quadConstant(Fields(w).rb) else { return raiseIllegal(c) }
                    vsr(c)[Fields(w).xt] = ppc_vsr(lo: 0, hi: value)
                    return Outcome.next
                }))
    }

    private static func elements(_ t: inout VectorRowList) {
        t.add(
            InstructionRow(
                "xxextractuw", .xx2(60, 165), [.xt, .xb, .uim4RA], since: .isa300, facility: .vsx,
                execute: { c, w in extractWord(c, w) }))
        t.add(
            InstructionRow(
                "xxinsertw", .xx2(60, 181), [.xtUpdated, .xb, .uim4RA], since: .isa300, facility: .vsx,
                execute: { c, w in insertWord(c, w) }))
    }

    private static func prefixed(_ t: inout VectorRowList) {
        func add(_ name: String, _ form: InstructionForm, _ operands: [Operand], execute: Execute) {
            t.add(
                InstructionRow(
                    name, form, prefix: (match: 0x0500_0000, mask: 0xfff0_0000), operands, since: .isa310,
                    facility: .vsx, execute: execute))
        }
        let xt = Operand("XT", .vsr, .write, shift: 21, width: 5, highBit: 16)
        add("xxspltiw", InstructionForm("8RR:D", match: 0x8006_0000, mask: 0xfc1e_0000), [xt, .imm32]) { c, w in
            vsr(c)[splatTarget(w)] = ppc_vsr(image: U32(repeating: splitImmediate(w)))
            return Outcome.next
        }
        add("xxspltidp", InstructionForm("8RR:D", match: 0x8004_0000, mask: 0xfc1e_0000), [xt, .imm32]) { c, w in
            vsr(c)[splatTarget(w)] = ppc_vsr(image: U64(repeating: doubleImage(ofSingle: splitImmediate(w))))
            return Outcome.next
        }
        add(
            "xxsplti32dx", InstructionForm("8RR:D", match: 0x8000_0000, mask: 0xfc1c_0000),
            [xt.used(as: .readWrite), .unsigned("IX", shift: 17, width: 1), .imm32]
        ) { c, w in
            let word = Int(truncatingIfNeeded: w >> 17 & 1)
            vsr(c)[splatTarget(w)][word: word] = splitImmediate(w)
            vsr(c)[splatTarget(w)][word: word + 2] = splitImmediate(w)
            return Outcome.next
        }
        let four: [Operand] = [.xt, .xa, .xb, .xc]
        add("xxblendvb", .xx4(33, 0), four) { c, w in xx4(c, w) { (a: S8, b: S8, m: S8) in blended(a, b, m) } }
        add("xxblendvh", .xx4(33, 1), four) { c, w in xx4(c, w) { (a: S16, b: S16, m: S16) in blended(a, b, m) } }
        add("xxblendvw", .xx4(33, 2), four) { c, w in xx4(c, w) { (a: S32, b: S32, m: S32) in blended(a, b, m) } }
        add("xxblendvd", .xx4(33, 3), four) { c, w in xx4(c, w) { (a: S64, b: S64, m: S64) in blended(a, b, m) } }
        add("xxpermx", .xx4(34, 0), four + [.unsigned("UIM", shift: 32, width: 3)]) { c, w in
            xx4(c, w) { (a: ppc_vsr, b: ppc_vsr, m: ppc_vsr) in
                permutedExtended(a, b, m, section: UInt8(truncatingIfNeeded: w >> 32 & 7))
            }
        }
        add("xxeval", .xx4(34, 1), four + [.unsigned("IMM", shift: 32, width: 8)]) { c, w in
            xx4(c, w) { (a: U64, b: U64, d: U64) in evaluated(a, b, d, w >> 32 & 0xff) }
        }
    }
}

/// Target of an 8RR:D instruction: TX is bit 15 of the suffix.
@inline(__always)
private func splatTarget(_ word: UInt64) -> Int {
    Fields(word).rt | Int(truncatingIfNeeded: word >> 16 & 1) << 5
}

/// 32-bit immediate of 8RR:D: upper half in the prefix.
@inline(__always)
private func splitImmediate(_ word: UInt64) -> UInt32 {
    UInt32(truncatingIfNeeded: word >> 16 & 0xffff_0000 | word & 0xffff)
}

extension Operand {
    fileprivate static let imm32 = Operand("IMM32", .unsigned, .immediate, shift: 0, width: 32) { word in
        Int64(splitImmediate(word))
    }
}
