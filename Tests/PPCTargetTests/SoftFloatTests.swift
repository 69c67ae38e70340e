import Testing

@testable import PPCTarget

/// Deterministic random bits with many zeros, ones and awkward exponents.
struct AwkwardBits {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }

    mutating func double() -> UInt64 {
        let awkward: [UInt64] = [
            0, 1, 0x000f_ffff_ffff_ffff, 0x0010_0000_0000_0000, 0x3ff0_0000_0000_0000, 0x7fef_ffff_ffff_ffff,
            0x7ff0_0000_0000_0000, 0x36a0_0000_0000_0000, 0x47ef_ffff_e000_0000, 0x43e0_0000_0000_0000,
        ]
        let choice = next()
        let sign = choice << 63
        switch choice >> 8 % 8 {
        case 0: return sign | awkward[Int(choice >> 16 % UInt64(awkward.count))]
        case 1: return sign | next() & ~(0x7ff << 52) & ~sign | (0x3f0 + next() % 0x20) << 52
        case 2: return Double(Float(bitPattern: UInt32(truncatingIfNeeded: next()))).bitPattern
        case 3: return sign | next() >> 12 % 2 << 51 | (next() % 0x7ff) << 52
        default: return next()
        }
    }
}

private func isSame(_ ours: UInt64, _ host: Double) -> Bool {
    // NaN payloads follow Power's rules, not the host's.
    host.isNaN ? Binary64.isNaN(ours) : ours == host.bitPattern
}

@Suite("SoftFloat against the host's arithmetic")
struct SoftFloatTests {
    @Test("double results are the host's, on the slow and on the fast path", arguments: [UInt64(1), 2, 3])
    func doubleArithmetic(seed: UInt64) {
        var bits = AwkwardBits(seed: seed)
        for _ in 0..<4000 {
            let (a, b, c) = (bits.double(), bits.double(), bits.double())
            let (x, y, z) = (Double(bitPattern: a), Double(bitPattern: b), Double(bitPattern: c))
            var slow = FloatEnvironment()
            var fast = FloatEnvironment()
            #expect(isSame(SoftFloat.add(Binary64.self, a, b, &slow), x + y), "\(x) + \(y)")
            #expect(isSame(SoftFloat.add64(a, b, subtract: false, &fast), x + y), "\(x) + \(y)")
            #expect(isSame(SoftFloat.add(Binary64.self, a, b, subtract: true, &slow), x - y), "\(x) - \(y)")
            #expect(isSame(SoftFloat.add64(a, b, subtract: true, &fast), x - y), "\(x) - \(y)")
            #expect(isSame(SoftFloat.multiply(Binary64.self, a, b, &slow), x * y), "\(x) * \(y)")
            #expect(isSame(SoftFloat.multiply64(a, b, &fast), x * y), "\(x) * \(y)")
            #expect(isSame(SoftFloat.divide(Binary64.self, a, b, &slow), x / y), "\(x) / \(y)")
            #expect(isSame(SoftFloat.divide64(a, b, &fast), x / y), "\(x) / \(y)")
            #expect(isSame(SoftFloat.squareRoot(Binary64.self, a, &slow), x.squareRoot()), "√\(x)")
            #expect(isSame(SoftFloat.squareRoot64(a, &fast), x.squareRoot()), "√\(x)")
            let fused = z.addingProduct(x, y)
            #expect(isSame(SoftFloat.fuse(Binary64.self, a, b, c, [], &slow), fused), "\(x) * \(y) + \(z)")
            #expect(isSame(SoftFloat.fuse64(a, b, c, [], &fast), fused), "\(x) * \(y) + \(z)")
            #expect(slow.flags == fast.flags, "\(x) \(y) \(z)")
        }
    }

