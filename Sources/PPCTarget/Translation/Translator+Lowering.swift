import CJIT
import CPPCState

// Which instructions have native code, and the way to it.
extension Translator {
    /// Whether ``lower(_:_:)`` handles this instruction word in this context. Ends of blocks are not its business.
    func lowers(_ op: Lowered, _ word: UInt64) -> Bool {
        let f = Word(word)
        switch op {
        case .add, .subf, .neg, .mullw, .mulld: return !f.oe
        case .divw, .divwu, .divd, .divdu: return !f.oe
        case .addc, .adde, .addme, .addze, .subfc, .subfe, .subfme, .subfze: return !f.oe && !context.narrow
        case .addic, .addicRecord, .subfic: return !context.narrow
        case .sc: return false
        case .paddi, .plbz, .plhz, .plha, .plwz, .plwa, .pld, .pstb, .psth, .pstw, .pstd, .plfs, .plfd, .pstfs, .pstfd,
            .plxv, .pstxv, .plxvp, .pstxvp, .plxsd, .plxssp, .pstxsd, .pstxssp:
            return lowersPrefixed(f)
        case .pdepd, .pextd: return hasBMI2
        case .mfspr: return movesFromSPR(f.spr)
        case .mtspr: return movesToSPR(f.spr)
        case .mtmsr, .mtmsrd: return word & 0x10000 != 0
        case .dcbz: return entry.zeroesWholeBlocks
        case .mfocrf, .mtocrf:
            let mask = word &>> 12 & 0xff
            return mask.nonzeroBitCount == 1
        case .mfcr: return true
        case .sync: return word &>> 21 & 3 == 1 || word &>> 21 & 3 == 0
        case .b, .ba, .bl, .bla, .bc, .bca, .bcl, .bcla, .bclr, .bclrl, .bcctr, .bcctrl: return false
        case .cmpi, .cmpli, .cmp, .cmpl: return true
        case .lbzu, .lhzu, .lhau, .lwzu, .ldu, .lbzux, .lhzux, .lhaux, .lwzux, .lwaux, .ldux:
            return f.ra != 0 && f.ra != f.rt
        case .stbu, .sthu, .stwu, .stdu, .stbux, .sthux, .stwux, .stdux: return f.ra != 0
        default:
            return lowersFloat(op, f) ?? lowersVectorFloat(op, f) ?? lowersVMXFloat(op) ?? lowersVectorAVX512(op)
                ?? lowersOuterProduct(op, word)
                ?? lowersVector(op, f)
        }
    }

    mutating func lower(_ op: Lowered, _ word: UInt64) {
        let f = Word(word)
        if let kind = Self.access(op) {
            access(f, kind)
            return
        }
        switch op {
        case .addi: addImmediate(f, f.si)
        case .addis: addImmediate(f, f.si &<< 16)
        case .addpcis:
            let immediate = Int16(truncatingIfNeeded: word & 0xffc0 | word &>> 15 & 0x3e | word & 1)
            let t = define(f.rt)
            asm.constant(t, address &+ 4 &+ UInt64(bitPattern: Int64(immediate) &<< 16))
            finish(f.rt, t)
        case .paddi: addPrefixed(f)
        case .addic: addCarrying(f, complement: false, constant: f.si, carry: .none, recording: false)
        case .addicRecord: addCarrying(f, complement: false, constant: f.si, carry: .none, recording: true)
        case .subfic: addCarrying(f, complement: true, constant: f.si, carry: .one, recording: false)
        case .addc: addCarrying(f, complement: false, constant: nil, carry: .none, recording: f.record)
        case .adde: addCarrying(f, complement: false, constant: nil, carry: .ca, recording: f.record)
        case .addme: addCarrying(f, complement: false, constant: -1, carry: .ca, recording: f.record)
        case .addze: addCarrying(f, complement: false, constant: 0, carry: .ca, recording: f.record)
        case .subfc: addCarrying(f, complement: true, constant: nil, carry: .one, recording: f.record)
        case .subfe: addCarrying(f, complement: true, constant: nil, carry: .ca, recording: f.record)
        case .subfme: addCarrying(f, complement: true, constant: -1, carry: .ca, recording: f.record)
        case .subfze: addCarrying(f, complement: true, constant: 0, carry: .ca, recording: f.record)
        case .mulli:
            let a = use(f.ra, .rax)
            let t = define(f.rt)
            asm.multiply(.w64, t, a, immediate: f.si)
            finish(f.rt, t)
        case .add: commutative(.add, f, into: f.rt, f.ra, f.rb)
        case .subf: subtract(f)
        case .neg:
            unary(f, into: f.rt, from: f.ra) { asm, t, a in
                asm.copy(t, a)
                asm.negate(.w64, t)
            }
        case .mullw: multiplyLow(f, .w32)
        case .mulld: multiplyLow(f, .w64)
        case .mulhw: multiplyHigh(f, signed: true, .w32)
        case .mulhwu: multiplyHigh(f, signed: false, .w32)
        case .mulhd: multiplyHigh(f, signed: true, .w64)
        case .mulhdu: multiplyHigh(f, signed: false, .w64)
        case .divw: divide(f, signed: true, .w32, remainder: false)
        case .divwu: divide(f, signed: false, .w32, remainder: false)
        case .divd: divide(f, signed: true, .w64, remainder: false)
        case .divdu: divide(f, signed: false, .w64, remainder: false)
        case .modsw: divide(f, signed: true, .w32, remainder: true)
        case .moduw: divide(f, signed: false, .w32, remainder: true)
        case .modsd: divide(f, signed: true, .w64, remainder: true)
        case .modud: divide(f, signed: false, .w64, remainder: true)
        case .maddld:
            let a = use(f.ra, .rax)
            asm.copy(.rax, a)
            let b = use(f.rb, .rcx)
            asm.multiply(.w64, .rax, b)
            let c = use(f.rc, .rcx)
            asm.alu(.add, .w64, .rax, c)
            let t = define(f.rt)
            asm.copy(t, .rax)
            finish(f.rt, t)
        default: if !lowerFixedPointBits(op, f) { lowerLogical(op, f, word) }
        }
    }

