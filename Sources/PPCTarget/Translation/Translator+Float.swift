import CJIT
import CPPCState

// Scalar floating point on the host's FPU (ISA 3.1 Book I, sections 4.6 and 7.6.1): FPRs and doubleword 0 of VSRs.
//
// Results are computed by SSE2 and FMA with all exceptions masked; MXCSR collects what is sticky. Rare cases are left
// to the reference semantics on the slow path: invalid operations, NaNs, zero divisors, and results at the edge of the
// normal range, where the host judges tininess after rounding and Power before.
extension Translator {
    private static var scalarDouble: UInt8 { 3 }
    private static var scalarSingle: UInt8 { 2 }

    func lowersFloat(_ op: Lowered, _ f: Word) -> Bool? {
        switch op {
        case .lfd, .lfdx, .stfd, .stfdx, .lfs, .lfsx, .stfs, .stfsx: return true
        case .lfdu, .lfdux, .stfdu, .stfdux, .lfsu, .lfsux, .stfsu, .stfsux: return f.ra != 0
        // Their record forms look at exceptions, and only plain code knows that none is enabled.
        case .fmr, .fneg, .fabs, .fnabs, .fcpsgn, .fsel: return context.plainFloatingPoint || !f.record
        case .fmrgew, .fmrgow, .xsabsdp, .xsnabsdp, .xsnegdp, .xscpsgndp, .xscvspdpn, .xscvdpspn: return true
        case .fmadd, .fmsub, .fnmadd, .fnmsub, .fmadds, .fmsubs, .fnmadds, .fnmsubs,
            .xsmaddadp, .xsmaddmdp, .xsmsubadp, .xsmsubmdp, .xsnmaddadp, .xsnmaddmdp, .xsnmsubadp, .xsnmsubmdp,
            .xsmaddasp, .xsmaddmsp, .xsmsubasp, .xsmsubmsp, .xsnmaddasp, .xsnmaddmsp, .xsnmsubasp, .xsnmsubmsp:
            return context.plainFloatingPoint && entry.features & UInt32(CJ_FMA) != 0
        case .fadd, .fsub, .fmul, .fdiv, .fadds, .fsubs, .fmuls, .fdivs, .fsqrt, .fsqrts, .frsp, .friz, .frip, .frim,
            .frin, .fcfid, .fcfids, .fctiwz, .fctidz, .fctiw, .fctid, .xssqrtsp, .xsrdpi, .xsrdpic, .xscvsxdsp,
            .fcmpu, .fcmpo, .xscmpudp, .xscmpodp, .xsadddp, .xssubdp, .xsmuldp, .xsdivdp, .xsaddsp, .xssubsp, .xsmulsp,
            .xsdivsp, .xssqrtdp, .xsrsp, .xsrdpiz, .xsrdpip, .xsrdpim, .xsmaxdp, .xsmindp, .xsmaxcdp, .xsmincdp,
            .xscvsxddp, .xscvdpsxds, .xscvdpsxws, .xscvspdp, .fcfidu, .fcfidus, .fctiwu, .fctiwuz, .fctidu, .fctiduz,
            .xscvuxddp, .xscvuxdsp, .xscvdpuxds, .xscvdpuxws, .fre, .fres, .frsqrte, .frsqrtes, .xsredp, .xsresp,
            .xsrsqrtedp, .xsrsqrtesp, .xscvdpsp, .xststdcdp, .xscmpeqdp, .xscmpgtdp, .xscmpgedp:
            return context.plainFloatingPoint
        default: return nil
        }
    }

    mutating func lowerFloat(_ op: Lowered, _ f: Word) {
        if lowerFloatMove(op, f) {
            recordStatus(f.word)
            return
        }
        if lowerElementary(op, f) || lowerFused(op, f) || lowerScalarEstimate(op, f) { return }
        if lowerEstimateTest(op, f) { return }
        if lowerScalarClass(op, f) { return }
        if lowerFloatConversion(op, f) || lowerFloatComparison(op, f) { return }
        lowerVector(op, f.word)
    }