    @Test("each fast operation reports the flags of the slow one")
    func fastFlags() {
        var bits = AwkwardBits(seed: 77)
        for _ in 0..<4000 {
            let near = UInt64(0x3ff) << 52
            let mask: UInt64 = bits.next() % 2 == 0 ? .max : 0xffff_ffff_e000_0000
            let a = (near | bits.next() >> 12) & mask
            let b = (near + bits.next() % 40 << 52 | bits.next() >> 12 | bits.next() << 63) & mask
            let c = (near + bits.next() % 40 << 52 | bits.next() >> 12 | bits.next() << 63) & mask
            for operation in 0..<4 {
                var slow = FloatEnvironment()
                var fast = FloatEnvironment()
                let pair: (UInt64, UInt64) =
                    switch operation {
                    case 0:
                        (SoftFloat.add(Binary64.self, a, b, &slow), SoftFloat.add64(a, b, subtract: false, &fast))
                    case 1: (SoftFloat.multiply(Binary64.self, a, b, &slow), SoftFloat.multiply64(a, b, &fast))
                    case 2: (SoftFloat.divide(Binary64.self, a, b, &slow), SoftFloat.divide64(a, b, &fast))
                    default:
                        (SoftFloat.fuse(Binary64.self, a, b, c, [], &slow), SoftFloat.fuse64(a, b, c, [], &fast))
                    }
                #expect(pair.0 == pair.1 && slow.flags == fast.flags, "operation \(operation) \(a) \(b) \(c)")
            }
        }
    }

    @Test("single results are the host's")
    func singleArithmetic() {
        var bits = AwkwardBits(seed: 5)
        for _ in 0..<4000 {
            let (a, b) = (UInt32(truncatingIfNeeded: bits.next()), UInt32(truncatingIfNeeded: bits.next()))
            let (x, y) = (Float(bitPattern: a), Float(bitPattern: b))
            var env = FloatEnvironment()
            func check(_ ours: UInt32, _ host: Float, _ what: String) {
                let same = host.isNaN ? Binary32.isNaN(ours) : ours == host.bitPattern
                #expect(same, "\(what) \(x) \(y): \(ours)")
            }
            check(SoftFloat.add(Binary32.self, a, b, &env), x + y, "add")
            check(SoftFloat.multiply(Binary32.self, a, b, &env), x * y, "multiply")
            check(SoftFloat.divide(Binary32.self, a, b, &env), x / y, "divide")
            check(SoftFloat.fuse(Binary32.self, a, b, a, [], &env), x.addingProduct(x, y), "fuse")
            check(
                SoftFloat.convert(Double(x).bitPattern, from: Binary64.self, to: Binary32.self, &env), x, "convert")
        }
    }

    @Test("quad arithmetic inverts itself", arguments: [UInt64(11), 12])
    func quadIdentities(seed: UInt64) {
        var bits = AwkwardBits(seed: seed)
        for _ in 0..<300 {
            // Moderate exponents and short fractions, so that products and sums are exact.
            let a = UInt128(0x3fe0 + bits.next() % 64) << 112 | UInt128(bits.next() >> 14) << 62
            let b = UInt128(0x3fe0 + bits.next() % 64) << 112 | UInt128(bits.next() >> 14) << 62
            var env = FloatEnvironment()
            let product = SoftFloat.multiply(Binary128.self, a, b, &env)
            #expect(SoftFloat.divide(Binary128.self, product, b, &env) == a)
            let square = SoftFloat.multiply(Binary128.self, a, a, &env)
            #expect(SoftFloat.squareRoot(Binary128.self, square, &env) == a)
            #expect(SoftFloat.fuse(Binary128.self, a, b, product, .negateAddend, &env) == 0)
            #expect(env.flags.isEmpty)
        }
    }

    @Test("rounding modes bracket the exact value")
    func directedRounding() {
        var bits = AwkwardBits(seed: 9)
        for _ in 0..<1000 {
            let (a, b) = (bits.next() >> 12 | 0x3ff << 52, bits.next() >> 12 | 0x3ff << 52)
            var results: [UInt64] = []
            for mode in RoundingMode.allCases {
                var env = FloatEnvironment(rounding: mode)
                results.append(SoftFloat.divide(Binary64.self, a, b, &env))
                #expect(env.flags.contains(.inexact) == (a != b))
            }
            let (nearest, zero, up, down, odd) = (results[0], results[1], results[2], results[3], results[5])
            #expect(zero == down && up - down == (a == b ? 0 : 1) && (nearest == up || nearest == down))
            #expect(a == b || odd & 1 == 1)
        }
    }
}
