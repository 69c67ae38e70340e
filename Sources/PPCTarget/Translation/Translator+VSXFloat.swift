import CJIT
import CPPCState

// Vector floating point of VSX (ISA 3.1 Book I, section 7.6.1), two doubles or four singles.
//
// Vector instructions leave FPRF, FR and FI alone, so that MXCSR's sticky bits are all that FPSCR needs. An element
// with a NaN, at the edge of the normal range, or divided by zero sends the instruction to its slow path.
extension Translator {
    func lowersVectorFloat(_ op: Lowered, _ f: Word) -> Bool? {
        switch op {
        case .xvadddp, .xvsubdp, .xvmuldp, .xvdivdp, .xvsqrtdp, .xvaddsp, .xvsubsp, .xvmulsp, .xvdivsp, .xvsqrtsp,
            .xvmaxdp, .xvmindp, .xvmaxsp, .xvminsp, .xvrdpiz, .xvrdpip, .xvrdpim, .xvrspiz, .xvrspip, .xvrspim,
            .xvrdpi, .xvrdpic, .xvrspi, .xvrspic,
            .xvcmpeqdp, .xvcmpgtdp, .xvcmpgedp, .xvcmpeqsp, .xvcmpgtsp, .xvcmpgesp, .xvcvspdp, .xvcvdpsp,
            .xvcvdpsxws, .xvcvspsxws, .xvcvdpsxds, .xvcvsxwdp, .xvcvsxwsp, .xvcvsxddp, .xvcvuxwdp, .xvcvuxwsp,
            .xvcvuxddp, .xvcvsxdsp, .xvcvuxdsp, .xvcvspuxws, .xvcvdpuxws, .xvcvdpuxds, .xvcvspsxds, .xvcvspuxds,
            .xvcmpnedp, .xvcmpnesp, .xvredp, .xvresp, .xvrsqrtedp, .xvrsqrtesp:
            return context.plainFloatingPoint
        case .xvmaddadp, .xvmaddmdp, .xvmsubadp, .xvmsubmdp, .xvnmaddadp, .xvnmaddmdp, .xvnmsubadp, .xvnmsubmdp,
            .xvmaddasp, .xvmaddmsp, .xvmsubasp, .xvmsubmsp, .xvnmaddasp, .xvnmaddmsp, .xvnmsubasp, .xvnmsubmsp:
            return context.plainFloatingPoint && has(CJ_FMA)
        case .xvabsdp, .xvnabsdp, .xvnegdp, .xvcpsgndp, .xvabssp, .xvnabssp, .xvnegsp, .xvcpsgnsp: return true
        default: return nil
        }
    }

