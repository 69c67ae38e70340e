import CJIT
import CPPCState

// Permutes, merges, splats, packs, inserts and extracts of VMX and VSX (ISA 3.1 Book I, sections 6.8 and 7.6.3).
//
// ISA element i of n is host lane n - 1 - i, so that the ISA's left is the host's high end.
extension Translator {
    /// False if the instruction is none of this file's.
    mutating func lowerVectorPermute(_ op: Lowered, _ v: VectorFields, _ word: UInt64) -> Bool {
        switch op {
        case .vmrghb: merge(.unpackHighBytes, v)
        case .vmrghh: merge(.unpackHighHalves, v)
        case .vmrghw, .xxmrghw: merge(.unpackHighWords, v)
        case .vmrglb: merge(.unpackLowBytes, v)
        case .vmrglh: merge(.unpackLowHalves, v)
        case .vmrglw, .xxmrglw: merge(.unpackLowWords, v)
        case .vmrgew:
            shuffleWords(.x1, vectorOperand(v.b), 0xf5)
            let t = defineVector(v.t)
            vector(.blendHalves, t, .x1, vectorOperand(v.a), immediate: 0xcc)
            finishVector(v.t, t)
        case .vmrgow:
            shuffleWords(.x1, vectorOperand(v.a), 0xa0)
            let b = useVector(v.b, .x0)
            let t = defineVector(v.t)
            vector(.blendHalves, t, b, .x1, immediate: 0xcc)
            finishVector(v.t, t)
        case .vperm, .vpermr: permute(v.t, v.a, v.b, control: v.c, fromRight: op == .vpermr)
        case .xxperm, .xxpermr: permute(v.t, v.a, v.t, control: v.b, fromRight: op == .xxpermr)
        case .vsldoi: shiftPair(v, UInt8(truncatingIfNeeded: word &>> 6 & 15))
        case .xxsldwi: shiftPair(v, UInt8(truncatingIfNeeded: word &>> 8 & 3) &* 4)
        case .xxpermdi:
            let b = useVector(v.b, .x0)
            let t = defineVector(v.t)
            let order: UInt8 = (word & 0x100 == 0 ? 1 : 0) | (word & 0x200 == 0 ? 2 : 0)
            vector(.shufflePairOfDoubles, t, b, vectorOperand(v.a), immediate: order)
            finishVector(v.t, t)
        case .xxbrh: reorderBytes(v, .reverseHalves)
        case .xxbrw: reorderBytes(v, .reverseWords)
        case .xxbrd: reorderBytes(v, .reverseDoubles)
        case .xxbrq: reorderBytes(v, .reverseQuad)
        default:
            return lowerVectorSplat(op, v, word) || lowerVectorPack(op, v) || lowerVectorElement(op, v, word)
                || lowerVectorSelect(op, v, word) || lowerVectorPlaces(op, v, word)
        }
        return true
    }

    private mutating func merge(_ op: VectorOperation, _ v: VectorFields) {
        let b = useVector(v.b, .x0)
        let t = defineVector(v.t)
        vector(op, t, b, vectorOperand(v.a))
        finishVector(v.t, t)
    }

    private mutating func reorderBytes(_ v: VectorFields, _ order: VectorConstants.Name) {
        let b = useVector(v.b, .x0)
        let t = defineVector(v.t)
        vector(.shuffleBytes, t, b, constants[order])
        finishVector(v.t, t)
    }

    /// Sixteen bytes from `count` bytes into A followed by B.
    private mutating func shiftPair(_ v: VectorFields, _ count: UInt8) {
        let a = useVector(v.a, .x0)
        guard count != 0 else {
            finishVector(v.t, a)
            return
        }
        let t = defineVector(v.t)
        vector(.alignBytes, t, a, vectorOperand(v.b), immediate: 16 &- count)
        finishVector(v.t, t)
    }

    private mutating func permute(_ t: Int, _ first: Int, _ second: Int, control: Int, fromRight: Bool) {
        selectFromPair(first, second, control: control, fromRight: fromRight)
        finishVector(t, .x2)
    }

    /// xmm2 = the bytes of two registers that a third selects. Byte k of A followed by B is host lane 31 - k of the pair
    /// with B in the low half. Uses xmm0, xmm1 and xmm3.
    mutating func selectFromPair(_ first: Int, _ second: Int, control: Int, fromRight: Bool) {
        let c = useVector(control, .x1)
        if fromRight {
            vector(.and, .x1, c, constants[.bytes31])
        } else {
            vector(.andNot, .x1, c, constants[.bytes31])
        }
        let b = useVector(second, .x2)
        if first == second {
            vector(.and, .x1, .x1, constants[.bytes15])
            vector(.shuffleBytes, .x2, b, .x1)
            return
        }
        let a = useVector(first, .x3)
        vector(.shuffleBytes, .x2, b, .x1)
        vector(.shuffleBytes, .x3, a, .x1)
        // Bit 4 of the selector becomes the sign of its byte.
        vector(.leftHalves, .x0, .x1, 3)
        blend(.x2, .x3, mask: .x0, .bytes)
    }

