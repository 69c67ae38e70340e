import CJIT
import CPPCState

// Shifts and rotates of VMX by a count of its own for each element, where the host has none: of bytes and halfwords, and
// on hosts without AVX2 of words and doublewords (ISA 3.1 Book I, section 6.11).
//
// A shift to the left by n is a product with 2^n. One to the right by n is a product with 2^(m - n), of which the bits
// from m up are wanted; m is one less than the element's width, so that the factor fits into an element.
extension Translator {
    private static var convertSingles: VectorOperation { VectorOperation(0x5b, simd: 2) }
    /// Shifts of both doublewords by the count in the low one of the second source.
    private static var leftDoubles: VectorOperation { VectorOperation(0xf3) }
    private static var rightDoubles: VectorOperation { VectorOperation(0xd3) }

    /// False if the instruction is none of this file's, or the host has shorter code for it.
    mutating func lowerElementShift(_ op: Lowered, _ v: VectorFields) -> Bool {
        switch op {
        case .vslb, .vsrb, .vsrab, .vrlb, .vslv, .vsrv: shiftBytesByProducts(op, v)
        case .vslh, .vsrh, .vsrah, .vrlh: shiftHalves(op, v)
        case .vslw, .vsrw, .vsraw, .vrlw:
            if hasAVX2 { return false }
            shiftWords(op, v)
        case .vsld, .vsrd, .vsrad, .vrld:
            if hasAVX2 { return false }
            shiftDoubles(op, v)
        case .vsl, .vsr: shiftBits(v, left: op == .vsl)
        default: return false
        }
        return true
    }

    // MARK: Bytes

    /// Products of halfwords: xmm1's upper bytes and xmm2's lower ones become the result.
    private mutating func shiftBytesByProducts(_ op: Lowered, _ v: VectorFields) {
        let isLeft = op == .vslb || op == .vrlb || op == .vslv
        let b = useVector(v.b, .x1)
        vector(.and, .x1, b, constants[.bytes7])
        loadConstant(.x2, isLeft ? .bytePowers : .bytePowersDown)
        vector(.shuffleBytes, .x2, .x2, .x1)
        vector(.rightHalves, .x1, .x2, 8)
        vector(.and, .x2, .x2, constants[.halves255])
        let a = useVector(v.a, .x0)
        switch op {
        case .vslv:
            // Bits come in from the byte to the right, which is below.
            vector(.multiplyLowHalves, .x1, .x1, a)
            vector(.leftQuad, .x3, a, 1)
            vector(.multiplyLowHalves, .x2, .x2, .x3)
            vector(.rightHalves, .x2, .x2, 8)
        case .vsrv:
            vector(.multiplyLowHalves, .x2, .x2, a)
            vector(.rightQuad, .x3, a, 1)
            vector(.multiplyLowHalves, .x1, .x1, .x3)
            dropSevenBits()
        default:
            widenBytes(.x3, a, even: true, signed: op == .vsrab)
            vector(.multiplyLowHalves, .x1, .x1, .x3)
            if op == .vslb {
                vector(.leftHalves, .x1, .x1, 8)
                vector(.multiplyLowHalves, .x2, .x2, a)
            } else {
                widenBytes(.x3, a, even: false, signed: op == .vsrab)
                vector(.multiplyLowHalves, .x2, .x2, .x3)
                if op == .vrlb {
                    vector(.leftHalves, .x3, .x1, 8)
                    vector(.or, .x1, .x1, .x3)
                    vector(.rightHalves, .x3, .x2, 8)
                    vector(.or, .x2, .x2, .x3)
                } else {
                    dropSevenBits()
                }
            }
        }
        if hasAVX512 {
            ternary(0xe4, .x2, .x1, constants[.halves255])
        } else {
            vector(.xor, .x2, .x2, .x1)
            vector(.and, .x2, .x2, constants[.halves255])
            vector(.xor, .x2, .x2, .x1)
        }
        finishVector(v.t, .x2)
    }

    private mutating func dropSevenBits() {
        vector(.leftHalves, .x1, .x1, 1)
        vector(.rightHalves, .x2, .x2, 7)
    }

    // MARK: Halfwords

    private mutating func shiftHalves(_ op: Lowered, _ v: VectorFields) {
        let isLeft = op == .vslh || op == .vrlh
        let b = useVector(v.b, .x1)
        vector(.and, .x1, b, constants[.halves15])
        // Of 2^n the lower byte is entry n of the table, the upper one entry n - 8, modulo 16.
        vector(.leftHalves, .x2, .x1, 8)
        vector(.or, .x1, .x1, .x2)
        vector(.xor, .x1, .x1, constants[isLeft ? .halfPowerPlaces : .halfPowerPlacesDown])
        loadConstant(.x2, .bytePowers)
        vector(.shuffleBytes, .x2, .x2, .x1)
        var a = useVector(v.a, .x0)
        if op == .vsrah {
            // What comes in are copies of the sign: shift the complement of negative elements logically.
            vector(.arithmeticHalves, .x4, a, 15)
            vector(.xor, .x0, a, .x4)
            a = .x0
        }
        vector(.multiplyLowHalves, .x1, .x2, a)
        if op != .vslh {
            vector(.multiplyHighUnsignedHalves, .x2, .x2, a)
            if op != .vrlh {
                vector(.leftHalves, .x2, .x2, 1)
                vector(.rightHalves, .x1, .x1, 15)
            }
            vector(.or, .x1, .x1, .x2)
        }
        if op == .vsrah { vector(.xor, .x1, .x1, .x4) }
        finishVector(v.t, .x1)
    }