    // MARK: Moves and signs

    private mutating func lowerFloatMove(_ op: Lowered, _ f: Word) -> Bool {
        let n = FloatOperands(f.word)
        switch op {
        case .fmr:
            finishScalar(n.target, useScalar(n.b, .x0), single: isSingle(n.b))
        case .fneg, .xsnegdp: changeSign(n, .xor, .scalarSign)
        case .fabs, .xsabsdp: changeSign(n, .and, .scalarMagnitude)
        case .fnabs, .xsnabsdp: changeSign(n, .or, .scalarSign)
        case .fcpsgn, .xscpsgndp:
            let a = useScalar(n.a, .x0)
            vector(.and, .x0, a, constants[.scalarSign])
            let b = useScalar(n.b, .x1)
            vector(.and, .x1, b, constants[.scalarMagnitude])
            vector(.or, .x0, .x0, .x1)
            finishScalar(n.target, .x0)
        case .fsel:
            // C if A is not below zero and not a NaN.
            let a = useScalar(n.a, .x0)
            zeroVector(.x1)
            asm.load(.w64, .rax, vsr(n.b, 8))
            compareScalars(a, .register(.x1))
            asm.moveIf(.aboveOrEqual, .w64, .rax, vsr(n.c, 8))
            setDouble0(n.target, clears: true)
        case .fmrgew:
            asm.load(.w64, .rcx, vsr(n.a, 8))
            asm.shift(.shr, .w64, .rcx, 32)
            asm.shift(.shl, .w64, .rcx, 32)
            asm.load(.w32, .rax, vsr(n.b, 12))
            asm.alu(.or, .w64, .rax, .rcx)
            setDouble0(n.target, clears: true)
        case .fmrgow:
            asm.load(.w64, .rcx, vsr(n.a, 8))
            asm.shift(.shl, .w64, .rcx, 32)
            asm.load(.w32, .rax, vsr(n.b, 8))
            asm.alu(.or, .w64, .rax, .rcx)
            setDouble0(n.target, clears: true)
        default: return false
        }
        return true
    }

    private mutating func changeSign(_ n: FloatOperands, _ op: VectorOperation, _ mask: VectorConstants.Name) {
        let b = useScalar(n.b, .x0)
        let single = isSingle(n.b)
        vector(op, .x0, b, constants[mask])
        finishScalar(n.target, .x0, single: single)
    }

    func isSingle(_ number: Int) -> Bool { singles &>> UInt64(truncatingIfNeeded: number) & 1 != 0 }

    mutating func finishScalar(_ number: Int, _ register: VectorRegister, single: Bool) {
        finishScalar(number, register)
        if single { singles |= 1 &<< UInt64(truncatingIfNeeded: number) }
    }

    /// `ucomisd`: parity flags an unordered result.
    mutating func compareScalars(_ a: VectorRegister, _ b: VectorOperand) {
        vector(unary: VectorOperation(0x2e), a, b)
    }

    // MARK: Add, subtract, multiply, divide, square root

    private mutating func lowerElementary(_ op: Lowered, _ f: Word) -> Bool {
        switch op {
        case .fadd, .xsadddp: arithmetic(f, 0x58, single: false)
        case .fsub, .xssubdp: arithmetic(f, 0x5c, single: false)
        case .fmul, .xsmuldp: arithmetic(f, 0x59, single: false)
        case .fdiv, .xsdivdp: arithmetic(f, 0x5e, single: false)
        case .fadds, .xsaddsp: arithmetic(f, 0x58, single: true)
        case .fsubs, .xssubsp: arithmetic(f, 0x5c, single: true)
        case .fmuls, .xsmulsp: arithmetic(f, 0x59, single: true)
        case .fdivs, .xsdivsp: arithmetic(f, 0x5e, single: true)
        case .fsqrt, .xssqrtdp: squareRoot(f, single: false)
        case .fsqrts, .xssqrtsp: squareRoot(f, single: true)
        default: return false
        }
        return true
    }

