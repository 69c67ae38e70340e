import CPPCState

// `vexptefp` and `vlogefp`. The ISA asks for estimates and leaves the bits open; guests that move between emulators
// must see the same ones, so both follow the series that QEMU 7.2 evaluates (a Taylor series for 2^x, digit by digit
// squaring for log2), on 64-bit significands whose lowest bit collects everything that was lost.

/// A number with a 64-bit significand, normalised, without rounding: `±frac * 2^(exponent - 63)`.
private struct Jammed {
    var negative: Bool
    var exponent: Int
    var frac: UInt64

    init(negative: Bool, exponent: Int, frac: UInt64) {
        self.negative = negative
        self.exponent = exponent
        self.frac = frac
    }

    /// A finite number other than zero.
    init(_ value: Double) {
        negative = value < 0
        exponent = Int(value.exponent)
        frac = (value.significandBitPattern | 1 << 52) << 11
        if value.isSubnormal { frac = UInt64(value.significand * 0x1p52) << 11 }
    }

    private init(negative: Bool, exponent: Int, wide: UInt128) {
        self.negative = negative
        self.exponent = exponent
        frac = UInt64(truncatingIfNeeded: wide >> 64) | (UInt64(truncatingIfNeeded: wide) != 0 ? 1 : 0)
    }

    /// The full product, its significand normalised to 128 bits.
    private static func wideProduct(_ a: Jammed, _ b: Jammed) -> (negative: Bool, exponent: Int, frac: UInt128) {
        var frac = UInt128(a.frac) &* UInt128(b.frac)
        var exponent = a.exponent + b.exponent + 1
        if frac.leadingZeroBitCount != 0 {
            frac <<= 1
            exponent -= 1
        }
        return (a.negative != b.negative, exponent, frac)
    }

    static func * (a: Jammed, b: Jammed) -> Jammed {
        let product = wideProduct(a, b)
        return Jammed(negative: product.negative, exponent: product.exponent, wide: product.frac)
    }

    private static func shiftedRight(_ value: UInt128, _ count: Int) -> UInt128 {
        if count == 0 { return value }
        if count >= 128 { return value == 0 ? 0 : 1 }
        let shift = UInt128(truncatingIfNeeded: count)
        return value >> shift | (value & ((1 << shift) &- 1) != 0 ? 1 : 0)
    }

    /// `self + a * b`, truncated once.
    func adding(_ a: Jammed, times b: Jammed) -> Jammed {
        var (negative, exponent, frac) = Self.wideProduct(a, b)
        var other = UInt128(self.frac) << 64
        let distance = exponent - self.exponent
        if distance >= 0 {
            other = Self.shiftedRight(other, distance)
        } else {
            frac = Self.shiftedRight(frac, -distance)
            exponent = self.exponent
        }
        if negative == self.negative {
            let (sum, carry) = frac.addingReportingOverflow(other)
            if carry {
                return Jammed(
                    negative: negative, exponent: exponent + 1, wide: Self.shiftedRight(sum, 1) | UInt128(1) << 127)
            }
            return Jammed(negative: negative, exponent: exponent, wide: sum)
        }
        if other > frac {
            (frac, other) = (other, frac)
            negative.toggle()
        }
        let difference = frac - other
        let zeros = difference.leadingZeroBitCount
        return Jammed(
            negative: negative, exponent: exponent - zeros,
            wide: difference == 0 ? 0 : difference << UInt128(truncatingIfNeeded: zeros))
    }

    /// Rounded to single precision, nearest even.
    func single(flush: Bool) -> UInt32 {
        let sign: UInt32 = negative ? 0x8000_0000 : 0
        if frac == 0 { return 0 }
        var biased = exponent + 127
        var bits = frac
        if biased <= 0 {
            if flush { return sign }
            let shift = UInt64(truncatingIfNeeded: min(1 - biased, 64))
            bits = shift >= 64 ? 1 : bits >> shift | (bits & ((1 << shift) &- 1) != 0 ? 1 : 0)
            biased = 1
        }
        let rest = bits & 0xff_ffff_ffff
        var kept = bits >> 40
        if rest > 0x80_0000_0000 || (rest == 0x80_0000_0000 && kept & 1 != 0) { kept += 1 }
        // The implicit bit, if there is one, adds one to the exponent field.
        let magnitude = UInt64(truncatingIfNeeded: biased - 1) << 23 + kept
        return sign | (magnitude >= 0x7f80_0000 ? 0x7f80_0000 : UInt32(truncatingIfNeeded: magnitude))
    }
}

extension VectorFloat {
    /// 2^b
    func exponential(_ b: UInt32) -> UInt32 {
        if let nan = propagated(b, b) { return nan }
        let x = source(b)
        if x == 0 { return Float(1).bitPattern }
        if x.isInfinite { return x < 0 ? 0 : b }
        let step = Jammed(Double(x)) * Jammed(0x1.62e42fefa39efp-1)
        var power = step
        var sum = Jammed(1)
        var factorial = 1.0
        for n in 1...15 {
            factorial *= Double(n)
            sum = sum.adding(Jammed(1 / factorial), times: power)
            power = power * step
        }
        return sum.single(flush: flush)
    }

    /// log2 b
    func logarithm(_ b: UInt32) -> UInt32 {
        if let nan = propagated(b, b) { return nan }
        let x = source(b)
        if x == 0 { return (-Float.infinity).bitPattern }
        if x < 0 { return 0x7fc0_0000 }
        if x.isInfinite { return b }
        let exponent = Int(x.exponent)
        let top: UInt128 = 1 << 127
        // Squaring a number in [1, 2) yields the next binary digit of its logarithm.
        var value = UInt128(UInt64(x.significand * 0x1p23)) << 104
        var digits: UInt64 = 0
        var place: UInt64 = 1 << 63
        var scale = -1
        var exact = false
        let wanted = exponent == -1 ? 48 : 25
        var i = 0
        while i < wanted {
            if value == top {
                exact = true
                break
            }
            value = value.multipliedFullWidth(by: value).high
            if value & top != 0 {
                if exponent == 0 && digits == 0 {
                    // Near one the leading digits are zeros: start counting at the first that is not.
                    scale -= i
                    digits = 1 << 63
                    place = digits
                    i = 0
                } else {
                    digits |= place
                }
            } else {
                value <<= 1
            }
            place >>= 1
            i += 1
        }
        if !exact && value != top { digits |= 1 }
        if digits == 0 { return Float(exponent).bitPattern }
        if exponent == 0 {
            return (Float(digits) * Float(sign: .plus, exponent: scale - 63, significand: 1)).bitPattern
        }
        let whole = UInt128(truncatingIfNeeded: abs(exponent)) << 64
        let magnitude = exponent > 0 ? whole + UInt128(digits) : whole - UInt128(digits)
        let rounded = Float(magnitude) * 0x1p-64
        return (exponent < 0 ? -rounded : rounded).bitPattern
    }
}