    // MARK: Words

    private mutating func shiftWords(_ op: Lowered, _ v: VectorFields) {
        let isLeft = op == .vslw || op == .vrlw
        let b = useVector(v.b, .x1)
        vector(.and, .x1, b, constants[.words31])
        if !isLeft { vector(.xor, .x1, .x1, constants[.words31]) }
        // 2^n as a single, and from there as an integer; 2^31 overflows into the right answer.
        vector(.leftWords, .x1, .x1, 23)
        vector(.addWords, .x1, .x1, constants[.singleOnes])
        vector(unary: Self.convertSingles, .x1, .register(.x1))
        var a = useVector(v.a, .x0)
        if op == .vslw {
            vector(.multiplyLowWords, .x1, .x1, a)
            return finishVector(v.t, .x1)
        }
        if op == .vsraw {
            vector(.arithmeticWords, .x4, a, 31)
            vector(.xor, .x0, a, .x4)
            a = .x0
        }
        vector(.multiplyUnsignedWords, .x2, .x1, a)
        vector(.rightDoubles, .x1, .x1, 32)
        vector(.rightDoubles, .x3, a, 32)
        vector(.multiplyUnsignedWords, .x1, .x1, .x3)
        if op == .vrlw {
            vector(.rightDoubles, .x3, .x2, 32)
            vector(.or, .x2, .x2, .x3)
            vector(.leftDoubles, .x3, .x1, 32)
            vector(.or, .x1, .x1, .x3)
            vector(.blendHalves, .x2, .x2, .x1, immediate: 0xcc)
        } else {
            vector(.rightDoubles, .x2, .x2, 31)
            vector(.rightDoubles, .x1, .x1, 31)
            vector(.leftDoubles, .x1, .x1, 32)
            vector(.or, .x2, .x2, .x1)
        }
        if op == .vsraw { vector(.xor, .x2, .x2, .x4) }
        finishVector(v.t, .x2)
    }

    // MARK: Doublewords

    private mutating func shiftDoubles(_ op: Lowered, _ v: VectorFields) {
        let isLeft = op == .vsld || op == .vrld
        let b = useVector(v.b, .x1)
        vector(.and, .x1, b, constants[.doubles63])
        let a = useVector(v.a, .x0)
        if op == .vsrad {
            vector(.arithmeticWords, .x4, a, 31)
            shuffleWords(.x4, .register(.x4), 0xf5)
            vector(.xor, .x0, a, .x4)
            shiftPair(.x2, .x0, Self.rightDoubles)
            vector(.xor, .x2, .x2, .x4)
        } else {
            shiftPair(.x2, a, isLeft ? Self.leftDoubles : Self.rightDoubles)
        }
        if op == .vrld {
            // A count of the whole width gives zero.
            loadConstant(.x4, .doubles64)
            let b = useVector(v.b, .x1)
            vector(.and, .x1, b, constants[.doubles63])
            vector(.subtractDoubles, .x1, .x4, .x1)
            shiftPair(.x4, a, Self.rightDoubles)
            vector(.or, .x2, .x2, .x4)
        }
        finishVector(v.t, .x2)
    }

    /// to = each doubleword of `a` shifted by its count in xmm1. Uses xmm1 and xmm3.
    private mutating func shiftPair(_ to: VectorRegister, _ a: VectorRegister, _ op: VectorOperation) {
        vector(op, to, a, .x1)
        shuffleWords(.x1, .register(.x1), 0xee)
        vector(op, .x3, a, .x1)
        vector(.shufflePairOfDoubles, to, to, .x3, immediate: 2)
    }

    // MARK: The whole register

    /// vsl, vsr: the last three bits of VRB count.
    private mutating func shiftBits(_ v: VectorFields, left: Bool) {
        asm.loadZeroExtended(.w8, .rax, vsr(v.b))
        asm.alu(.and, .w32, .rax, immediate: 7)
        moveToVector(.x1, .rax, .w32)
        asm.negate(.w32, .rax)
        asm.alu(.add, .w32, .rax, immediate: 64)
        moveToVector(.x2, .rax, .w32)
        let a = useVector(v.a, .x0)
        // What leaves one doubleword enters the other.
        vector(left ? Self.rightDoubles : Self.leftDoubles, .x3, a, .x2)
        vector(left ? .leftQuad : .rightQuad, .x3, .x3, 8)
        vector(left ? Self.leftDoubles : Self.rightDoubles, .x1, a, .x1)
        vector(.or, .x1, .x1, .x3)
        finishVector(v.t, .x1)
    }
}