    private mutating func squareRoot(_ f: Word, single: Bool) {
        let n = FloatOperands(f.word)
        let slow = asm.label()
        let new = beginOperation(f.word, n.target, a: nil, b: n.b, c: nil)
        let b = useScalar(n.b, .x0)
        if single { requireSingle(n.b, slow) }
        vector(VectorOperation(0x51, simd: Self.scalarDouble), .x2, b, b)
        finishOperation(new, n.target, single: single, slow: slow)
    }

    private mutating func arithmetic(_ f: Word, _ code: UInt8, single: Bool) {
        let n = FloatOperands(f.word)
        // A multiplication of FPRs takes its second factor from frC.
        let usesC = code == 0x59 && f.word &>> 26 & 63 != 60
        let second = usesC ? n.c : n.b
        let slow = asm.label()
        let new = beginOperation(f.word, n.target, a: n.a, b: usesC ? nil : second, c: usesC ? second : nil)
        let x = useScalar(n.a, .x0)
        if single {
            requireSingle(n.a, slow)
            if second != n.a { requireSingle(second, slow) }
        }
        if code == 0x5e {
            let divisor = useScalar(second, .x1)
            zeroVector(.x3)
            compareScalars(.x3, .register(divisor))
            asm.jump(.equal, slow)
            vector(VectorOperation(code, simd: Self.scalarDouble), .x2, x, divisor)
        } else {
            vector(VectorOperation(code, simd: Self.scalarDouble), .x2, x, scalarOperand(second))
        }
        finishOperation(new, n.target, single: single, slow: slow)
    }

    /// Leaves if a VSR's double has bits that a single has not: rounding to nearest double first could change the result.
    /// Rounding in one direction twice is rounding once.
    private mutating func requireSingle(_ number: Int, _ slow: Assembler.Label) {
        if context.rounding != 0 || isSingle(number) { return }
        // test dword [home], 0x1fffffff
        asm.rm(0, wide: false, 0, 0xf7, reg: 0, vsr(number, 8))
        asm.word32(0x1fff_ffff)
        asm.jump(.notEqual, slow)
    }

    // MARK: Multiply-add

    private mutating func lowerFused(_ op: Lowered, _ f: Word) -> Bool {
        switch op {
        case .fmadd, .xsmaddadp, .xsmaddmdp: fused(op, f, 0xb9, negate: false, single: false)
        case .fmsub, .xsmsubadp, .xsmsubmdp: fused(op, f, 0xbb, negate: false, single: false)
        case .fnmadd, .xsnmaddadp, .xsnmaddmdp: fused(op, f, 0xb9, negate: true, single: false)
        case .fnmsub, .xsnmsubadp, .xsnmsubmdp: fused(op, f, 0xbb, negate: true, single: false)
        case .fmadds, .xsmaddasp, .xsmaddmsp: fused(op, f, 0xb9, negate: false, single: true)
        case .fmsubs, .xsmsubasp, .xsmsubmsp: fused(op, f, 0xbb, negate: false, single: true)
        case .fnmadds, .xsnmaddasp, .xsnmaddmsp: fused(op, f, 0xb9, negate: true, single: true)
        case .fnmsubs, .xsnmsubasp, .xsnmsubmsp: fused(op, f, 0xbb, negate: true, single: true)
        default: return false
        }
        return true
    }

