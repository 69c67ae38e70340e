import CPPCState

// Packed, zoned and national decimal (ISA 3.1 Book I, section 6.17). A packed number has 31 digits and a sign code in
// the rightmost nibble; digit n here is the n-th nibble from the right, so the sign is "digit" 0.
//
// Every function returns what CR6 becomes. Targets are written in place, in the order that matters when registers
// coincide: an instruction whose target is also its source may judge the source after the target was written.

enum Decimal {
    /// CR6 bits.
    static var less: UInt8 { 8 }
    static var greater: UInt8 { 4 }
    static var equal: UInt8 { 2 }
    /// Invalid source, or digits lost.
    static var overflow: UInt8 { 1 }

    typealias Register = UnsafeMutablePointer<ppc_vsr>

    @inline(__always)
    static func digit(_ value: UInt128, _ n: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: value >> UInt128(truncatingIfNeeded: 4 * n)) & 15
    }

    @inline(__always)
    static func setDigit(_ value: inout UInt128, _ n: Int, _ digit: UInt8) {
        let shift = UInt128(truncatingIfNeeded: 4 * n)
        value = (value & ~(UInt128(15) << shift)) | UInt128(digit & 15) << shift
    }

    /// 1, -1, or 0 for codes that are no sign.
    static func sign(_ value: UInt128) -> Int {
        switch value & 15 {
        case 10, 12, 14, 15: 1
        case 11, 13: -1
        default: 0
        }
    }

    static func preferredSign(_ sign: Int, _ ps: Bool) -> UInt8 { sign < 0 ? 13 : ps ? 15 : 12 }

    /// Whether nibbles `range` are all decimal digits.
    static func hasDigits(_ value: UInt128, _ range: Range<Int>) -> Bool {
        range.allSatisfy { digit(value, $0) <= 9 }
    }

    static func isValid(_ value: UInt128) -> Bool { sign(value) != 0 && hasDigits(value, 1..<32) }

    static func compareWithZero(_ value: UInt128) -> UInt8 {
        value >> 4 == 0 ? equal : sign(value) == 1 ? greater : less
    }

    // MARK: Addition

    /// Sum of the digits of two numbers; the sign nibble of the result is zero.
    private static func sumOfMagnitudes(_ a: UInt128, _ b: UInt128) -> (sum: UInt128, carry: Bool) {
        var sum: UInt128 = 0
        var carry: UInt8 = 0
        for n in 1..<32 {
            var d = digit(a, n) &+ digit(b, n) &+ carry
            carry = d > 9 ? 1 : 0
            if carry != 0 { d &-= 10 }
            setDigit(&sum, n, d)
        }
        return (sum, carry != 0)
    }

    /// Difference of the digits, `a` being the larger number.
    private static func differenceOfMagnitudes(_ a: UInt128, _ b: UInt128) -> UInt128 {
        var difference: UInt128 = 0
        var borrow: UInt8 = 0
        for n in 1..<32 {
            var d = digit(a, n) &- digit(b, n) &- borrow
            borrow = d & 0x80 != 0 ? 1 : 0
            if borrow != 0 { d &+= 10 }
            setDigit(&difference, n, d)
        }
        return difference
    }

    private static func comparisonStopsAtInvalidDigit(_ a: UInt128, _ b: UInt128) -> Bool {
        for n in stride(from: 31, to: 0, by: -1) {
            if digit(a, n) > 9 || digit(b, n) > 9 { return true }
            if digit(a, n) != digit(b, n) { return false }
        }
        return false
    }

    /// `bcdadd.`, and with `b` negated beforehand `bcdsub.`.
    static func add(_ target: Register, _ a: UInt128, _ b: UInt128, _ ps: Bool) -> UInt8 {
        let signA = sign(a)
        let signB = sign(b)
        func side(_ sign: Int) -> UInt8 { sign > 0 ? greater : less }
        func equalMagnitudes() -> UInt8 {
            target.pointee = ppc_vsr(UInt128(preferredSign(0, ps)))
            return equal
        }
        // With opposite signs the digits are compared from the left first. A comparison that meets an invalid digit
        // before it is decided counts as equal: undefined in the ISA, this is what QEMU makes of it.
        if signA != 0, signB != 0, signA != signB, comparisonStopsAtInvalidDigit(a, b) { return equalMagnitudes() }
        guard isValid(a), isValid(b) else {
            target.pointee = .ones
            return overflow
        }
        if signA == signB {
            let (sum, carry) = sumOfMagnitudes(a, b)
            target.pointee = ppc_vsr(sum | UInt128(preferredSign(signA, ps)))
            return side(signA) | (carry ? overflow : sum == 0 ? equal : 0)
        }
        let magnitudeA = a >> 4
        let magnitudeB = b >> 4
        if magnitudeA == magnitudeB { return equalMagnitudes() }
        let winner = magnitudeA > magnitudeB ? signA : signB
        let difference = magnitudeA > magnitudeB ? differenceOfMagnitudes(a, b) : differenceOfMagnitudes(b, a)
        target.pointee = ppc_vsr(difference | UInt128(preferredSign(winner, ps)))
        return side(winner)
    }

    /// `bcdsub.`
    static func subtract(_ target: Register, _ a: UInt128, _ b: UInt128, _ ps: Bool) -> UInt8 {
        var negated = b
        let signB = sign(b)
        if signB != 0 { setDigit(&negated, 0, signB < 0 ? 12 : 13) }
        return add(target, a, negated, ps)
    }

    // MARK: Conversion

    /// `bcdcfn.`: from national decimal (seven UTF-16 digits and a sign).
    static func fromNational(_ target: Register, _ b: UInt128, _ ps: Bool) -> UInt8 {
        func unit(_ n: Int) -> UInt16 { UInt16(truncatingIfNeeded: b >> UInt128(16 * n)) }
        var valid = unit(0) == 0x2b || unit(0) == 0x2d
        var result: UInt128 = 0
        for n in 1..<8 {
            guard 0x30...0x39 ~= unit(n) else {
                valid = false
                break
            }
            setDigit(&result, n, UInt8(truncatingIfNeeded: unit(n)))
        }
        setDigit(&result, 0, unit(0) == 0x2b ? preferredSign(1, ps) : 13)
        target.pointee = ppc_vsr(result)
        return valid ? compareWithZero(result) : overflow
    }

    /// `bcdctn.`: to national decimal.
    static func toNational(_ target: Register, _ b: UInt128) -> UInt8 {
        var valid = sign(b) != 0
        var result: UInt128 = 0
        for n in 1..<8 {
            let d = digit(b, n)
            if d > 9 { valid = false }
            result |= UInt128(0x30 + UInt16(d)) << UInt128(16 * n)
            if !valid { break }
        }
        result |= sign(b) == -1 ? 0x2d : 0x2b
        target.pointee = ppc_vsr(result)
        return valid ? compareWithZero(b) | (b >> 32 != 0 ? overflow : 0) : overflow
    }

    /// `bcdcfz.`: from zoned decimal (16 digits; the sign stands in the zone of the last one).
    static func fromZoned(_ target: Register, _ b: UInt128, _ ps: Bool) -> UInt8 {
        let zone: UInt8 = ps ? 15 : 3
        let signCode = digit(b, 1)
        var valid = !(ps && signCode < 10)
        var result: UInt128 = 0
        for i in 0..<16 {
            let d = digit(b, 2 * i)
            guard i == 0 || digit(b, 2 * i + 1) == zone, d <= 9 else {
                valid = false
                break
            }
            setDigit(&result, i + 1, d)
        }
        let negative = ps ? signCode == 11 || signCode == 13 : signCode & 4 != 0
        setDigit(&result, 0, negative ? 13 : 12)
        target.pointee = ppc_vsr(result)
        return valid ? compareWithZero(result) : overflow
    }

    /// `bcdctz.`: to zoned decimal.
    static func toZoned(_ target: Register, _ b: UInt128, _ ps: Bool) -> UInt8 {
        let signB = sign(b)
        var valid = signB != 0
        var result: UInt128 = 0
        for i in 0..<16 {
            let d = digit(b, i + 1)
            if d > 9 { valid = false }
            guard valid else { break }
            result |= UInt128((ps ? 0xf0 : 0x30) | d) << UInt128(8 * i)
        }
        setDigit(&result, 1, ps ? (signB == 1 ? 12 : 13) : (signB == 1 ? 3 : 7))
        target.pointee = ppc_vsr(result)
        return valid ? compareWithZero(b) | (b >> 68 != 0 ? overflow : 0) : overflow
    }

    /// 10^31, the first magnitude that does not fit.
    private static let limit: UInt128 = (0..<31).reduce(1) { value, _ in value * 10 }

    /// `bcdcfsq.`: from a signed quadword. Values that do not fit leave the target unchanged.
    static func fromSigned(_ target: Register, _ b: UInt128, _ ps: Bool) -> UInt8 {
        let value = Int128(truncatingIfNeeded: b)
        let side = value < 0 ? less : value == 0 ? equal : greater
        guard value.magnitude < limit else { return side | overflow }
        var rest = value.magnitude
        var result = UInt128(preferredSign(value < 0 ? -1 : 0, ps))
        for n in 1..<32 {
            setDigit(&result, n, UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        }
        target.pointee = ppc_vsr(result)
        return side
    }

    /// `bcdctsq.`: to a signed quadword. The source is compared with zero after the target was written.
    static func toSigned(_ target: Register, _ source: Register) -> UInt8 {
        let b = source.pointee.u128
        var valid = sign(b) != 0 && digit(b, 31) <= 9
        var value = UInt128(digit(b, 31))
        for n in stride(from: 30, to: 0, by: -1) {
            let d = digit(b, n)
            value = value &* 10 &+ UInt128(d)
            if d > 9 { valid = false }
            if !valid { break }
        }
        target.pointee = ppc_vsr(sign(b) == -1 ? 0 &- value : value)
        return valid ? compareWithZero(source.pointee.u128) : overflow
    }

    // MARK: Signs, shifts, truncation

    /// `bcdcpsgn.`: digits of A with the sign of B. Nothing is written when a sign is invalid.
    static func copySign(_ target: Register, _ a: Register, _ b: Register) -> UInt8 {
        guard sign(a.pointee.u128) != 0, sign(b.pointee.u128) != 0 else { return overflow }
        let digits = a.pointee.u128
        target.pointee = ppc_vsr(digits)
        var result = digits
        setDigit(&result, 0, digit(b.pointee.u128, 0))
        target.pointee = ppc_vsr(result)
        guard hasDigits(a.pointee.u128, 1..<32), hasDigits(b.pointee.u128, 1..<32) else { return overflow }
        return compareWithZero(result)
    }

    /// `bcdsetsgn.`: the preferred sign code of the same sign.
    static func setSign(_ target: Register, _ source: Register, _ ps: Bool) -> UInt8 {
        var result = source.pointee.u128
        setDigit(&result, 0, preferredSign(sign(result), ps))
        target.pointee = ppc_vsr(result)
        return isValid(source.pointee.u128) ? compareWithZero(result) : overflow
    }

    /// Shifts by digits, to the left if `count` is positive; `lost` reports nonzero digits shifted out on the left.
    private static func shifted(_ value: UInt128, _ count: Int, _ lost: inout Bool) -> UInt128 {
        let bits = UInt128(truncatingIfNeeded: abs(count) * 4)
        if count <= 0 { return bits >= 128 ? 0 : value >> bits }
        if bits >= 128 || value >> (128 - bits) != 0 { lost = true }
        return bits >= 128 ? 0 : value << bits
    }

    /// The shift count: byte element 7 of VRA, signed.
    private static func shiftCount(_ a: ppc_vsr) -> Int { Int(Int8(truncatingIfNeeded: a.hi)) }

    /// `bcds.`; with `rounding`, `bcdsr.`.
    static func shift(_ target: Register, _ a: ppc_vsr, _ b: UInt128, _ ps: Bool, rounding: Bool) -> UInt8 {
        guard isValid(b) else { return overflow }
        let count = max(-31, min(31, shiftCount(a)))
        var lost = false
        var result = shifted(b & ~15, count, &lost)
        if rounding, count <= 0, digit(result, 0) >= 5 { result = sumOfMagnitudes(result, 0x10).sum }
        setDigit(&result, 0, preferredSign(sign(b), ps))
        target.pointee = ppc_vsr(result)
        return compareWithZero(result) | (lost ? overflow : 0)
    }

    /// `bcdus.`: unsigned shift of 32 digits.
    static func shiftUnsigned(_ target: Register, _ a: ppc_vsr, _ b: UInt128) -> UInt8 {
        guard hasDigits(b, 0..<32) else { return overflow }
        let count = shiftCount(a)
        var lost = count >= 32
        let result = shifted(b, count, &lost)
        target.pointee = ppc_vsr(result)
        return compareWithZero(result) | (lost ? overflow : 0)
    }

    /// Keeps `count` nibbles, reporting whether others were nonzero.
    private static func kept(_ value: UInt128, nibbles count: Int) -> (UInt128, lost: Bool) {
        let mask = count == 0 ? 0 : UInt128.max >> UInt128(truncatingIfNeeded: 128 - 4 * count)
        return (value & mask, value & ~mask != 0)
    }

    /// `bcdtrunc.`: keeps as many digits as halfword element 3 of VRA says.
    static func truncate(_ target: Register, _ a: ppc_vsr, _ b: UInt128, _ ps: Bool) -> UInt8 {
        guard isValid(b) else { return overflow }
        let count = Int(Int16(truncatingIfNeeded: a.hi)) + 1
        var result = b
        var lost = false
        // A length of -1 is outside what the ISA defines; it acts like 15, as in QEMU.
        if 0..<32 ~= count { (result, lost) = kept(b, nibbles: count == 0 ? 16 : count) }
        setDigit(&result, 0, preferredSign(sign(b), ps))
        target.pointee = ppc_vsr(result)
        return compareWithZero(result) | (lost ? overflow : 0)
    }

    /// `bcdutrunc.`: the same for 32 unsigned digits.
    static func truncateUnsigned(_ target: Register, _ a: ppc_vsr, _ b: UInt128) -> UInt8 {
        guard hasDigits(b, 0..<32) else { return overflow }
        let count = Int(Int16(truncatingIfNeeded: a.hi))
        var result = b
        var lost = false
        if 0...32 ~= count { (result, lost) = kept(b, nibbles: count) }
        target.pointee = ppc_vsr(result)
        return (result == 0 ? equal : greater) | (lost ? overflow : 0)
    }
}

/// Runs a decimal operation on target, VRA and VRB; PS is bit 22. CR6 takes what it returns.
@inline(__always)
func decimalOperation(
    _ cpu: CPUState, _ word: UInt64, _ body: (Decimal.Register, Decimal.Register, Decimal.Register, Bool) -> UInt8
) -> Int32 {
    let f = Fields(word)
    let v = vr(cpu)
    crFields(cpu)[6] = body(v + f.rt, v + f.ra, v + f.rb, word & 0x200 != 0)
    return Outcome.next
}
