import CPPCState

/// Scalar floating-point arithmetic on FPRs (ISA 3.1 Book I, section 4.6.6).
enum ScalarFloat {
    enum Binary { case add, subtract, multiply, divide }

    /// `frA op frB`, or `frA op frC` for multiplication.
    @inline(__always)
    static func binary(_ cpu: CPUState, _ word: UInt64, _ operation: Binary, single: Bool) -> Int32 {
        let f = Fields(word)
        var status = FPStatus(cpu)
        let a = fpr(cpu, f.ra)
        let b = fpr(cpu, operation == .multiply ? f.rc : f.rb)
        let result = compute(a, b, operation, single: single, &status.env)
        status.record(status.env.flags, setsFPCC: true)
        return deliver(cpu, word, result, &status)
    }

    @inline(__always)
    static func compute(
        _ a: UInt64, _ b: UInt64, _ operation: Binary, single: Bool, _ env: inout FloatEnvironment
    ) -> UInt64 {
        switch (operation, single) {
        case (.add, false): SoftFloat.add64(a, b, subtract: false, &env)
        case (.add, true): SoftFloat.addSingle(a, b, subtract: false, &env)
        case (.subtract, false): SoftFloat.add64(a, b, subtract: true, &env)
        case (.subtract, true): SoftFloat.addSingle(a, b, subtract: true, &env)
        case (.multiply, false): SoftFloat.multiply64(a, b, &env)
        case (.multiply, true): SoftFloat.multiplySingle(a, b, &env)
        case (.divide, false): SoftFloat.divide64(a, b, &env)
        case (.divide, true): SoftFloat.divideSingle(a, b, &env)
        }
    }

    @inline(__always)
    static func fused(_ cpu: CPUState, _ word: UInt64, _ kind: SoftFloat.FusedKind, single: Bool) -> Int32 {
        let f = Fields(word)
        var status = FPStatus(cpu)
        let a = fpr(cpu, f.ra)
        let b = fpr(cpu, f.rb)
        let c = fpr(cpu, f.rc)
        let result =
            single
            ? SoftFloat.fuseSingle(a, c, b, kind, &status.env) : SoftFloat.fuse64(a, c, b, kind, &status.env)
        status.record(status.env.flags, setsFPCC: true)
        return deliver(cpu, word, result, &status)
    }

    @inline(__always)
    static func squareRoot(_ cpu: CPUState, _ word: UInt64, single: Bool) -> Int32 {
        var status = FPStatus(cpu)
        let b = fpr(cpu, Fields(word).rb)
        let result =
            single ? SoftFloat.squareRootSingle(b, &status.env) : SoftFloat.squareRoot64(b, &status.env)
        status.record(status.env.flags, setsFPCC: true)
        return deliver(cpu, word, result, &status)
    }

    /// The estimate is the correctly rounded quotient, as QEMU's is; the ISA asks for one part in 256.
    @inline(__always)
    static func reciprocal(_ cpu: CPUState, _ word: UInt64, single: Bool) -> Int32 {
        var status = FPStatus(cpu)
        let result = compute(
            Binary64.one, fpr(cpu, Fields(word).rb), .divide, single: single, &status.env)
        status.record(status.env.flags, setsFPCC: true)
        return deliver(cpu, word, result, &status)
    }

    @inline(__always)
    static func reciprocalRoot(_ cpu: CPUState, _ word: UInt64, single: Bool) -> Int32 {
        var status = FPStatus(cpu)
        let root = SoftFloat.squareRoot64(fpr(cpu, Fields(word).rb), &status.env)
        let result = compute(Binary64.one, root, .divide, single: single, &status.env)
        status.record(status.env.flags, setsFPCC: true)
        return deliver(cpu, word, result, &status)
    }

    /// Writes the target with FPRF, FI and CR1, or stops for an enabled exception.
    @inline(__always)
    static func deliver(_ cpu: CPUState, _ word: UInt64, _ result: UInt64, _ status: inout FPStatus) -> Int32 {
        if status.isStopped { return status.stop(cpu) }
        setFPR(cpu, Fields(word).rt, result)
        status.setFPRF(Binary64.self, result)
        let outcome = status.finish(cpu, setsFI: true)
        if outcome == Outcome.next { setCR1(cpu, word) }
        return outcome
    }

