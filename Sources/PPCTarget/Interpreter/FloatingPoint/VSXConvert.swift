import CPPCState

/// VSX conversions between formats and to and from integers (ISA 3.1 Book I, sections 7.6.1.6 and 7.6.2.3).
enum VSXConvert {
    // MARK: Between floating-point formats

    /// One element to one element; the target VSR is otherwise zero. Scalar forms set FPRF in the target's format.
    @inline(__always)
    static func scalar<From: BinaryFormat, To: BinaryFormat>(
        _ cpu: CPUState, _ word: UInt64, from: From.Type, at source: Int, to: To.Type, at target: Int
    ) -> Int32 where From.Work == To.Work {
        var status = FPStatus(cpu)
        let a = Lane.get(From.self, vsr(cpu)[Fields(word).xb], source)
        let result = SoftFloat.convert(a, from: From.self, to: To.self, &status.env)
        status.record(status.env.flags, setsFPCC: false)
        if status.isStopped { return status.stop(cpu) }
        var vector = ppc_vsr()
        Lane.set(To.self, &vector, target, result)
        // Single-precision results fill both words of the doubleword (ISA 3.1, programming note of xscvdpsp).
        if To.Bits.bitWidth == 32 { Lane.set(To.self, &vector, target + 1, result) }
        vsr(cpu)[Fields(word).xt] = vector
        status.setFPRF(To.self, result)
        return status.finish(cpu, setsFI: true)
    }

    /// Element by element, `count` of them: source element `stride.0 * i + offset.0` to target element
    /// `stride.1 * i + offset.1`.
    @inline(__always)
    static func vector<From: BinaryFormat, To: BinaryFormat>(
        _ cpu: CPUState, _ word: UInt64, from: From.Type, to: To.Type, count: Int, stride: (Int, Int),
        offset: (Int, Int) = (0, 0), duplicates: Bool = false
    ) -> Int32 where From.Work == To.Work {
        let b = vsr(cpu)[Fields(word).xb]
        return collect(cpu, word, count: count) { index, result, env in
            let a = Lane.get(From.self, b, stride.0 * index + offset.0)
            let bits = SoftFloat.convert(a, from: From.self, to: To.self, &env)
            Lane.set(To.self, &result, stride.1 * index + offset.1, bits)
            if duplicates { Lane.set(To.self, &result, stride.1 * index + offset.1 + 1, bits) }
        }
    }

    /// Runs an operation per element and collects exceptions as vector instructions do.
    @inline(__always)
    private static func collect(
        _ cpu: CPUState, _ word: UInt64, count: Int,
        _ operation: (Int, inout ppc_vsr, inout FloatEnvironment) -> Void
    ) -> Int32 {
        var status = FPStatus(cpu)
        var result = ppc_vsr()
        for index in 0..<count {
            var env = status.env
            env.flags = []
            operation(index, &result, &env)
            status.env.flags.formUnion(env.flags)
            status.record(env.flags, setsFPCC: false)
            if status.isStopped { return status.stop(cpu) }
        }
        vsr(cpu)[Fields(word).xt] = result
        return status.finish(cpu, setsFI: false)
    }

    /// `xscvdpspn`: the bits of a single-precision store, in both words.
    static func singleBits(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        let f = Fields(word)
        vsr(cpu)[f.xt] = Lane.scalar(Lane.twice(singleFormat(vsr(cpu)[f.xb].hi)))
        return Outcome.next
    }

    /// `xscvspdpn`
    static func doubleBits(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        let f = Fields(word)
        vsr(cpu)[f.xt] = Lane.scalar(doubleFormat(Lane.word(vsr(cpu)[f.xb], 0)))
        return Outcome.next
    }

    /// `xvcvbf16spn`
    static func widenBFloat16(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        let f = Fields(word)
        let b = vsr(cpu)[f.xb]
        vsr(cpu)[f.xt] = ppc_vsr(lo: (b.lo & 0xffff_0000_ffff) << 16, hi: (b.hi & 0xffff_0000_ffff) << 16)
        return Outcome.next
    }

