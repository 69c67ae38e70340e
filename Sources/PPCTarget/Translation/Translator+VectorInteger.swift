import CJIT
import CPPCState

// VMX integer arithmetic, compares and logic (ISA 3.1 Book I, sections 6.9 to 6.11), and the logic of VSX.
//
// The lanes of a host vector run in the opposite direction of the ISA's elements, which operations on like elements
// do not notice.
extension Translator {
    /// Instructions that are one host instruction on the two sources.
    static func plainVector(_ op: Lowered) -> VectorOperation? {
        switch op {
        case .vaddubm: .addBytes
        case .vadduhm: .addHalves
        case .vadduwm: .addWords
        case .vaddudm: .addDoubles
        case .vsububm: .subtractBytes
        case .vsubuhm: .subtractHalves
        case .vsubuwm: .subtractWords
        case .vsubudm: .subtractDoubles
        case .vavgub: .averageBytes
        case .vavguh: .averageHalves
        case .vmaxub: .maximumUnsignedBytes
        case .vmaxsb: .maximumSignedBytes
        case .vminub: .minimumUnsignedBytes
        case .vminsb: .minimumSignedBytes
        case .vmaxuh: .maximumUnsignedHalves
        case .vmaxsh: .maximumSignedHalves
        case .vminuh: .minimumUnsignedHalves
        case .vminsh: .minimumSignedHalves
        case .vmaxuw: .maximumUnsignedWords
        case .vmaxsw: .maximumSignedWords
        case .vminuw: .minimumUnsignedWords
        case .vminsw: .minimumSignedWords
        case .vand, .xxland: .and
        case .vor, .xxlor: .or
        case .vxor, .xxlxor: .xor
        case .vmulouw: .multiplyUnsignedWords
        case .vmulosw: .multiplySignedWords
        case .vmuluwm: .multiplyLowWords
        default: nil
        }
    }

    mutating func binary(_ op: VectorOperation, _ v: VectorFields) {
        let isSame = v.a == v.b
        if isSame, op.code == VectorOperation.xor.code, op.map == 1 {
            let t = defineVector(v.t)
            zeroVector(t)
            finishVector(v.t, t)
            return
        }
        let a = useVector(v.a, .x0)
        if isSame, op.map == 1, op.code == VectorOperation.or.code || op.code == VectorOperation.and.code {
            finishVector(v.t, a)
            return
        }
        let t = defineVector(v.t)
        vector(op, t, a, vectorOperand(v.b))
        finishVector(v.t, t)
    }

