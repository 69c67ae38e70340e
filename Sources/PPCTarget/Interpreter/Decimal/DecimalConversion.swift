import CPPCState

/// Decimal conversions and format instructions (ISA 3.1 Book I, sections 5.6.5 and 5.6.6).
extension DecimalFloat {
    // MARK: Between formats

    /// `dctdp`: short to long. A signalling NaN stays one, as in QEMU.
    static func shortToLong(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        var operation = Operation(cpu, .long)
        let b = DecimalFormat.short.decode(bits(cpu, Fields(word).rb, .long) & 0xffff_ffff)
        operation.setFPRF(b)
        return operation.deliver(cpu, word, operation.context.fit(b))
    }

    /// `dctqpq`: long to extended.
    static func longToExtended(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        var operation = Operation(cpu, .extended)
        let b = quieting(&operation, DecimalFormat.long.decode(bits(cpu, Fields(word).rb, .long)))
        operation.setFPRF(b)
        return operation.deliver(cpu, word, operation.context.fit(b))
    }

    private static func quieting(_ operation: inout Operation, _ a: DecimalNumber) -> DecimalNumber {
        guard a.kind == .signalingNaN else { return a }
        operation.invalid(FPSCR.vxsnan)
        var result = a
        result.kind = .quietNaN
        return result
    }

    /// `drsp`: long to short, right-justified in the register.
    static func longToShort(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        var operation = Operation(cpu, .long)
        var target = DecimalContext(format: .short, rounding: operation.context.rounding)
        let result = target.fit(operation.read(cpu, Fields(word).rb))
        operation.context.status = target.status
        operation.setFPRF(result, .short)
        operation.recordRange()
        return operation.deliver(cpu, word, bits: DecimalFormat.short.encode(result))
    }

    /// `drdpq`: extended to long. The result stands in the second register of the pair, the first becomes zero.
    static func extendedToLong(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        var operation = Operation(cpu, .extended)
        var target = DecimalContext(format: .long, rounding: operation.context.rounding)
        let fitted = target.fit(operation.read(cpu, Fields(word).rb))
        operation.context.status = target.status
        let result = quieting(&operation, fitted)
        operation.setFPRF(result, .long)
        operation.recordRange()
        return operation.deliver(cpu, word, bits: DecimalFormat.long.encode(result))
    }

    // MARK: Integers

    /// `dcffix`, `dcffixq` from an FPR, `dcffixqq` from a VR.
    static func fromInteger(_ cpu: CPUState, _ word: UInt64, _ size: Size, wide: Bool = false) -> Int32 {
        var operation = Operation(cpu, size)
        let f = Fields(word)
        var value = UInt128(fpr(cpu, f.rb))
        var sign = value >> 63 != 0
        if sign { value = UInt128(0 &- UInt64(truncatingIfNeeded: value)) }
        if wide {
            value = Lane.quad(vr(cpu)[f.rb])
            sign = value >> 127 != 0
            if sign { value = 0 &- value }
        }
        let number = DecimalNumber(sign: sign, exponent: 0, coefficient: value)
        let result = operation.context.fit(number)
        operation.setFPRF(number)
        operation.recordInexact()
        return operation.deliver(cpu, wide ? word & ~1 : word, result)
    }

    /// `dctfix`, `dctfixq` to an FPR, `dctfixqq` to a VR.
    static func toInteger(_ cpu: CPUState, _ word: UInt64, _ size: Size, wide: Bool = false) -> Int32 {
        var operation = Operation(cpu, size)
        let f = Fields(word)
        let width = wide ? 128 : 64
        let least: UInt128 = 1 << UInt128(width - 1)
        let b = operation.read(cpu, f.rb)
        let result: UInt128
        if b.isNaN {
            result = least
            operation.invalid(b.kind == .signalingNaN ? FPSCR.vxcvi | FPSCR.vxsnan : FPSCR.vxcvi)
        } else if let integer = DecimalContext.integer(operation.context.roundToIntegral(b), width: width) {
            result = integer
            operation.recordInexact()
        } else {
            result = b.sign ? least : least - 1
            operation.invalid(FPSCR.vxcvi)
        }
        if wide {
            vr(cpu)[f.rt] = Lane.vector(result)
            cpu.pointee.fpscr = operation.fpscr
            return Outcome.next
        }
        setFPR(cpu, f.rt, UInt64(truncatingIfNeeded: result))
        cpu.pointee.fpscr = operation.fpscr
        setCR1(cpu, word)
        return Outcome.next
    }

    /// Instructions that touch FPRs and VRs need both facilities; the row's is floating point.
    ///
    /// - Returns: The interrupt's outcome if MSR[VEC] is off.
    static func vectorChecked(_ cpu: CPUState) -> Int32? {
        let enabled = cpu.pointee.facilities >> UInt64(Facility.vector.rawValue) & 1 != 0
        return enabled ? nil : raise(cpu, .vectorUnavailable)
    }

    // MARK: Binary coded decimal