    /// False if the instruction is none of this file's.
    mutating func lowerVectorFloat(_ op: Lowered, _ v: VectorFields, _ word: UInt64) -> Bool {
        switch op {
        case .xvadddp: packed(0x58, v, single: false)
        case .xvsubdp: packed(0x5c, v, single: false)
        case .xvmuldp: packed(0x59, v, single: false)
        case .xvdivdp: packed(0x5e, v, single: false)
        case .xvaddsp: packed(0x58, v, single: true)
        case .xvsubsp: packed(0x5c, v, single: true)
        case .xvmulsp: packed(0x59, v, single: true)
        case .xvdivsp: packed(0x5e, v, single: true)
        case .xvsqrtdp, .xvsqrtsp:
            let single = op == .xvsqrtsp
            vector(unary: VectorOperation(0x51, simd: single ? 0 : 1), .x2, vectorOperand(v.b))
            deliver(v, single: single)
        case .xvrdpiz, .xvrspiz: packedIntegral(v, 3, single: op == .xvrspiz)
        case .xvrdpip, .xvrspip: packedIntegral(v, 2, single: op == .xvrspip)
        case .xvrdpim, .xvrspim: packedIntegral(v, 1, single: op == .xvrspim)
        case .xvrdpic, .xvrspic: packedIntegral(v, 4, single: op == .xvrspic)
        case .xvrdpi, .xvrspi: packedNearest(v, single: op == .xvrspi)
        case .xvmaddadp, .xvmaddmdp: packedFused(v, word, 0xb8, single: false, negate: false)
        case .xvmsubadp, .xvmsubmdp: packedFused(v, word, 0xba, single: false, negate: false)
        case .xvnmaddadp, .xvnmaddmdp: packedFused(v, word, 0xb8, single: false, negate: true)
        case .xvnmsubadp, .xvnmsubmdp: packedFused(v, word, 0xba, single: false, negate: true)
        case .xvmaddasp, .xvmaddmsp: packedFused(v, word, 0xb8, single: true, negate: false)
        case .xvmsubasp, .xvmsubmsp: packedFused(v, word, 0xba, single: true, negate: false)
        case .xvnmaddasp, .xvnmaddmsp: packedFused(v, word, 0xb8, single: true, negate: true)
        case .xvnmsubasp, .xvnmsubmsp: packedFused(v, word, 0xba, single: true, negate: true)
        case .xvmaxdp: packedExtreme(v, maximum: true, single: false)
        case .xvmindp: packedExtreme(v, maximum: false, single: false)
        case .xvmaxsp: packedExtreme(v, maximum: true, single: true)
        case .xvminsp: packedExtreme(v, maximum: false, single: true)
        case .xvcmpeqdp: packedCompare(v, word, 0, single: false)
        case .xvcmpgtdp: packedCompare(v, word, 1, single: false)
        case .xvcmpgedp: packedCompare(v, word, 2, single: false)
        case .xvcmpeqsp: packedCompare(v, word, 0, single: true)
        case .xvcmpgtsp: packedCompare(v, word, 1, single: true)
        case .xvcmpgesp: packedCompare(v, word, 2, single: true)
        case .xvcmpnedp: packedCompare(v, word, 4, single: false)
        case .xvcmpnesp: packedCompare(v, word, 4, single: true)
        case .xvredp, .xvresp, .xvrsqrtedp, .xvrsqrtesp:
            let single = op == .xvresp || op == .xvrsqrtesp
            packedEstimate(v, root: op == .xvrsqrtedp || op == .xvrsqrtesp, single: single)
            deliver(v, single: single)
        case .xvabsdp: packedSign(v, .and, .doubleMagnitudes)
        case .xvnabsdp: packedSign(v, .or, .doubleSigns)
        case .xvnegdp: packedSign(v, .xor, .doubleSigns)
        case .xvabssp: packedSign(v, .and, .wordMagnitudes)
        case .xvnabssp: packedSign(v, .or, .wordSigns)
        case .xvnegsp: packedSign(v, .xor, .wordSigns)
        case .xvcpsgndp, .xvcpsgnsp:
            let isDouble = op == .xvcpsgndp
            let a = useVector(v.a, .x0)
            vector(.and, .x0, a, constants[isDouble ? .doubleSigns : .wordSigns])
            let b = useVector(v.b, .x1)
            vector(.and, .x1, b, constants[isDouble ? .doubleMagnitudes : .wordMagnitudes])
            let t = defineVector(v.t)
            vector(.or, t, .x0, .x1)
            finishVector(v.t, t)
        default: return lowerVectorConversion(op, v, word)
        }
        return true
    }

    private mutating func packedSign(_ v: VectorFields, _ op: VectorOperation, _ mask: VectorConstants.Name) {
        let b = useVector(v.b, .x0)
        let t = defineVector(v.t)
        vector(op, t, b, constants[mask])
        finishVector(v.t, t)
    }

    // MARK: Arithmetic

    private mutating func packed(_ code: UInt8, _ v: VectorFields, single: Bool) {
        let op = VectorOperation(code, simd: single ? 0 : 1)
        let a = useVector(v.a, .x0)
        if code == 0x5e {
            let b = useVector(v.b, .x1)
            zeroVector(.x4)
            compare(.x4, .x4, .register(b), 0, single: single)
            vector(op, .x2, a, b)
            deliver(v, single: single, also: .x4)
        } else {
            vector(op, .x2, a, vectorOperand(v.b))
            deliver(v, single: single)
        }
    }

    private mutating func packedIntegral(_ v: VectorFields, _ mode: UInt8, single: Bool) {
        vector(
            unary: VectorOperation(single ? 0x08 : 0x09, map: 3), .x2, vectorOperand(v.b),
            immediate: mode == 4 ? 4 : 8 | mode)
        deliver(v, single: single)
    }

