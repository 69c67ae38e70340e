import CPPCState

/// Bits of the Floating-Point Status and Control Register (ISA 3.1 Book I, section 4.2.2).
package enum FPSCR {
    @inline(__always) package static var rn: UInt64 { 0x3 }
    @inline(__always) package static var ni: UInt64 { 0x4 }
    @inline(__always) package static var xe: UInt64 { 0x8 }
    @inline(__always) package static var ze: UInt64 { 0x10 }
    @inline(__always) package static var ue: UInt64 { 0x20 }
    @inline(__always) package static var oe: UInt64 { 0x40 }
    @inline(__always) package static var ve: UInt64 { 0x80 }
    @inline(__always) package static var vxcvi: UInt64 { 0x100 }
    @inline(__always) package static var vxsqrt: UInt64 { 0x200 }
    @inline(__always) package static var vxsoft: UInt64 { 0x400 }
    @inline(__always) package static var fu: UInt64 { 0x1000 }
    @inline(__always) package static var fpcc: UInt64 { 0xf000 }
    @inline(__always) package static var c: UInt64 { 0x1_0000 }
    @inline(__always) package static var fprf: UInt64 { 0x1_f000 }
    @inline(__always) package static var fi: UInt64 { 0x2_0000 }
    @inline(__always) package static var fr: UInt64 { 0x4_0000 }
    @inline(__always) package static var vxvc: UInt64 { 0x8_0000 }
    @inline(__always) package static var vximz: UInt64 { 0x10_0000 }
    @inline(__always) package static var vxzdz: UInt64 { 0x20_0000 }
    @inline(__always) package static var vxidi: UInt64 { 0x40_0000 }
    @inline(__always) package static var vxisi: UInt64 { 0x80_0000 }
    @inline(__always) package static var vxsnan: UInt64 { 0x100_0000 }
    @inline(__always) package static var xx: UInt64 { 0x200_0000 }
    @inline(__always) package static var zx: UInt64 { 0x400_0000 }
    @inline(__always) package static var ux: UInt64 { 0x800_0000 }
    @inline(__always) package static var ox: UInt64 { 0x1000_0000 }
    @inline(__always) package static var vx: UInt64 { 0x2000_0000 }
    @inline(__always) package static var fex: UInt64 { 0x4000_0000 }
    @inline(__always) package static var fx: UInt64 { 0x8000_0000 }
    @inline(__always) package static var drn: UInt64 { 0x7_0000_0000 }
    @inline(__always) package static var enables: UInt64 { 0xf8 }
    /// Every kind of invalid operation.
    @inline(__always) package static var invalidKinds: UInt64 { 0x1f8_0700 }
    /// What `mcrfs` clears after copying.
    @inline(__always) package static var sticky: UInt64 { fx | ox | ux | zx | xx | invalidKinds }
    /// What the move-to instructions can change; FEX and VX follow from the others.
    @inline(__always) package static var writable: UInt64 { drn | 0xffff_ffff & ~(fex | vx | 0x800) }

    /// A value as the register holds it: reserved bits zero, summaries computed.
    @inline(__always)
    package static func normalized(_ value: UInt64) -> UInt64 {
        var value = value & writable
        if value & invalidKinds != 0 { value |= vx }
        if value >> 25 & value >> 3 & 0x1f != 0 { value |= fex }
        return value
    }

    /// Whether an enabled exception interrupts: MSR[FE0] or MSR[FE1]. The imprecise modes are precise here too.
    @inline(__always)
    static func interrupts(_ cpu: CPUState) -> Bool { cpu.pointee.msr & 0x900 != 0 }

    /// Delivers the program interrupt of an enabled exception if MSR[FE0, FE1] want it.
    @inline(never)
    static func deliver(_ cpu: CPUState) -> Int32 {
        interrupts(cpu) ? raise(cpu, .program, srr1: ProgramCause.floatingPointEnabled) : Outcome.next
    }
}

/// The exceptions of one instruction on their way into the FPSCR.
///
/// An enabled invalid-operation or zero-divide exception stops the instruction before its target changes
/// (``isStopped``); enabled overflow, underflow and inexact exceptions interrupt after the target was written.
///
/// FR is never set, only cleared where the ISA says so: hardware's value cannot be derived later, and QEMU, whose
/// state guests carry with them, behaves this way.
struct FPStatus {
    var fpscr: UInt64
    var env: FloatEnvironment
    var isStopped = false
    private var isDeferred = false