    /// `ddedpd`: the rightmost digits, 16 or 32, with or without a sign.
    static func toBCD(_ cpu: CPUState, _ word: UInt64, _ size: Size) -> Int32 {
        let operation = Operation(cpu, size)
        let b = operation.read(cpu, Fields(word).rb)
        let count = size == .long ? 16 : 32
        var rest = b.coefficient
        var result: UInt128 = 0
        for index in 0..<count {
            let part = rest.quotientAndRemainder(dividingBy: 10)
            result |= part.remainder << UInt128(4 * index)
            rest = part.quotient
        }
        let form = word >> 19 & 3
        if form & 2 != 0 {
            let sign: UInt128 = b.sign ? 0xd : form & 1 != 0 ? 0xf : 0xc
            result = result << 4 | sign
        }
        return operation.deliver(cpu, word, bits: result)
    }

    /// `denbcd`. A nibble that is no digit or no sign is an invalid conversion.
    static func fromBCD(_ cpu: CPUState, _ word: UInt64, _ size: Size) -> Int32 {
        var operation = Operation(cpu, size)
        let source = bits(cpu, Fields(word).rb, size)
        let count = size == .long ? 16 : 32
        let signed = word >> 20 & 1 != 0
        var number = DecimalNumber()
        var isValid = true
        if signed {
            let sign = source & 0xf
            isValid = sign > 9
            number.sign = sign == 0xb || sign == 0xd
        }
        for index in (signed ? 1 : 0)..<count {
            let digit = source >> UInt128(4 * index) & 0xf
            if digit > 9 { isValid = false }
        }
        for index in ((signed ? 1 : 0)..<count).reversed() where isValid {
            number.coefficient = number.coefficient * 10 + source >> UInt128(4 * index) & 0xf
        }
        guard isValid else {
            operation.invalid(FPSCR.vxcvi)
            if operation.fpscr & FPSCR.ve != 0 {
                cpu.pointee.fpscr = operation.fpscr
                setCR1(cpu, word)
                return Outcome.next
            }
            return operation.deliver(cpu, word, .invalid)
        }
        operation.setFPRF(number)
        return operation.deliver(cpu, word, operation.context.fit(number))
    }

    // MARK: Exponents and shifts

    /// `dxex`: the biased exponent, or -1, -2, -3 for infinities and NaNs.
    static func extractExponent(_ cpu: CPUState, _ word: UInt64, _ size: Size) -> Int32 {
        let operation = Operation(cpu, size)
        let b = operation.read(cpu, Fields(word).rb)
        let result: Int =
            switch b.kind {
            case .finite: b.exponent + size.format.bias
            case .infinity: -1
            case .quietNaN: -2
            case .signalingNaN: -3
            }
        setFPR(cpu, Fields(word).rt, UInt64(bitPattern: Int64(result)))
        setCR1(cpu, word)
        return Outcome.next
    }

    /// `diex`: the exponent of `frA`, an integer, replaces that of `frB`.
    static func insertExponent(_ cpu: CPUState, _ word: UInt64, _ size: Size) -> Int32 {
        let operation = Operation(cpu, size)
        let f = Fields(word)
        let format = size.format
        let exponent = Int64(bitPattern: fpr(cpu, f.ra))
        if exponent < 0 || exponent > Int64(format.maximumExponent + format.bias) {
            // The fields between sign and trailing declets become those of an infinity or NaN.
            let code: UInt128 = exponent == -1 ? 0x3c : exponent == -3 ? 0x3f : 0x3e
            let trailing: UInt128 = (1 << UInt128(10 * format.declets)) - 1
            let sign: UInt128 = 1 << UInt128(format.width - 1)
            let kept = bits(cpu, f.rb, size) & (trailing | sign)
            return operation.deliver(cpu, word, bits: kept | code << UInt128(format.width - 7))
        }
        var number = operation.read(cpu, f.rb)
        number.kind = .finite
        number.exponent = Int(exponent) - format.bias
        return operation.deliver(cpu, word, number)
    }

    /// `dscli`, `dscri`: shifts the significand by digits; exponent, sign and kind stay.
    static func shift(_ cpu: CPUState, _ word: UInt64, _ size: Size, left: Bool) -> Int32 {
        let operation = Operation(cpu, size)
        var number = operation.read(cpu, Fields(word).ra)
        let count = Int(truncatingIfNeeded: word >> 10 & 0x3f)
        if number.isSpecial && count > size.format.precision {
            let trailing: UInt128 = (1 << UInt128(10 * size.format.declets)) - 1
            return operation.deliver(cpu, word, bits: bits(cpu, Fields(word).ra, size) & ~trailing)
        }
        // A NaN's payload is one digit shorter.
        let digits = size.format.precision - (number.isSpecial ? 1 : 0)
        if count >= size.format.precision {
            number.coefficient = 0
        } else if left {
            let kept = number.coefficient % DecimalPower.of(size.format.precision - count)
            number.coefficient = kept * DecimalPower.of(count) % DecimalPower.of(digits)
        } else {
            number.coefficient /= DecimalPower.of(count)
        }
        return operation.deliver(cpu, word, number)
    }
}