    private mutating func lowerLogical(_ op: Lowered, _ f: Word, _ word: UInt64) {
        switch op {
        case .andiRecord, .andisRecord:
            logicalImmediate(.and, f, op == .andiRecord ? f.ui : f.ui &<< 16)
            record(f.ra, .rax)
        // The instruction that does nothing is one of these.
        case .ori: if word & 0x3ff_ffff != 0 { logicalImmediate(.or, f, f.ui) }
        case .oris: logicalImmediate(.or, f, f.ui &<< 16)
        case .xori: logicalImmediate(.xor, f, f.ui)
        case .xoris: logicalImmediate(.xor, f, f.ui &<< 16)
        case .and: commutative(f.rt == f.rb ? .or : .and, f, into: f.ra, f.rt, f.rb)
        // Of a register with itself it may set the thread's priority, which PPR shows.
        case .or where f.rt == f.ra && f.rt == f.rb && f.rt != 0 && !f.record: setPriority(f.rt)
        case .or: commutative(.or, f, into: f.ra, f.rt, f.rb)
        case .xor: commutative(.xor, f, into: f.ra, f.rt, f.rb)
        case .nand: inverted(.and, f)
        case .nor: inverted(.or, f)
        case .eqv: inverted(.xor, f)
        case .cmpb: compareBytes(f)
        case .andc: withComplement(.and, f)
        case .orc: withComplement(.or, f)
        case .extsb: unary(f, into: f.ra, from: f.rt) { asm, t, s in asm.signExtend(.w8, t, s) }
        case .extsh: unary(f, into: f.ra, from: f.rt) { asm, t, s in asm.signExtend(.w16, t, s) }
        case .extsw: unary(f, into: f.ra, from: f.rt) { asm, t, s in asm.signExtend(.w32, t, s) }
        case .cntlzw: countZeros(f, leading: true, .w32)
        case .cntlzd: countZeros(f, leading: true, .w64)
        case .cnttzw: countZeros(f, leading: false, .w32)
        case .cnttzd: countZeros(f, leading: false, .w64)
        case .popcntd:
            let s = use(f.rt, .rax)
            let t = define(f.ra)
            asm.populationCount(.w64, t, s)
            finish(f.ra, t)
        case .popcntw:
            let s = use(f.rt, .rax)
            asm.populationCount(.w32, .rcx, s)
            asm.copy(.rax, s)
            asm.shift(.shr, .w64, .rax, 32)
            asm.populationCount(.w32, .rax, .rax)
            asm.shift(.shl, .w64, .rax, 32)
            asm.alu(.or, .w64, .rax, .rcx)
            let t = define(f.ra)
            asm.copy(t, .rax)
            finish(f.ra, t)
        case .rlwinm: rotateMask32(f, f.sh5, f.mb5, f.me5)
        case .rlwimi: rotateInsert(f, f.sh5, word: true, Self.mask(f.mb5 &+ 32, f.me5 &+ 32))
        case .rlwnm: rotateVariable(f, word: true, Self.mask(f.mb5 &+ 32, f.me5 &+ 32))
        case .rldicl: rotateMask64(f, f.sh6, f.mb6, 63)
        case .rldicr: rotateMask64(f, f.sh6, 0, f.mb6)
        case .rldic: rotateMask64(f, f.sh6, f.mb6, 63 &- UInt64(f.sh6))
        case .rldimi: rotateInsert(f, f.sh6, word: false, Self.mask(f.mb6, 63 &- UInt64(f.sh6)))
        case .rldcl: rotateVariable(f, word: false, Self.mask(f.mb6, 63))
        case .rldcr: rotateVariable(f, word: false, Self.mask(0, f.mb6))
        case .slw: shiftVariable(f, .shl, word: true)
        case .srw: shiftVariable(f, .shr, word: true)
        case .sld: shiftVariable(f, .shl, word: false)
        case .srd: shiftVariable(f, .shr, word: false)
        case .sraw: shiftArithmetic(f, word: true, count: nil)
        case .srad: shiftArithmetic(f, word: false, count: nil)
        case .srawi: shiftArithmetic(f, word: true, count: f.sh5)
        case .sradi: shiftArithmetic(f, word: false, count: f.sh6)
        case .extswsli:
            let s = use(f.rt, .rax)
            let t = define(f.ra)
            asm.signExtend(.w32, t, s)
            if f.sh6 != 0 { asm.shift(.shl, .w64, t, f.sh6) }
            done(f, f.ra, t)
        default: lowerCondition(op, f, word)
        }
    }

