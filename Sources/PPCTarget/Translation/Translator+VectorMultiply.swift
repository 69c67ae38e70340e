import CJIT
import CPPCState

// Products of words and doublewords, and products of halfwords that are summed with saturation (ISA 3.1 Book I, section
// 6.9).
extension Translator {
    /// False if the instruction is none of this file's.
    mutating func lowerVectorMultiply(_ op: Lowered, _ v: VectorFields) -> Bool {
        switch op {
        case .vmhaddshs: multiplyHighAdd(v, rounds: false)
        case .vmhraddshs: multiplyHighAdd(v, rounds: true)
        case .vmsumshs:
            let slow = asm.label()
            let a = useVector(v.a, .x0)
            vector(.multiplyAddHalves, .x1, a, vectorOperand(v.b))
            // The one sum of two products that does not fit into a word.
            vector(.equalWords, .x2, .x1, constants[.wordSigns])
            testVector(.x2)
            asm.jump(.notEqual, slow)
            slowPath(from: slow)
            combineSigned(v.t, .x1, useVector(v.c, .x0), adding: true)
            resumeSlowPath()
        case .vmsumuhs:
            multiplyHalves(v, signed: false)
            joinProducts(.x0, even: true)
            joinProducts(.x1, even: false)
            // Sums that only grow may saturate one after the other.
            sumUnsigned(.x0, .register(.x1))
            copyVector(.x0, .x2)
            addUnsigned(v.t, .x0, vectorOperand(v.c))
        case .vmulhsw, .vmulhuw:
            let product: VectorOperation = op == .vmulhsw ? .multiplySignedWords : .multiplyUnsignedWords
            let a = useVector(v.a, .x0)
            let b = useVector(v.b, .x1)
            vector(product, .x2, a, b)
            vector(.rightDoubles, .x2, .x2, 32)
            vector(.rightDoubles, .x3, a, 32)
            vector(.rightDoubles, .x4, b, 32)
            vector(product, .x3, .x3, .x4)
            vector(.blendHalves, .x2, .x2, .x3, immediate: 0xcc)
            finishVector(v.t, .x2)
        case .vmulld:
            // The low halves' product, and the other two in its upper half.
            let a = useVector(v.a, .x0)
            let b = useVector(v.b, .x1)
            vector(.rightDoubles, .x2, a, 32)
            vector(.multiplyUnsignedWords, .x2, .x2, b)
            vector(.rightDoubles, .x3, b, 32)
            vector(.multiplyUnsignedWords, .x3, .x3, a)
            vector(.addDoubles, .x2, .x2, .x3)
            vector(.leftDoubles, .x2, .x2, 32)
            vector(.multiplyUnsignedWords, .x3, a, b)
            vector(.addDoubles, .x2, .x2, .x3)
            finishVector(v.t, .x2)
        case .vmulhsd, .vmulhud:
            for half in 0..<2 {
                multiplyDoubles(v, half, signed: op == .vmulhsd)
                if half == 0 { moveToVector(.x0, .rdx) } else { insertDouble0(.x0, .x0, .rdx) }
            }
            finishVector(v.t, .x0)
        case .vmulesd, .vmuleud, .vmulosd, .vmuloud:
            multiplyDoubles(
                v, op == .vmulesd || op == .vmuleud ? 1 : 0, signed: op == .vmulesd || op == .vmulosd)
            moveToVector(.x0, .rax)
            insertDouble0(.x0, .x0, .rdx)
            finishVector(v.t, .x0)
        case .vmsumudm:
            multiplyDoubles(v, 0, signed: false)
            asm.alu(.add, .w64, .rax, vsr(v.c))
            asm.alu(.adc, .w64, .rdx, vsr(v.c, 8))
            moveToVector(.x0, .rax)
            moveToVector(.x1, .rdx)
            multiplyDoubles(v, 1, signed: false)
            moveFromVector(.rcx, .x0)
            asm.alu(.add, .w64, .rax, .rcx)
            // Moves keep the carry.
            moveFromVector(.rcx, .x1)
            asm.alu(.adc, .w64, .rdx, .rcx)
            moveToVector(.x0, .rax)
            insertDouble0(.x0, .x0, .rdx)
            finishVector(v.t, .x0)
        default: return false
        }
        return true
    }

    /// rdx:rax = the product of the doublewords that are the host's lane `half`. Uses rcx.
    private mutating func multiplyDoubles(_ v: VectorFields, _ half: Int, signed: Bool) {
        asm.load(.w64, .rax, vsr(v.a, half &* 8))
        asm.load(.w64, .rcx, vsr(v.b, half &* 8))
        asm.multiplyWide(signed: signed, .w64, .rcx)
    }

    /// The products' upper 17 bits, rounded or not, plus C.
    private mutating func multiplyHighAdd(_ v: VectorFields, rounds: Bool) {
        multiplyHalves(v, signed: true)
        vector(.unpackLowHalves, .x0, .x2, .x3)
        vector(.unpackHighHalves, .x1, .x2, .x3)
        let c = useVector(v.c, .x4)
        // pmovsxwd
        vector(unary: VectorOperation(0x23, map: 2), .x2, .register(c))
        shuffleWords(.x3, .register(c), 0xee)
        vector(unary: VectorOperation(0x23, map: 2), .x3, .register(.x3))
        if rounds {
            vector(.addWords, .x0, .x0, constants[.wordHalves15])
            vector(.addWords, .x1, .x1, constants[.wordHalves15])
        }
        vector(.arithmeticWords, .x0, .x0, 15)
        vector(.arithmeticWords, .x1, .x1, 15)
        vector(.addWords, .x0, .x0, .x2)
        vector(.addWords, .x1, .x1, .x3)
        packSignedSticking(v.t, .x1, .x0, halves: false)
    }
}