    /// False if the instruction is none of this file's.
    mutating func lowerVectorInteger(_ op: Lowered, _ v: VectorFields, _ word: UInt64) -> Bool {
        if let plain = Self.plainVector(op) {
            binary(plain, v)
            return true
        }
        switch op {
        case .vandc, .xxlandc:
            // The host complements the first source.
            let b = useVector(v.b, .x0)
            let t = defineVector(v.t)
            vector(.andNot, t, b, vectorOperand(v.a))
            finishVector(v.t, t)
        case .vnor, .xxlnor: complemented(.or, v)
        case .vnand, .xxlnand: complemented(.and, v)
        case .veqv, .xxleqv: complemented(.xor, v)
        case .vorc, .xxlorc:
            let b = useVector(v.b, .x0)
            onesVector(.x1)
            vector(.xor, .x1, .x1, b)
            let t = defineVector(v.t)
            vector(.or, t, .x1, vectorOperand(v.a))
            finishVector(v.t, t)
        case .vsel, .xxsel:
            // a ^ ((a ^ b) & mask)
            let a = useVector(v.a, .x0)
            vector(.xor, .x1, a, vectorOperand(v.b))
            vector(.and, .x1, .x1, vectorOperand(v.c))
            let t = defineVector(v.t)
            vector(.xor, t, a, .x1)
            finishVector(v.t, t)
        case .vaddubs: saturating(.addBytesUnsignedSaturating, .addBytes, v)
        case .vaddsbs: saturating(.addBytesSignedSaturating, .addBytes, v)
        case .vadduhs: saturating(.addHalvesUnsignedSaturating, .addHalves, v)
        case .vaddshs: saturating(.addHalvesSignedSaturating, .addHalves, v)
        case .vsububs: saturating(.subtractBytesUnsignedSaturating, .subtractBytes, v)
        case .vsubsbs: saturating(.subtractBytesSignedSaturating, .subtractBytes, v)
        case .vsubuhs: saturating(.subtractHalvesUnsignedSaturating, .subtractHalves, v)
        case .vsubshs: saturating(.subtractHalvesSignedSaturating, .subtractHalves, v)
        case .vadduws: addUnsigned(v.t, useVector(v.a, .x0), vectorOperand(v.b))
        case .vsubuws: subtractUnsigned(v)
        case .vaddsws: saturatingSignedWords(v, adding: true)
        case .vsubsws: saturatingSignedWords(v, adding: false)
        case .vaddcuw, .vsubcuw:
            // A carry leaves a + b below a, a borrow needs a below b.
            let a = useVector(v.a, .x0)
            if op == .vaddcuw {
                vector(.addWords, .x1, a, vectorOperand(v.b))
                vector(.maximumUnsignedWords, .x2, .x1, a)
            } else {
                copyVector(.x1, a)
                vector(.maximumUnsignedWords, .x2, .x1, vectorOperand(v.b))
            }
            // All ones where there is none (a carry) or no borrow.
            vector(.equalWords, .x1, .x1, .x2)
            if op == .vaddcuw { complementVector(.x1, .x2) }
            let t = defineVector(v.t)
            vector(.rightWords, t, .x1, 31)
            finishVector(v.t, t)
        case .vabsdub: absoluteDifference(.subtractBytesUnsignedSaturating, v)
        case .vabsduh: absoluteDifference(.subtractHalvesUnsignedSaturating, v)
        case .vabsduw:
            let a = useVector(v.a, .x0)
            vector(.maximumUnsignedWords, .x1, a, vectorOperand(v.b))
            vector(.minimumUnsignedWords, .x2, a, vectorOperand(v.b))
            let t = defineVector(v.t)
            vector(.subtractWords, t, .x1, .x2)
            finishVector(v.t, t)
        case .vavguw, .vavgsw, .vavgsh: averages(op, v)
        case .vavgsb:
            let a = useVector(v.a, .x0)
            vector(.xor, .x1, a, constants[.byteSigns])
            let b = useVector(v.b, .x2)
            vector(.xor, .x2, b, constants[.byteSigns])
            vector(.averageBytes, .x1, .x1, .x2)
            let t = defineVector(v.t)
            vector(.xor, t, .x1, constants[.byteSigns])
            finishVector(v.t, t)
        case .vmaxsd: largerDoubles(v, signed: true, largest: true)
        case .vmaxud: largerDoubles(v, signed: false, largest: true)
        case .vminsd: largerDoubles(v, signed: true, largest: false)
        case .vminud: largerDoubles(v, signed: false, largest: false)
        case .vnegw, .vnegd:
            zeroVector(.x1)
            let t = defineVector(v.t)
            vector(op == .vnegw ? .subtractWords : .subtractDoubles, t, .x1, vectorOperand(v.b))
            finishVector(v.t, t)
        case .vextsb2w, .vextsh2w:
            let b = useVector(v.b, .x0)
            let count: UInt8 = op == .vextsb2w ? 24 : 16
            let t = defineVector(v.t)
            vector(.leftWords, t, b, count)
            vector(.arithmeticWords, t, t, count)
            finishVector(v.t, t)
        case .vextsb2d, .vextsh2d, .vextsw2d:
            var b = useVector(v.b, .x0)
            if op != .vextsw2d {
                let count: UInt8 = op == .vextsb2d ? 24 : 16
                vector(.leftWords, .x1, b, count)
                vector(.arithmeticWords, .x1, .x1, count)
                b = .x1
            }
            // The low word of each doubleword, and its sign in the high one.
            shuffleWords(.x2, .register(b), 0xa0)
            vector(.arithmeticWords, .x3, .x2, 31)
            let t = defineVector(v.t)
            vector(.blendHalves, t, .x2, .x3, immediate: 0xcc)
            finishVector(v.t, t)
        default: return lowerVectorCompare(op, v, word) || lowerVectorShift(op, v) || lowerVectorProduct(op, v)
        }
        return true
    }

    private mutating func complemented(_ op: VectorOperation, _ v: VectorFields) {
        let a = useVector(v.a, .x0)
        vector(op, .x1, a, vectorOperand(v.b))
        onesVector(.x2)
        let t = defineVector(v.t)
        vector(.xor, t, .x1, .x2)
        finishVector(v.t, t)
    }

    // MARK: Saturation