    private mutating func lowerCondition(_ op: Lowered, _ f: Word, _ word: UInt64) {
        switch op {
        case .cmpi: compare(f, signed: true, immediate: f.si)
        case .cmpli:
            if f.ui == 0 {
                // `test` clears the carry, so that nothing is below zero.
                compare(f, signed: false, immediate: 0)
            } else {
                compare(f, signed: false, immediate: Int32(f.ui))
            }
        case .cmp: compare(f, signed: true, immediate: nil)
        case .cmpl: compare(f, signed: false, immediate: nil)
        case .isel: selectByBit(f)
        case .setb: setFromField(f)
        case .mfcr: moveFromCR(f, oneField: nil)
        case .mfocrf: moveFromCR(f, oneField: word &>> 12 & 0xff)
        case .mtcrf, .mtocrf: moveToCR(f, word &>> 12 & 0xff)
        case .mcrf: moveField(f)
        case .crand: logicalCR(f, .and, invertB: false, invertResult: false)
        case .cror: logicalCR(f, .or, invertB: false, invertResult: false)
        case .crxor: logicalCR(f, .xor, invertB: false, invertResult: false)
        case .crnand: logicalCR(f, .and, invertB: false, invertResult: true)
        case .crnor: logicalCR(f, .or, invertB: false, invertResult: true)
        case .creqv: logicalCR(f, .xor, invertB: false, invertResult: true)
        case .crandc: logicalCR(f, .and, invertB: true, invertResult: false)
        case .crorc: logicalCR(f, .or, invertB: true, invertResult: false)
        case .mfspr: moveFromSPR(f)
        case .mtspr: moveToSPR(f)
        case .mfmsr: moveFromMSR(f)
        case .mtmsr, .mtmsrd: moveEnableBits(f)
        case .lwarx: loadReserved(f, .w32)
        case .ldarx: loadReserved(f, .w64)
        case .stwcx: storeConditional(f, .w32)
        case .stdcx: storeConditional(f, .w64)
        case .dcbz: zeroBlock(f)
        case .lxvl: accessByLength(f, word, left: false, isStore: false)
        case .lxvll: accessByLength(f, word, left: true, isStore: false)
        case .stxvl: accessByLength(f, word, left: false, isStore: true)
        case .stxvll: accessByLength(f, word, left: true, isStore: true)
        case .dcbst, .dcbf: touchBlock(f, wholeBlock: false)
        case .icbi: touchBlock(f, wholeBlock: true)
        // lwsync orders what x86 orders anyway; hwsync keeps stores before loads.
        case .sync:
            if word &>> 21 & 3 == 0 {
                asm.memoryFence()
                pollAfterInstruction()
            }
        case .eieio, .dcbt, .dcbtst: break
        case .twi: trap(f, .w32, immediate: f.si)
        case .tdi: trap(f, .w64, immediate: f.si)
        case .tw: trap(f, .w32, immediate: nil)
        case .td: trap(f, .w64, immediate: nil)
        // What an instruction changes of context or code is in effect when it ends; other vCPUs' changes come by a poll.
        case .isync: pollAfterInstruction()
        default: lowerFloat(op, f)
        }
    }
}
