import CPPCState

/// Fixed-point division (ISA 3.1 Book I, section 3.3.9).
///
/// Where the ISA leaves the quotient undefined (zero divisor, overflow) the results are those of QEMU, so that runs in
/// both can be compared: the plain divisions return the dividend, the remainders zero, the extended forms zero.
enum FixedPointDivision {
    @inline(__always)
    private static func finish<O: Operands>(_ cpu: CPUState, _ f: O, _ quotient: UInt64, _ overflow: Bool) -> Int32 {
        if f.oe { setOverflow(cpu, overflow, overflow) }
        gpr(cpu)[f.rt] = quotient
        if f.record { recordCR0(cpu, f, quotient) }
        return Outcome.next
    }

    @inline(__always)
    private static func words<O: Operands>(_ cpu: CPUState, _ f: O) -> (Int32, Int32) {
        (Int32(truncatingIfNeeded: gpr(cpu)[f.ra]), Int32(truncatingIfNeeded: gpr(cpu)[f.rb]))
    }
    @inline(__always)
    private static func doublewords<O: Operands>(_ cpu: CPUState, _ f: O) -> (Int64, Int64) {
        (Int64(bitPattern: gpr(cpu)[f.ra]), Int64(bitPattern: gpr(cpu)[f.rb]))
    }

    @inline(__always)
    static func divw<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        let (a, b) = words(cpu, f)
        let (quotient, overflow) = a.dividedReportingOverflow(by: b)
        return finish(cpu, f, UInt64(UInt32(bitPattern: overflow ? a : quotient)), overflow)
    }
    @inline(__always)
    static func divwu<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        let a = UInt32(truncatingIfNeeded: gpr(cpu)[f.ra])
        let (quotient, overflow) = a.dividedReportingOverflow(by: UInt32(truncatingIfNeeded: gpr(cpu)[f.rb]))
        return finish(cpu, f, UInt64(overflow ? a : quotient), overflow)
    }
    @inline(__always)
    static func divd<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        let (a, b) = doublewords(cpu, f)
        let (quotient, overflow) = a.dividedReportingOverflow(by: b)
        return finish(cpu, f, UInt64(bitPattern: overflow ? a : quotient), overflow)
    }
    @inline(__always)
    static func divdu<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        let a = gpr(cpu)[f.ra]
        let (quotient, overflow) = a.dividedReportingOverflow(by: gpr(cpu)[f.rb])
        return finish(cpu, f, overflow ? a : quotient, overflow)
    }

    static func divwe<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        let dividend = Int64(bitPattern: gpr(cpu)[f.ra] &<< 32)
        let (quotient, impossible) = dividend.dividedReportingOverflow(by: Int64(words(cpu, f).1))
        let overflow = impossible || quotient != Int64(Int32(truncatingIfNeeded: quotient))
        return finish(cpu, f, overflow ? 0 : UInt64(bitPattern: quotient), overflow)
    }
    static func divweu<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        let (quotient, impossible) = (gpr(cpu)[f.ra] &<< 32).dividedReportingOverflow(by: gpr(cpu)[f.rb] & 0xffff_ffff)
        let overflow = impossible || quotient >> 32 != 0
        return finish(cpu, f, overflow ? 0 : quotient, overflow)
    }
    static func divde<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        let (a, b) = doublewords(cpu, f)
        guard b != 0, a.magnitude < b.magnitude else { return finish(cpu, f, 0, true) }
        let magnitude = b.magnitude.dividingFullWidth((high: a.magnitude, low: 0)).quotient
        let negative = (a < 0) != (b < 0)
        let quotient = negative ? 0 &- magnitude : magnitude
        // The quotient of the magnitudes fits 64 bits here, but may not fit with its sign.
        let overflow = magnitude > (negative ? 1 << 63 : 1 << 63 - 1)
        return finish(cpu, f, quotient, overflow)
    }
    static func divdeu<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        let (a, b) = (gpr(cpu)[f.ra], gpr(cpu)[f.rb])
        guard a < b else { return finish(cpu, f, 0, true) }
        return finish(cpu, f, b.dividingFullWidth((high: a, low: 0)).quotient, false)
    }

    @inline(__always)
    static func modsw<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        let (a, b) = words(cpu, f)
        let (remainder, overflow) = a.remainderReportingOverflow(dividingBy: b)
        gpr(cpu)[f.rt] = UInt64(bitPattern: Int64(overflow ? 0 : remainder))
        return Outcome.next
    }
    @inline(__always)
    static func moduw<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        let (a, b) = (UInt32(truncatingIfNeeded: gpr(cpu)[f.ra]), UInt32(truncatingIfNeeded: gpr(cpu)[f.rb]))
        let (remainder, overflow) = a.remainderReportingOverflow(dividingBy: b)
        gpr(cpu)[f.rt] = UInt64(overflow ? 0 : remainder)
        return Outcome.next
    }
    @inline(__always)
    static func modsd<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        let (a, b) = doublewords(cpu, f)
        let (remainder, overflow) = a.remainderReportingOverflow(dividingBy: b)
        gpr(cpu)[f.rt] = UInt64(bitPattern: overflow ? 0 : remainder)
        return Outcome.next
    }
    @inline(__always)
    static func modud<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        let (remainder, overflow) = gpr(cpu)[f.ra].remainderReportingOverflow(dividingBy: gpr(cpu)[f.rb])
        gpr(cpu)[f.rt] = overflow ? 0 : remainder
        return Outcome.next
    }
}