    @inline(__always)
    init(_ cpu: CPUState) {
        let value = cpu.pointee.fpscr
        fpscr = value
        env = FloatEnvironment(
            rounding: RoundingMode(rawValue: UInt8(truncatingIfNeeded: value & FPSCR.rn)) ?? .nearestEven,
            adjustsOverflow: value & FPSCR.oe != 0, adjustsUnderflow: value & FPSCR.ue != 0)
    }

    /// Records one kind of invalid operation.
    @inline(never)
    mutating func invalid(_ kind: UInt64) {
        fpscr |= kind | FPSCR.vx | FPSCR.fx
        if fpscr & FPSCR.ve != 0 {
            fpscr |= FPSCR.fex
            isStopped = true
        }
    }

    /// Records an invalid operation of arithmetic or conversion, which also says what FR, FI and FPCC become.
    @inline(never)
    mutating func invalidArithmetic(_ kind: UInt64, setsFPCC: Bool) {
        fpscr &= ~(FPSCR.fr | FPSCR.fi)
        if fpscr & FPSCR.ve == 0 && setsFPCC { fpscr = fpscr & ~FPSCR.fpcc | FPSCR.c | FPSCR.fu }
        invalid(kind)
    }

    /// An ordered comparison met a NaN. Comparisons deliver their result before an enabled exception interrupts.
    mutating func unorderedComparison(setsFPCC: Bool) {
        fpscr |= FPSCR.vxvc | FPSCR.vx | FPSCR.fx
        if setsFPCC { fpscr = fpscr & ~FPSCR.fpcc | FPSCR.c | FPSCR.fu }
        if fpscr & FPSCR.ve != 0 {
            fpscr |= FPSCR.fex
            isDeferred = true
        }
    }

    /// An ordered vector comparison met a NaN; the target is left alone if that is enabled.
    mutating func unorderedVector() {
        if !isStopped { invalid(FPSCR.vxvc) }
    }

    @inline(never)
    mutating func zeroDivide() {
        fpscr = fpscr & ~(FPSCR.fr | FPSCR.fi) | FPSCR.zx | FPSCR.fx
        if fpscr & FPSCR.ze != 0 {
            fpscr |= FPSCR.fex
            isStopped = true
        }
    }

    /// Records the invalid operation and the zero divide that `flags` tell of. Where a multiply-add has two reasons,
    /// only the first of ∞×0, ∞−∞, signalling NaN is recorded.
    @inline(__always)
    mutating func record(_ flags: FloatFlags, setsFPCC: Bool) {
        if flags.rawValue & (FloatFlags.invalid.rawValue | FloatFlags.divideByZero.rawValue) != 0 {
            recordSlowly(flags, setsFPCC: setsFPCC)
        }
    }

    @inline(never)
    private mutating func recordSlowly(_ flags: FloatFlags, setsFPCC: Bool) {
        if flags.contains(.infinityTimesZero) {
            invalidArithmetic(FPSCR.vximz, setsFPCC: setsFPCC)
        } else if flags.contains(.infinityMinusInfinity) {
            invalidArithmetic(FPSCR.vxisi, setsFPCC: setsFPCC)
        } else if flags.contains(.infinityOverInfinity) {
            invalidArithmetic(FPSCR.vxidi, setsFPCC: setsFPCC)
        } else if flags.contains(.zeroOverZero) {
            invalidArithmetic(FPSCR.vxzdz, setsFPCC: setsFPCC)
        } else if flags.contains(.negativeRoot) {
            invalidArithmetic(FPSCR.vxsqrt, setsFPCC: setsFPCC)
        } else if flags.contains(.signalingNaN) {
            invalid(FPSCR.vxsnan)
        }
        if flags.contains(.divideByZero) && !isStopped { zeroDivide() }
    }

    /// Records a conversion to an integer that is not possible.
    @inline(never)
    mutating func invalidConversion(_ flags: FloatFlags, setsFPCC: Bool) {
        if flags.contains(.signalingNaN) { fpscr |= FPSCR.vxsnan }
        invalidArithmetic(FPSCR.vxcvi, setsFPCC: setsFPCC)
    }

