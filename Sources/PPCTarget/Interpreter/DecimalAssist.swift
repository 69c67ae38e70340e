import CPPCState

/// BCD assistance (ISA 3.1 Book I, section 3.3.15): packed decimal digits and densely packed declets.
enum DecimalAssist {
    /// `addg6s`: a six in every digit position that the sum of the operands does not carry out of.
    static func addg6s(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        let f = Fields(word)
        let (a, b) = (gpr(cpu)[f.ra], gpr(cpu)[f.rb])
        let (sum, carryOut) = a.addingReportingOverflow(b)
        // Carries into each digit; the one out of digit n is the one into digit n + 1.
        let into = a ^ b ^ sum
        let out = (into >> 4 & 0x0111_1111_1111_1111) | (carryOut ? 1 << 60 : 0)
        gpr(cpu)[f.rt] = (out ^ 0x1111_1111_1111_1111) &* 6
        return Outcome.next
    }

    static func cdtbcd(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        let f = Fields(word)
        gpr(cpu)[f.ra] = perDeclet(gpr(cpu)[f.rs], from: 10, to: 12) { digits(ofDeclet: $0) }
        return Outcome.next
    }

    static func cbcdtd(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        let f = Fields(word)
        gpr(cpu)[f.ra] = perDeclet(gpr(cpu)[f.rs], from: 12, to: 10) { declet(ofDigits: $0) }
        return Outcome.next
    }

    /// Two fields in each word.
    private static func perDeclet(
        _ value: UInt64, from: UInt64, to: UInt64, _ convert: (UInt64) -> UInt64
    ) -> UInt64 {
        let mask = (UInt64(1) &<< from) &- 1
        var result: UInt64 = 0
        for half in [UInt64(0), 32] {
            let low = convert(value &>> half & mask)
            let high = convert(value &>> (half &+ from) & mask)
            result |= (low | high &<< to) &<< half
        }
        return result
    }

    /// Three decimal digits of ten bits (ISA 3.1 Book I, appendix B.2). All 1024 patterns have a value.
    static func digits(ofDeclet declet: UInt64) -> UInt64 {
        // Named as in the ISA: p q r s t u v w x y.
        func bit(_ n: UInt64) -> UInt64 { declet &>> n & 1 }
        let (p, q, r, s, t, u) = (bit(9), bit(8), bit(7), bit(6), bit(5), bit(4))
        let (v, w, x, y) = (bit(3), bit(2), bit(1), bit(0))
        let pqr = p << 2 | q << 1 | r
        let stu = s << 2 | t << 1 | u
        let (hundreds, tens, ones): (UInt64, UInt64, UInt64)
        if v == 0 {
            (hundreds, tens, ones) = (pqr, stu, w << 2 | x << 1 | y)
        } else {
            switch w << 1 | x {
            case 0: (hundreds, tens, ones) = (pqr, stu, 8 | y)
            case 1: (hundreds, tens, ones) = (pqr, 8 | u, s << 2 | t << 1 | y)
            case 2: (hundreds, tens, ones) = (8 | r, stu, p << 2 | q << 1 | y)
            default:
                switch s << 1 | t {
                case 0: (hundreds, tens, ones) = (8 | r, 8 | u, p << 2 | q << 1 | y)
                case 1: (hundreds, tens, ones) = (8 | r, p << 2 | q << 1 | u, 8 | y)
                case 2: (hundreds, tens, ones) = (pqr, 8 | u, 8 | y)
                default: (hundreds, tens, ones) = (8 | r, 8 | u, 8 | y)
                }
            }
        }
        return hundreds << 8 | tens << 4 | ones
    }

    /// Ten bits of three decimal digits. Digits above 9 are undefined; they count as their bits under 9, as in QEMU.
    static func declet(ofDigits digits: UInt64) -> UInt64 {
        func digit(_ shift: UInt64) -> UInt64 {
            let value = digits &>> shift & 15
            return value > 9 ? value & 9 : value
        }
        let (h, t, o) = (digit(8), digit(4), digit(0))
        let (h2, t2, o2) = (h & 7, t & 7, o & 7)
        switch (h > 7 ? 4 : 0) | (t > 7 ? 2 : 0) | (o > 7 ? 1 : 0) {
        case 0: return h2 << 7 | t2 << 4 | o2
        case 1: return h2 << 7 | t2 << 4 | 0b1000 | o & 1
        case 2: return h2 << 7 | (o2 & 6) << 4 | (t & 1) << 4 | 0b1010 | o & 1
        case 3: return h2 << 7 | 0b100 << 4 | (t & 1) << 4 | 0b1110 | o & 1
        case 4: return (o2 & 6) << 7 | (h & 1) << 7 | t2 << 4 | 0b1100 | o & 1
        case 5: return (t2 & 6) << 7 | (h & 1) << 7 | 0b010 << 4 | (t & 1) << 4 | 0b1110 | o & 1
        case 6: return (o2 & 6) << 7 | (h & 1) << 7 | (t & 1) << 4 | 0b1110 | o & 1
        default: return (h & 1) << 7 | 0b110 << 4 | (t & 1) << 4 | 0b1110 | o & 1
        }
    }
}
