import CJIT
import CPPCState

// Estimates of reciprocals and of reciprocal square roots, which are the rounded quotients here (ISA 3.1 Book I, sections
// 4.6.6.1, 7.6.1.8 and 6.12.6).
extension Translator {
    private static var divide: UInt8 { 0x5e }
    private static var squareRoot: UInt8 { 0x51 }

    mutating func lowerScalarEstimate(_ op: Lowered, _ f: Word) -> Bool {
        switch op {
        case .fre, .xsredp: scalarEstimate(f, root: false, single: false)
        case .fres, .xsresp: scalarEstimate(f, root: false, single: true)
        case .frsqrte, .xsrsqrtedp: scalarEstimate(f, root: true, single: false)
        case .frsqrtes, .xsrsqrtesp: scalarEstimate(f, root: true, single: true)
        default: return false
        }
        return true
    }

    private mutating func scalarEstimate(_ f: Word, root: Bool, single: Bool) {
        let n = FloatOperands(f.word)
        // Estimates of VSX are rounded to double first, and divide by zero unnoticed; those of FPRs are rounded once.
        let isVSX = f.word &>> 26 & 63 == 60
        let slow = asm.label()
        let new = beginOperation(f.word, n.target, a: nil, b: n.b, c: nil)
        var divisor = useScalar(n.b, .x0)
        if root {
            vector(VectorOperation(Self.squareRoot, simd: 3), .x1, divisor, divisor)
            divisor = .x1
        }
        if !isVSX {
            zeroVector(.x3)
            compareScalars(.x3, .register(divisor))
            asm.jump(.equal, slow)
        }
        loadConstant(.x2, .doubleOnes)
        vector(VectorOperation(Self.divide, simd: 3), .x2, .x2, divisor)
        if single && !isVSX { leaveIfHalfway(slow) }
        finishOperation(new, n.target, single: single, slow: slow)
    }

    /// xmm2 = 1 / B or 1 / sqrt(B), element by element. Dividing by zero goes unnoticed.
    mutating func packedEstimate(_ v: VectorFields, root: Bool, single: Bool) {
        let simd: UInt8 = single ? 0 : 1
        var divisor = useVector(v.b, .x0)
        if root {
            vector(unary: VectorOperation(Self.squareRoot, simd: simd), .x1, .register(divisor))
            divisor = .x1
        }
        loadConstant(.x2, single ? .singleOnes : .doubleOnes)
        vector(VectorOperation(Self.divide, simd: simd), .x2, .x2, divisor)
    }

    // MARK: Tests for software division and square root

    /// Numbers far from both ends of the range need no more than a look at their exponents; others go the slow way.
    mutating func lowerEstimateTest(_ op: Lowered, _ f: Word) -> Bool {
        let n = FloatOperands(f.word)
        switch op {
        case .ftdiv, .xstdivdp: testExponents(f, [n.a, n.b], [8], single: false, root: false)
        case .xvtdivdp: testExponents(f, [n.a, n.b], [0, 8], single: false, root: false)
        case .xvtdivsp: testExponents(f, [n.a, n.b], [0, 4, 8, 12], single: true, root: false)
        case .ftsqrt, .xstsqrtdp: testExponents(f, [n.b], [8], single: false, root: true)
        case .xvtsqrtdp: testExponents(f, [n.b], [0, 8], single: false, root: true)
        case .xvtsqrtsp: testExponents(f, [n.b], [0, 4, 8, 12], single: true, root: true)
        default: return false
        }
        return true
    }

    /// Of a root the test is exact: positive, and not within a fraction's length of the smallest exponent. Of a quotient
    /// both exponents are in the middle half, so that their difference is in range, too.
    private mutating func testExponents(
        _ f: Word, _ registers: [Int], _ places: [Int], single: Bool, root: Bool
    ) {
        let slow = asm.label()
        let width: HostWidth = single ? .w32 : .w64
        let (least, count): (Int32, Int32) =
            root ? (single ? (25, 229) : (54, 1992)) : (single ? (65, 124) : (513, 1020))
        for register in registers {
            for place in places {
                asm.load(width, .rax, vsr(register, place))
                asm.shift(.shr, width, .rax, single ? 23 : 52)
                if !root { asm.alu(.and, .w32, .rax, immediate: single ? 0xff : 0x7ff) }
                asm.alu(.sub, .w32, .rax, immediate: least)
                asm.alu(.cmp, .w32, .rax, immediate: count)
                asm.jump(.above, slow)
            }
        }
        slowPath(from: slow)
        asm.storeByte(state(Int(CJ_CR), f.bf), immediate: 8)
        resumeSlowPath()
    }
}
