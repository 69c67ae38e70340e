import CJIT
import CPPCState

// VMX shifts, rotates, products and sums (ISA 3.1 Book I, sections 6.9 and 6.11).
extension Translator {
    // MARK: Shifts

    /// Shifts by a count of its own for each element; the host has them since AVX2.
    private static var leftWords: VectorOperation { VectorOperation(0x47, map: 2) }
    private static var rightWords: VectorOperation { VectorOperation(0x45, map: 2) }
    private static var arithmeticWords: VectorOperation { VectorOperation(0x46, map: 2) }

    private mutating func variable(
        _ op: VectorOperation, wide: Bool, _ to: VectorRegister, _ a: VectorRegister, _ count: VectorRegister
    ) {
        asm.vex(simd: 1, wide: wide, 2, op.code, reg: to.code, vvvv: a.code, rm: count.code)
    }

    mutating func lowerVectorShift(_ op: Lowered, _ v: VectorFields) -> Bool {
        if lowerElementShift(op, v) { return true }
        switch op {
        case .vslw: shiftWords(Self.leftWords, v)
        case .vsrw: shiftWords(Self.rightWords, v)
        case .vsraw: shiftWords(Self.arithmeticWords, v)
        case .vsld: shiftDoubles(Self.leftWords, v)
        case .vsrd: shiftDoubles(Self.rightWords, v)
        case .vsrad:
            // The bits that come in are the sign's: shift the complement of negative elements logically.
            let a = useVector(v.a, .x0)
            let b = useVector(v.b, .x1)
            vector(.and, .x1, b, constants[.doubles63])
            vector(.arithmeticWords, .x2, a, 31)
            shuffleWords(.x2, .register(.x2), 0xf5)
            vector(.xor, .x3, a, .x2)
            variable(Self.rightWords, wide: true, .x3, .x3, .x1)
            let t = defineVector(v.t)
            vector(.xor, t, .x3, .x2)
            finishVector(v.t, t)
        case .vrlw, .vrld:
            rotate(v, isDouble: op == .vrld)
            finishVector(v.t, .x2)
        case .vrlwnm, .vrlwmi: rotateAndMask(v, isDouble: false, inserts: op == .vrlwmi)
        case .vrldnm, .vrldmi: rotateAndMask(v, isDouble: true, inserts: op == .vrldmi)
        default: return false
        }
        return true
    }

    /// xmm2 = A rotated by the counts in B. Uses xmm0, xmm1 and xmm3.
    private mutating func rotate(_ v: VectorFields, isDouble: Bool) {
        let a = useVector(v.a, .x0)
        if hasAVX512 {
            vectorEVEX(VectorOperation(0x15, map: 2), wide: isDouble, .x2, a, vectorOperand(v.b))
            return
        }
        let b = useVector(v.b, .x1)
        vector(.and, .x1, b, constants[isDouble ? .doubles63 : .words31])
        variable(Self.leftWords, wide: isDouble, .x2, a, .x1)
        // A count of the whole width gives zero.
        loadConstant(.x3, isDouble ? .doubles64 : .words32)
        vector(isDouble ? .subtractDoubles : .subtractWords, .x3, .x3, .x1)
        variable(Self.rightWords, wide: isDouble, .x3, a, .x3)
        vector(.or, .x2, .x2, .x3)
    }

    /// Keeps, or puts into the target, bits from the number in the third byte of each count to that in the second.
    private mutating func rotateAndMask(_ v: VectorFields, isDouble: Bool, inserts: Bool) {
        rotate(v, isDouble: isDouble)
        let b = useVector(v.b, .x0)
        let mask = constants[isDouble ? .doubles63 : .words31]
        vector(isDouble ? .rightDoubles : .rightWords, .x1, b, 8)
        vector(.and, .x1, .x1, mask)
        vector(isDouble ? .rightDoubles : .rightWords, .x0, b, 16)
        vector(.and, .x0, .x0, mask)
        onesVector(.x3)
        variable(Self.rightWords, wide: isDouble, .x4, .x3, .x1)
        vector(isDouble ? .rightDoubles : .rightWords, .x4, .x4, 1)
        variable(Self.rightWords, wide: isDouble, .x3, .x3, .x0)
        vector(.xor, .x3, .x3, .x4)
        // Beginnings beyond the end wrap around.
        vector(isDouble ? .greaterDoubles : .greaterWords, .x0, .x0, .x1)
        vector(.xor, .x3, .x3, .x0)
        if inserts {
            let old = useVector(v.t, .x0)
            vector(.xor, .x2, .x2, old)
            vector(.and, .x2, .x2, .x3)
            vector(.xor, .x2, .x2, old)
        } else {
            vector(.and, .x2, .x2, .x3)
        }
        finishVector(v.t, .x2)
    }

    private mutating func shiftWords(_ op: VectorOperation, _ v: VectorFields) {
        let b = useVector(v.b, .x1)
        vector(.and, .x1, b, constants[.words31])
        let a = useVector(v.a, .x0)
        let t = defineVector(v.t)
        variable(op, wide: false, t, a, .x1)
        finishVector(v.t, t)
    }

    private mutating func shiftDoubles(_ op: VectorOperation, _ v: VectorFields) {
        let b = useVector(v.b, .x1)
        vector(.and, .x1, b, constants[.doubles63])
        let a = useVector(v.a, .x0)
        let t = defineVector(v.t)
        variable(op, wide: true, t, a, .x1)
        finishVector(v.t, t)
    }

