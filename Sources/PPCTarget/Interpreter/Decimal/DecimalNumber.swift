/// One of the three decimal interchange formats (IEEE 754-2008, section 3.5; ISA 3.1 Book I, section 5.4).
struct DecimalFormat: Sendable, Equatable {
    /// Significand digits: 7, 16 or 34.
    let precision: Int
    /// Largest exponent of a number written with one digit before the point.
    let maximumScale: Int
    /// Bits of the exponent's continuation field.
    let continuationBits: Int

    static var short: DecimalFormat { .init(precision: 7, maximumScale: 96, continuationBits: 6) }
    static var long: DecimalFormat { .init(precision: 16, maximumScale: 384, continuationBits: 8) }
    static var extended: DecimalFormat { .init(precision: 34, maximumScale: 6144, continuationBits: 12) }

    var minimumScale: Int { 1 - maximumScale }
    /// Exponents of the significand as an integer.
    var minimumExponent: Int { minimumScale - precision + 1 }
    var maximumExponent: Int { maximumScale - precision + 1 }
    var bias: Int { -minimumExponent }
    /// Groups of three digits after the leading one.
    var declets: Int { (precision - 1) / 3 }
    var width: Int { 6 + continuationBits + 10 * declets }
}

/// Rounding modes of FPSCR[DRN] as encoded (ISA 3.1 Book I, section 5.3).
enum DecimalRounding: UInt8, Sendable {
    case halfEven, down, ceiling, floor, halfUp, halfDown, up, prepareShorter
}

/// A decimal number: `±coefficient × 10^exponent`, an infinity, or a NaN with its payload in the coefficient.
struct DecimalNumber: Equatable {
    enum Kind: UInt8 { case finite, infinity, quietNaN, signalingNaN }
    var kind: Kind = .finite
    var sign = false
    var exponent = 0
    var coefficient: UInt128 = 0

    var isNaN: Bool { kind == .quietNaN || kind == .signalingNaN }
    var isSpecial: Bool { kind != .finite }
    var isZero: Bool { kind == .finite && coefficient == 0 }
    /// Significant digits; 1 for zero.
    var digits: Int { DecimalPower.digits(coefficient) }

    static var invalid: DecimalNumber { DecimalNumber(kind: .quietNaN) }

    func quieted() -> DecimalNumber {
        DecimalNumber(kind: .quietNaN, sign: sign, exponent: 0, coefficient: coefficient)
    }

    /// Whether the number has its full precision in the format; `false` for zero.
    func isNormal(_ format: DecimalFormat) -> Bool {
        kind == .finite && coefficient != 0 && exponent + digits - 1 >= format.minimumScale
    }
}

/// Powers of ten and digit counts.
enum DecimalPower {
    /// 10^0 to 10^38, all that 128 bits hold.
    private static let table: [UInt128] = {
        var powers: [UInt128] = [1]
        for _ in 1...38 { powers.append(powers[powers.count - 1] * 10) }
        return powers
    }()

    /// 10^n for n in 0...38; clamped to that range.
    static func of(_ n: Int) -> UInt128 { table[min(max(n, 0), 38)] }

    /// Decimal digits of a value; 1 for zero.
    static func digits(_ value: UInt128) -> Int {
        if value == 0 { return 1 }
        let bits = 128 - value.leadingZeroBitCount
        let estimate = (bits * 1233) >> 12  // log10(2), from below
        return value >= of(estimate) ? estimate + 1 : estimate
    }

    static func digits(_ value: Wide<UInt128>) -> Int {
        if value.high == 0 { return digits(value.low) }
        return 34 + digits(divide(value, by: of(34)).quotient)
    }

    static func divide(
        _ value: Wide<UInt128>, by divisor: UInt128
    ) -> (quotient: Wide<UInt128>, remainder: UInt128) {
        let upper = value.high.quotientAndRemainder(dividingBy: divisor)
        if upper.remainder == 0 {
            let lower = value.low.quotientAndRemainder(dividingBy: divisor)
            return (Wide(high: upper.quotient, low: lower.quotient), lower.remainder)
        }
        let lower = divisor.dividingFullWidth((upper.remainder, value.low))
        return (Wide(high: upper.quotient, low: lower.quotient), lower.remainder)
    }

    /// `value * 10^n`, modulo 2^256; callers keep it below 10^77.
    static func scale(_ value: UInt128, by n: Int) -> Wide<UInt128> {
        var result = Wide<UInt128>(high: 0, low: value)
        var left = n
        while left > 0 {
            let step = min(left, 38)
            let factor = of(step)
            let low = result.low.multipliedFullWidth(by: factor)
            result = Wide(high: result.high &* factor &+ low.high, low: low.low)
            left -= step
        }
        return result
    }

    private static func digits(_ value: (Wide<UInt128>)?) -> Int { value.map { digits($0) } ?? 1 }
}

