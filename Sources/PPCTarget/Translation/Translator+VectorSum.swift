import CJIT
import CPPCState

// Sums across elements that saturate, and pixels (ISA 3.1 Book I, sections 6.8 and 6.9).
extension Translator {
    /// False if the instruction is none of this file's.
    mutating func lowerVectorSum(_ op: Lowered, _ v: VectorFields) -> Bool {
        switch op {
        case .vsum4ubs, .vsum4sbs, .vsum4shs:
            let a = useVector(v.a, .x0)
            if op == .vsum4shs {
                vector(.multiplyAddHalves, .x0, a, constants[.oneHalves])
            } else {
                // pmaddubsw takes its first source for unsigned and its second for signed.
                if op == .vsum4ubs {
                    vector(Self.multiplyAddBytes, .x0, a, constants[.oneBytes])
                } else {
                    loadConstant(.x1, .oneBytes)
                    vector(Self.multiplyAddBytes, .x0, .x1, a)
                }
                vector(.multiplyAddHalves, .x0, .x0, constants[.oneHalves])
            }
            let b = useVector(v.b, .x1)
            if op == .vsum4ubs { addUnsigned(v.t, .x0, .register(b)) } else { combineSigned(v.t, .x0, b, adding: true) }
        case .vsumsws, .vsum2sws:
            let halves = op == .vsumsws ? 1 : 2
            for half in 0..<halves {
                let first = half &* 8
                asm.loadSignExtended(.w32, .rax, vsr(v.b, first))
                for word in 0..<4 / halves {
                    asm.loadSignExtended(.w32, .rcx, vsr(v.a, first &+ 4 &* word))
                    asm.alu(.add, .w64, .rax, .rcx)
                }
                clampToWord()
                if half == 0 { moveToVector(.x0, .rax) } else { insertDouble0(.x0, .x0, .rax) }
            }
            finishVector(v.t, .x0)
        case .vpkpx:
            packPixels(.x2, useVector(v.a, .x0))
            packPixels(.x3, useVector(v.b, .x0))
            vector(.packWordsUnsigned, .x3, .x3, .x2)
            finishVector(v.t, .x3)
        case .vupkhpx, .vupklpx:
            if op == .vupkhpx {
                shuffleWords(.x0, vectorOperand(v.b), 0xee)
            } else {
                copyVector(.x0, useVector(v.b, .x0))
            }
            // pmovsxwd
            vector(unary: VectorOperation(0x23, map: 2), .x0, .register(.x0))
            vector(.and, .x2, .x0, constants[.pixelEnds])
            vector(.leftWords, .x1, .x0, 3)
            vector(.and, .x1, .x1, constants[.pixelThird])
            vector(.or, .x2, .x2, .x1)
            vector(.leftWords, .x1, .x0, 6)
            vector(.and, .x1, .x1, constants[.pixelSecond])
            vector(.or, .x2, .x2, .x1)
            finishVector(v.t, .x2)
        default: return false
        }
        return true
    }

    static var multiplyAddBytes: VectorOperation { VectorOperation(0x04, map: 2) }

    /// eax = rax brought into the range of a signed word, VSCR[SAT] set if it was outside. Uses rcx.
    private mutating func clampToWord() {
        asm.signExtend(.w32, .rcx, .rax)
        asm.alu(.cmp, .w64, .rcx, .rax)
        let fits = asm.shortJump(.equal)
        asm.shift(.sar, .w64, .rax, 63)
        asm.alu(.xor, .w32, .rax, immediate: 0x7fff_ffff)
        asm.alu(.or, .w8, state(Int(CJ_VSCR)), immediate: 1)
        asm.land(fits)
        asm.move(.w32, .rax, .rax)
    }

    /// Words of 8:8:8:8 to halfwords of 1:5:5:5 in words. Uses xmm1.
    private mutating func packPixels(_ to: VectorRegister, _ from: VectorRegister) {
        vector(.rightWords, to, from, 9)
        vector(.and, to, to, constants[.packedFirst])
        vector(.rightWords, .x1, from, 6)
        vector(.and, .x1, .x1, constants[.packedSecond])
        vector(.or, to, to, .x1)
        vector(.rightWords, .x1, from, 3)
        vector(.and, .x1, .x1, constants[.packedThird])
        vector(.or, to, to, .x1)
    }
}
