extension SoftFloat {
    // MARK: Between formats

    /// Converts between formats. NaN payloads keep their leading bits; signalling NaNs become quiet and are reported.
    package static func convert<From: BinaryFormat, To: BinaryFormat>(
        _ a: From.Bits, from: From.Type, to: To.Type, _ env: inout FloatEnvironment
    ) -> To.Bits where From.Work == To.Work {
        var value = Unpacked<From.Work>(a, From.self, &env)
        if value.kind.isNaN { value = pickNaN(value, value, &env) }
        return value.packed(To.self, &env)
    }

    /// Converts to binary128; always exact.
    package static func widen<From: BinaryFormat>(
        _ a: From.Bits, from: From.Type, _ env: inout FloatEnvironment
    ) -> UInt128 where From.Work == UInt64 {
        var value = Unpacked<UInt64>(a, From.self, &env)
        if value.kind.isNaN { value = pickNaN(value, value, &env) }
        return Unpacked<UInt128>(
            kind: value.kind, sign: value.sign, exponent: value.exponent,
            significand: UInt128(value.significand) << 64
        ).packed(Binary128.self, &env)
    }

    /// Converts from binary128 to a narrower format.
    package static func narrow<To: BinaryFormat>(
        _ a: UInt128, to: To.Type, _ env: inout FloatEnvironment
    ) -> To.Bits where To.Work == UInt64 {
        var value = Unpacked<UInt128>(a, Binary128.self, &env)
        let isNumber = !value.kind.isNaN
        if !isNumber { value = pickNaN(value, value, &env) }
        let low: UInt64 = isNumber && UInt64(truncatingIfNeeded: value.significand) != 0 ? 1 : 0
        return Unpacked<UInt64>(
            kind: value.kind, sign: value.sign, exponent: value.exponent,
            significand: UInt64(truncatingIfNeeded: value.significand >> 64) | low
        ).packed(To.self, &env)
    }

    /// Rounds binary128 to the 64-bit significand of the 80-bit extended format and back (`xsrqpxp`).
    package static func roundToExtended(_ a: UInt128, _ env: inout FloatEnvironment) -> UInt128 {
        let value = Unpacked<UInt128>(a, Binary128.self, &env)
        if value.kind.isNaN {
            let quiet = pickNaN(value, value, &env)
            return Binary128.assemble(quiet.sign, Binary128.maximumExponent, quiet.significand >> 15)
        }
        let result = value.rounded(to: Extended80.self, &env)
        return Binary128.assemble(result.sign, result.exponent, result.significand << 49)
    }

    /// Rounds a double to single precision; the result is in double format.
    package static func roundToSingle(_ a: UInt64, _ env: inout FloatEnvironment) -> UInt64 {
        var value = Unpacked<UInt64>(a, Binary64.self, &env)
        if value.kind.isNaN { value = pickNaN(value, value, &env) }
        return value.packedSingleInDouble(&env)
    }

    // MARK: To integral values

    /// Rounds to an integral value in the same format; `inexact` is raised if the value changes.
    package static func roundToIntegral<F: BinaryFormat>(
        _ format: F.Type, _ a: F.Bits, _ mode: RoundingMode, _ env: inout FloatEnvironment
    ) -> F.Bits {
        var value = Unpacked<F.Work>(a, F.self, &env)
        switch value.kind {
        case .quietNaN, .signalingNaN: value = pickNaN(value, value, &env)
        case .normal:
            if value.roundToIntegral(mode) { env.raise(.inexact) }
        case .zero, .infinity: break
        }
        // Integral values of a format's precision are exact in it: no adjustment of exponents can happen.
        return value.packed(F.self, &env)
    }

