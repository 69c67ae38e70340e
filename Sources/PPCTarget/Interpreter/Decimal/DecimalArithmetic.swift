/// Decimal arithmetic (IEEE 754-2008; ISA 3.1 Book I, chapter 5). Results have the exponent closest to the preferred
/// one that the format allows.
extension DecimalContext {
    /// The NaN result of an operation: signalling operands first, then quiet ones, each in operand order.
    mutating func propagate(_ a: DecimalNumber, _ b: DecimalNumber) -> DecimalNumber {
        if a.kind == .signalingNaN || b.kind == .signalingNaN { status.insert(.invalid) }
        if a.kind == .signalingNaN { return a.quieted() }
        if b.kind == .signalingNaN { return b.quieted() }
        return (a.isNaN ? a : b).quieted()
    }

    private mutating func reject() -> DecimalNumber {
        status.insert(.invalid)
        return .invalid
    }

    mutating func add(_ a: DecimalNumber, _ b: DecimalNumber, subtract: Bool = false) -> DecimalNumber {
        if a.isNaN || b.isNaN { return propagate(a, b) }
        var b = b
        if subtract { b.sign.toggle() }
        if a.kind == .infinity || b.kind == .infinity {
            if a.kind == b.kind && a.sign != b.sign { return reject() }
            return DecimalNumber(kind: .infinity, sign: a.kind == .infinity ? a.sign : b.sign)
        }
        let (high, low) = a.exponent >= b.exponent ? (a, b) : (b, a)
        if high.coefficient == 0 || low.coefficient == 0 { return addZero(high, low) }
        let gap = high.exponent - low.exponent
        // Beyond this the lower operand is less than a unit below two guard digits.
        let room = format.precision + 2 - high.digits
        if gap > room && gap - room >= low.digits {
            var value = DecimalPower.scale(high.coefficient, by: room)
            if high.sign != low.sign { value.subtract(Wide(high: 0, low: 1)) }
            return finish(sign: high.sign, value, sticky: true, exponent: high.exponent - room)
        }
        var left = DecimalPower.scale(high.coefficient, by: gap)
        var right = Wide<UInt128>(high: 0, low: low.coefficient)
        if high.sign == low.sign {
            _ = left.add(right)
            return finish(sign: high.sign, left, exponent: low.exponent)
        }
        var sign = high.sign
        if left.isLess(than: right) {
            swap(&left, &right)
            sign.toggle()
        }
        left.subtract(right)
        if left.isZero { sign = rounding == .floor }
        return finish(sign: sign, left, exponent: low.exponent)
    }

    /// A sum with a zero among its operands: the other, with the lower exponent as far as its digits allow.
    private mutating func addZero(_ high: DecimalNumber, _ low: DecimalNumber) -> DecimalNumber {
        if high.coefficient == 0 && low.coefficient == 0 {
            let sign = high.sign == low.sign ? high.sign : rounding == .floor
            return finish(sign: sign, Wide(high: 0, low: 0), exponent: low.exponent)
        }
        if high.coefficient == 0 {
            return finish(sign: low.sign, Wide(high: 0, low: low.coefficient), exponent: low.exponent)
        }
        let gap = min(high.exponent - low.exponent, max(format.precision - high.digits, 0))
        return finish(
            sign: high.sign, DecimalPower.scale(high.coefficient, by: gap), exponent: high.exponent - gap)
    }

    mutating func multiply(_ a: DecimalNumber, _ b: DecimalNumber) -> DecimalNumber {
        if a.isNaN || b.isNaN { return propagate(a, b) }
        let sign = a.sign != b.sign
        if a.kind == .infinity || b.kind == .infinity {
            if a.isZero || b.isZero { return reject() }
            return DecimalNumber(kind: .infinity, sign: sign)
        }
        let product = a.coefficient.multipliedFullWidth(by: b.coefficient)
        return finish(
            sign: sign, Wide(high: product.high, low: product.low), exponent: a.exponent + b.exponent)
    }

    mutating func divide(_ a: DecimalNumber, _ b: DecimalNumber) -> DecimalNumber {
        if a.isNaN || b.isNaN { return propagate(a, b) }
        let sign = a.sign != b.sign
        if a.kind == .infinity {
            return b.kind == .infinity ? reject() : DecimalNumber(kind: .infinity, sign: sign)
        }
        if b.kind == .infinity { return DecimalNumber(sign: sign, exponent: format.minimumExponent) }
        if b.coefficient == 0 {
            if a.coefficient == 0 {
                status.insert(.zeroOverZero)
                return .invalid
            }
            status.insert(.divideByZero)
            return DecimalNumber(kind: .infinity, sign: sign)
        }
        let preferred = a.exponent - b.exponent
        if a.coefficient == 0 { return finish(sign: sign, Wide(high: 0, low: 0), exponent: preferred) }
        let shift = format.precision + 2 + b.digits - a.digits
        let dividend = DecimalPower.scale(a.coefficient, by: shift)
        let division = DecimalPower.divide(dividend, by: b.coefficient)
        var quotient = division.quotient
        var exponent = preferred - shift
        if division.remainder == 0 {
            while exponent < preferred {
                let part = DecimalPower.divide(quotient, by: 10)
                if part.remainder != 0 { break }
                quotient = part.quotient
                exponent += 1
            }
        }
        return finish(sign: sign, quotient, sticky: division.remainder != 0, exponent: exponent)
    }

