/// What a floating-point datum is, as far as arithmetic distinguishes.
enum FloatKind: UInt8 {
    case zero, normal, infinity, quietNaN, signalingNaN
    @inline(__always) var isNaN: Bool { rawValue >= 3 }
}

/// A datum taken apart: sign, unbiased exponent, significand with its leading one in the top bit.
///
/// The value of a normal number is `significand / 2^(width - 1) * 2^exponent`; denormals are normalised on the way in.
/// The low bit of a significand is sticky: it is set when anything non-zero was shifted out below it. NaNs keep their
/// fraction left-aligned below an empty top bit.
struct Unpacked<Work: Significand> {
    var kind: FloatKind
    var sign: Bool
    var exponent: Int
    var significand: Work

    @inline(__always)
    init(kind: FloatKind, sign: Bool, exponent: Int = 0, significand: Work = 0) {
        self.kind = kind
        self.sign = sign
        self.exponent = exponent
        self.significand = significand
    }

    @inline(__always) static var topBit: Work { 1 << Work(Work.bitWidth &- 1) }
    @inline(__always) static var defaultNaN: Self {
        Self(kind: .quietNaN, sign: false, significand: topBit >> 1)
    }
    @inline(__always) static func zero(_ sign: Bool) -> Self { Self(kind: .zero, sign: sign) }
    @inline(__always) static func infinity(_ sign: Bool) -> Self { Self(kind: .infinity, sign: sign) }

    @inline(__always)
    init<F: BinaryFormat>(_ bits: F.Bits, _ format: F.Type, _ env: inout FloatEnvironment) where F.Work == Work {
        let sign = F.isNegative(bits)
        let biased = F.biasedExponent(bits)
        let fraction = Work(truncatingIfNeeded: bits & F.fractionMask)
        if biased == 0 {
            if fraction == 0 || env.flushesDenormals {
                self.init(kind: .zero, sign: sign)
                return
            }
            let shift = fraction.leadingZeroBitCount
            self.init(
                kind: .normal, sign: sign, exponent: F.spareBits &- F.bias &- shift &+ 1,
                significand: fraction &<< Work(truncatingIfNeeded: shift))
        } else if biased != F.maximumExponent {
            self.init(
                kind: .normal, sign: sign, exponent: biased &- F.bias,
                significand: fraction &<< Work(F.spareBits) | Self.topBit)
        } else if fraction == 0 {
            self.init(kind: .infinity, sign: sign)
        } else {
            self.init(
                kind: F.isSignalingNaN(bits) ? .signalingNaN : .quietNaN, sign: sign,
                significand: fraction &<< Work(F.spareBits))
        }
    }

    /// Makes a NaN quiet, keeping its payload.
    @inline(__always) func quieted() -> Self {
        Self(kind: .quietNaN, sign: sign, significand: significand | Self.topBit >> 1)
    }
}

/// A rounded result: biased exponent and right-aligned significand, not yet put together.
struct Rounded<Work: Significand> {
    var kind: FloatKind
    var sign: Bool
    var exponent: Int
    var significand: Work
}

extension FixedWidthInteger where Self: UnsignedInteger {
    /// Shifts right by any distance, collecting what falls out in the lowest bit.
    @inline(__always)
    func shiftedRightSticky(_ distance: Int) -> Self {
        if distance <= 0 { return self }
        if distance >= Self.bitWidth { return self == 0 ? 0 : 1 }
        let lost = self & ((1 &<< Self(truncatingIfNeeded: distance)) &- 1)
        return self &>> Self(truncatingIfNeeded: distance) | (lost == 0 ? 0 : 1)
    }
}

extension Unpacked {
    /// What to add below the last kept bit (`last`) so that truncation afterwards rounds as asked.
    @inline(__always)
    private static func increment(_ significand: Work, last: Work, sign: Bool, _ mode: RoundingMode) -> Work {
        let mask = last &- 1
        let half = last >> 1
        switch mode {
        case .nearestEven: return significand & (mask | last) != half ? half : 0
        case .tiesAway: return half
        case .towardZero: return 0
        case .up: return sign ? 0 : mask
        case .down: return sign ? mask : 0
        case .toOdd: return significand & last != 0 ? 0 : mask
        }
    }

    /// Whether overflow in this mode delivers the largest finite number instead of infinity.
    @inline(__always)
    private static func overflowsToFinite(_ mode: RoundingMode, sign: Bool) -> Bool {
        switch mode {
        case .nearestEven, .tiesAway: false
        case .towardZero, .toOdd: true
        case .up: sign
        case .down: !sign
        }
    }