    // MARK: To integers, truncating

    /// The value a NaN converts to.
    @inline(__always)
    private static func nanValue(width: Int, signed: Bool) -> UInt64 {
        signed ? 1 << UInt64(truncatingIfNeeded: width - 1) : 0
    }

    @inline(__always)
    private static func integer<F: BinaryFormat>(
        _ format: F.Type, _ a: F.Bits, width: Int, signed: Bool, _ status: inout FPStatus
    ) -> UInt64 {
        var env = status.env
        env.flags = []
        var result = UInt64(
            truncatingIfNeeded: SoftFloat.toInteger(
                F.self, a, width: width, signed: signed, .towardZero, &env))
        if env.flags.contains(.invalid) {
            if !env.flags.contains(.integerRange) { result = nanValue(width: width, signed: signed) }
            status.invalidConversion(env.flags, setsFPCC: false)
        }
        status.env.flags.formUnion(env.flags)
        return result
    }

    /// `xscvdpsxds` and siblings; 32-bit results stand in both words of doubleword 0.
    @inline(__always)
    static func scalarToInteger(_ cpu: CPUState, _ word: UInt64, width: Int, signed: Bool) -> Int32 {
        let f = Fields(word)
        var status = FPStatus(cpu)
        var result = integer(
            Binary64.self, vsr(cpu)[f.xb].hi, width: width, signed: signed, &status)
        if status.isStopped { return status.stop(cpu) }
        if width == 32 { result = Lane.twice(UInt32(truncatingIfNeeded: result)) }
        vsr(cpu)[f.xt] = Lane.scalar(result)
        return status.finish(cpu, setsFI: true)
    }

    /// `xvcvdpsxds` and siblings: two 64-bit elements, or four of 32 bits. Where source and target differ in width,
    /// words 0 and 2 take part; a narrow result is written twice.
    ///
    /// Each element stands for itself. QEMU 7.2 carries the flags of one element to the next and turns elements after
    /// an invalid one into the NaN result; ISA 3.1 Book I, `xvcvdpsxds`, has no such coupling.
    @inline(__always)
    static func vectorToInteger<F: BinaryFormat>(
        _ cpu: CPUState, _ word: UInt64, _ format: F.Type, width: Int, signed: Bool
    ) -> Int32 {
        let f = Fields(word)
        let b = vsr(cpu)[f.xb]
        let isWord = F.Bits.bitWidth == 32
        var status = FPStatus(cpu)
        var result = ppc_vsr()
        for index in 0..<(isWord && width == 32 ? 4 : 2) {
            let a = Lane.get(F.self, b, isWord && width == 64 ? 2 * index : index)
            let value = integer(F.self, a, width: width, signed: signed, &status)
            if status.isStopped { return status.stop(cpu) }
            if width == 64 {
                Lane.set(Binary64.self, &result, index, value)
            } else if isWord {
                Lane.set(Binary32.self, &result, index, UInt32(truncatingIfNeeded: value))
            } else {
                Lane.set(Binary64.self, &result, index, Lane.twice(UInt32(truncatingIfNeeded: value)))
            }
        }
        vsr(cpu)[f.xt] = result
        return status.finish(cpu, setsFI: false)
    }

    // MARK: From integers

    /// `xscvsxddp` and siblings. The single forms round once (ISA 3.1 Book I, `xscvsxdsp`); QEMU 7.2 rounds to double
    /// first.
    @inline(__always)
    static func scalarFromInteger(_ cpu: CPUState, _ word: UInt64, signed: Bool, single: Bool) -> Int32 {
        var status = FPStatus(cpu)
        let source = vsr(cpu)[Fields(word).xb].hi
        let negative = signed && source >> 63 != 0
        let magnitude = negative ? 0 &- source : source
        let result =
            single
            ? SoftFloat.singleInDouble(negative: negative, magnitude, &status.env)
            : SoftFloat.fromInteger(Binary64.self, negative: negative, UInt128(magnitude), &status.env)
        return VSXFloat.deliver(cpu, word, result, &status)
    }

