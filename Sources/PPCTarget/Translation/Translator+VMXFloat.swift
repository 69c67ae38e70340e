import CJIT
import CPPCState

// VMX single precision (ISA 3.1 Book I, section 6.12): always to nearest, and nothing of it shows in FPSCR, so that MXCSR
// must not collect anything either. NaNs and denormals, which VSCR[NJ] may flush, are left to the slow path.
extension Translator {
    func lowersVMXFloat(_ op: Lowered) -> Bool? {
        switch op {
        case .vaddfp, .vsubfp, .vmaxfp, .vminfp, .vcmpeqfp, .vcmpgtfp, .vcmpgefp, .vcmpbfp, .vrfin, .vrfiz, .vrfip,
            .vrfim, .vcfsx, .vcfux, .vctsxs, .vctuxs, .vrefp, .vrsqrtefp:
            return true
        case .vmaddfp, .vnmsubfp: return has(CJ_FMA)
        default: return nil
        }
    }

    /// False if the instruction is none of this file's.
    mutating func lowerVMXFloat(_ op: Lowered, _ v: VectorFields, _ word: UInt64) -> Bool {
        let scale = Int32(truncatingIfNeeded: word &>> 16 & 31)
        switch op {
        case .vaddfp: singleSum(0x58, v)
        case .vsubfp: singleSum(0x5c, v)
        case .vmaddfp: singleProduct(0xb8, v, negates: false)
        case .vnmsubfp: singleProduct(0xba, v, negates: true)
        case .vrefp: singleEstimate(v, root: false)
        case .vrsqrtefp: singleEstimate(v, root: true)
        case .vmaxfp: singleExtreme(v, maximum: true)
        case .vminfp: singleExtreme(v, maximum: false)
        case .vcmpeqfp: singleCompare(v, word, predicate: 0, exchanged: false)
        // a > b is b < a.
        case .vcmpgtfp: singleCompare(v, word, predicate: 1, exchanged: true)
        case .vcmpgefp: singleCompare(v, word, predicate: 2, exchanged: true)
        case .vcmpbfp: singleBounds(v, word)
        case .vrfin: singleIntegral(v, 0)
        case .vrfim: singleIntegral(v, 1)
        case .vrfip: singleIntegral(v, 2)
        case .vrfiz: singleIntegral(v, 3)
        case .vcfsx, .vcfux: singleFromInteger(v, scale, signed: op == .vcfsx)
        case .vctsxs, .vctuxs: singleToInteger(v, scale, signed: op == .vctsxs)
        default: return false
        }
        return true
    }

    // MARK: Arithmetic that MXCSR does not notice

    /// Arithmetic that follows, up to ``endQuiet()``, rounds to nearest and leaves MXCSR alone. AVX-512 has instructions
    /// for it, of 512 bits; otherwise MXCSR is put away meanwhile.
    private mutating func beginQuiet() {
        if hasAVX512 { return }
        asm.storeMXCSR(scratch(Int(CJ_TEMPORARY)))
        // ldmxcsr
        asm.ripRelative(0, wide: false, 1, 0xae, reg: 2, constants.defaultMXCSR)
    }

    /// What is not 128 bits wide leaves the host in a state in which compiled code runs slower.
    private mutating func endQuiet() {
        if hasAVX512 {
            asm.zeroUpper()
        } else {
            asm.loadMXCSR(scratch(Int(CJ_TEMPORARY)))
        }
    }

    /// - Parameter a: The first source; nil if there is but one.
    private mutating func quietly(
        _ op: VectorOperation, _ to: VectorRegister, _ a: VectorRegister?, _ b: VectorRegister
    ) {
        if hasAVX512 {
            asm.evex(
                simd: op.simd, wide: false, op.map, op.code, reg: to.code, vvvv: a?.code ?? 0, rm: b.code,
                EVEXOptions(isQuiet: true))
        } else if hasAVX {
            asm.vex(simd: op.simd, wide: false, op.map, op.code, reg: to.code, vvvv: a?.code ?? 0, rm: b.code)
        } else if let a {
            vector(op, to, a, b)
        } else {
            vector(unary: op, to, .register(b))
        }
    }

    // MARK: What is left to the slow path

    /// Leaves if a source has a denormal element. Uses xmm3, xmm4 and, on hosts without AVX-512, xmm5.
    private mutating func leaveIfDenormal(_ sources: [VectorRegister], _ slow: Assembler.Label) {
        if hasAVX512 {
            classify(1, sources[0], 0x20)
            if sources.count > 1 { classify(2, sources[1], 0x20) }
            if sources.count > 2 { classify(3, sources[2], 0x20) }
            if sources.count == 3 { asm.orMasks(1, 1, 3) }
            asm.testMasks(1, sources.count > 1 ? 2 : 1)
            asm.jump(.notEqual, slow)
            return
        }
        // Magnitudes less one: zeros become the largest of all numbers.
        var smallest = VectorRegister.x3
        for source in sources {
            vector(.and, smallest, source, constants[.wordMagnitudes])
            onesVector(.x5)
            vector(.addWords, smallest, smallest, .x5)
            if smallest == .x4 { vector(.minimumUnsignedWords, .x3, .x3, .x4) }
            smallest = .x4
        }
        vector(.minimumUnsignedWords, .x4, .x3, constants[.largestDenormals])
        vector(.equalWords, .x4, .x4, .x3)
        testVector(.x4)
        asm.jump(.notEqual, slow)
    }