    /// Converts to an integer of `width` bits.
    ///
    /// - Returns: The integer in the low bits; saturated with `.invalid` and `.integerRange` if it does not fit, the
    ///   largest value with `.invalid` for a NaN.
    package static func toInteger<F: BinaryFormat>(
        _ format: F.Type, _ a: F.Bits, width: Int, signed: Bool, _ mode: RoundingMode, _ env: inout FloatEnvironment
    ) -> UInt128 {
        var value = Unpacked<F.Work>(a, F.self, &env)
        let all: UInt128 = width == 128 ? .max : (1 << UInt128(width)) - 1
        let maximum = signed ? all >> 1 : all
        let limit = value.sign ? (signed ? maximum + 1 : 0) : maximum
        switch value.kind {
        case .signalingNaN:
            env.raise([.invalid, .signalingNaN])
            return maximum
        case .quietNaN:
            env.raise(.invalid)
            return maximum
        case .zero: return 0
        case .infinity:
            env.raise([.invalid, .integerRange])
            return limit
        case .normal: break
        }
        let inexact = value.roundToIntegral(mode)
        var magnitude: UInt128 = 0
        if value.kind != .zero {
            if value.exponent >= 128 {
                env.raise([.invalid, .integerRange])
                return limit
            }
            let top = UInt128(value.significand) << UInt128(128 - F.Work.bitWidth)
            magnitude = top >> UInt128(127 - value.exponent)
        }
        if magnitude > limit {
            env.raise([.invalid, .integerRange])
            return limit
        }
        if inexact { env.raise(.inexact) }
        return (value.sign ? 0 &- magnitude : magnitude) & all
    }

    /// Converts an integer; `magnitude` with a sign beside it.
    package static func fromInteger<F: BinaryFormat>(
        _ format: F.Type, negative: Bool, _ magnitude: UInt128, _ env: inout FloatEnvironment
    ) -> F.Bits {
        unpackInteger(negative: negative, magnitude).packed(F.self, &env)
    }

    package static func fromInteger<F: BinaryFormat>(
        _ format: F.Type, _ value: Int64, _ env: inout FloatEnvironment
    ) -> F.Bits {
        fromInteger(F.self, negative: value < 0, UInt128(value.magnitude), &env)
    }

    package static func fromInteger<F: BinaryFormat>(
        _ format: F.Type, _ value: UInt64, _ env: inout FloatEnvironment
    ) -> F.Bits {
        fromInteger(F.self, negative: false, UInt128(value), &env)
    }

    /// Converts an integer to single precision in double format.
    package static func singleInDouble(negative: Bool, _ magnitude: UInt64, _ env: inout FloatEnvironment) -> UInt64 {
        let value: Unpacked<UInt64> = unpackInteger(negative: negative, UInt128(magnitude))
        return value.packedSingleInDouble(&env)
    }

    @inline(__always)
    private static func unpackInteger<W: Significand>(negative: Bool, _ magnitude: UInt128) -> Unpacked<W> {
        if magnitude == 0 { return .zero(negative) }
        let shift = magnitude.leadingZeroBitCount
        let wide = magnitude << UInt128(shift)
        let spare = 128 - W.bitWidth
        let lost = spare == 0 ? 0 : wide & ((1 << UInt128(spare)) - 1)
        return Unpacked(
            kind: .normal, sign: negative, exponent: 127 - shift,
            significand: W(truncatingIfNeeded: wide >> UInt128(spare)) | (lost == 0 ? 0 : 1))
    }
}

extension Unpacked {
    /// Rounds a normal number to an integral value; it may become zero.
    ///
    /// - Returns: Whether the value changed.
    mutating func roundToIntegral(_ mode: RoundingMode) -> Bool {
        let width = Work.bitWidth
        if exponent >= width &- 1 { return false }
        if exponent < 0 {
            let isHalf = exponent == -1
            let one =
                switch mode {
                case .nearestEven: isHalf && significand != Self.topBit
                case .tiesAway: isHalf
                case .towardZero: false
                case .up: !sign
                case .down: sign
                case .toOdd: true
                }
            self = one ? Self(kind: .normal, sign: sign, exponent: 0, significand: Self.topBit) : .zero(sign)
            return true
        }
        let last: Work = Self.topBit &>> Work(truncatingIfNeeded: exponent)
        let mask = last &- 1
        if significand & mask == 0 { return false }
        let half = last >> 1
        let increment: Work =
            switch mode {
            case .nearestEven: significand & (mask | last) != half ? half : 0
            case .tiesAway: half
            case .towardZero: 0
            case .up: sign ? 0 : mask
            case .down: sign ? mask : 0
            case .toOdd: significand & last != 0 ? 0 : mask
            }
        let sum = significand.addingReportingOverflow(increment)
        significand = sum.partialValue
        if sum.overflow {
            significand = significand >> 1 | Self.topBit
            exponent &+= 1
        }
        significand &= ~mask
        return true
    }
}