    /// Sets FPRF from the class and sign of a result.
    @inline(__always)
    mutating func setFPRF<F: BinaryFormat>(_ format: F.Type, _ bits: F.Bits) {
        let exponent = F.biasedExponent(bits)
        let negative = F.isNegative(bits)
        let code: UInt64
        if exponent != 0 && exponent != F.maximumExponent {
            code = negative ? 0x08 : 0x04
        } else {
            code = Self.uncommonClass(F.self, bits)
        }
        fpscr = fpscr & ~FPSCR.fprf | code << 12
    }

    @inline(never)
    private static func uncommonClass<F: BinaryFormat>(_ format: F.Type, _ bits: F.Bits) -> UInt64 {
        let negative = F.isNegative(bits)
        if F.isZero(bits) { return negative ? 0x12 : 0x02 }
        if F.isInfinite(bits) { return negative ? 0x09 : 0x05 }
        if F.isNaN(bits) { return F.isSignalingNaN(bits) ? 0 : 0x11 }
        return negative ? 0x18 : 0x14
    }

    @inline(__always)
    mutating func setFPCC(_ code: UInt8) { fpscr = fpscr & ~FPSCR.fpcc | UInt64(code) << 12 }

    /// Gives up before the target is written: stores the FPSCR and delivers the interrupt.
    @inline(never)
    func stop(_ cpu: CPUState) -> Int32 {
        cpu.pointee.fpscr = fpscr
        return FPSCR.deliver(cpu)
    }

    /// Records overflow, underflow and inexactness, stores the FPSCR, and delivers a deferred interrupt.
    ///
    /// - Parameter setsFI: Scalar instructions set FI from this result; vector instructions leave it alone.
    @inline(__always)
    mutating func finish(_ cpu: CPUState, setsFI: Bool) -> Int32 {
        if env.flags.isEmpty && !isDeferred {
            if setsFI { fpscr &= ~FPSCR.fi }
            cpu.pointee.fpscr = fpscr
            return Outcome.next
        }
        var isInexact = env.flags.contains(.inexact)
        if env.flags.rawValue & (FloatFlags.overflow.rawValue | FloatFlags.underflow.rawValue) != 0 {
            recordRange(&isInexact)
        }
        if isInexact {
            fpscr |= FPSCR.xx | FPSCR.fx
            if fpscr & FPSCR.xe != 0 {
                fpscr |= FPSCR.fex
                isDeferred = true
            }
        }
        if setsFI { fpscr = fpscr & ~FPSCR.fi | (isInexact ? FPSCR.fi : 0) }
        cpu.pointee.fpscr = fpscr
        return isDeferred ? FPSCR.deliver(cpu) : Outcome.next
    }

    @inline(never)
    private mutating func recordRange(_ isInexact: inout Bool) {
        if env.flags.contains(.overflow) {
            fpscr |= FPSCR.ox | FPSCR.fx
            if fpscr & FPSCR.oe != 0 {
                fpscr |= FPSCR.fex
                isDeferred = true
            } else {
                isInexact = true
            }
        }
        // Elements of one vector instruction may do both; QEMU 7.2 forgets the underflow then, ISA 3.1 does not.
        if env.flags.contains(.underflow) {
            fpscr |= FPSCR.ux | FPSCR.fx
            if fpscr & FPSCR.ue != 0 {
                fpscr |= FPSCR.fex
                isDeferred = true
            }
        }
    }
}

@inline(__always) func fpr(_ cpu: CPUState, _ number: Int) -> UInt64 { vsr(cpu)[number & 63].hi }

/// Writes an FPR; doubleword 1 of its VSR becomes zero (ISA 3.1 Book I, section 7.2.1.1).
@inline(__always)
func setFPR(_ cpu: CPUState, _ number: Int, _ value: UInt64) { vsr(cpu)[number & 63] = ppc_vsr(lo: 0, hi: value) }

/// With Rc = 1, copies FX, FEX, VX and OX to CR1.
@inline(__always)
func setCR1(_ cpu: CPUState, _ word: UInt64) {
    if word & 1 != 0 { crFields(cpu)[1] = UInt8(truncatingIfNeeded: cpu.pointee.fpscr >> 28 & 0xf) }
}
