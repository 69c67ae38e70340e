import CPPCState

/// Elements of a VSR by ISA number: element 0 is the leftmost.
enum Lane {
    @inline(__always)
    static func get<F: BinaryFormat>(_ format: F.Type, _ v: ppc_vsr, _ index: Int) -> F.Bits {
        let width = F.Bits.bitWidth
        if width == 128 { return F.Bits(truncatingIfNeeded: UInt128(v.hi) << 64 | UInt128(v.lo)) }
        let perHalf = 64 / width
        let half = index < perHalf ? v.hi : v.lo
        return F.Bits(truncatingIfNeeded: half &>> UInt64((perHalf &- 1 &- index % perHalf) &* width))
    }

    /// Sets an element that is still zero.
    @inline(__always)
    static func set<F: BinaryFormat>(_ format: F.Type, _ v: inout ppc_vsr, _ index: Int, _ bits: F.Bits) {
        let width = F.Bits.bitWidth
        if width == 128 {
            v = vector(UInt128(truncatingIfNeeded: bits))
            return
        }
        let perHalf = 64 / width
        let shifted = UInt64(truncatingIfNeeded: bits) &<< UInt64((perHalf &- 1 &- index % perHalf) &* width)
        if index < perHalf { v.hi |= shifted } else { v.lo |= shifted }
    }

    @inline(__always) static func count<F: BinaryFormat>(_ format: F.Type) -> Int { 128 / F.Bits.bitWidth }
    @inline(__always) static func word(_ v: ppc_vsr, _ index: Int) -> UInt32 { get(Binary32.self, v, index) }
    @inline(__always) static func doubleword(_ v: ppc_vsr, _ index: Int) -> UInt64 { index == 0 ? v.hi : v.lo }
    @inline(__always) static func quad(_ v: ppc_vsr) -> UInt128 { UInt128(v.hi) << 64 | UInt128(v.lo) }
    @inline(__always) static func vector(_ bits: UInt128) -> ppc_vsr {
        ppc_vsr(lo: UInt64(truncatingIfNeeded: bits), hi: UInt64(truncatingIfNeeded: bits >> 64))
    }
    /// Both words of a doubleword alike.
    @inline(__always) static func twice(_ word: UInt32) -> UInt64 { UInt64(word) << 32 | UInt64(word) }
    @inline(__always) static func scalar(_ bits: UInt64) -> ppc_vsr { ppc_vsr(lo: 0, hi: bits) }
}

/// VSX scalar and vector arithmetic on doubles and singles (ISA 3.1 Book I, section 7.6).
///
/// A scalar instruction writes doubleword 0 and clears doubleword 1. In vector instructions an enabled invalid
/// operation or zero divide in any element leaves the whole target alone.
enum VSXFloat {
    // MARK: Scalar

    /// Delivers a scalar result with FPRF and FI.
    @inline(__always)
    static func deliver(_ cpu: CPUState, _ word: UInt64, _ result: UInt64, _ status: inout FPStatus) -> Int32 {
        if status.isStopped { return status.stop(cpu) }
        vsr(cpu)[Fields(word).xt] = Lane.scalar(result)
        status.setFPRF(Binary64.self, result)
        return status.finish(cpu, setsFI: true)
    }

    /// Single-precision forms round once, as ISA 3.1 Book I, section 7.6.1.8 says (`bfp_ROUND_TO_BFP32` of the exact
    /// result).
    @inline(__always)
    static func scalar(_ cpu: CPUState, _ word: UInt64, _ operation: ScalarFloat.Binary, single: Bool) -> Int32 {
        let f = Fields(word)
        var status = FPStatus(cpu)
        let result = ScalarFloat.compute(
            vsr(cpu)[f.xa].hi, vsr(cpu)[f.xb].hi, operation, single: single, &status.env)
        status.record(status.env.flags, setsFPCC: true)
        return deliver(cpu, word, result, &status)
    }

    @inline(__always)
    static func scalarRoot(_ cpu: CPUState, _ word: UInt64, single: Bool) -> Int32 {
        var status = FPStatus(cpu)
        let b = vsr(cpu)[Fields(word).xb].hi
        let result =
            single ? SoftFloat.squareRootSingle(b, &status.env) : SoftFloat.squareRoot64(b, &status.env)
        status.record(status.env.flags, setsFPCC: true)
        return deliver(cpu, word, result, &status)
    }

