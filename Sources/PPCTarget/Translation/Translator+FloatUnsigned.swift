import CJIT
import CPPCState

// Conversions between floating point and unsigned integers, and those of VSX between singles and 64-bit integers (ISA 3.1
// Book I, sections 4.6.7 and 7.6.1.6).
//
// Hosts below AVX-512 convert signed integers only. Numbers that become integers of 2^63 and more are left to the slow path
// on all hosts.
extension Translator {
    // MARK: Scalar

    /// to = the unsigned 64-bit integer in memory, rounded once. Uses rax and rcx.
    mutating func convertUnsigned(_ to: VectorRegister, _ from: MemoryOperand, single: Bool) {
        let simd: UInt8 = single ? 2 : 3
        asm.load(.w64, .rax, from)
        zeroVector(to)
        if hasAVX512 {
            // vcvtusi2sd, vcvtusi2ss
            asm.evex(simd: simd, wide: true, 1, 0x7b, reg: to.code, vvvv: to.code, rm: R.rax.code)
            return
        }
        asm.test(.w64, .rax, .rax)
        let large = asm.shortJump(.negative)
        convertSigned(to, .rax, single: single)
        let done = asm.shortJump()
        asm.land(large)
        // Half of it, which what is cut off still rounds, twice.
        asm.move(.w64, .rcx, .rax)
        asm.shift(.shr, .w64, .rcx, 1)
        asm.alu(.and, .w32, .rax, immediate: 1)
        asm.alu(.or, .w64, .rcx, .rax)
        convertSigned(to, .rcx, single: single)
        vector(VectorOperation(0x58, simd: simd), to, to, to)
        asm.land(done)
    }

    /// `cvtsi2sd`, `cvtsi2ss`
    mutating func convertSigned(
        _ to: VectorRegister, _ from: HostRegister, _ width: HostWidth = .w64, single: Bool
    ) {
        if hasAVX {
            asm.vex(
                simd: single ? 2 : 3, wide: width == .w64, 1, 0x2a, reg: to.code, vvvv: to.code, rm: from.code)
        } else {
            asm.rr(single ? 0xf3 : 0xf2, wide: width == .w64, 1, 0x2a, reg: to.code, rm: from.code)
        }
    }

    /// Truncates (code 2C) or rounds (2D) to an unsigned integer.
    mutating func convertToUnsigned(_ n: FloatOperands, _ width: HostWidth, code: UInt8, twice: Bool) {
        writePendingFirst()
        markStatus()
        let slow = asm.label()
        // Numbers order like their bits: negative ones and NaNs are beyond the limit, too. Up to 2^32 - 1 everything
        // rounds to what fits.
        asm.load(.w64, .rax, vsr(n.b, 8))
        asm.constant(.rcx, width == .w32 ? 0x41ef_ffff_ffe0_0000 : 0x43e0_0000_0000_0000)
        asm.alu(.cmp, .w64, .rax, .rcx)
        asm.jump(.aboveOrEqual, slow)
        let b = useScalar(n.b, .x0)
        if hasAVX {
            asm.vex(simd: 3, wide: true, 1, code, reg: R.rax.code, vvvv: 0, rm: b.code)
        } else {
            asm.rr(0xf2, wide: true, 1, code, reg: R.rax.code, rm: b.code)
        }
        slowPath(from: slow)
        deliverInteger(n, b, .w64, twice: twice)
    }

    // MARK: Vectors from integers

    /// False if the instruction is none of this file's.
    mutating func lowerUnsignedConversion(_ op: Lowered, _ v: VectorFields) -> Bool {
        switch op {
        case .xvcvuxwdp:
            // Below the exponent of 2^52 an integer stands as it is.
            let b = useVector(v.b, .x0)
            vector(.rightDoubles, .x1, b, 32)
            vector(.or, .x1, .x1, constants[.doubleMagic])
            vector(VectorOperation(0x5c, simd: 1), .x1, .x1, constants[.doubleMagic])
            finishNonnegative(v.t, .x1)
        case .xvcvuxwsp:
            markStatus()
            convertUnsignedWords(v)
        case .xvcvuxddp:
            markStatus()
            if hasAVX512 {
                // vcvtuqq2pd
                let t = defineVector(v.t)
                vectorEVEX(VectorOperation(0x7a, simd: 2), wide: true, t, nil, vectorOperand(v.b))
                finishVector(v.t, t)
                return true
            }
            // Both halves below exponents that suit them; their sum alone rounds.
            let b = useVector(v.b, .x0)
            vector(.rightDoubles, .x1, b, 32)
            vector(.or, .x1, .x1, constants[.doubleMagicHigh])
            vector(VectorOperation(0x5c, simd: 1), .x1, .x1, constants[.doubleMagicBoth])
            vector(.blendHalves, .x2, b, constants[.doubleMagic], immediate: 0xcc)
            vector(VectorOperation(0x58, simd: 1), .x1, .x1, .x2)
            finishNonnegative(v.t, .x1)
        case .xvcvsxdsp, .xvcvuxdsp:
            markStatus()
            for (half, to) in [VectorRegister.x0, .x1].enumerated() {
                if op == .xvcvuxdsp {
                    convertUnsigned(to, vsr(v.b, half &* 8), single: true)
                } else {
                    asm.load(.w64, .rax, vsr(v.b, half &* 8))
                    zeroVector(to)
                    convertSigned(to, .rax, single: true)
                }
                vector(.unpackLowWords, to, to, to)
            }
            let t = defineVector(v.t)
            vector(.unpackLowDoubles, t, .x0, .x1)
            finishVector(v.t, t)
        case .xvcvbf16spn:
            let b = useVector(v.b, .x0)
            let t = defineVector(v.t)
            vector(.leftWords, t, b, 16)
            finishVector(v.t, t)
        default: return lowerUnsignedTruncation(op, v)
        }
        return true
    }