    // MARK: Splats

    private mutating func lowerVectorSplat(_ op: Lowered, _ v: VectorFields, _ word: UInt64) -> Bool {
        let f = Word(word)
        switch op {
        case .vspltw, .xxspltw:
            let t = defineVector(v.t)
            shuffleWords(t, vectorOperand(v.b), UInt8(truncatingIfNeeded: 3 &- f.ra & 3) &* 0x55)
            finishVector(v.t, t)
        case .vsplth:
            splatHalf(v, .x0, vectorOperand(v.b), 7 &- f.ra & 7)
        case .vspltb:
            let lane = 15 &- f.ra & 15
            let b = useVector(v.b, .x0)
            vector(lane < 8 ? .unpackLowBytes : .unpackHighBytes, .x0, b, b)
            splatHalf(v, .x0, .register(.x0), lane & 7)
        case .vspltisb: splatImmediate(v.t, UInt32(truncatingIfNeeded: simm(f) & 0xff) &* 0x0101_0101)
        case .vspltish: splatImmediate(v.t, UInt32(truncatingIfNeeded: simm(f) & 0xffff) &* 0x0001_0001)
        case .vspltisw: splatImmediate(v.t, UInt32(truncatingIfNeeded: simm(f)))
        case .xxspltib: splatImmediate(v.t, UInt32(truncatingIfNeeded: word &>> 11 & 0xff) &* 0x0101_0101)
        default: return false
        }
        return true
    }

    private func simm(_ f: Word) -> Int { f.ra >= 16 ? f.ra &- 32 : f.ra }

    private mutating func splatHalf(_ v: VectorFields, _ scratch: VectorRegister, _ source: VectorOperand, _ lane: Int)
    {
        // Two copies of the halfword in one word, then that word four times.
        let isLow = lane < 4
        let order = UInt8(truncatingIfNeeded: lane & 3) &* 0x55
        vector(unary: VectorOperation(0x70, simd: isLow ? 3 : 2), scratch, source, immediate: order)
        let t = defineVector(v.t)
        shuffleWords(t, .register(scratch), isLow ? 0 : 0xaa)
        finishVector(v.t, t)
    }

    mutating func splatImmediate(_ target: Int, _ value: UInt32) {
        let t = defineVector(target)
        if value == 0 {
            zeroVector(t)
        } else if value == .max {
            onesVector(t)
        } else {
            asm.constant(.rax, UInt64(value))
            moveToVector(t, .rax, .w32)
            shuffleWords(t, .register(t), 0)
        }
        finishVector(target, t)
    }

    // MARK: Packs and unpacks

    private mutating func lowerVectorPack(_ op: Lowered, _ v: VectorFields) -> Bool {
        switch op {
        case .vpkuhum:
            narrow(v, .leftHalves, .rightHalves, 8)
            packed(.packHalvesUnsigned, v)
        case .vpkuwum:
            narrow(v, .leftWords, .rightWords, 16)
            packed(.packWordsUnsigned, v)
        case .vpkudum:
            let b = useVector(v.b, .x1)
            let t = defineVector(v.t)
            vector(.shuffleSingles, t, b, vectorOperand(v.a), immediate: 0x88)
            finishVector(v.t, t)
        case .vpkuhus, .vpkshus, .vpkuwus, .vpkswus:
            let isHalves = op == .vpkuhus || op == .vpkshus
            let a = useVector(v.a, .x0)
            let b = useVector(v.b, .x1)
            // Whatever is set above the narrow part saturates, also in negative numbers.
            vector(.or, .x2, a, b)
            vector(isHalves ? .rightHalves : .rightWords, .x2, .x2, isHalves ? 8 : 16)
            stickSaturation(.x2)
            if op == .vpkuhus || op == .vpkuwus {
                // The host takes its sources for signed.
                let limit = constants[isHalves ? .halves255 : .words65535]
                vector(isHalves ? .minimumUnsignedHalves : .minimumUnsignedWords, .x0, a, limit)
                vector(isHalves ? .minimumUnsignedHalves : .minimumUnsignedWords, .x1, b, limit)
            } else {
                copyVector(.x0, a)
                copyVector(.x1, b)
            }
            packed(isHalves ? .packHalvesUnsigned : .packWordsUnsigned, v)
        case .vpkshss, .vpkswss:
            packSignedSticking(v.t, useVector(v.a, .x0), useVector(v.b, .x1), halves: op == .vpkshss)
        case .vpkudus, .vpksdus, .vpksdss: packDoubles(op, v)
        case .vupkhsb: unpack(0x20, v, high: true)
        case .vupklsb: unpack(0x20, v, high: false)
        case .vupkhsh: unpack(0x23, v, high: true)
        case .vupklsh: unpack(0x23, v, high: false)
        case .vupkhsw: unpack(0x25, v, high: true)
        case .vupklsw: unpack(0x25, v, high: false)
        default: return false
        }
        return true
    }