    // MARK: Rounding and conversion (section 4.6.7)

    /// `frsp`
    @inline(__always)
    static func roundToSingle(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        var status = FPStatus(cpu)
        let result = SoftFloat.convert(
            fpr(cpu, Fields(word).rb), from: Binary64.self, to: Binary32.self, &status.env)
        status.record(status.env.flags, setsFPCC: true)
        return deliver(cpu, word, doubleFormat(result), &status)
    }

    /// `fctiw`, `fctid` and their unsigned and truncating forms. `frT` holds a 32-bit result sign-extended (unsigned:
    /// zero-extended); the ISA leaves the upper half undefined.
    @inline(__always)
    static func toInteger(_ cpu: CPUState, _ word: UInt64, width: Int, signed: Bool, truncate: Bool) -> Int32 {
        let f = Fields(word)
        var status = FPStatus(cpu)
        let mode = truncate ? RoundingMode.towardZero : status.env.rounding
        let wide = SoftFloat.toInteger(
            Binary64.self, fpr(cpu, f.rb), width: width, signed: signed, mode, &status.env)
        var result = UInt64(truncatingIfNeeded: wide)
        if signed && width == 32 { result = UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: result))) }
        if status.env.flags.contains(.invalid) {
            if !status.env.flags.contains(.integerRange) {
                result = signed ? 1 << UInt64(truncatingIfNeeded: width - 1) : 0
            }
            status.invalidConversion(status.env.flags, setsFPCC: true)
            if status.isStopped { return status.stop(cpu) }
        }
        setFPR(cpu, f.rt, result)
        let outcome = status.finish(cpu, setsFI: true)
        if outcome == Outcome.next { setCR1(cpu, word) }
        return outcome
    }

    /// `fcfid` and its unsigned and single forms. Only `fcfid` sets FPRF, as in QEMU; ISA 3.1 Book I, section 4.6.7.2
    /// has all of them set it.
    @inline(__always)
    static func fromInteger(_ cpu: CPUState, _ word: UInt64, signed: Bool, single: Bool) -> Int32 {
        let f = Fields(word)
        var status = FPStatus(cpu)
        let source = fpr(cpu, f.rb)
        let negative = signed && source >> 63 != 0
        let magnitude = negative ? 0 &- source : source
        let result =
            single
            ? SoftFloat.singleInDouble(negative: negative, magnitude, &status.env)
            : SoftFloat.fromInteger(Binary64.self, negative: negative, UInt128(magnitude), &status.env)
        setFPR(cpu, f.rt, result)
        if signed && !single { status.setFPRF(Binary64.self, result) }
        let outcome = status.finish(cpu, setsFI: true)
        if outcome == Outcome.next { setCR1(cpu, word) }
        return outcome
    }

    /// `frin`, `friz`, `frip`, `frim`: never inexact.
    @inline(__always)
    static func roundToIntegral(_ cpu: CPUState, _ word: UInt64, _ mode: RoundingMode) -> Int32 {
        var status = FPStatus(cpu)
        let result = SoftFloat.roundToIntegral(Binary64.self, fpr(cpu, Fields(word).rb), mode, &status.env)
        status.env.flags.remove(.inexact)
        status.record(status.env.flags, setsFPCC: true)
        return deliver(cpu, word, result, &status)
    }

    // MARK: Comparison and tests (sections 4.6.8, 4.6.6.1)

    @inline(__always)
    static func compare(_ cpu: CPUState, _ word: UInt64, ordered: Bool) -> Int32 {
        let f = Fields(word)
        var status = FPStatus(cpu)
        let relation = SoftFloat.compare(
            Binary64.self, fpr(cpu, f.ra), fpr(cpu, f.rb), signaling: false, &status.env)
        status.setFPCC(relation.rawValue)
        crFields(cpu)[f.bf] = relation.rawValue
        if relation == .unordered {
            if ordered { status.unorderedComparison(setsFPCC: true) }
            if status.env.flags.contains(.signalingNaN) { status.invalid(FPSCR.vxsnan) }
            if status.isStopped { return status.stop(cpu) }
        }
        status.env.flags = []
        return status.finish(cpu, setsFI: true)
    }

    @inline(__always)
    static func testDivide(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        let f = Fields(word)
        crFields(cpu)[f.bf] = divideTest(Binary64.self, fpr(cpu, f.ra), fpr(cpu, f.rb))
        return Outcome.next
    }

    @inline(__always)
    static func testSquareRoot(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        let f = Fields(word)
        crFields(cpu)[f.bf] = squareRootTest(Binary64.self, fpr(cpu, f.rb))
        return Outcome.next
    }

    /// Condition field of a test for software divide: 8, plus 4 (fg) and 2 (fe).
    static func divideTest<F: BinaryFormat>(_ format: F.Type, _ a: F.Bits, _ b: F.Bits) -> UInt8 {
        if F.isInfinite(a) || F.isInfinite(b) || F.isZero(b) { return 0xe }
        let minimum = 1 - F.bias
        let exponentA = F.biasedExponent(a) - F.bias
        let exponentB = F.biasedExponent(b) - F.bias
        var result: UInt8 = 8
        if F.isNaN(a) || F.isNaN(b) || exponentB <= minimum || exponentB >= F.bias - 2 {
            result |= 2
        } else if !F.isZero(a) {
            let difference = exponentA - exponentB
            if difference >= F.bias || difference <= minimum + 1 || exponentA <= minimum + F.fractionBits {
                result |= 2
            }
        }
        if F.isDenormal(b) { result |= 4 }
        return result
    }

    static func squareRootTest<F: BinaryFormat>(_ format: F.Type, _ b: F.Bits) -> UInt8 {
        if F.isInfinite(b) || F.isZero(b) { return 0xe }
        var result: UInt8 = 8
        let exponent = F.biasedExponent(b) - F.bias
        if F.isNaN(b) || F.isNegative(b) || exponent <= 1 - F.bias + F.fractionBits { result |= 2 }
        if F.isDenormal(b) { result |= 4 }
        return result
    }

    @inline(__always)
    static func select(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        let f = Fields(word)
        let a = fpr(cpu, f.ra)
        let chooseC = !Binary64.isNaN(a) && (a >> 63 == 0 || Binary64.isZero(a))
        setFPR(cpu, f.rt, chooseC ? fpr(cpu, f.rc) : fpr(cpu, f.rb))
        setCR1(cpu, word)
        return Outcome.next
    }

    /// `fmr` and its sign-changing siblings: bits in, bits out, no exceptions.
    @inline(__always)
    static func move(_ cpu: CPUState, _ word: UInt64, _ change: (UInt64, UInt64) -> UInt64) -> Int32 {
        let f = Fields(word)
        setFPR(cpu, f.rt, change(fpr(cpu, f.ra), fpr(cpu, f.rb)))
        setCR1(cpu, word)
        return Outcome.next
    }
}