/// Precision, rounding and collected exceptions of decimal operations.
struct DecimalContext {
    struct Status: OptionSet {
        let rawValue: UInt8
        static var inexact: Status { .init(rawValue: 1) }
        static var overflow: Status { .init(rawValue: 2) }
        static var underflow: Status { .init(rawValue: 4) }
        static var divideByZero: Status { .init(rawValue: 8) }
        static var invalid: Status { .init(rawValue: 16) }
        static var zeroOverZero: Status { .init(rawValue: 32) }
    }

    let format: DecimalFormat
    var rounding: DecimalRounding
    var status: Status = []

    /// Whether a discarded part rounds the magnitude up.
    ///
    /// - Parameters:
    ///   - order: Of the discarded part against one half: -1, 0, 1.
    ///   - isExact: Nothing but zeros was discarded.
    func roundsUp(sign: Bool, last: UInt128, order: Int, isExact: Bool) -> Bool {
        if isExact { return false }
        switch rounding {
        case .halfEven: return order > 0 || (order == 0 && last & 1 != 0)
        case .halfUp: return order >= 0
        case .halfDown: return order > 0
        case .down: return false
        case .up: return true
        case .ceiling: return !sign
        case .floor: return sign
        case .prepareShorter: return last % 5 == 0
        }
    }

    /// Removes `count` digits from the right.
    ///
    /// - Returns: What is left, how the removed part compares with half of its unit, and whether it was zero.
    static func drop(
        _ value: Wide<UInt128>, _ count: Int, sticky: Bool
    ) -> (kept: UInt128, order: Int, isExact: Bool) {
        var value = value
        var sticky = sticky
        var left = count
        while left > 34 {
            let part = DecimalPower.divide(value, by: DecimalPower.of(34))
            if part.remainder != 0 { sticky = true }
            value = part.quotient
            left -= 34
            if value.isZero { return (0, -1, !sticky) }
        }
        let unit = DecimalPower.of(left)
        let part = DecimalPower.divide(value, by: unit)
        let half = unit / 2
        let order: Int
        if left == 0 {
            order = -1
        } else if part.remainder == half {
            order = sticky ? 1 : 0
        } else {
            order = part.remainder > half ? 1 : -1
        }
        return (part.quotient.low, order, part.remainder == 0 && !sticky)
    }

    /// Rounds `±(value + sticky) × 10^exponent` into the context's format.
    ///
    /// - Parameter sticky: The exact value lies above `value` by less than one; then `value` has more digits than the
    ///   format.
    mutating func finish(
        sign: Bool, _ value: Wide<UInt128>, sticky: Bool = false, exponent: Int
    ) -> DecimalNumber {
        if value.isZero && !sticky {
            let clamped = min(max(exponent, format.minimumExponent), format.maximumExponent)
            return DecimalNumber(sign: sign, exponent: clamped)
        }
        let digits = DecimalPower.digits(value)
        let count = max(digits - format.precision, format.minimumExponent - exponent, 0)
        let isTiny = exponent + digits - 1 < format.minimumScale
        var part = Self.drop(value, count, sticky: sticky)
        var exponent = exponent + count
        if !part.isExact {
            status.formUnion(isTiny ? [.inexact, .underflow] : .inexact)
            if roundsUp(sign: sign, last: part.kept, order: part.order, isExact: false) {
                part.kept += 1
                if part.kept == DecimalPower.of(format.precision) {
                    part.kept /= 10
                    exponent += 1
                }
            }
        }
        if exponent > format.maximumExponent {
            if exponent + DecimalPower.digits(part.kept) - 1 > format.maximumScale { return overflow(sign: sign) }
            part.kept *= DecimalPower.of(exponent - format.maximumExponent)
            exponent = format.maximumExponent
        }
        return DecimalNumber(sign: sign, exponent: exponent, coefficient: part.kept)
    }

    private mutating func overflow(sign: Bool) -> DecimalNumber {
        status.formUnion([.overflow, .inexact])
        let isFinite =
            switch rounding {
            case .down, .prepareShorter: true
            case .ceiling: sign
            case .floor: !sign
            case .halfEven, .halfUp, .halfDown, .up: false
            }
        if !isFinite { return DecimalNumber(kind: .infinity, sign: sign) }
        return DecimalNumber(
            sign: sign, exponent: format.maximumExponent, coefficient: DecimalPower.of(format.precision) - 1)
    }

    /// Rounds a number into the format.
    mutating func fit(_ a: DecimalNumber) -> DecimalNumber {
        switch a.kind {
        case .infinity: return DecimalNumber(kind: .infinity, sign: a.sign)
        case .finite: return finish(sign: a.sign, Wide(high: 0, low: a.coefficient), exponent: a.exponent)
        case .quietNaN, .signalingNaN:
            // A payload that is too long keeps its low digits and the NaN becomes quiet.
            var result = a
            if a.digits > format.precision {
                result.coefficient %= DecimalPower.of(format.precision)
                if a.kind == .signalingNaN { status.insert(.invalid) }
                result.kind = .quietNaN
            }
            if result.digits >= format.precision { result.coefficient = 0 }
            return result
        }
    }
}
