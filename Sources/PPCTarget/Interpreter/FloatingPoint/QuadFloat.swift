import CPPCState

/// Quad-precision arithmetic, conversion and comparison on VSRs 32 to 63 (ISA 3.1 Book I, section 7.6.1).
enum QuadFloat {
    @inline(__always) private static func a(_ cpu: CPUState, _ word: UInt64) -> UInt128 {
        Lane.quad(vr(cpu)[Fields(word).ra])
    }
    @inline(__always) private static func b(_ cpu: CPUState, _ word: UInt64) -> UInt128 {
        Lane.quad(vr(cpu)[Fields(word).rb])
    }

    /// Delivers a quad result with FPRF and FI.
    @inline(__always)
    private static func deliver(
        _ cpu: CPUState, _ word: UInt64, _ result: UInt128, _ status: inout FPStatus
    ) -> Int32 {
        if status.isStopped { return status.stop(cpu) }
        vr(cpu)[Fields(word).rt] = Lane.vector(result)
        status.setFPRF(Binary128.self, result)
        return status.finish(cpu, setsFI: true)
    }

    /// Status with the rounding mode of the instruction: the O forms round to odd.
    @inline(__always)
    private static func status(_ cpu: CPUState, toOdd: Bool) -> FPStatus {
        var status = FPStatus(cpu)
        if toOdd { status.env.rounding = .toOdd }
        return status
    }

    // MARK: Arithmetic

    @inline(__always)
    static func arithmetic(
        _ cpu: CPUState, _ word: UInt64, _ operation: ScalarFloat.Binary, toOdd: Bool
    ) -> Int32 {
        var status = status(cpu, toOdd: toOdd)
        let (x, y) = (a(cpu, word), b(cpu, word))
        let result =
            switch operation {
            case .add: SoftFloat.add(Binary128.self, x, y, &status.env)
            case .subtract: SoftFloat.add(Binary128.self, x, y, subtract: true, &status.env)
            case .multiply: SoftFloat.multiply(Binary128.self, x, y, &status.env)
            case .divide: SoftFloat.divide(Binary128.self, x, y, &status.env)
            }
        status.record(status.env.flags, setsFPCC: true)
        return deliver(cpu, word, result, &status)
    }

    @inline(__always)
    static func squareRoot(_ cpu: CPUState, _ word: UInt64, toOdd: Bool) -> Int32 {
        var status = status(cpu, toOdd: toOdd)
        let result = SoftFloat.squareRoot(Binary128.self, b(cpu, word), &status.env)
        status.record(status.env.flags, setsFPCC: true)
        return deliver(cpu, word, result, &status)
    }

    /// `±(VRA * VRB ± VRT)`
    @inline(__always)
    static func fused(_ cpu: CPUState, _ word: UInt64, _ kind: SoftFloat.FusedKind, toOdd: Bool) -> Int32 {
        var status = status(cpu, toOdd: toOdd)
        let result = SoftFloat.fuse(
            Binary128.self, a(cpu, word), b(cpu, word), Lane.quad(vr(cpu)[Fields(word).rt]), kind, &status.env)
        status.record(status.env.flags, setsFPCC: false)
        return deliver(cpu, word, result, &status)
    }

    // MARK: Rounding

    /// The rounding mode that R and RMC name; `nil` for the reserved encodings with R = 0.
    @inline(__always)
    private static func mode(_ cpu: CPUState, _ word: UInt64) -> RoundingMode {
        let code = word >> 9 & 3
        if word >> 16 & 1 != 0 { return RoundingMode(rawValue: UInt8(code)) ?? .nearestEven }
        switch code {
        case 0: return .tiesAway
        case 3: return RoundingMode(rawValue: UInt8(cpu.pointee.fpscr & FPSCR.rn)) ?? .nearestEven
        default: return .nearestEven  // reserved; what QEMU does with it
        }
    }

    /// `xsrqpi`, `xsrqpix`; only the X form can be inexact.
    @inline(__always)
    static func roundToIntegral(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        var status = FPStatus(cpu)
        let result = SoftFloat.roundToIntegral(
            Binary128.self, b(cpu, word), mode(cpu, word), &status.env)
        if word & 1 == 0 { status.env.flags.remove(.inexact) }
        status.record(status.env.flags, setsFPCC: true)
        return deliver(cpu, word, result, &status)
    }

    /// `xsrqpxp`
    static func roundToExtended(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        var status = FPStatus(cpu)
        status.env.rounding = mode(cpu, word)
        let result = SoftFloat.roundToExtended(b(cpu, word), &status.env)
        status.record(status.env.flags, setsFPCC: true)
        return deliver(cpu, word, result, &status)
    }

    // MARK: Conversion

    /// `xscvdpqp`
    static func fromDouble(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        var status = FPStatus(cpu)
        let result = SoftFloat.widen(vr(cpu)[Fields(word).rb].hi, from: Binary64.self, &status.env)
        status.record(status.env.flags, setsFPCC: false)
        return deliver(cpu, word, result, &status)
    }

