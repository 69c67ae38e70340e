import CJIT
import CPPCState

// Blends, splats of immediates and permutes of ISA 3.1's prefixed forms, and what else selects bytes or shifts pairs of
// registers by bits (ISA 3.1 Book I, sections 6.8 and 7.6.3).
extension Translator {
    /// False if the instruction is none of this file's.
    mutating func lowerVectorSelect(_ op: Lowered, _ v: VectorFields, _ word: UInt64) -> Bool {
        // Of 8RR:D forms: the target, and the immediate in halves of two words.
        let target = Word(word).rt | Int(truncatingIfNeeded: word &>> 16 & 1) &<< 5
        let immediate = UInt32(truncatingIfNeeded: word &>> 16 & 0xffff_0000 | word & 0xffff)
        switch op {
        case .xxblendvb, .xxblendvh, .xxblendvw, .xxblendvd: blendElements(op, v)
        case .xxeval: evaluate(v, word &>> 32 & 0xff)
        case .xxpermx: permuteSection(v, UInt32(truncatingIfNeeded: word &>> 32 & 7))
        case .xxspltiw: splatImmediate(target, immediate)
        case .xxspltidp:
            let t = defineVector(target)
            let value = doubleImage(ofSingle: immediate)
            if value == 0 {
                zeroVector(t)
            } else {
                asm.constant(.rax, value)
                moveToVector(t, .rax)
                shuffleWords(t, .register(t), 0x44)
            }
            finishVector(target, t)
        case .xxsplti32dx:
            asm.constant(.rax, UInt64(immediate))
            moveToVector(.x1, .rax, .w32)
            shuffleWords(.x1, .register(.x1), 0)
            let old = useVector(target, .x0)
            let t = defineVector(target)
            vector(.blendHalves, t, old, .x1, immediate: word &>> 17 & 1 == 0 ? 0xcc : 0x33)
            finishVector(target, t)
        case .lxvkq:
            asm.constant(.rax, quadConstant(Word(word).rb) ?? 0)
            setDouble0(v.t, clears: true)
        case .vpermxor:
            let c = useVector(v.c, .x0)
            // ISA byte numbers, as host lanes.
            vector(.rightHalves, .x1, c, 4)
            vector(.and, .x1, .x1, constants[.bytes15])
            vector(.xor, .x1, .x1, constants[.bytes15])
            vector(.and, .x2, c, constants[.bytes15])
            vector(.xor, .x2, .x2, constants[.bytes15])
            let a = useVector(v.a, .x3)
            vector(.shuffleBytes, .x1, a, .x1)
            let b = useVector(v.b, .x3)
            vector(.shuffleBytes, .x2, b, .x2)
            vector(.xor, .x1, .x1, .x2)
            finishVector(v.t, .x1)
        case .vsldbi, .vsrdbi: shiftPairByBits(v, UInt8(truncatingIfNeeded: word &>> 6 & 7), left: op == .vsldbi)
        default: return false
        }
        return true
    }

    // MARK: Blends

    /// How long the elements are whose top bits choose in a blend.
    enum BlendUnit: UInt8 {
        /// The opcodes of SSE4.1, whose mask is xmm0.
        case words = 0x14
        case doubles = 0x15
        case bytes = 0x10

        /// The opcodes of AVX, with a mask of their own.
        var fourOperandCode: UInt8 { self == .bytes ? 0x4c : rawValue &+ 0x36 }
    }

    /// to = elements of `b` where the top bit of the mask's is one, of `to` elsewhere. Hosts without AVX want the mask in
    /// xmm0.
    mutating func blend(_ to: VectorRegister, _ b: VectorRegister, mask: VectorRegister, _ unit: BlendUnit) {
        if hasAVX {
            asm.vex(simd: 1, wide: false, 3, unit.fourOperandCode, reg: to.code, vvvv: to.code, rm: b.code)
            asm.byte(mask.code &<< 4)
        } else {
            asm.copy(.x0, mask)
            asm.sse38(unit.rawValue, to, b)
        }
    }

    private mutating func blendElements(_ op: Lowered, _ v: VectorFields) {
        var mask = useVector(v.c, .x0)
        if op == .xxblendvh {
            vector(.arithmeticHalves, .x0, mask, 15)
            mask = .x0
        }
        let b = useVector(v.b, .x1)
        copyVector(.x2, useVector(v.a, .x2))
        blend(.x2, b, mask: mask, op == .xxblendvw ? .words : op == .xxblendvd ? .doubles : .bytes)
        finishVector(v.t, .x2)
    }

    // MARK: Functions of three bits

    /// xxeval without `vpternlogd`: A chooses between two functions of B and C.
    private mutating func evaluate(_ v: VectorFields, _ table: UInt64) {
        let a = useVector(v.a, .x0)
        let b = useVector(v.b, .x1)
        let c = useVector(v.c, .x2)
        let (without, with) = (table &>> 4, table & 15)
        logical(without, .x3, b, c)
        let complements = without &>> 3 != 0
        if with != without {
            logical(with, .x4, b, c)
            vector(.xor, .x4, .x4, .x3)
            if complements != (with &>> 3 != 0) { complementVector(.x4, .x1) }
            vector(.and, .x4, .x4, a)
            vector(.xor, .x3, .x3, .x4)
        }
        if complements { complementVector(.x3, .x1) }
        finishVector(v.t, .x3)
    }

    /// to = a function of two bits, or its complement if the function is true where both are zero. The table's entries
    /// count from the left.
    private mutating func logical(_ table: UInt64, _ to: VectorRegister, _ b: VectorRegister, _ c: VectorRegister) {
        switch table &>> 3 != 0 ? ~table & 7 : table {
        case 1: vector(.and, to, b, c)
        case 2: vector(.andNot, to, c, b)
        case 3: copyVector(to, b)
        case 4: vector(.andNot, to, b, c)
        case 5: copyVector(to, c)
        case 6: vector(.xor, to, b, c)
        case 7: vector(.or, to, b, c)
        default: zeroVector(to)
        }
    }

    // MARK: Permutes

    /// Bytes whose selector has other top bits than the instruction become zero.
    private mutating func permuteSection(_ v: VectorFields, _ section: UInt32) {
        selectFromPair(v.a, v.b, control: v.c, fromRight: false)
        let c = useVector(v.c, .x1)
        if section == 0 {
            zeroVector(.x3)
        } else {
            asm.constant(.rax, UInt64(section &<< 5 &* 0x0101_0101))
            moveToVector(.x3, .rax, .w32)
            shuffleWords(.x3, .register(.x3), 0)
        }
        vector(.and, .x1, c, constants[.byteSections])
        vector(.equalBytes, .x1, .x1, .x3)
        vector(.and, .x2, .x2, .x1)
        finishVector(v.t, .x2)
    }

    // MARK: Pairs

    /// The high (`left`) or low 128 bits of A followed by B, shifted by a few bits.
    private mutating func shiftPairByBits(_ v: VectorFields, _ count: UInt8, left: Bool) {
        let kept = left ? v.a : v.b
        if count == 0 {
            finishVector(v.t, useVector(kept, .x0))
            return
        }
        // The doublewords that bits come in from: the low one of A and the high one of B.
        let a = useVector(v.a, .x0)
        let b = useVector(v.b, .x1)
        vector(.alignBytes, .x2, a, .register(b), immediate: 8)
        vector(left ? .rightDoubles : .leftDoubles, .x2, .x2, 64 &- count)
        let source = left ? a : b
        vector(left ? .leftDoubles : .rightDoubles, .x3, source, count)
        vector(.or, .x2, .x2, .x3)
        finishVector(v.t, .x2)
    }
}