    /// `vfpclassps`: 20 denormals, 81 NaNs.
    private mutating func classify(_ mask: UInt8, _ source: VectorRegister, _ classes: UInt8) {
        asm.evex(simd: 1, wide: false, 3, 0x66, reg: mask, vvvv: 0, rm: source.code)
        asm.byte(classes)
    }

    /// Leaves if the result in xmm2 has an element that is a NaN or tiny or, if `edge`, at the edge of being tiny. Uses
    /// xmm3 and xmm4.
    private mutating func leaveIfUnusual(edge: Bool, _ slow: Assembler.Label) {
        if hasAVX512 && !edge {
            classify(1, .x2, 0xa1)
            asm.testMasks(1, 1)
            asm.jump(.notEqual, slow)
            return
        }
        // Magnitudes below or at the smallest normal number, without zeros; and NaNs.
        vector(.and, .x3, .x2, constants[.wordMagnitudes])
        zeroVector(.x4)
        vector(.equalWords, .x4, .x4, .x3)
        // Not above, or unordered.
        loadConstant(.x5, .smallestSingles)
        vector(VectorOperation(0xc2, simd: 0), .x5, .x5, .register(.x3), immediate: 5)
        vector(.andNot, .x4, .x4, .x5)
        testVector(.x4)
        asm.jump(.notEqual, slow)
    }

    private mutating func leaveIfUnordered(_ a: VectorRegister, _ b: VectorRegister, _ slow: Assembler.Label) {
        vector(VectorOperation(0xc2, simd: 0), .x3, a, b, immediate: 3)
        testVector(.x3)
        asm.jump(.notEqual, slow)
    }

    // MARK: Arithmetic

    private mutating func singleSum(_ code: UInt8, _ v: VectorFields) {
        let slow = asm.label()
        let a = useVector(v.a, .x0)
        let b = useVector(v.b, .x1)
        leaveIfDenormal(v.a == v.b ? [a] : [a, b], slow)
        beginQuiet()
        quietly(VectorOperation(code, simd: 0), .x2, a, b)
        endQuiet()
        // A tiny sum is exact.
        leaveIfUnusual(edge: false, slow)
        slowPath(from: slow)
        finishVector(v.t, .x2)
        resumeSlowPath()
    }

    /// A × C ± B.
    private mutating func singleProduct(_ code: UInt8, _ v: VectorFields, negates: Bool) {
        let slow = asm.label()
        let a = useVector(v.a, .x0)
        let c = useVector(v.c, .x1)
        let b = useVector(v.b, .x2)
        leaveIfDenormal([a, c, b], slow)
        copyVector(.x2, b)
        beginQuiet()
        quietly(VectorOperation(code, map: 2), .x2, a, c)
        endQuiet()
        leaveIfUnusual(edge: true, slow)
        slowPath(from: slow)
        if negates { vector(.xor, .x2, .x2, constants[.wordSigns]) }
        finishVector(v.t, .x2)
        resumeSlowPath()
    }

    /// The rounded reciprocal, or that of the rounded square root.
    private mutating func singleEstimate(_ v: VectorFields, root: Bool) {
        let slow = asm.label()
        var divisor = useVector(v.b, .x0)
        leaveIfDenormal([divisor], slow)
        loadConstant(.x2, .singleOnes)
        beginQuiet()
        if root {
            quietly(VectorOperation(0x51, simd: 0), .x1, nil, divisor)
            divisor = .x1
        }
        quietly(VectorOperation(0x5e, simd: 0), .x2, .x2, divisor)
        endQuiet()
        leaveIfUnusual(edge: true, slow)
        slowPath(from: slow)
        finishVector(v.t, .x2)
        resumeSlowPath()
    }

    private mutating func singleExtreme(_ v: VectorFields, maximum: Bool) {
        let slow = asm.label()
        let a = useVector(v.a, .x0)
        let b = useVector(v.b, .x1)
        leaveIfDenormal([a, b], slow)
        leaveIfUnordered(a, b, slow)
        slowPath(from: slow)
        deliverExtreme(v.t, a, b, maximum: maximum, single: true)
    }