    /// VSCR[SAT] sticks if `register` has a bit set.
    mutating func stickSaturation(_ register: VectorRegister) {
        testVector(register)
        asm.set(.notEqual, .rax)
        asm.alu(.or, .w8, state(Int(CJ_VSCR)), .rax)
    }

    private mutating func saturating(_ op: VectorOperation, _ wrapping: VectorOperation, _ v: VectorFields) {
        let a = useVector(v.a, .x0)
        vector(op, .x1, a, vectorOperand(v.b))
        vector(wrapping, .x2, a, vectorOperand(v.b))
        vector(.xor, .x2, .x2, .x1)
        stickSaturation(.x2)
        finishVector(v.t, .x1)
    }

    private mutating func subtractUnsigned(_ v: VectorFields) {
        let a = useVector(v.a, .x0)
        vector(.subtractWords, .x1, a, vectorOperand(v.b))
        // Without overflow a is not below b.
        vector(.maximumUnsignedWords, .x2, a, vectorOperand(v.b))
        vector(.equalWords, .x2, .x2, a)
        complementVector(.x2, .x3)
        vector(.andNot, .x1, .x2, .x1)
        stickSaturation(.x2)
        finishVector(v.t, .x1)
    }

    private mutating func saturatingSignedWords(_ v: VectorFields, adding: Bool) {
        let a = useVector(v.a, .x0)
        combineSigned(v.t, a, useVector(v.b, .x1), adding: adding)
    }

    /// Target = a + b or a - b, saturated. Uses xmm2 to xmm4.
    mutating func combineSigned(_ target: Int, _ a: VectorRegister, _ b: VectorRegister, adding: Bool) {
        vector(adding ? .addWords : .subtractWords, .x2, a, b)
        // Overflow where the result's sign is wrong: like neither source, or unlike the minuend if signs differ.
        vector(.xor, .x3, a, .x2)
        vector(.xor, .x4, adding ? .x2 : a, b)
        vector(.and, .x3, .x3, .x4)
        vector(.arithmeticWords, .x3, .x3, 31)
        stickSaturation(.x3)
        // The limit has a's sign.
        vector(.arithmeticWords, .x4, a, 31)
        vector(.xor, .x4, .x4, constants[.wordsMaximum])
        vector(.xor, .x4, .x4, .x2)
        vector(.and, .x4, .x4, .x3)
        vector(.xor, .x2, .x2, .x4)
        finishVector(target, .x2)
    }

    /// Target = a + b, saturated. Uses xmm2 to xmm4.
    mutating func addUnsigned(_ target: Int, _ a: VectorRegister, _ b: VectorOperand) {
        sumUnsigned(a, b)
        finishVector(target, .x2)
    }

    /// xmm2 = a + b, saturated. Uses xmm3 and xmm4.
    mutating func sumUnsigned(_ a: VectorRegister, _ b: VectorOperand) {
        vector(.addWords, .x2, a, b)
        // Without overflow the sum is not below a.
        vector(.maximumUnsignedWords, .x3, .x2, a)
        vector(.equalWords, .x3, .x3, .x2)
        complementVector(.x3, .x4)
        vector(.or, .x2, .x2, .x3)
        stickSaturation(.x3)
    }

    // MARK: Differences, averages, extremes

    /// One of the two saturated differences is zero.
    private mutating func absoluteDifference(_ op: VectorOperation, _ v: VectorFields) {
        let a = useVector(v.a, .x0)
        let b = useVector(v.b, .x1)
        vector(op, .x2, a, b)
        vector(op, .x3, b, a)
        let t = defineVector(v.t)
        vector(.or, t, .x2, .x3)
        finishVector(v.t, t)
    }

    /// The common bits plus half of the differing ones, rounded up.
    private mutating func averages(_ op: Lowered, _ v: VectorFields) {
        let a = useVector(v.a, .x0)
        let b = useVector(v.b, .x1)
        vector(.or, .x2, a, b)
        vector(.xor, .x3, a, b)
        let half: VectorShift = op == .vavguw ? .rightWords : op == .vavgsw ? .arithmeticWords : .arithmeticHalves
        vector(half, .x3, .x3, 1)
        let t = defineVector(v.t)
        vector(op == .vavgsh ? .subtractHalves : .subtractWords, t, .x2, .x3)
        finishVector(v.t, t)
    }