    private mutating func fused(_ op: Lowered, _ f: Word, _ code: UInt8, negate: Bool, single: Bool) {
        let n = FloatOperands(f.word)
        // FPRs: A × C + B. VSX: A × B + T, or, in the forms with the bit for it, A × T + B.
        let isVSX = f.word &>> 26 & 63 == 60
        let multipliesTarget = isVSX && f.word & 0x40 != 0
        let factor = isVSX && !multipliesTarget ? n.b : n.c
        let addend = isVSX && !multipliesTarget ? n.c : n.b
        let new = beginOperation(f.word, n.target, a: n.a, b: n.b, c: n.c)
        let a = useScalar(n.a, .x0)
        copyVector(.x2, useScalar(addend, .x2))
        let slow = asm.label()
        let code = negate && negatesFirst ? Self.negated(code) : code
        switch scalarOperand(factor) {
        case .memory(let memory): asm.vex(simd: 1, wide: true, 2, code, reg: 2, vvvv: a.code, memory)
        case .register(let register): asm.vex(simd: 1, wide: true, 2, code, reg: 2, vvvv: a.code, rm: register.code)
        case .constant: break
        }
        if single { leaveIfHalfway(slow) }
        finishOperation(new, n.target, single: single, negate: negate, slow: slow)
    }

    /// Rounding xmm2 to nearest twice is wrong if the first rounding ends halfway between two singles.
    mutating func leaveIfHalfway(_ slow: Assembler.Label) {
        if context.rounding != 0 { return }
        moveFromVector(.rax, .x2)
        asm.alu(.and, .w32, .rax, immediate: 0x1fff_ffff)
        asm.alu(.cmp, .w32, .rax, immediate: 0x1000_0000)
        asm.jump(.equal, slow)
    }

    /// Negative multiply-adds round the negated sum (as QEMU does; the ISA's wording leaves it open), which differs from
    /// negating the rounded one where up and down are different. The host rounds so, too, but the sign of a sum of zero
    /// is then another.
    var negatesFirst: Bool { context.rounding >= 2 }

    /// The host's negated form of a multiply-add or multiply-subtract: B8 to BB become BE, BF, BC and BD.
    static func negated(_ code: UInt8) -> UInt8 { code ^ 6 }

    // MARK: Beginnings and ends of operations

    /// Sees to it that the operands survive the operation. To be written before anything that leads to a slow path.
    mutating func beginOperation(_ word: UInt64, _ target: Int, a: Int?, b: Int?, c: Int?) -> PendingFloat {
        var new = newPending(word, a: a, b: b, c: c)
        preserve(&new, target)
        return new
    }

    /// Checks the result in xmm2 (as a double), rounds it to single if asked to, delivers it and remembers the
    /// operation. Uses xmm3 and xmm4.
    mutating func finishOperation(
        _ new: PendingFloat, _ target: Int, single: Bool, negate: Bool = false, slow: Assembler.Label? = nil
    ) {
        let slow = slow ?? asm.label()
        var result = VectorRegister.x2
        if single {
            let round = VectorOperation(0x5a, simd: Self.scalarDouble)
            vector(round, .x4, .x2, .x2)
            vector(VectorOperation(0x5a, simd: Self.scalarSingle), .x4, .x4, .x4)
            vector(.and, .x3, .x4, constants[.scalarMagnitude])
            compareScalars(.x3, constants[.smallestSingle])
            if negate && negatesFirst {
                asm.jump(.belowOrEqual, slow)
            } else {
                let normal = asm.shortJump(.above)
                // Zero, tiny, at the edge, or a NaN: of these only zero may stay.
                moveFromVector(.rax, .x2)
                asm.alu(.add, .w64, .rax, .rax)
                asm.jump(.notEqual, slow)
                asm.land(normal)
            }
            result = .x4
        } else {
            vector(.and, .x3, .x2, constants[.scalarMagnitude])
            compareScalars(.x3, constants[.smallestDouble])
            // Equal, or unordered; and zero where its sign is wrong.
            asm.jump(negate && negatesFirst ? .belowOrEqual : .equal, slow)
        }
        slowPath(from: slow)
        if negate && !negatesFirst { vector(.xor, result, result, constants[.scalarSign]) }
        finishScalar(target, result, single: single)
        setPending(new)
        recordStatus(buffer.instructions[current].word)
        resumeSlowPath()
    }

    mutating func setPending(_ new: PendingFloat) {
        pendingFloat = new
        operationCount += 1
    }
}