    /// To nearest, and away from zero in the middle; see the scalar form.
    private mutating func packedNearest(_ v: VectorFields, single: Bool) {
        let simd: UInt8 = single ? 0 : 1
        let b = useVector(v.b, .x0)
        vector(unary: VectorOperation(single ? 0x08 : 0x09, map: 3), .x2, .register(b), immediate: 8 | 3)
        vector(VectorOperation(0x5c, simd: simd), .x3, b, .x2)
        vector(.and, .x3, .x3, constants[single ? .wordMagnitudes : .doubleMagnitudes])
        vector(.and, .x1, b, constants[single ? .wordSigns : .doubleSigns])
        loadConstant(.x4, single ? .singleHalves : .doubleHalves)
        compare(.x4, .x4, .register(.x3), 2, single: single)
        vector(.and, .x4, .x4, constants[single ? .singleOnes : .doubleOnes])
        vector(.or, .x4, .x4, .x1)
        vector(VectorOperation(0x58, simd: simd), .x2, .x2, .x4)
        vector(.or, .x2, .x2, .x1)
        deliver(v, single: single)
    }

    /// A forms add the target to the product of A and B, M forms (bit 25 of the word) multiply A by the target.
    private mutating func packedFused(_ v: VectorFields, _ word: UInt64, _ code: UInt8, single: Bool, negate: Bool) {
        let multipliesTarget = word & 0x40 != 0
        let a = useVector(v.a, .x0)
        let addend = multipliesTarget ? v.b : v.t
        copyVector(.x2, useVector(addend, .x2))
        let code = negate && negatesFirst ? Self.negated(code) : code
        switch vectorOperand(multipliesTarget ? v.t : v.b) {
        case .memory(let memory): asm.vex(simd: 1, wide: !single, 2, code, reg: 2, vvvv: a.code, memory)
        case .register(let register):
            asm.vex(simd: 1, wide: !single, 2, code, reg: 2, vvvv: a.code, rm: register.code)
        case .constant: break
        }
        deliver(v, single: single, negate: negate)
    }

    /// Compares element by element: 0 equal, 1 less, 2 less or equal, 3 unordered, 4 not equal.
    private mutating func compare(
        _ to: VectorRegister, _ a: VectorRegister, _ b: VectorOperand, _ predicate: UInt8, single: Bool
    ) {
        vector(VectorOperation(0xc2, simd: single ? 0 : 1), to, a, b, immediate: predicate)
    }

    /// Leaves if a mask has an element set.
    private mutating func leaveIfAny(_ mask: VectorRegister, _ slow: Assembler.Label) {
        testVector(mask)
        asm.jump(.notEqual, slow)
    }

    /// Checks the results in xmm2 and delivers them. Uses xmm3; `also` is a further mask of elements to leave for.
    private mutating func deliver(
        _ v: VectorFields, single: Bool, negate: Bool = false, also: VectorRegister? = nil
    ) {
        writePendingFirst()
        markStatus()
        let slow = asm.label()
        markEdges(.x3, .x2, single: single, zeros: negate && negatesFirst)
        if let also { vector(.or, .x3, .x3, also) }
        leaveIfAny(.x3, slow)
        slowPath(from: slow)
        if negate && !negatesFirst { vector(.xor, .x2, .x2, constants[single ? .wordSigns : .doubleSigns]) }
        finishVector(v.t, .x2)
        resumeSlowPath()
    }

    /// to = ones where a result is a NaN or the smallest normal number or, if `zeros` (their sign is wrong then), below.
    mutating func markEdges(_ to: VectorRegister, _ result: VectorRegister, single: Bool, zeros: Bool) {
        let smallest = constants[single ? .smallestSingles : .smallestDouble]
        vector(.and, to, result, constants[single ? .wordMagnitudes : .doubleMagnitudes])
        if hasAVX {
            // Equal or unordered; or not greater.
            compare(to, to, smallest, zeros ? 10 : 8, single: single)
        } else {
            compare(to, to, smallest, 0, single: single)
            copyVector(.x5, result)
            compare(.x5, .x5, .register(.x5), 3, single: single)
            vector(.or, to, to, .x5)
        }
    }

