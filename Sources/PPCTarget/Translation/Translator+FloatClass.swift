import CJIT
import CPPCState

// Exponents, significands and classes of numbers, and comparisons that make masks (ISA 3.1 Book I, sections 7.6.1.5 and
// 7.6.1.11).
extension Translator {
    /// Of the instructions with one operand in VSRs; false if the instruction is none of this file's.
    mutating func lowerFloatClass(_ op: Lowered, _ v: VectorFields, _ word: UInt64) -> Bool {
        let f = Word(word)
        switch op {
        case .xvxexpdp: fieldOf(v, .leftDoubles, .rightDoubles, 1, 53)
        case .xvxexpsp: fieldOf(v, .leftWords, .rightWords, 1, 24)
        case .xvxsigdp: significands(v, single: false)
        case .xvxsigsp: significands(v, single: true)
        case .xviexpdp, .xviexpsp:
            let single = op == .xviexpsp
            let b = useVector(v.b, .x0)
            vector(single ? .leftWords : .leftDoubles, .x1, b, single ? 24 : 53)
            vector(single ? .rightWords : .rightDoubles, .x1, .x1, 1)
            loadConstant(.x2, single ? .singleExponents : .doubleExponents)
            vector(.andNot, .x2, .x2, vectorOperand(v.a))
            vector(.or, .x1, .x1, .x2)
            finishVector(v.t, .x1)
        case .xsxexpdp:
            let t = define(f.rt)
            asm.load(.w64, t, vsr(v.b, 8))
            asm.shift(.shl, .w64, t, 1)
            asm.shift(.shr, .w64, t, 53)
            finish(f.rt, t)
        case .xsxsigdp:
            asm.load(.w64, .rax, vsr(v.b, 8))
            asm.move(.w64, .rcx, .rax)
            asm.shift(.shl, .w64, .rax, 12)
            asm.shift(.shr, .w64, .rax, 12)
            // The implied bit, unless the exponent is the least or the greatest.
            asm.shift(.shr, .w64, .rcx, 52)
            asm.alu(.sub, .w32, .rcx, immediate: 1)
            asm.alu(.and, .w32, .rcx, immediate: 0x7ff)
            asm.alu(.cmp, .w32, .rcx, immediate: 0x7fe)
            let hasNone = asm.shortJump(.aboveOrEqual)
            asm.constant(.rcx, 1 << 52)
            asm.alu(.or, .w64, .rax, .rcx)
            asm.land(hasNone)
            let t = define(f.rt)
            asm.copy(t, .rax)
            finish(f.rt, t)
        case .xsiexpdp:
            let a = use(f.ra, .rcx)
            asm.constant(.rax, 0x800f_ffff_ffff_ffff)
            asm.alu(.and, .w64, .rax, a)
            let b = use(f.rb, .rcx)
            asm.copy(.rcx, b)
            asm.shift(.shl, .w64, .rcx, 53)
            asm.shift(.shr, .w64, .rcx, 1)
            asm.alu(.or, .w64, .rax, .rcx)
            setDouble0(v.t, clears: true)
        case .xvtstdcdp: vectorClass(v, word, single: false)
        case .xvtstdcsp: vectorClass(v, word, single: true)
        default: return false
        }
        return true
    }

    private mutating func fieldOf(
        _ v: VectorFields, _ left: VectorShift, _ right: VectorShift, _ up: UInt8, _ down: UInt8
    ) {
        let b = useVector(v.b, .x0)
        vector(left, .x1, b, up)
        vector(right, .x1, .x1, down)
        finishVector(v.t, .x1)
    }

    private mutating func significands(_ v: VectorFields, single: Bool) {
        let equal: VectorOperation = single ? .equalWords : .equalDoubles
        let b = useVector(v.b, .x0)
        vector(.and, .x1, b, constants[single ? .singleExponents : .doubleExponents])
        zeroVector(.x2)
        vector(equal, .x2, .x2, .x1)
        vector(equal, .x1, .x1, constants[single ? .singleExponents : .doubleExponents])
        vector(.or, .x2, .x2, .x1)
        // The implied bit stands where the exponent begins.
        vector(.andNot, .x2, .x2, constants[single ? .smallestSingles : .smallestDouble])
        vector(single ? .leftWords : .leftDoubles, .x1, b, single ? 9 : 12)
        vector(single ? .rightWords : .rightDoubles, .x1, .x1, single ? 9 : 12)
        vector(.or, .x1, .x1, .x2)
        finishVector(v.t, .x1)
    }

    // MARK: Classes