    /// to = all ones in doublewords where a > b. Uses xmm3 and xmm4.
    private mutating func compareDoubles(
        _ to: VectorRegister, _ a: VectorRegister, _ b: VectorRegister, signed: Bool
    ) {
        if signed {
            vector(.greaterDoubles, to, a, b)
            return
        }
        vector(.xor, .x3, a, constants[.doubleSigns])
        vector(.xor, .x4, b, constants[.doubleSigns])
        vector(.greaterDoubles, to, .x3, .x4)
    }

    private mutating func largerDoubles(_ v: VectorFields, signed: Bool, largest: Bool) {
        let a = useVector(v.a, .x0)
        let b = useVector(v.b, .x1)
        compareDoubles(.x2, a, b, signed: signed)
        vector(.xor, .x3, a, b)
        vector(.and, .x2, .x2, .x3)
        let t = defineVector(v.t)
        vector(.xor, t, largest ? b : a, .x2)
        finishVector(v.t, t)
    }

    // MARK: Compares

    private mutating func lowerVectorCompare(_ op: Lowered, _ v: VectorFields, _ word: UInt64) -> Bool {
        switch op {
        case .vcmpequb: equal(.equalBytes, v)
        case .vcmpequh: equal(.equalHalves, v)
        case .vcmpequw: equal(.equalWords, v)
        case .vcmpequd: equal(.equalDoubles, v)
        case .vcmpgtsb: equal(.greaterBytes, v)
        case .vcmpgtsh: equal(.greaterHalves, v)
        case .vcmpgtsw: equal(.greaterWords, v)
        case .vcmpgtsd: equal(.greaterDoubles, v)
        case .vcmpgtub: greaterUnsigned(.minimumUnsignedBytes, .equalBytes, v)
        case .vcmpgtuh: greaterUnsigned(.minimumUnsignedHalves, .equalHalves, v)
        case .vcmpgtuw: greaterUnsigned(.minimumUnsignedWords, .equalWords, v)
        case .vcmpgtud:
            let a = useVector(v.a, .x0)
            let b = useVector(v.b, .x1)
            compareDoubles(.x2, a, b, signed: false)
        case .vcmpneb: unequal(.equalBytes, v, orZero: false)
        case .vcmpneh: unequal(.equalHalves, v, orZero: false)
        case .vcmpnew: unequal(.equalWords, v, orZero: false)
        case .vcmpnezb: unequal(.equalBytes, v, orZero: true)
        case .vcmpnezh: unequal(.equalHalves, v, orZero: true)
        case .vcmpnezw: unequal(.equalWords, v, orZero: true)
        default: return false
        }
        finishVector(v.t, .x2)
        if word & 0x400 != 0 { setCR6(.x2) }
        return true
    }

    private mutating func equal(_ op: VectorOperation, _ v: VectorFields) {
        let a = useVector(v.a, .x0)
        vector(op, .x2, a, vectorOperand(v.b))
    }

    /// a > b where the smaller of the two is not a.
    private mutating func greaterUnsigned(_ minimum: VectorOperation, _ equal: VectorOperation, _ v: VectorFields) {
        let a = useVector(v.a, .x0)
        vector(minimum, .x2, a, vectorOperand(v.b))
        vector(equal, .x2, .x2, a)
        complementVector(.x2, .x3)
    }

    private mutating func unequal(_ op: VectorOperation, _ v: VectorFields, orZero: Bool) {
        let a = useVector(v.a, .x0)
        vector(op, .x2, a, vectorOperand(v.b))
        if orZero {
            // Equal elements count as different if they are zero.
            zeroVector(.x1)
            vector(op, .x1, .x1, a)
            vector(.andNot, .x2, .x1, .x2)
        }
        complementVector(.x2, .x3)
    }

    /// CR6 of a compare's result: 8 if all elements are ones, 2 if all are zero.
    mutating func setCR6(_ result: VectorRegister) {
        byteSigns(result)
        asm.constant(.rcx, 0)
        asm.alu(.cmp, .w32, .rax, immediate: 1)
        asm.alu(.adc, .w32, .rcx, .rcx)
        asm.alu(.add, .w32, .rax, immediate: 1)
        asm.shift(.shr, .w32, .rax, 16)
        asm.lea(.w32, .rcx, MemoryOperand(.rcx, index: .rax, scale: 2))
        asm.alu(.add, .w32, .rcx, .rcx)
        asm.store(.w8, state(Int(CJ_CR), 6), .rcx)
    }
}