    /// Rounds to a format, with overflow and underflow. Tininess is judged before rounding (ISA 3.1 Book I, 4.4.4).
    @inline(__always)
    func rounded<F: BinaryFormat>(to format: F.Type, _ env: inout FloatEnvironment) -> Rounded<Work>
    where F.Work == Work {
        let spare = Work(F.spareBits)
        switch kind {
        case .zero: return Rounded(kind: .zero, sign: sign, exponent: 0, significand: 0)
        case .infinity: return Rounded(kind: .infinity, sign: sign, exponent: F.maximumExponent, significand: 0)
        case .quietNaN, .signalingNaN:
            return Rounded(kind: kind, sign: sign, exponent: F.maximumExponent, significand: significand &>> spare)
        case .normal: break
        }
        let last: Work = 1 &<< spare
        let mask = last &- 1
        var biased = exponent &+ F.bias
        var value = significand
        if biased > 0 || env.adjustsUnderflow {
            var flags: FloatFlags = []
            let tiny = biased <= 0
            if tiny {
                flags.formUnion(.underflow)
                biased &+= F.exponentAdjustment
            }
            if value & mask != 0 {
                flags.formUnion(.inexact)
                let sum = value.addingReportingOverflow(
                    Self.increment(value, last: last, sign: sign, env.rounding))
                value = sum.partialValue
                if sum.overflow {
                    value = value >> 1 | Self.topBit
                    biased &+= 1
                }
                value &= ~mask
            }
            if biased >= F.maximumExponent && !tiny {
                flags.formUnion(.overflow)
                if env.adjustsOverflow {
                    biased &-= F.exponentAdjustment
                } else {
                    env.raise(flags.union(.inexact))
                    if Self.overflowsToFinite(env.rounding, sign: sign) {
                        return Rounded(
                            kind: .normal, sign: sign, exponent: F.maximumExponent &- 1, significand: ~0 &>> spare)
                    }
                    return Rounded(kind: .infinity, sign: sign, exponent: F.maximumExponent, significand: 0)
                }
            }
            env.raise(flags)
            return Rounded(kind: .normal, sign: sign, exponent: biased, significand: value &>> spare)
        }
        if env.flushesDenormals { return Rounded(kind: .zero, sign: sign, exponent: 0, significand: 0) }
        value = value.shiftedRightSticky(1 &- biased)
        if value & mask != 0 {
            env.raise([.inexact, .underflow])
            value &+= Self.increment(value, last: last, sign: sign, env.rounding)
            value &= ~mask
        }
        biased = value & Self.topBit != 0 ? 1 : 0
        return Rounded(
            kind: value == 0 ? .zero : .normal, sign: sign, exponent: biased, significand: value &>> spare)
    }

    @inline(__always)
    func packed<F: BinaryFormat>(_ format: F.Type, _ env: inout FloatEnvironment) -> F.Bits where F.Work == Work {
        let result = rounded(to: F.self, &env)
        return F.assemble(result.sign, result.exponent, F.Bits(truncatingIfNeeded: result.significand))
    }

    /// Rounds to single precision and delivers the result in double format, as scalar single-precision arithmetic
    /// does. An exponent adjusted for an enabled exception may lie outside the range of single precision.
    @inline(__always)
    func packedSingleInDouble(_ env: inout FloatEnvironment) -> UInt64 where Work == UInt64 {
        let result = rounded(to: Binary32.self, &env)
        let shift = UInt64(Binary64.fractionBits - Binary32.fractionBits)
        switch result.kind {
        case .zero: return Binary64.assemble(sign, 0, 0)
        case .infinity, .quietNaN, .signalingNaN:
            return Binary64.assemble(result.sign, Binary64.maximumExponent, result.significand &<< shift)
        case .normal:
            if result.exponent == 0 {
                // Denormal in single format, normal in double format.
                let zeros = result.significand.leadingZeroBitCount
                let exponent = Binary32.spareBits - Binary32.bias - zeros + 1 + Binary64.bias
                return Binary64.assemble(
                    result.sign, exponent,
                    (result.significand &<< UInt64(truncatingIfNeeded: zeros)) &>> UInt64(Binary64.spareBits))
            }
            return Binary64.assemble(
                result.sign, result.exponent &+ Binary64.bias &- Binary32.bias, result.significand &<< shift)
        }
    }
}

extension BinaryFormat {
    /// Puts a datum together; excess bits of exponent and fraction are dropped.
    @inline(__always)
    static func assemble(_ sign: Bool, _ exponent: Int, _ fraction: Bits) -> Bits {
        (sign ? signMask : 0) | Bits(truncatingIfNeeded: exponent & maximumExponent) << Bits(fractionBits)
            | fraction & fractionMask
    }
}
