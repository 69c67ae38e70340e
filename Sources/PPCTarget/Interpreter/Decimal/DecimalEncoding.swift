/// Densely packed decimal: three digits in ten bits (ISA 3.1 Book I, appendix B).
enum DenselyPacked {
    /// The value 0...999 of a declet; all 1024 bit patterns have one.
    static func value(_ declet: UInt32) -> UInt32 {
        let (p, q, r) = (declet >> 9 & 1, declet >> 8 & 1, declet >> 7 & 1)
        let (s, t, u) = (declet >> 6 & 1, declet >> 5 & 1, declet >> 4 & 1)
        let (w, x, y) = (declet >> 2 & 1, declet >> 1 & 1, declet & 1)
        let pqr = declet >> 7 & 7
        let stu = declet >> 4 & 7
        if declet >> 3 & 1 == 0 { return pqr * 100 + stu * 10 + (declet & 7) }
        let pqy = p << 2 | q << 1 | y
        switch (w << 1 | x, s << 1 | t) {
        case (0, _): return pqr * 100 + stu * 10 + 8 + y
        case (1, _): return pqr * 100 + (8 + u) * 10 + (s << 2 | t << 1 | y)
        case (2, _): return (8 + r) * 100 + stu * 10 + pqy
        case (_, 0): return (8 + r) * 100 + (8 + u) * 10 + pqy
        case (_, 1): return (8 + r) * 100 + (p << 2 | q << 1 | u) * 10 + 8 + y
        case (_, 2): return pqr * 100 + (8 + u) * 10 + 8 + y
        default: return (8 + r) * 100 + (8 + u) * 10 + 8 + y
        }
    }

    /// The canonical declet of a value 0...999.
    static func declet(_ value: UInt32) -> UInt32 {
        let (a, b, c) = (value / 100 % 10, value / 10 % 10, value % 10)
        let (d, h, m) = (a & 1, b & 1, c & 1)
        let (high, middle, low) = (a & 7, b & 7, c & 7)
        switch (a > 7, b > 7, c > 7) {
        case (false, false, false): return high << 7 | middle << 4 | low
        case (false, false, true): return high << 7 | middle << 4 | 8 | m
        case (false, true, false): return high << 7 | (low & 6) << 4 | h << 4 | 0xa | m
        case (true, false, false): return (low & 6) << 7 | d << 7 | middle << 4 | 0xc | m
        case (true, true, false): return (low & 6) << 7 | d << 7 | h << 4 | 0xe | m
        case (true, false, true): return (middle & 6) << 7 | d << 7 | 0x20 | h << 4 | 0xe | m
        case (false, true, true): return high << 7 | 0x40 | h << 4 | 0xe | m
        case (true, true, true): return d << 7 | 0x60 | h << 4 | 0xe | m
        }
    }
}

extension DecimalFormat {
    private func field(_ bits: UInt128, _ shift: Int, _ width: Int) -> Int {
        Int(truncatingIfNeeded: bits >> UInt128(shift) & ((1 << UInt128(width)) - 1))
    }

    /// Takes a datum of this format apart.
    func decode(_ bits: UInt128) -> DecimalNumber {
        var result = DecimalNumber(sign: field(bits, width - 1, 1) != 0)
        let combination = field(bits, width - 6, 5)
        if combination == 30 {
            result.kind = .infinity
            return result
        }
        var leading = 0
        if combination == 31 {
            result.kind = field(bits, width - 7, 1) != 0 ? .signalingNaN : .quietNaN
        } else {
            let upper: Int
            if combination >> 3 < 3 {
                (upper, leading) = (combination >> 3, combination & 7)
            } else {
                (upper, leading) = (combination >> 1 & 3, 8 + (combination & 1))
            }
            result.exponent =
                upper << continuationBits + field(bits, 10 * declets, continuationBits) - bias
        }
        var coefficient = UInt128(leading)
        for index in (0..<declets).reversed() {
            let declet = UInt32(truncatingIfNeeded: field(bits, 10 * index, 10))
            coefficient = coefficient * 1000 + UInt128(DenselyPacked.value(declet))
        }
        result.coefficient = coefficient
        return result
    }

    /// Puts a datum together; the number must fit the format (see ``DecimalContext/fit(_:)``).
    func encode(_ a: DecimalNumber) -> UInt128 {
        var bits: UInt128 = 0
        var rest = a.kind == .infinity ? 0 : a.coefficient
        for index in 0..<declets {
            let part = rest.quotientAndRemainder(dividingBy: 1000)
            bits |= UInt128(DenselyPacked.declet(UInt32(truncatingIfNeeded: part.remainder))) << UInt128(10 * index)
            rest = part.quotient
        }
        let leading = Int(truncatingIfNeeded: rest)
        let sign = UInt128(a.sign ? 1 : 0) << UInt128(width - 1)
        let top = UInt128(width - 6)
        switch a.kind {
        case .infinity: return sign | 30 << top
        case .quietNaN: return sign | 31 << top | bits
        case .signalingNaN: return sign | 31 << top | 1 << (top - 1) | bits
        case .finite: break
        }
        let biased = a.exponent + bias
        let upper = biased >> continuationBits
        let combination = leading < 8 ? upper << 3 | leading : 24 | upper << 1 | leading & 1
        let continuation = UInt128(biased & ((1 << continuationBits) - 1)) << UInt128(10 * declets)
        return sign | UInt128(combination) << top | continuation | bits
    }
}
