extension UInt64: Significand {
    package static func squareRoot(high: UInt64, low: UInt64) -> (root: UInt64, exact: Bool) {
        let radicand = UInt128(high) << 64 | UInt128(low)
        // The host's root is good to 52 bits; one Newton step squares that, the loops settle the last bit.
        let estimate = (Double(high) * 0x1p64).squareRoot()
        var root = estimate >= 0x1p64 ? UInt64.max : UInt64(estimate)
        let quotient = root.dividingFullWidth((high, low), orMaximum: .max)
        root = UInt64(truncatingIfNeeded: (UInt128(root) + UInt128(quotient)) >> 1)
        while UInt128(root) * UInt128(root) > radicand { root &-= 1 }
        while root != .max, UInt128(root + 1) * UInt128(root + 1) <= radicand { root &+= 1 }
        return (root, UInt128(root) * UInt128(root) == radicand)
    }

    /// Quotient of a double-width dividend, or a stand-in where it does not fit.
    private func dividingFullWidth(_ dividend: (high: UInt64, low: UInt64), orMaximum maximum: UInt64) -> UInt64 {
        dividend.high >= self ? maximum : dividingFullWidth(dividend).quotient
    }
}

extension UInt128: Significand {
    package static func squareRoot(high: UInt128, low: UInt128) -> (root: UInt128, exact: Bool) {
        // Two bits of the radicand give one bit of the root. The remainder needs two bits more than the root.
        var root: UInt128 = 0
        var remainder: UInt128 = 0
        var remainderTop: UInt128 = 0
        for step in 0..<128 {
            let source = step < 64 ? high : low
            let pair = source >> UInt128(126 - 2 * (step & 63)) & 3
            remainderTop = remainderTop << 2 | remainder >> 126
            remainder = remainder << 2 | pair
            // Trial subtrahend: 4 * root + 1.
            let trialTop = root >> 126
            let trial = root << 2 | 1
            root <<= 1
            if remainderTop > trialTop || (remainderTop == trialTop && remainder >= trial) {
                let difference = remainder.subtractingReportingOverflow(trial)
                remainder = difference.partialValue
                remainderTop = remainderTop &- trialTop &- (difference.overflow ? 1 : 0)
                root |= 1
            }
        }
        return (root, remainder == 0 && remainderTop == 0)
    }
}

/// A significand of double width, as products have.
struct Wide<Work: Significand> {
    var high: Work
    var low: Work

    @inline(__always) init(high: Work, low: Work) {
        self.high = high
        self.low = low
    }

    @inline(__always) var isZero: Bool { high == 0 && low == 0 }

    @inline(__always)
    mutating func shiftLeft(_ distance: Int) {
        let width = Work.bitWidth
        if distance <= 0 { return }
        if distance >= width {
            high = low &<< Work(truncatingIfNeeded: distance &- width)
            low = 0
        } else {
            high =
                high &<< Work(truncatingIfNeeded: distance) | low &>> Work(truncatingIfNeeded: width &- distance)
            low = low &<< Work(truncatingIfNeeded: distance)
        }
    }

    @inline(__always)
    mutating func shiftRightSticky(_ distance: Int) {
        let width = Work.bitWidth
        if distance <= 0 { return }
        if distance >= width {
            low = high.shiftedRightSticky(distance &- width) | (low == 0 ? 0 : 1)
            high = 0
        } else {
            let lost = low & ((1 &<< Work(truncatingIfNeeded: distance)) &- 1)
            low =
                low &>> Work(truncatingIfNeeded: distance) | high &<< Work(truncatingIfNeeded: width &- distance)
                | (lost == 0 ? 0 : 1)
            high = high &>> Work(truncatingIfNeeded: distance)
        }
    }

    /// Adds; the carry out is returned.
    @inline(__always)
    mutating func add(_ other: Self) -> Bool {
        let lower = low.addingReportingOverflow(other.low)
        let upper = high.addingReportingOverflow(other.high)
        let carried = upper.partialValue.addingReportingOverflow(lower.overflow ? 1 : 0)
        low = lower.partialValue
        high = carried.partialValue
        return upper.overflow || carried.overflow
    }

    /// Subtracts a smaller or equal value.
    @inline(__always)
    mutating func subtract(_ other: Self) {
        let lower = low.subtractingReportingOverflow(other.low)
        high = high &- other.high &- (lower.overflow ? 1 : 0)
        low = lower.partialValue
    }

    @inline(__always)
    func isLess(than other: Self) -> Bool { high < other.high || (high == other.high && low < other.low) }

    @inline(__always) var leadingZeros: Int {
        high == 0 ? Work.bitWidth &+ low.leadingZeroBitCount : high.leadingZeroBitCount
    }

    /// The upper half, with everything below it gathered in its lowest bit.
    @inline(__always) var sticky: Work { high | (low == 0 ? 0 : 1) }
}
