/// Binary floating-point arithmetic in software, exact in result and exceptions (IEEE 754-2008; ISA 3.1 Book I,
/// chapter 4).
///
/// Every function takes and returns bit patterns and reports exceptions in the environment. NaN operands propagate as
/// Power does: the first NaN in operand order (for multiply-add: A, then the addend, then the other factor), made
/// quiet; operations without a NaN operand deliver the positive default NaN.
package enum SoftFloat {
    /// Which of the four multiply-add instructions: `±(a * c ± b)`.
    package struct FusedKind: OptionSet, Sendable {
        package let rawValue: UInt8
        @inline(__always) package init(rawValue: UInt8) { self.rawValue = rawValue }
        /// Subtract the addend.
        @inline(__always) package static var negateAddend: FusedKind { .init(rawValue: 1) }
        /// Negate the rounded result unless it is a NaN.
        @inline(__always) package static var negateResult: FusedKind { .init(rawValue: 2) }
    }

    // MARK: Operations on unpacked data

    @inline(__always)
    static func pickNaN<W>(_ a: Unpacked<W>, _ b: Unpacked<W>, _ env: inout FloatEnvironment) -> Unpacked<W> {
        if a.kind == .signalingNaN || b.kind == .signalingNaN { env.raise([.invalid, .signalingNaN]) }
        return (a.kind.isNaN ? a : b).quieted()
    }

    /// Sum of magnitudes of two normal numbers.
    @inline(__always)
    static func addMagnitudes<W>(_ a: Unpacked<W>, _ b: Unpacked<W>) -> Unpacked<W> {
        let (large, small) = a.exponent >= b.exponent ? (a, b) : (b, a)
        let aligned = small.significand.shiftedRightSticky(large.exponent &- small.exponent)
        let sum = large.significand.addingReportingOverflow(aligned)
        var result = large
        result.sign = a.sign
        result.significand = sum.partialValue
        if sum.overflow {
            result.significand = sum.partialValue.shiftedRightSticky(1) | Unpacked<W>.topBit
            result.exponent &+= 1
        }
        return result
    }

    /// Difference of magnitudes of two normal numbers; `nil` if it is zero.
    @inline(__always)
    static func subtractMagnitudes<W>(_ a: Unpacked<W>, _ b: Unpacked<W>) -> Unpacked<W>? {
        let swapped = a.exponent < b.exponent || (a.exponent == b.exponent && a.significand < b.significand)
        let (large, small) = swapped ? (b, a) : (a, b)
        let aligned = small.significand.shiftedRightSticky(large.exponent &- small.exponent)
        let difference = large.significand &- aligned
        if difference == 0 { return nil }
        let shift = difference.leadingZeroBitCount
        return Unpacked(
            kind: .normal, sign: swapped != a.sign, exponent: large.exponent &- shift,
            significand: difference &<< W(truncatingIfNeeded: shift))
    }

    @inline(__always)
    static func addUnpacked<W>(
        _ a: Unpacked<W>, _ b: Unpacked<W>, subtract: Bool, _ env: inout FloatEnvironment
    ) -> Unpacked<W> {
        if a.kind.isNaN || b.kind.isNaN { return pickNaN(a, b, &env) }
        var b = b
        b.sign = b.sign != subtract
        switch (a.kind, b.kind) {
        case (.normal, .normal):
            if a.sign == b.sign { return addMagnitudes(a, b) }
            return subtractMagnitudes(a, b) ?? .zero(env.rounding == .down)
        case (.zero, .zero):
            return a.sign == b.sign ? a : .zero(env.rounding == .down)
        case (.infinity, .infinity):
            if a.sign == b.sign { return a }
            env.raise([.invalid, .infinityMinusInfinity])
            return .defaultNaN
        case (.infinity, _), (_, .zero): return a
        default: return b
        }
    }

    @inline(__always)
    static func multiplyUnpacked<W>(
        _ a: Unpacked<W>, _ b: Unpacked<W>, _ env: inout FloatEnvironment
    ) -> Unpacked<W> {
        let sign = a.sign != b.sign
        if a.kind == .normal && b.kind == .normal {
            var product = wideProduct(a.significand, b.significand)
            var exponent = a.exponent &+ b.exponent &+ 1
            if product.high & Unpacked<W>.topBit == 0 {
                product.shiftLeft(1)
                exponent &-= 1
            }
            return Unpacked(kind: .normal, sign: sign, exponent: exponent, significand: product.sticky)
        }
        if a.kind.isNaN || b.kind.isNaN { return pickNaN(a, b, &env) }
        if a.kind == .infinity || b.kind == .infinity {
            if a.kind == .zero || b.kind == .zero {
                env.raise([.invalid, .infinityTimesZero])
                return .defaultNaN
            }
            return .infinity(sign)
        }
        return .zero(sign)
    }

    @inline(__always)
    private static func wideProduct<W: Significand>(_ a: W, _ b: W) -> Wide<W> {
        let product = a.multipliedFullWidth(by: b)
        return Wide(high: product.high, low: product.low)
    }

    @inline(__always)
    static func divideUnpacked<W>(
        _ a: Unpacked<W>, _ b: Unpacked<W>, _ env: inout FloatEnvironment
    ) -> Unpacked<W> {
        let sign = a.sign != b.sign
        switch (a.kind, b.kind) {
        case (.normal, .normal):
            let smaller = a.significand < b.significand
            let high = smaller ? a.significand : a.significand &>> 1
            let low: W = smaller ? 0 : a.significand &<< W(W.bitWidth &- 1)
            let result = b.significand.dividingFullWidth((high, low))
            return Unpacked(
                kind: .normal, sign: sign, exponent: a.exponent &- b.exponent &- (smaller ? 1 : 0),
                significand: result.quotient | (result.remainder == 0 ? 0 : 1))
        case (.zero, .zero):
            env.raise([.invalid, .zeroOverZero])
            return .defaultNaN
        case (.infinity, .infinity):
            env.raise([.invalid, .infinityOverInfinity])
            return .defaultNaN
        default: break
        }
        if a.kind.isNaN || b.kind.isNaN { return pickNaN(a, b, &env) }
        if a.kind == .infinity { return .infinity(sign) }
        if a.kind == .zero || b.kind == .infinity { return .zero(sign) }
        env.raise(.divideByZero)
        return .infinity(sign)
    }

    @inline(__always)
    static func squareRootUnpacked<W>(_ a: Unpacked<W>, _ env: inout FloatEnvironment) -> Unpacked<W> {
        switch a.kind {
        case .quietNaN, .signalingNaN: return pickNaN(a, a, &env)
        case .zero: return a
        case .normal, .infinity: break
        }
        if a.sign {
            env.raise([.invalid, .negativeRoot])
            return .defaultNaN
        }
        if a.kind == .infinity { return a }
        let odd = a.exponent & 1 != 0
        let high = odd ? a.significand : a.significand &>> 1
        let low: W = odd ? 0 : a.significand &<< W(W.bitWidth &- 1)
        let result = W.squareRoot(high: high, low: low)
        return Unpacked(
            kind: .normal, sign: false, exponent: a.exponent >> 1,
            significand: result.root | (result.exact ? 0 : 1))
    }

    /// `a * c + b` with one rounding to come.
    @inline(__always)
    static func fuseUnpacked<W>(
        _ a: Unpacked<W>, _ c: Unpacked<W>, plus addend: Unpacked<W>, _ kind: FusedKind,
        _ env: inout FloatEnvironment
    ) -> Unpacked<W> {
        let infinityTimesZero =
            (a.kind == .infinity && c.kind == .zero) || (a.kind == .zero && c.kind == .infinity)
        if a.kind.isNaN || addend.kind.isNaN || c.kind.isNaN {
            if a.kind == .signalingNaN || addend.kind == .signalingNaN || c.kind == .signalingNaN {
                env.raise([.invalid, .signalingNaN])
            }
            if infinityTimesZero { env.raise([.invalid, .infinityTimesZero]) }
            return (a.kind.isNaN ? a : addend.kind.isNaN ? addend : c).quieted()
        }
        if infinityTimesZero {
            env.raise([.invalid, .infinityTimesZero])
            return .defaultNaN
        }
        var b = addend
        if kind.contains(.negateAddend) { b.sign.toggle() }
        let sign = a.sign != c.sign
        var result: Unpacked<W>
        if a.kind == .infinity || c.kind == .infinity {
            if b.kind == .infinity && b.sign != sign {
                env.raise([.invalid, .infinityMinusInfinity])
                return .defaultNaN
            }
            result = .infinity(sign)
        } else if b.kind == .infinity {
            result = b
        } else if a.kind == .zero || c.kind == .zero {
            if b.kind == .normal || b.sign == sign {
                result = b
            } else {
                result = .zero(env.rounding == .down)
            }
        } else {
            result = fuseNormal(a, c, sign, b, env.rounding)
        }
        if kind.contains(.negateResult) { result.sign.toggle() }
        return result
    }

    @inline(__always)
    private static func fuseNormal<W>(
        _ a: Unpacked<W>, _ c: Unpacked<W>, _ sign: Bool, _ b: Unpacked<W>, _ rounding: RoundingMode
    ) -> Unpacked<W> {
        let top = Unpacked<W>.topBit
        var product = wideProduct(a.significand, c.significand)
        var exponent = a.exponent &+ c.exponent &+ 1
        if product.high & top == 0 {
            product.shiftLeft(1)
            exponent &-= 1
        }
        if b.kind == .zero {
            return Unpacked(kind: .normal, sign: sign, exponent: exponent, significand: product.sticky)
        }
        var other = Wide(high: b.significand, low: 0)
        let distance = exponent &- b.exponent
        if distance >= 0 {
            other.shiftRightSticky(distance)
        } else {
            product.shiftRightSticky(0 &- distance)
            exponent = b.exponent
        }
        if sign == b.sign {
            if product.add(other) {
                product.shiftRightSticky(1)
                product.high |= top
                exponent &+= 1
            }
            return Unpacked(kind: .normal, sign: sign, exponent: exponent, significand: product.sticky)
        }
        var resultSign = sign
        if product.isLess(than: other) {
            swap(&product, &other)
            resultSign.toggle()
        }
        product.subtract(other)
        if product.isZero { return .zero(rounding == .down) }
        let shift = product.leadingZeros
        product.shiftLeft(shift)
        return Unpacked(
            kind: .normal, sign: resultSign, exponent: exponent &- shift, significand: product.sticky)
    }

    // MARK: Operations on bit patterns

    package static func add<F: BinaryFormat>(
        _ format: F.Type, _ a: F.Bits, _ b: F.Bits, subtract: Bool = false, _ env: inout FloatEnvironment
    ) -> F.Bits {
        let left = Unpacked<F.Work>(a, F.self, &env)
        let right = Unpacked<F.Work>(b, F.self, &env)
        return addUnpacked(left, right, subtract: subtract, &env).packed(F.self, &env)
    }

    package static func multiply<F: BinaryFormat>(
        _ format: F.Type, _ a: F.Bits, _ b: F.Bits, _ env: inout FloatEnvironment
    ) -> F.Bits {
        let left = Unpacked<F.Work>(a, F.self, &env)
        let right = Unpacked<F.Work>(b, F.self, &env)
        return multiplyUnpacked(left, right, &env).packed(F.self, &env)
    }

    package static func divide<F: BinaryFormat>(
        _ format: F.Type, _ a: F.Bits, _ b: F.Bits, _ env: inout FloatEnvironment
    ) -> F.Bits {
        let left = Unpacked<F.Work>(a, F.self, &env)
        let right = Unpacked<F.Work>(b, F.self, &env)
        return divideUnpacked(left, right, &env).packed(F.self, &env)
    }

    package static func squareRoot<F: BinaryFormat>(
        _ format: F.Type, _ a: F.Bits, _ env: inout FloatEnvironment
    ) -> F.Bits {
        squareRootUnpacked(Unpacked<F.Work>(a, F.self, &env), &env).packed(F.self, &env)
    }

    /// `±(a * c ± b)`, rounded once. Operands in the ISA's order of registers: A, C, then the addend B.
    package static func fuse<F: BinaryFormat>(
        _ format: F.Type, _ a: F.Bits, _ c: F.Bits, _ b: F.Bits, _ kind: FusedKind = [],
        _ env: inout FloatEnvironment
    ) -> F.Bits {
        let left = Unpacked<F.Work>(a, F.self, &env)
        let right = Unpacked<F.Work>(c, F.self, &env)
        let addend = Unpacked<F.Work>(b, F.self, &env)
        return fuseUnpacked(left, right, plus: addend, kind, &env).packed(F.self, &env)
    }
}