    /// `xsmadd*` and siblings. The A form adds the target to a product, the M form multiplies the target.
    @inline(__always)
    static func scalarFused(
        _ cpu: CPUState, _ word: UInt64, _ kind: SoftFloat.FusedKind, multipliesTarget: Bool, single: Bool
    ) -> Int32 {
        let f = Fields(word)
        var status = FPStatus(cpu)
        let a = vsr(cpu)[f.xa].hi
        let b = vsr(cpu)[f.xb].hi
        let t = vsr(cpu)[f.xt].hi
        let factor = multipliesTarget ? t : b
        let addend = multipliesTarget ? b : t
        let result =
            single
            ? SoftFloat.fuseSingle(a, factor, addend, kind, &status.env)
            : SoftFloat.fuse64(a, factor, addend, kind, &status.env)
        status.record(status.env.flags, setsFPCC: true)
        return deliver(cpu, word, result, &status)
    }

    /// `xsre*`, `xsrsqrte*`: correctly rounded quotients, as QEMU estimates. A zero operand gives infinity without
    /// ZX here, unlike ISA 3.1 Book I, section 7.6.1.10; QEMU's FPSCR is the reference.
    @inline(__always)
    static func scalarEstimate(_ cpu: CPUState, _ word: UInt64, root: Bool, single: Bool) -> Int32 {
        var status = FPStatus(cpu)
        var divisor = vsr(cpu)[Fields(word).xb].hi
        if root { divisor = SoftFloat.squareRoot64(divisor, &status.env) }
        var result = SoftFloat.divide64(Binary64.one, divisor, &status.env)
        status.env.flags.remove(.divideByZero)
        status.record(status.env.flags, setsFPCC: root)
        if single {
            let overflowed = status.env.flags.contains(.overflow)
            result = doubleFormat(
                SoftFloat.convert(result, from: Binary64.self, to: Binary32.self, &status.env))
            // With OE = 1 the intermediate result is what overflowed with its exponent adjusted, and small for that alone.
            if overflowed { status.env.flags.remove(.underflow) }
        }
        return deliver(cpu, word, result, &status)
    }

    @inline(__always)
    static func scalarRoundToSingle(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        var status = FPStatus(cpu)
        let result = SoftFloat.convert(
            vsr(cpu)[Fields(word).xb].hi, from: Binary64.self, to: Binary32.self, &status.env)
        status.record(status.env.flags, setsFPCC: true)
        return deliver(cpu, word, doubleFormat(result), &status)
    }

    /// `xsrdpi` and siblings; `nil` is the current rounding mode, whose form alone can be inexact.
    @inline(__always)
    static func scalarIntegral(_ cpu: CPUState, _ word: UInt64, _ mode: RoundingMode?) -> Int32 {
        var status = FPStatus(cpu)
        let result = SoftFloat.roundToIntegral(
            Binary64.self, vsr(cpu)[Fields(word).xb].hi, mode ?? status.env.rounding, &status.env)
        if mode != nil { status.env.flags.remove(.inexact) }
        status.record(status.env.flags, setsFPCC: true)
        return deliver(cpu, word, result, &status)
    }

    // MARK: Vector

    /// Applies an operation to each element, collecting exceptions element by element.
    @inline(__always)
    static func map<F: BinaryFormat>(
        _ cpu: CPUState, _ word: UInt64, _ format: F.Type,
        _ operation: (Int, inout FloatEnvironment) -> F.Bits
    ) -> Int32 {
        var status = FPStatus(cpu)
        var result = ppc_vsr()
        for index in 0..<Lane.count(F.self) {
            var env = status.env
            env.flags = []
            Lane.set(F.self, &result, index, operation(index, &env))
            status.env.flags.formUnion(env.flags)
            status.record(env.flags, setsFPCC: false)
            if status.isStopped { return status.stop(cpu) }
        }
        vsr(cpu)[Fields(word).xt] = result
        return status.finish(cpu, setsFI: false)
    }

    @inline(__always)
    static func vector64(_ cpu: CPUState, _ word: UInt64, _ operation: ScalarFloat.Binary) -> Int32 {
        let a = vsr(cpu)[Fields(word).xa]
        let b = vsr(cpu)[Fields(word).xb]
        return map(cpu, word, Binary64.self) { index, env in
            ScalarFloat.compute(
                Lane.doubleword(a, index), Lane.doubleword(b, index), operation, single: false, &env)
        }
    }