/// DOUBLE(x): a single in double format, without arithmetic (ISA 3.1 Book I, section 4.6.2).
@inline(__always)
func doubleFormat(_ single: UInt32) -> UInt64 {
    let sign = UInt64(single >> 31) << 63
    let magnitude = UInt64(single & 0x7fff_ffff)
    if magnitude >= 0x7f80_0000 { return sign | 0x7ff << 52 | (magnitude & 0x7f_ffff) << 29 }
    if magnitude >= 0x80_0000 { return sign | (magnitude << 29) &+ (896 << 52) }
    if magnitude == 0 { return sign }
    let shift = UInt64(truncatingIfNeeded: magnitude.leadingZeroBitCount &- 40)
    return sign | ((896 &- shift) << 52) &+ (magnitude &<< (29 &+ shift))
}

/// SINGLE(x): the bits that a single-precision store writes (ISA 3.1 Book I, section 4.6.3). Values below the range of
/// single precision store as zero; the ISA leaves them undefined.
@inline(__always)
func singleFormat(_ double: UInt64) -> UInt32 {
    let exponent = double >> 52 & 0x7ff
    if exponent > 896 {
        return UInt32(truncatingIfNeeded: (double >> 62) << 30 | double >> 29 & 0x3fff_ffff)
    }
    let sign = UInt32(truncatingIfNeeded: double >> 63) << 31
    if exponent < 874 { return sign }
    let fraction = 1 << 52 | double & 0xf_ffff_ffff_ffff
    return sign | UInt32(truncatingIfNeeded: fraction &>> (926 &- exponent))
}