    private mutating func packedExtreme(_ v: VectorFields, maximum: Bool, single: Bool) {
        let a = useVector(v.a, .x0)
        let b = useVector(v.b, .x1)
        leaveIfUnordered(a, b, single: single)
        deliverExtreme(v.t, a, b, maximum: maximum, single: single)
    }

    /// The larger or smaller elements of two sources without NaNs, at the end of an instruction. Uses xmm2 and xmm3.
    mutating func deliverExtreme(
        _ target: Int, _ a: VectorRegister, _ b: VectorRegister, maximum: Bool, single: Bool
    ) {
        // The host's answer for zeros of different signs is the second source.
        let op = VectorOperation(maximum ? 0x5f : 0x5d, simd: single ? 0 : 1)
        vector(op, .x2, a, b)
        vector(op, .x3, b, a)
        let t = defineVector(target)
        vector(maximum ? .and : .or, t, .x2, .x3)
        finishVector(target, t)
        resumeSlowPath()
    }

    private mutating func leaveIfUnordered(_ a: VectorRegister, _ b: VectorRegister, single: Bool) {
        let slow = asm.label()
        compare(.x3, a, .register(b), 3, single: single)
        leaveIfAny(.x3, slow)
        slowPath(from: slow)
    }

    private mutating func packedCompare(_ v: VectorFields, _ word: UInt64, _ predicate: UInt8, single: Bool) {
        let a = useVector(v.a, .x0)
        let b = useVector(v.b, .x1)
        leaveIfUnordered(a, b, single: single)
        // a > b is b < a.
        let isExchanged = predicate == 1 || predicate == 2
        compare(.x2, isExchanged ? b : a, .register(isExchanged ? a : b), predicate, single: single)
        finishVector(v.t, .x2)
        if word & 0x400 != 0 { setCR6(.x2) }
        resumeSlowPath()
    }

    // MARK: Conversions

    private mutating func lowerVectorConversion(_ op: Lowered, _ v: VectorFields, _ word: UInt64) -> Bool {
        switch op {
        case .xvcvspdp:
            // Words 0 and 2, which are the host's lanes 3 and 1.
            shuffleWords(.x2, vectorOperand(v.b), 0x0d)
            vector(unary: VectorOperation(0x5a, simd: 0), .x2, .register(.x2))
            deliver(v, single: false)
        case .xvcvdpsp:
            vector(unary: VectorOperation(0x5a, simd: 1), .x2, vectorOperand(v.b))
            vector(.unpackLowWords, .x2, .x2, .x2)
            deliver(v, single: true)
        case .xvcvsxwdp:
            shuffleWords(.x0, vectorOperand(v.b), 0x0d)
            let t = defineVector(v.t)
            vector(unary: VectorOperation(0xe6, simd: 2), t, .register(.x0))
            finishVector(v.t, t)
        case .xvcvsxwsp:
            markStatus()
            let t = defineVector(v.t)
            vector(unary: VectorOperation(0x5b, simd: 0), t, vectorOperand(v.b))
            finishVector(v.t, t)
        case .xvcvspsxws, .xvcvdpsxws:
            writePendingFirst()
            markStatus()
            if op == .xvcvspsxws {
                vector(unary: VectorOperation(0x5b, simd: 2), .x2, vectorOperand(v.b))
            } else {
                vector(unary: VectorOperation(0xe6, simd: 1), .x2, vectorOperand(v.b))
                vector(.unpackLowWords, .x2, .x2, .x2)
            }
            let slow = asm.label()
            // The host's answer to what does not fit.
            vector(.equalWords, .x3, .x2, constants[.wordSigns])
            leaveIfAny(.x3, slow)
            slowPath(from: slow)
            finishVector(v.t, .x2)
            resumeSlowPath()
        case .xvcvsxddp:
            markStatus()
            for half in 0..<2 {
                let to = VectorRegister(half == 0 ? 0 : 1)
                zeroVector(to)
                asm.load(.w64, .rax, vsr(v.b, half &* 8))
                convertSigned(to, .rax, single: false)
            }
            let t = defineVector(v.t)
            vector(.unpackLowDoubles, t, .x0, .x1)
            finishVector(v.t, t)
        default:
            return lowerUnsignedConversion(op, v) || lowerFloatClass(op, v, word) || lowerOuterProduct(op, v, word)
        }
        return true
    }
}