    /// Ones in elements of a class that the word names: NaN, infinities, zeros, denormals, of either sign.
    private mutating func vectorClass(_ v: VectorFields, _ word: UInt64, single: Bool) {
        let mask = VSXCompare.splitMask(word)
        let (equal, greater): (VectorOperation, VectorOperation) =
            single ? (.equalWords, .greaterWords) : (.equalDoubles, .greaterDoubles)
        let exponents: VectorConstants.Name = single ? .singleExponents : .doubleExponents
        let b = useVector(v.b, .x0)
        vector(.and, .x1, b, constants[single ? .wordMagnitudes : .doubleMagnitudes])
        zeroVector(.x2)
        if mask & 0x40 != 0 { vector(greater, .x2, .x1, constants[exponents]) }
        for place in [UInt64(0), 2, 4] {
            let signs = mask &>> place & 3
            guard signs != 0 else { continue }
            switch place {
            case 0:
                // Below the smallest normal number, and above zero.
                loadConstant(.x3, single ? .smallestSingles : .smallestDouble)
                vector(greater, .x3, .x3, .x1)
                zeroVector(.x4)
                vector(greater, .x4, .x1, .x4)
                vector(.and, .x3, .x3, .x4)
            case 2:
                zeroVector(.x3)
                vector(equal, .x3, .x3, .x1)
            default:
                loadConstant(.x3, exponents)
                vector(equal, .x3, .x3, .x1)
            }
            if signs != 3 {
                // The sign, all over the element: bit 0 of the pair is for negative numbers.
                vector(.arithmeticWords, .x4, b, 31)
                if !single { shuffleWords(.x4, .register(.x4), 0xf5) }
                if signs == 1 { vector(.and, .x3, .x3, .x4) } else { vector(.andNot, .x3, .x4, .x3) }
            }
            vector(.or, .x2, .x2, .x3)
        }
        finishVector(v.t, .x2)
    }

    /// xststdcdp: FPCC and a condition field say whether the number is of a class, and its sign.
    private mutating func scalarClass(_ f: Word, _ n: FloatOperands) {
        let mask = f.word &>> 16 & 0x7f
        let sign: UInt64 = 1 << 63
        let infinity: UInt64 = 0x7ff0 << 48
        let match = asm.label()
        let done = asm.label()
        markStatus()
        asm.load(.w64, .rax, vsr(n.b, 8))
        if mask & 0x40 != 0 {
            magnitude()
            asm.constant(.rcx, infinity)
            asm.alu(.cmp, .w64, .rdx, .rcx)
            asm.jump(.above, match)
        }
        for place in [UInt64(0), 2, 4] {
            let signs = mask &>> place & 3
            guard signs != 0 else { continue }
            if signs == 3 {
                magnitude()
            } else {
                asm.move(.w64, .rdx, .rax)
                // Numbers of the other sign come to have a sign.
                if signs == 1 {
                    asm.constant(.rcx, sign)
                    asm.alu(.xor, .w64, .rdx, .rcx)
                }
            }
            switch place {
            case 0:
                asm.alu(.sub, .w64, .rdx, immediate: 1)
                asm.constant(.rcx, (1 << 52) - 1)
                asm.alu(.cmp, .w64, .rdx, .rcx)
                asm.jump(.below, match)
            case 2:
                asm.test(.w64, .rdx, .rdx)
                asm.jump(.equal, match)
            default:
                asm.constant(.rcx, infinity)
                asm.alu(.cmp, .w64, .rdx, .rcx)
                asm.jump(.equal, match)
            }
        }
        asm.constant(.rcx, 0)
        asm.jump(done)
        asm.bind(match)
        asm.constant(.rcx, 2)
        asm.bind(done)
        asm.shift(.shr, .w64, .rax, 63)
        asm.lea(.w32, .rax, MemoryOperand(.rcx, index: .rax, scale: 3))
        asm.store(.w8, state(Int(CJ_CR), f.bf), .rax)
        setFPCC()
    }

    /// rdx = rax without its sign.
    private mutating func magnitude() {
        asm.move(.w64, .rdx, .rax)
        asm.shift(.shl, .w64, .rdx, 1)
        asm.shift(.shr, .w64, .rdx, 1)
    }

    // MARK: Scalars

    mutating func lowerScalarClass(_ op: Lowered, _ f: Word) -> Bool {
        let n = FloatOperands(f.word)
        switch op {
        case .xststdcdp: scalarClass(f, n)
        case .xscmpeqdp, .xscmpgtdp, .xscmpgedp:
            let (a, b) = useOrdered(n)
            // a > b is b < a.
            let (first, second) = op == .xscmpeqdp ? (a, b) : (b, a)
            let predicate: UInt8 = op == .xscmpeqdp ? 0 : op == .xscmpgtdp ? 1 : 2
            vector(VectorOperation(0xc2, simd: 3), .x2, first, second, immediate: predicate)
            finishScalar(n.target, .x2)
            resumeSlowPath()
        default: return false
        }
        return true
    }
}