    // MARK: Products

    mutating func lowerVectorProduct(_ op: Lowered, _ v: VectorFields) -> Bool {
        switch op {
        case .vmuleuw, .vmulesw:
            let a = useVector(v.a, .x0)
            vector(.rightDoubles, .x2, a, 32)
            let b = useVector(v.b, .x1)
            vector(.rightDoubles, .x3, b, 32)
            let t = defineVector(v.t)
            vector(op == .vmuleuw ? .multiplyUnsignedWords : .multiplySignedWords, t, .x2, .x3)
            finishVector(v.t, t)
        case .vmuleuh, .vmulesh, .vmulouh, .vmulosh:
            let isSigned = op == .vmulesh || op == .vmulosh
            let isEven = op == .vmuleuh || op == .vmulesh
            multiplyHalves(v, signed: isSigned)
            let t = defineVector(v.t)
            joinProducts(t, even: isEven)
            finishVector(v.t, t)
        case .vmuleub, .vmulesb, .vmuloub, .vmulosb:
            let isSigned = op == .vmulesb || op == .vmulosb
            let isEven = op == .vmuleub || op == .vmulesb
            let a = useVector(v.a, .x0)
            widenBytes(.x2, a, even: isEven, signed: isSigned)
            let b = useVector(v.b, .x1)
            widenBytes(.x3, b, even: isEven, signed: isSigned)
            let t = defineVector(v.t)
            vector(.multiplyLowHalves, t, .x2, .x3)
            finishVector(v.t, t)
        case .vmladduhm:
            let a = useVector(v.a, .x0)
            vector(.multiplyLowHalves, .x1, a, vectorOperand(v.b))
            let t = defineVector(v.t)
            vector(.addHalves, t, .x1, vectorOperand(v.c))
            finishVector(v.t, t)
        case .vmsumshm:
            let a = useVector(v.a, .x0)
            vector(.multiplyAddHalves, .x1, a, vectorOperand(v.b))
            let t = defineVector(v.t)
            vector(.addWords, t, .x1, vectorOperand(v.c))
            finishVector(v.t, t)
        case .vmsumuhm:
            multiplyHalves(v, signed: false)
            joinProducts(.x0, even: true)
            joinProducts(.x1, even: false)
            vector(.addWords, .x0, .x0, .x1)
            vector(.addWords, .x0, .x0, vectorOperand(v.c))
            finishVector(v.t, .x0)
        case .vmsumubm, .vmsummbm:
            let a = useVector(v.a, .x0)
            let b = useVector(v.b, .x1)
            widenBytes(.x2, a, even: true, signed: op == .vmsummbm)
            widenBytes(.x3, b, even: true, signed: false)
            vector(.multiplyAddHalves, .x4, .x2, .x3)
            widenBytes(.x2, a, even: false, signed: op == .vmsummbm)
            widenBytes(.x3, b, even: false, signed: false)
            vector(.multiplyAddHalves, .x2, .x2, .x3)
            vector(.addWords, .x2, .x2, .x4)
            vector(.addWords, .x2, .x2, vectorOperand(v.c))
            finishVector(v.t, .x2)
        case .vpmsumd:
            let a = useVector(v.a, .x0)
            let b = useVector(v.b, .x1)
            vector(.multiplyCarryless, .x2, a, b, immediate: 0)
            vector(.multiplyCarryless, .x3, a, b, immediate: 0x11)
            let t = defineVector(v.t)
            vector(.xor, t, .x2, .x3)
            finishVector(v.t, t)
        case .vadduqm, .vsubuqm:
            // Through general registers, which have a carry.
            asm.load(.w64, .rax, vsr(v.a))
            asm.load(.w64, .rdx, vsr(v.a, 8))
            asm.alu(op == .vadduqm ? .add : .sub, .w64, .rax, vsr(v.b))
            asm.alu(op == .vadduqm ? .adc : .sbb, .w64, .rdx, vsr(v.b, 8))
            moveToVector(.x0, .rax)
            insertDouble0(.x0, .x0, .rdx)
            finishVector(v.t, .x0)
        default: return lowerVectorMultiply(op, v)
        }
        return true
    }

    /// xmm2, xmm3 = low and high halves of the products of halfwords.
    mutating func multiplyHalves(_ v: VectorFields, signed: Bool) {
        let a = useVector(v.a, .x0)
        vector(.multiplyLowHalves, .x2, a, vectorOperand(v.b))
        vector(signed ? .multiplyHighSignedHalves : .multiplyHighUnsignedHalves, .x3, a, vectorOperand(v.b))
    }

    /// Words from the halves in xmm2 and xmm3. The ISA's even elements are the host's odd lanes. Uses xmm4.
    mutating func joinProducts(_ to: VectorRegister, even: Bool) {
        if even {
            vector(.rightWords, .x4, .x2, 16)
            vector(.blendHalves, to, .x4, .x3, immediate: 0xaa)
        } else {
            vector(.leftWords, .x4, .x3, 16)
            vector(.blendHalves, to, .x2, .x4, immediate: 0xaa)
        }
    }

    mutating func widenBytes(_ to: VectorRegister, _ from: VectorRegister, even: Bool, signed: Bool) {
        if even {
            vector(signed ? .arithmeticHalves : .rightHalves, to, from, 8)
        } else {
            vector(.leftHalves, to, from, 8)
            vector(signed ? .arithmeticHalves : .rightHalves, to, to, 8)
        }
    }
}