    /// Target = `a` above `b`, in elements of half the size that saturate. Uses xmm2 and xmm3.
    mutating func packSignedSticking(_ target: Int, _ a: VectorRegister, _ b: VectorRegister, halves: Bool) {
        // Unchanged by sign extension of the narrow part: in range.
        for (source, to) in [(a, VectorRegister.x2), (b, .x3)] {
            vector(halves ? .leftHalves : .leftWords, to, source, halves ? 8 : 16)
            vector(halves ? .arithmeticHalves : .arithmeticWords, to, to, halves ? 8 : 16)
            vector(.xor, to, to, source)
        }
        vector(.or, .x2, .x2, .x3)
        stickSaturation(.x2)
        let t = defineVector(target)
        vector(halves ? .packHalvesSigned : .packWordsSigned, t, b, a)
        finishVector(target, t)
    }

    /// xmm0, xmm1 = A and B with only the low part of each element.
    private mutating func narrow(_ v: VectorFields, _ left: VectorShift, _ right: VectorShift, _ count: UInt8) {
        let a = useVector(v.a, .x0)
        vector(left, .x0, a, count)
        vector(right, .x0, .x0, count)
        let b = useVector(v.b, .x1)
        vector(left, .x1, b, count)
        vector(right, .x1, .x1, count)
    }

    /// Target = xmm0 packed above xmm1.
    private mutating func packed(_ op: VectorOperation, _ v: VectorFields) {
        let t = defineVector(v.t, .x1)
        vector(op, t, .x1, .x0)
        finishVector(v.t, t)
    }

    /// Doublewords to words, with saturation and SAT. A doubleword fits if its high word goes with its low one.
    private mutating func packDoubles(_ op: Lowered, _ v: VectorFields) {
        let a = useVector(v.a, .x0)
        let b = useVector(v.b, .x1)
        vector(.shuffleSingles, .x2, b, .register(a), immediate: 0x88)
        vector(.shuffleSingles, .x1, b, .register(a), immediate: 0xdd)
        if op == .vpksdss {
            vector(.arithmeticWords, .x3, .x2, 31)
        } else {
            zeroVector(.x3)
        }
        vector(.equalWords, .x3, .x3, .x1)
        complementVector(.x3, .x4)
        stickSaturation(.x3)
        // The high word's sign tells which limit it is.
        vector(.arithmeticWords, .x4, .x1, 31)
        switch op {
        case .vpksdss:
            vector(.xor, .x4, .x4, constants[.wordsMaximum])
            vector(.xor, .x4, .x4, .x2)
            vector(.and, .x4, .x4, .x3)
            vector(.xor, .x2, .x2, .x4)
        case .vpksdus:
            vector(.or, .x2, .x2, .x3)
            vector(.andNot, .x2, .x4, .x2)
        default: vector(.or, .x2, .x2, .x3)
        }
        finishVector(v.t, .x2)
    }

    private mutating func unpack(_ code: UInt8, _ v: VectorFields, high: Bool) {
        let t = defineVector(v.t)
        if high {
            shuffleWords(t, vectorOperand(v.b), 0xee)
            vector(unary: VectorOperation(code, map: 2), t, .register(t))
        } else {
            let b = useVector(v.b, .x0)
            vector(unary: VectorOperation(code, map: 2), t, .register(b))
        }
        finishVector(v.t, t)
    }

    // MARK: Elements