    @inline(__always)
    static func vectorFromInteger<F: BinaryFormat>(
        _ cpu: CPUState, _ word: UInt64, _ format: F.Type, width: Int, signed: Bool
    ) -> Int32 {
        let b = vsr(cpu)[Fields(word).xb]
        let isWord = F.Bits.bitWidth == 32
        return collect(cpu, word, count: isWord && width == 32 ? 4 : 2) { index, result, env in
            var value: Int64
            if width == 64 {
                value = Int64(bitPattern: Lane.doubleword(b, index))
            } else {
                let raw = Lane.word(b, isWord ? index : 2 * index)
                value = signed ? Int64(Int32(bitPattern: raw)) : Int64(raw)
            }
            let negative = signed && value < 0
            let magnitude = negative ? value.magnitude : UInt64(bitPattern: value)
            value = 0
            let bits = SoftFloat.fromInteger(F.self, negative: negative, UInt128(magnitude), &env)
            if isWord && width == 64 {
                Lane.set(F.self, &result, 2 * index, bits)
                Lane.set(F.self, &result, 2 * index + 1, bits)
            } else {
                Lane.set(F.self, &result, index, bits)
            }
        }
    }

    // MARK: Signs, exponents, significands

    /// Combines the signs or other bits of two sources under no arithmetic.
    @inline(__always)
    static func bits(
        _ cpu: CPUState, _ word: UInt64, scalar: Bool = false, _ change: (UInt64, UInt64) -> UInt64
    ) -> Int32 {
        let f = Fields(word)
        let a = vsr(cpu)[f.xa]
        let b = vsr(cpu)[f.xb]
        vsr(cpu)[f.xt] = ppc_vsr(lo: scalar ? 0 : change(a.lo, b.lo), hi: change(a.hi, b.hi))
        return Outcome.next
    }

    /// `a` where `mask` has ones, `b` elsewhere.
    @inline(__always)
    static func merge(_ a: UInt64, _ b: UInt64, _ mask: UInt64) -> UInt64 { a & mask | b & ~mask }

    /// The significand with its implied bit, in place.
    @inline(__always)
    static func significand64(_ a: UInt64) -> UInt64 {
        let exponent = a >> 52 & 0x7ff
        return a & 0xf_ffff_ffff_ffff | (exponent == 0 || exponent == 0x7ff ? 0 : 1 << 52)
    }

    @inline(__always)
    static func significands32(_ pair: UInt64) -> UInt64 {
        func one(_ a: UInt64) -> UInt64 {
            let exponent = a >> 23 & 0xff
            return a & 0x7f_ffff | (exponent == 0 || exponent == 0xff ? 0 : 1 << 23)
        }
        return one(pair >> 32) << 32 | one(pair & 0xffff_ffff)
    }

    /// `xsxexpdp`, `xsxsigdp`: to a GPR.
    @inline(__always)
    static func toGPR(_ cpu: CPUState, _ word: UInt64, _ extract: (UInt64) -> UInt64) -> Int32 {
        let f = Fields(word)
        gpr(cpu)[f.rt] = extract(vsr(cpu)[f.xb].hi)
        return Outcome.next
    }

    /// `xsiexpdp`: sign and fraction from RA, exponent from RB.
    static func insertExponent(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        let f = Fields(word)
        let value = gpr(cpu)[f.ra] & 0x800f_ffff_ffff_ffff | (gpr(cpu)[f.rb] & 0x7ff) << 52
        vsr(cpu)[f.xt] = Lane.scalar(value)
        return Outcome.next
    }
}