    /// Compares: the CR field value (LT 8, GT 4, EQ 2, unordered 1).
    mutating func compare(_ a: DecimalNumber, _ b: DecimalNumber) -> UInt8 {
        if a.isNaN || b.isNaN {
            if a.kind == .signalingNaN || b.kind == .signalingNaN { status.insert(.invalid) }
            return 1
        }
        if a.isZero && b.isZero { return 2 }
        if a.isZero { return b.sign ? 4 : 8 }
        if b.isZero || a.sign != b.sign { return a.sign ? 8 : 4 }
        let magnitude = Self.compareMagnitudes(a, b)
        if magnitude == 0 { return 2 }
        return (magnitude < 0) != a.sign ? 8 : 4
    }

    private static func compareMagnitudes(_ a: DecimalNumber, _ b: DecimalNumber) -> Int {
        if a.kind == .infinity || b.kind == .infinity {
            return a.kind == b.kind ? 0 : a.kind == .infinity ? 1 : -1
        }
        let scales = (a.exponent + a.digits) - (b.exponent + b.digits)
        if scales != 0 { return scales }
        // Equal scales: exponents differ by less than the digits of the longer coefficient.
        let left = DecimalPower.scale(a.coefficient, by: max(a.exponent - b.exponent, 0))
        let right = DecimalPower.scale(b.coefficient, by: max(b.exponent - a.exponent, 0))
        return left.isLess(than: right) ? -1 : right.isLess(than: left) ? 1 : 0
    }

    /// The value of `a` with the exponent of `reference`; invalid if that takes too many digits.
    ///
    /// - Parameter precision: Digits the result may have; the format's by default.
    mutating func quantize(
        _ a: DecimalNumber, _ reference: DecimalNumber, precision: Int? = nil
    ) -> DecimalNumber {
        if a.isNaN || reference.isNaN { return propagate(a, reference) }
        if a.kind == .infinity || reference.kind == .infinity {
            return a.kind == reference.kind ? a : reject()
        }
        let precision = precision ?? format.precision
        let target = reference.exponent
        if target < format.minimumScale - (precision - 1) || target > format.maximumScale { return reject() }
        var result = a
        result.exponent = target
        if a.coefficient != 0 {
            let count = target - a.exponent
            if a.digits - count > precision { return reject() }
            if count <= 0 {
                result.coefficient = a.coefficient * DecimalPower.of(-count)
            } else {
                var part = Self.drop(Wide(high: 0, low: a.coefficient), count, sticky: false)
                if roundsUp(sign: a.sign, last: part.kept, order: part.order, isExact: part.isExact) {
                    part.kept += 1
                    if DecimalPower.digits(part.kept) > precision { return reject() }
                }
                if !part.isExact { status.insert(.inexact) }
                result.coefficient = part.kept
            }
        }
        if target > format.maximumScale - result.digits + 1 {
            status.remove(.inexact)
            return reject()
        }
        return result
    }

    /// Rounds to an integral value; exponents of zero and more stay.
    mutating func roundToIntegral(_ a: DecimalNumber) -> DecimalNumber {
        switch a.kind {
        case .quietNaN, .signalingNaN: return propagate(a, a)
        case .infinity: return a
        case .finite: return a.exponent >= 0 ? a : quantize(a, DecimalNumber(), precision: a.digits)
        }
    }

    /// An integral number as an integer of `width` bits, two's complement.
    ///
    /// - Returns: `nil` if it does not fit.
    static func integer(_ a: DecimalNumber, width: Int) -> UInt128? {
        let limit: UInt128 = 1 << UInt128(width - 1)
        if a.kind != .finite || a.exponent < 0 { return nil }
        if a.coefficient == 0 { return 0 }
        if a.digits + a.exponent > 39 { return nil }
        let wide = DecimalPower.scale(a.coefficient, by: a.exponent)
        if wide.high != 0 || wide.low > limit || (wide.low == limit && !a.sign) { return nil }
        return a.sign ? 0 &- wide.low : wide.low
    }
}