    private mutating func lowerVectorElement(_ op: Lowered, _ v: VectorFields, _ word: UInt64) -> Bool {
        let f = Word(word)
        switch op {
        case .vextractub: extractElement(v, .w8, f.ra & 15)
        case .vextractuh: extractElement(v, .w16, f.ra & 15)
        case .vextractuw, .xxextractuw: extractElement(v, .w32, f.ra & 15)
        case .vextractd: extractElement(v, .w64, f.ra & 15)
        case .vinsertb: insertElement(v, .w8, f.ra & 15)
        case .vinserth: insertElement(v, .w16, f.ra & 15)
        case .vinsertw, .xxinsertw: insertElement(v, .w32, f.ra & 15)
        case .vinsertd: insertElement(v, .w64, f.ra & 15)
        case .vextublx, .vextubrx:
            let a = use(f.ra, .rax)
            asm.move(.w32, .rax, a)
            asm.alu(.and, .w32, .rax, immediate: 15)
            if op == .vextublx { asm.alu(.xor, .w32, .rax, immediate: 15) }
            let t = define(f.rt)
            asm.loadZeroExtended(.w8, t, MemoryOperand(Host.state, index: .rax, vsr(v.b).displacement))
            finish(f.rt, t)
        case .mfvsrd, .mfvsrld, .mfvsrwz:
            let t = define(f.ra)
            let source = f.rt | Int(truncatingIfNeeded: word & 1) &<< 5
            asm.load(op == .mfvsrwz ? .w32 : .w64, t, vsr(source, op == .mfvsrld ? 0 : 8))
            finish(f.ra, t)
        case .mtvsrd, .mtvsrwa, .mtvsrwz:
            let a = use(f.ra, .rax)
            if op == .mtvsrwa {
                asm.signExtend(.w32, .rax, a)
            } else if op == .mtvsrwz {
                asm.move(.w32, .rax, a)
            } else {
                asm.copy(.rax, a)
            }
            setDouble0(v.t, clears: false)
        case .mtvsrdd:
            let b = use(f.rb, .rax)
            let t = defineVector(v.t)
            moveToVector(t, b)
            if f.ra != 0 {
                let a = use(f.ra, .rax)
                insertDouble0(t, t, a)
            }
            finishVector(v.t, t)
        case .mtvsrws:
            let a = use(f.ra, .rax)
            let t = defineVector(v.t)
            moveToVector(t, a, .w32)
            shuffleWords(t, .register(t), 0)
            finishVector(v.t, t)
        case .vclzlsbb, .vctzlsbb:
            let b = useVector(v.b, .x0)
            // The low bit of each byte to its top.
            vector(.leftHalves, .x0, b, 7)
            byteSigns(.x0)
            let t = define(f.rt, .rcx)
            if op == .vctzlsbb {
                asm.alu(.or, .w32, .rax, immediate: 0x1_0000)
                asm.trailingZeros(.w32, t, .rax)
            } else {
                asm.lea(.w32, .rax, MemoryOperand(.rax, index: .rax, 1))
                asm.bitScanReverse(.w32, t, .rax)
                asm.negate(.w32, t)
                asm.alu(.add, .w32, t, immediate: 16)
            }
            finish(f.rt, t)
        case .vextractbm:
            let b = useVector(v.b, .x0)
            byteSigns(b)
            let t = define(f.rt)
            asm.copy(t, .rax)
            finish(f.rt, t)
        default: return lowerVectorBits(op, v, word)
        }
        return true
    }

    private static func elementSize(_ width: HostWidth) -> Int { 1 &<< Int(width.rawValue) }

    /// The element at ISA byte `index`, right-aligned in doubleword 0. Beyond the end, element 0 is read.
    private mutating func extractElement(_ v: VectorFields, _ width: HostWidth, _ index: Int) {
        let size = Self.elementSize(width)
        asm.loadZeroExtended(width, .rax, vsr(v.b, index &+ size > 16 ? 16 &- size : 16 &- size &- index))
        setDouble0(v.t, clears: true)
    }

    /// Whether an insert at ISA byte `index` falls on a lane of the host.
    static func insertsLane(_ size: Int, _ index: Int) -> Bool { index &+ size <= 16 && index & (size &- 1) == 0 }

    private mutating func insertElement(_ v: VectorFields, _ width: HostWidth, _ index: Int) {
        let size = Self.elementSize(width)
        let lane = UInt8(truncatingIfNeeded: (16 &- size &- index) / size)
        // Doubleword 0 of the source, its low bytes.
        let source = vsr(v.b, 8)
        let old = useVector(v.t, .x0)
        let t = defineVector(v.t)
        let op: VectorOperation =
            width == .w8 ? VectorOperation(0x20, map: 3) : width == .w16 ? VectorOperation(0xc4) : .init(0x22, map: 3)
        if hasAVX {
            asm.vex(simd: 1, wide: width == .w64, op.map, op.code, reg: t.code, vvvv: old.code, source)
        } else {
            asm.copy(t, old)
            asm.rm(0x66, wide: width == .w64, op.map, op.code, reg: t.code, source)
        }
        asm.byte(lane)
        finishVector(v.t, t)
    }
}
