/// Register and memory contents that depend on a seed alone.
///
/// Recorded vectors store the seed instead of the contents, so the sequence of draws in this file is part of their
/// format: a change of it needs new recordings.
package enum RandomState {
    package static func image(seed: UInt32, model: TestModel) -> RegisterImage {
        var random = RandomStream(seed: UInt64(seed))
        var image = RegisterImage()
        for n in 0..<32 { image.gpr[n] = integer(&random) }
        image.lr = integer(&random)
        image.ctr = integer(&random)
        image.cr = random.next() & 0xffff_ffff
        image.xer = xer(&random, model)
        image.fpscr = fpscr(&random)
        image.vscr = (random.chance(4) ? 0x1_0000 : 0) | (random.chance(2) ? 1 : 0)
        let kind = random.below(8)
        for n in 0..<64 {
            image.vsr[n] = vector(&random, random.chance(4) ? random.below(8) : kind)
        }
        // Near neighbours make cancellation, ties and equality likely.
        for n in 0..<64 where random.chance(5) {
            let other = image.vsr[random.below(64)]
            switch random.below(4) {
            case 0: image.vsr[n] = other
            case 1: image.vsr[n] = (other.hi ^ 1 << 63, other.lo ^ 1 << 63)
            case 2: image.vsr[n] = (other.hi &+ 1, other.lo &- 1)
            default: image.vsr[n] = (other.hi, image.vsr[n].lo)
            }
        }
        return image
    }

    package static func data(seed: UInt32) -> [UInt8] {
        var random = RandomStream(seed: UInt64(seed) | 1 << 32)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(TestLayout.dataSize)
        let bigEndian = random.chance(2)
        while bytes.count < TestLayout.dataSize {
            let value: UInt64 =
                switch random.below(4) {
                case 0: random.next()
                case 1: random.pick(AwkwardValues.int64)
                case 2: random.pick(AwkwardValues.double)
                default: singles(&random)
                }
            withUnsafeBytes(of: bigEndian ? value.bigEndian : value.littleEndian) { bytes.append(contentsOf: $0) }
        }
        return bytes
    }

    static func integer(_ random: inout RandomStream) -> UInt64 {
        switch random.below(8) {
        case 0: random.next()
        case 1: random.next() >> UInt64(random.below(64))
        case 2: UInt64(random.below(72))
        case 3: random.pick(AwkwardValues.int64) &+ UInt64(bitPattern: Int64(random.below(3) - 1))
        default: random.pick(AwkwardValues.int64)
        }
    }

    private static func xer(_ random: inout RandomStream, _ model: TestModel) -> UInt64 {
        let bits = random.next()
        // SO, OV, CA; OV32 and CA32 since ISA 3.0; the string length.
        let flags: UInt64 = model == .power8 ? 0xe000_0000 : 0xe00c_0000
        return bits & flags | UInt64(random.below(65))
    }

    /// Enabled exceptions only with a clean slate: a pending enabled exception would strike before the case begins.
    private static func fpscr(_ random: inout RandomStream) -> UInt64 {
        let rounding = random.next() & 3
        let decimalRounding = random.chance(4) ? (random.next() & 7) << 32 : 0
        let nonIEEE: UInt64 = random.chance(16) ? 4 : 0
        let result = random.chance(2) ? random.next() & 0x7_f000 : 0
        switch random.below(8) {
        case 0: return rounding | decimalRounding | result | (random.next() & 0xf8)
        case 1, 2, 3:
            // Sticky bits with their summaries.
            let sticky = random.next() & 0x1ff8_0700 & ~0x0004_0000
            let invalid: UInt64 = sticky & 0x01f8_0700 != 0 ? 1 << 29 : 0
            let any: UInt64 = sticky | invalid != 0 ? 1 << 31 : 0
            return rounding | decimalRounding | nonIEEE | result & 0x1_f000 | sticky & 0x1ff8_0700 | invalid | any
        default: return rounding | decimalRounding | nonIEEE | result
        }
    }

    private static func singles(_ random: inout RandomStream) -> UInt64 {
        let first = random.chance(4) ? UInt32(truncatingIfNeeded: random.next()) : random.pick(AwkwardValues.single)
        let second = random.chance(4) ? UInt32(truncatingIfNeeded: random.next()) : random.pick(AwkwardValues.single)
        return UInt64(first) << 32 | UInt64(second)
    }

    private static func double(_ random: inout RandomStream) -> UInt64 {
        switch random.below(6) {
        case 0: random.next()
        case 1:
            // A single-precision number widened, ordinary magnitude.
            UInt64((Float(random.below(1 << 24)) / Float(1 << random.below(24))).bitPattern) == 0
                ? 0 : Double(Float(random.below(1 << 24)) / Float(1 << random.below(24))).bitPattern
        case 2: (1023 &- 64 &+ UInt64(random.below(128))) << 52 | random.next() >> 12 | random.next() & 1 << 63
        default: random.pick(AwkwardValues.double)
        }
    }

    /// Packed decimal digits, sign in the last nibble when asked for.
    private static func decimal(_ random: inout RandomStream, sign: Bool) -> UInt64 {
        var value: UInt64 = 0
        let digits = random.below(17)
        for _ in 0..<digits { value = value << 4 | UInt64(random.chance(40) ? random.below(16) : random.below(10)) }
        if sign { value = value & ~15 | UInt64(random.pick([10, 11, 12, 13, 14, 15, 12, 13])) }
        return value
    }

    static func vector(_ random: inout RandomStream, _ kind: Int) -> (hi: UInt64, lo: UInt64) {
        switch kind {
        case 0: (random.next(), random.next())
        case 1, 2: (double(&random), double(&random))
        case 3: (singles(&random), singles(&random))
        case 4: (integer(&random), integer(&random))
        case 5:
            (
                random.chance(4)
                    ? (16383 &- 200 &+ UInt64(random.below(400))) << 48 | random.next() >> 16
                    : random.pick(AwkwardValues.quadHigh),
                random.chance(2) ? 0 : random.pick(AwkwardValues.int64)
            )
        case 6: (decimal(&random, sign: false), decimal(&random, sign: true))
        default:
            // Decimal floating point: a combination field of ordinary exponents over random declets.
            (
                0x2238_0000_0000_0000 &+ (random.next() & 0x000f) << 50 | random.next() & 0x3ffff
                    | (random.next() & 1) << 63,
                random.chance(2) ? 0x2238_0000_0000_0000 | random.next() & 0x3_ffff_ffff_ffff : random.next()
            )
        }
    }
}