    private mutating func singleIntegral(_ v: VectorFields, _ mode: UInt8) {
        let slow = asm.label()
        let b = useVector(v.b, .x1)
        leaveIfDenormal([b], slow)
        leaveIfUnordered(b, b, slow)
        slowPath(from: slow)
        let t = defineVector(v.t)
        // roundps without the inexact exception.
        vector(unary: VectorOperation(0x08, map: 3), t, .register(b), immediate: 8 | mode)
        finishVector(v.t, t)
        resumeSlowPath()
    }

    // MARK: Compares

    private mutating func singleCompare(_ v: VectorFields, _ word: UInt64, predicate: UInt8, exchanged: Bool) {
        let slow = asm.label()
        let a = useVector(v.a, .x0)
        let b = useVector(v.b, .x1)
        leaveIfDenormal([a, b], slow)
        slowPath(from: slow)
        vector(VectorOperation(0xc2, simd: 0), .x2, exchanged ? b : a, exchanged ? a : b, immediate: predicate)
        finishVector(v.t, .x2)
        if word & 0x400 != 0 { setCR6(.x2) }
        resumeSlowPath()
    }

    private mutating func singleBounds(_ v: VectorFields, _ word: UInt64) {
        let slow = asm.label()
        let a = useVector(v.a, .x0)
        let b = useVector(v.b, .x1)
        leaveIfDenormal([a, b], slow)
        slowPath(from: slow)
        // Not a <= b, and not -b <= a.
        vector(VectorOperation(0xc2, simd: 0), .x2, a, b, immediate: 6)
        vector(.xor, .x3, b, constants[.wordSigns])
        vector(VectorOperation(0xc2, simd: 0), .x3, .x3, a, immediate: 6)
        vector(.leftWords, .x2, .x2, 31)
        vector(.leftWords, .x3, .x3, 31)
        vector(.rightWords, .x3, .x3, 1)
        vector(.or, .x2, .x2, .x3)
        finishVector(v.t, .x2)
        if word & 0x400 != 0 {
            testVector(.x2)
            asm.set(.equal, .rax)
            asm.alu(.add, .w8, .rax, .rax)
            asm.store(.w8, state(Int(CJ_CR), 6), .rax)
        }
        resumeSlowPath()
    }

    // MARK: Integers

    /// xmm4 = 2 to the power `exponent`, four times.
    private mutating func powerOfTwo(_ exponent: Int32) {
        asm.constant(.rax, UInt64(truncatingIfNeeded: 127 &+ exponent) &<< 23)
        moveToVector(.x4, .rax, .w32)
        shuffleWords(.x4, .register(.x4), 0)
    }

    /// `cvtdq2ps`
    private static var convertWords: VectorOperation { VectorOperation(0x5b, simd: 0) }

    /// xmm2 = unsigned words in `b` as singles: halves are exact, their sum rounds. Uses xmm3.
    mutating func unsignedWordsToSingles(_ b: VectorRegister) {
        vector(.rightWords, .x2, b, 16)
        vector(unary: Self.convertWords, .x2, .register(.x2))
        vector(VectorOperation(0x59, simd: 0), .x2, .x2, constants[.single65536])
        vector(.and, .x3, b, constants[.words65535])
        vector(unary: Self.convertWords, .x3, .register(.x3))
        vector(VectorOperation(0x58, simd: 0), .x2, .x2, .x3)
    }

    /// Scaled down, which is exact.
    private mutating func singleFromInteger(_ v: VectorFields, _ scale: Int32, signed: Bool) {
        let b = useVector(v.b, .x1)
        beginQuiet()
        if signed {
            quietly(Self.convertWords, .x2, nil, b)
        } else if hasAVX512 {
            // vcvtudq2ps
            quietly(VectorOperation(0x7a, simd: 3), .x2, nil, b)
        } else {
            unsignedWordsToSingles(b)
        }
        endQuiet()
        if scale != 0 {
            powerOfTwo(0 &- scale)
            vector(VectorOperation(0x59, simd: 0), .x2, .x2, .x4)
        }
        finishVector(v.t, .x2)
    }

    /// Scaled up and truncated. What does not fit, and for unsigned integers also what has the sign bit, goes to the slow
    /// path, which saturates.
    private mutating func singleToInteger(_ v: VectorFields, _ scale: Int32, signed: Bool) {
        let slow = asm.label()
        var b = useVector(v.b, .x1)
        if scale != 0 { powerOfTwo(scale) }
        beginQuiet()
        if scale != 0 {
            quietly(VectorOperation(0x59, simd: 0), .x2, b, .x4)
            b = .x2
        }
        // cvttps2dq
        quietly(VectorOperation(0x5b, simd: 2), .x2, nil, b)
        endQuiet()
        if signed {
            vector(.equalWords, .x3, .x2, constants[.wordSigns])
        } else {
            loadConstant(.x3, .wordSigns)
            vector(.and, .x3, .x3, .x2)
        }
        finishVector(v.t, .x2, unlessAny: .x3, slow)
    }
}