    @inline(__always)
    static func vector32(_ cpu: CPUState, _ word: UInt64, _ operation: ScalarFloat.Binary) -> Int32 {
        let a = vsr(cpu)[Fields(word).xa]
        let b = vsr(cpu)[Fields(word).xb]
        return map(cpu, word, Binary32.self) { index, env in
            let x = Lane.word(a, index)
            let y = Lane.word(b, index)
            switch operation {
            case .add: return SoftFloat.add(Binary32.self, x, y, &env)
            case .subtract: return SoftFloat.add(Binary32.self, x, y, subtract: true, &env)
            case .multiply: return SoftFloat.multiply(Binary32.self, x, y, &env)
            case .divide: return SoftFloat.divide(Binary32.self, x, y, &env)
            }
        }
    }

    @inline(__always)
    static func vectorRoot<F: BinaryFormat>(_ cpu: CPUState, _ word: UInt64, _ format: F.Type) -> Int32 {
        let b = vsr(cpu)[Fields(word).xb]
        return map(cpu, word, F.self) { index, env in
            SoftFloat.squareRoot(F.self, Lane.get(F.self, b, index), &env)
        }
    }

    @inline(__always)
    static func vectorFused<F: BinaryFormat>(
        _ cpu: CPUState, _ word: UInt64, _ format: F.Type, _ kind: SoftFloat.FusedKind, multipliesTarget: Bool
    ) -> Int32 {
        let f = Fields(word)
        let a = vsr(cpu)[f.xa]
        let factor = multipliesTarget ? vsr(cpu)[f.xt] : vsr(cpu)[f.xb]
        let addend = multipliesTarget ? vsr(cpu)[f.xb] : vsr(cpu)[f.xt]
        return map(cpu, word, F.self) { index, env in
            SoftFloat.fuse(
                F.self, Lane.get(F.self, a, index), Lane.get(F.self, factor, index),
                Lane.get(F.self, addend, index), kind, &env)
        }
    }

    @inline(__always)
    static func vectorEstimate<F: BinaryFormat>(
        _ cpu: CPUState, _ word: UInt64, _ format: F.Type, root: Bool
    ) -> Int32 {
        let b = vsr(cpu)[Fields(word).xb]
        return map(cpu, word, F.self) { index, env in
            var divisor = Lane.get(F.self, b, index)
            if root { divisor = SoftFloat.squareRoot(F.self, divisor, &env) }
            let result = SoftFloat.divide(F.self, F.one, divisor, &env)
            env.flags.remove(.divideByZero)
            return result
        }
    }

    @inline(__always)
    static func vectorIntegral<F: BinaryFormat>(
        _ cpu: CPUState, _ word: UInt64, _ format: F.Type, _ mode: RoundingMode?
    ) -> Int32 {
        let b = vsr(cpu)[Fields(word).xb]
        return map(cpu, word, F.self) { index, env in
            let result = SoftFloat.roundToIntegral(F.self, Lane.get(F.self, b, index), mode ?? env.rounding, &env)
            if mode != nil { env.flags.remove(.inexact) }
            return result
        }
    }

    @inline(__always)
    static func vectorExtremum<F: BinaryFormat>(
        _ cpu: CPUState, _ word: UInt64, _ format: F.Type, maximum: Bool
    ) -> Int32 {
        let a = vsr(cpu)[Fields(word).xa]
        let b = vsr(cpu)[Fields(word).xb]
        return map(cpu, word, F.self) { index, env in
            SoftFloat.extremum(
                F.self, Lane.get(F.self, a, index), Lane.get(F.self, b, index), maximum: maximum, &env)
        }
    }

    // MARK: Tests for software divide and square root

    @inline(__always)
    static func divideTest<F: BinaryFormat>(
        _ cpu: CPUState, _ word: UInt64, _ format: F.Type, scalar: Bool
    ) -> Int32 {
        let f = Fields(word)
        var result: UInt8 = 0
        for index in 0..<(scalar ? 1 : Lane.count(F.self)) {
            result |= ScalarFloat.divideTest(
                F.self, Lane.get(F.self, vsr(cpu)[f.xa], index), Lane.get(F.self, vsr(cpu)[f.xb], index))
        }
        crFields(cpu)[f.bf] = result
        return Outcome.next
    }

    @inline(__always)
    static func squareRootTest<F: BinaryFormat>(
        _ cpu: CPUState, _ word: UInt64, _ format: F.Type, scalar: Bool
    ) -> Int32 {
        let f = Fields(word)
        var result: UInt8 = 0
        for index in 0..<(scalar ? 1 : Lane.count(F.self)) {
            result |= ScalarFloat.squareRootTest(F.self, Lane.get(F.self, vsr(cpu)[f.xb], index))
        }
        crFields(cpu)[f.bf] = result
        return Outcome.next
    }
}