    /// `xscvqpdp`, `xscvqpdpo`
    @inline(__always)
    static func toDouble(_ cpu: CPUState, _ word: UInt64, toOdd: Bool) -> Int32 {
        var status = status(cpu, toOdd: toOdd)
        let result = SoftFloat.narrow(b(cpu, word), to: Binary64.self, &status.env)
        status.record(status.env.flags, setsFPCC: false)
        if status.isStopped { return status.stop(cpu) }
        vr(cpu)[Fields(word).rt] = Lane.scalar(result)
        status.setFPRF(Binary64.self, result)
        return status.finish(cpu, setsFI: true)
    }

    /// `xscvqpsdz` and siblings. Results of up to 64 bits stand in doubleword 0, extended by their sign.
    @inline(__always)
    static func toInteger(_ cpu: CPUState, _ word: UInt64, width: Int, signed: Bool) -> Int32 {
        var status = FPStatus(cpu)
        var result = SoftFloat.toInteger(
            Binary128.self, b(cpu, word), width: width, signed: signed, .towardZero, &status.env)
        if status.env.flags.contains(.invalid) {
            if !status.env.flags.contains(.integerRange) { result = signed ? 1 << UInt128(width - 1) : 0 }
            status.invalidConversion(status.env.flags, setsFPCC: false)
            if status.isStopped { return status.stop(cpu) }
        }
        if width == 128 {
            vr(cpu)[Fields(word).rt] = Lane.vector(result)
        } else {
            var low = UInt64(truncatingIfNeeded: result)
            if width == 32 && signed { low = UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: low))) }
            vr(cpu)[Fields(word).rt] = Lane.scalar(low)
        }
        return status.finish(cpu, setsFI: true)
    }

    /// `xscvsdqp`, `xscvudqp`, `xscvsqqp`, `xscvuqqp`
    @inline(__always)
    static func fromInteger(_ cpu: CPUState, _ word: UInt64, width: Int, signed: Bool) -> Int32 {
        var status = FPStatus(cpu)
        let source = vr(cpu)[Fields(word).rb]
        var value = width == 128 ? Lane.quad(source) : UInt128(source.hi)
        let negative = signed && source.hi >> 63 != 0
        if negative { value = width == 128 ? 0 &- value : UInt128(0 &- source.hi) }
        let result = SoftFloat.fromInteger(Binary128.self, negative: negative, value, &status.env)
        return deliver(cpu, word, result, &status)
    }

    // MARK: Comparison

    @inline(__always)
    static func compare(_ cpu: CPUState, _ word: UInt64, ordered: Bool) -> Int32 {
        VSXCompare.toCR(cpu, word, Binary128.self, a(cpu, word), b(cpu, word), ordered: ordered)
    }

    static func compareExponents(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        VSXCompare.exponents(cpu, word, Binary128.self, a(cpu, word), b(cpu, word))
    }

    @inline(__always)
    static func compareToMask(_ cpu: CPUState, _ word: UInt64, _ relation: VSXCompare.Relation) -> Int32 {
        VSXCompare.toMask(
            cpu, Fields(word).rt + 32, Binary128.self, a(cpu, word), b(cpu, word), relation)
    }

    @inline(__always)
    static func extremum(_ cpu: CPUState, _ word: UInt64, maximum: Bool) -> Int32 {
        VSXCompare.extremumC(
            cpu, Fields(word).rt + 32, Binary128.self, a(cpu, word), b(cpu, word), maximum: maximum)
    }

    static func testClass(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        VSXCompare.testClass(cpu, word, Binary128.self, b(cpu, word))
    }

    // MARK: Signs, exponents, significands

    /// Changes doubleword 0; doubleword 1 is B's.
    @inline(__always)
    static func bits(_ cpu: CPUState, _ word: UInt64, _ change: (UInt64, UInt64) -> UInt64) -> Int32 {
        let f = Fields(word)
        let source = vr(cpu)[f.rb]
        vr(cpu)[f.rt] = ppc_vsr(lo: source.lo, hi: change(vr(cpu)[f.ra].hi, source.hi))
        return Outcome.next
    }

    static func extractExponent(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        let f = Fields(word)
        vr(cpu)[f.rt] = Lane.scalar(vr(cpu)[f.rb].hi >> 48 & 0x7fff)
        return Outcome.next
    }

    static func extractSignificand(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        bits(cpu, word) { _, high in
            let exponent = high >> 48 & 0x7fff
            return high & 0xffff_ffff_ffff | (exponent == 0 || exponent == 0x7fff ? 0 : 1 << 48)
        }
    }

    /// `xsiexpqp`: sign and fraction from A, exponent from the low bits of B's doubleword 0.
    static func insertExponent(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        let f = Fields(word)
        let source = vr(cpu)[f.ra]
        let exponent = (vr(cpu)[f.rb].hi & 0x7fff) << 48
        vr(cpu)[f.rt] = ppc_vsr(lo: source.lo, hi: source.hi & 0x8000_ffff_ffff_ffff | exponent)
        return Outcome.next
    }
}