    /// The difference of equal numbers is negative zero if results are rounded down.
    private mutating func finishNonnegative(_ target: Int, _ register: VectorRegister) {
        if context.rounding == 3 { vector(.and, register, register, constants[.doubleMagnitudes]) }
        finishVector(target, register)
    }

    private mutating func convertUnsignedWords(_ v: VectorFields) {
        if hasAVX512 {
            // vcvtudq2ps
            let t = defineVector(v.t)
            vectorEVEX(VectorOperation(0x7a, simd: 3), wide: false, t, nil, vectorOperand(v.b))
            finishVector(v.t, t)
            return
        }
        unsignedWordsToSingles(useVector(v.b, .x0))
        finishVector(v.t, .x2)
    }

    // MARK: Vectors to integers

    private mutating func lowerUnsignedTruncation(_ op: Lowered, _ v: VectorFields) -> Bool {
        switch op {
        case .xvcvspuxws, .xvcvdpuxws: truncateToUnsignedWords(v, single: op == .xvcvspuxws)
        case .xvcvdpsxds: truncateDoublewords(v, single: false, signed: true)
        case .xvcvdpuxds: truncateDoublewords(v, single: false, signed: false)
        case .xvcvspsxds: truncateDoublewords(v, single: true, signed: true)
        case .xvcvspuxds: truncateDoublewords(v, single: true, signed: false)
        default: return false
        }
        return true
    }

    private mutating func truncateToUnsignedWords(_ v: VectorFields, single: Bool) {
        writePendingFirst()
        markStatus()
        let slow = asm.label()
        if hasAVX512 {
            // vcvttps2udq, vcvttpd2udq; ones are the answer to what does not fit.
            vectorEVEX(VectorOperation(0x78, simd: 0), wide: !single, .x2, nil, vectorOperand(v.b))
            onesVector(.x3)
        } else {
            // Before MXCSR collects that a negative number was inexact.
            let b = useVector(v.b, .x0)
            loadConstant(.x3, single ? .wordSigns : .doubleSigns)
            vector(.and, .x4, .x3, b)
            testVector(.x4)
            asm.jump(.notEqual, slow)
            vector(
                unary: single ? VectorOperation(0x5b, simd: 2) : VectorOperation(0xe6, simd: 1), .x2, .register(b))
            if !single { loadConstant(.x3, .wordSigns) }
        }
        if !single { vector(.unpackLowWords, .x2, .x2, .x2) }
        vector(.equalWords, .x3, .x3, .x2)
        finishVector(v.t, .x2, unlessAny: .x3, slow)
    }

    /// Two doubles, or the singles in words 0 and 2, to 64-bit integers, one after the other.
    private mutating func truncateDoublewords(_ v: VectorFields, single: Bool, signed: Bool) {
        writePendingFirst()
        markStatus()
        let slow = asm.label()
        for half in 0..<2 {
            let to: R = half == 0 ? .rax : .rdx
            let source = vsr(v.b, half &* 8 &+ (single ? 4 : 0))
            if !signed {
                if single {
                    asm.alu(.cmp, .w32, source, immediate: 0x5f00_0000)
                } else {
                    asm.constant(.rcx, 0x43e0_0000_0000_0000)
                    asm.alu(.cmp, .w64, source, .rcx)
                }
                asm.jump(.aboveOrEqual, slow)
            }
            // cvttsd2si, cvttss2si
            asm.rm(single ? 0xf3 : 0xf2, wide: true, 1, 0x2c, reg: to.code, source)
            if signed {
                asm.move(.w64, .rcx, to)
                asm.alu(.cmp, .w64, .rcx, immediate: 1)
                asm.jump(.overflow, slow)
            }
        }
        slowPath(from: slow)
        moveToVector(.x0, .rax)
        insertDouble0(.x0, .x0, .rdx)
        finishVector(v.t, .x0)
        resumeSlowPath()
    }
}
