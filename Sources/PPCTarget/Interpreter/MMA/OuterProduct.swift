import CPPCState

// Matrix-multiply assist (ISA 3.1 Book I, section 7.6.3.6 and following): outer products into accumulators.
//
// Accumulator n is VSRs 4n to 4n + 3, one row each. The ISA allows the two to be the same storage and QEMU keeps them
// so; moving between them is then nothing at all.

/// Which rows, columns and products of an outer product count. Unprefixed forms take all.
struct OuterProductMasks {
    /// Bit 3 is row 0.
    let rows: UInt64
    /// Bit 3 is column 0.
    let columns: UInt64
    /// Bit 0 is the rightmost element of each word.
    let products: UInt64

    /// - Parameter products: Number of products that PMSK selects from; 1 for forms without PMSK.
    @inline(__always)
    init(_ word: UInt64, products count: UInt64) {
        if word >> 32 == 0 {
            rows = 15
            columns = 15
            products = .max
        } else {
            rows = word >> 36 & 15
            columns = word >> 32 & 15
            products = count == 1 ? 1 : word >> (48 - count) & ((1 << count) &- 1)
        }
    }

    @inline(__always)
    func selects(row: Int, column: Int) -> Bool {
        rows & 8 >> UInt64(row) != 0 && columns & 8 >> UInt64(column) != 0
    }
}

enum OuterProduct {
    /// The accumulator's first row, or `nil` if it overlaps a source, which is an invalid form.
    @inline(__always)
    static func accumulator(_ cpu: CPUState, _ word: UInt64) -> UnsafeMutablePointer<ppc_vsr>? {
        let f = Fields(word)
        let number = f.bf
        return f.xa >> 2 == number || f.xb >> 2 == number ? nil : vsr(cpu) + 4 * number
    }

    // MARK: Integers

    /// - Parameters:
    ///   - accumulates: Adds to the accumulator instead of replacing it.
    ///   - saturates: Saturates to 32 bits, sticking in VSCR[SAT], instead of wrapping.
    ///   - sum: Sum of the selected products of two words.
    @inline(__always)
    static func integers(
        _ cpu: CPUState, _ word: UInt64, products: UInt64, accumulates: Bool, saturates: Bool = false,
        _ sum: (UInt32, UInt32, UInt64) -> Int64
    ) -> Int32 {
        guard let rows = accumulator(cpu, word) else { return raiseIllegal(cpu) }
        let a = vsr(cpu)[Fields(word).xa]
        let b = vsr(cpu)[Fields(word).xb]
        let masks = OuterProductMasks(word, products: products)
        var saturated = false
        for i in 0..<4 {
            for j in 0..<4 {
                guard masks.selects(row: i, column: j) else {
                    rows[i][word: j] = 0
                    continue
                }
                var total = sum(a[word: i], b[word: j], masks.products)
                if accumulates { total &+= Int64(Int32(bitPattern: rows[i][word: j])) }
                let value =
                    saturates ? clamped(total, to: Int32.self, &saturated) : Int32(truncatingIfNeeded: total)
                rows[i][word: j] = UInt32(bitPattern: value)
            }
        }
        if saturated { cpu.pointee.vscr |= 1 }
        return Outcome.next
    }

    /// Products of eight signed nibbles.
    static func nibbles(_ a: UInt32, _ b: UInt32, _ mask: UInt64) -> Int64 {
        var sum: Int64 = 0
        for k in 0..<8 where mask >> UInt64(k) & 1 != 0 {
            let shift = UInt32(28 - 4 * k)
            sum &+= Int64(Int32(bitPattern: a << shift) >> 28) &* Int64(Int32(bitPattern: b << shift) >> 28)
        }
        return sum
    }

    /// Products of four bytes, signed by unsigned.
    static func bytes(_ a: UInt32, _ b: UInt32, _ mask: UInt64) -> Int64 {
        var sum: Int64 = 0
        for k in 0..<4 where mask >> UInt64(k) & 1 != 0 {
            let shift = UInt32(24 - 8 * k)
            sum &+= Int64(Int32(bitPattern: a << shift) >> 24) &* Int64((b << shift) >> 24)
        }
        return sum
    }

    /// Products of two signed halfwords.
    static func halves(_ a: UInt32, _ b: UInt32, _ mask: UInt64) -> Int64 {
        var sum: Int64 = 0
        for k in 0..<2 where mask >> UInt64(k) & 1 != 0 {
            let shift = UInt32(16 - 16 * k)
            sum &+= Int64(Int32(bitPattern: a << shift) >> 16) &* Int64(Int32(bitPattern: b << shift) >> 16)
        }
        return sum
    }

    // MARK: Floating point

    /// How a form combines its product with the accumulator.
    struct Combination: Sendable {
        let accumulates: Bool
        let negatesProduct: Bool
        let negatesAccumulator: Bool

        @inline(__always) static var replace: Self { .init(accumulates: false, product: false, accumulator: false) }
        @inline(__always) static var pp: Self { .init(accumulates: true, product: false, accumulator: false) }
        @inline(__always) static var pn: Self { .init(accumulates: true, product: false, accumulator: true) }
        @inline(__always) static var np: Self { .init(accumulates: true, product: true, accumulator: false) }
        @inline(__always) static var nn: Self { .init(accumulates: true, product: true, accumulator: true) }

        @inline(__always)
        private init(accumulates: Bool, product: Bool, accumulator: Bool) {
            self.accumulates = accumulates
            negatesProduct = product
            negatesAccumulator = accumulator
        }

        /// As flags of a fused multiply-add.
        @inline(__always)
        var fused: SoftFloat.FusedKind {
            var kind: SoftFloat.FusedKind = []
            if negatesProduct != negatesAccumulator { kind.insert(.negateAddend) }
            if negatesProduct { kind.insert(.negateResult) }
            return kind
        }
    }

    /// Runs `body` as if no floating-point exception were enabled; only then the sticky bits it left may interrupt.
    /// FR, FI and FPRF are not changed.
    @inline(__always)
    private static func withoutExceptions(_ cpu: CPUState, _ body: (inout FloatEnvironment) -> Void) -> Int32 {
        var status = FPStatus(cpu)
        let kept = status.fpscr & (FPSCR.enables | FPSCR.fi | FPSCR.fr)
        status.fpscr &= ~kept
        body(&status.env)
        let flags = status.env.flags
        if flags.contains(.signalingNaN) { status.invalid(FPSCR.vxsnan) }
        if flags.contains(.infinityTimesZero) { status.invalid(FPSCR.vximz) }
        if flags.contains(.infinityMinusInfinity) { status.invalid(FPSCR.vxisi) }
        _ = status.finish(cpu, setsFI: false)
        let value = FPSCR.normalized(cpu.pointee.fpscr | kept)
        cpu.pointee.fpscr = value
        return value & FPSCR.fex == 0 ? Outcome.next : FPSCR.deliver(cpu)
    }

    @inline(__always)
    private static func negated(_ a: UInt32) -> UInt32 { Binary32.isNaN(a) ? a : a ^ Binary32.signMask }

    /// `xvf16ger2*`, `xvbf16ger2*`: both products of a pair are added with one rounding to single precision, then the
    /// accumulator is added with another.
    @inline(__always)
    static func halfFloats<F: BinaryFormat>(
        _ cpu: CPUState, _ word: UInt64, _: F.Type, _ combination: Combination
    ) -> Int32 where F.Bits == UInt16, F.Work == UInt64 {
        guard let rows = accumulator(cpu, word) else { return raiseIllegal(cpu) }
        let a = vsr(cpu)[Fields(word).xa]
        let b = vsr(cpu)[Fields(word).xb]
        let masks = OuterProductMasks(word, products: 2)
        return withoutExceptions(cpu) { env in
            func wide(_ half: UInt16, _ selected: Bool) -> UInt64 {
                selected ? SoftFloat.convert(half, from: F.self, to: Binary64.self, &env) : 0
            }
            for i in 0..<4 {
                for j in 0..<4 {
                    guard masks.selects(row: i, column: j) else {
                        rows[i][word: j] = 0
                        continue
                    }
                    let first = masks.products & 2 != 0
                    let second = masks.products & 1 != 0
                    let product = SoftFloat.multiply(
                        Binary64.self, wide(a[half: 2 * i], first), wide(b[half: 2 * j], first), &env)
                    let left = Unpacked<UInt64>(wide(a[half: 2 * i + 1], second), Binary64.self, &env)
                    let right = Unpacked<UInt64>(wide(b[half: 2 * j + 1], second), Binary64.self, &env)
                    let addend = Unpacked<UInt64>(product, Binary64.self, &env)
                    let sum = SoftFloat.fuseUnpacked(left, right, plus: addend, [], &env).packedSingleInDouble(&env)
                    var result = SoftFloat.convert(sum, from: Binary64.self, to: Binary32.self, &env)
                    if combination.accumulates {
                        if combination.negatesProduct { result = negated(result) }
                        let old = rows[i][word: j]
                        result = SoftFloat.add(
                            Binary32.self, result, combination.negatesAccumulator ? negated(old) : old, &env)
                    }
                    rows[i][word: j] = result
                }
            }
        }
    }

    /// `xvf32ger*`
    @inline(__always)
    static func singles(_ cpu: CPUState, _ word: UInt64, _ combination: Combination) -> Int32 {
        guard let rows = accumulator(cpu, word) else { return raiseIllegal(cpu) }
        let a = vsr(cpu)[Fields(word).xa]
        let b = vsr(cpu)[Fields(word).xb]
        let masks = OuterProductMasks(word, products: 1)
        return withoutExceptions(cpu) { env in
            for i in 0..<4 {
                for j in 0..<4 {
                    if !masks.selects(row: i, column: j) {
                        rows[i][word: j] = 0
                    } else if combination.accumulates {
                        rows[i][word: j] = SoftFloat.fuse(
                            Binary32.self, a[word: i], b[word: j], rows[i][word: j], combination.fused, &env)
                    } else {
                        rows[i][word: j] = SoftFloat.multiply(Binary32.self, a[word: i], b[word: j], &env)
                    }
                }
            }
        }
    }

    /// `xvf64ger*`: four rows from a pair of registers by two columns.
    @inline(__always)
    static func doubles(_ cpu: CPUState, _ word: UInt64, _ combination: Combination) -> Int32 {
        guard let rows = accumulator(cpu, word) else { return raiseIllegal(cpu) }
        let pair = Fields(word).xa & ~1
        let a = (vsr(cpu)[pair], vsr(cpu)[pair + 1])
        let b = vsr(cpu)[Fields(word).xb]
        let masks = OuterProductMasks(word, products: 1)
        return withoutExceptions(cpu) { env in
            for i in 0..<4 {
                let left = (i < 2 ? a.0 : a.1)[double: i]
                for j in 0..<2 {
                    // The two column bits are the left ones of the mask's field in prefixed forms.
                    let column = word >> 32 == 0 ? j + 2 : j
                    if !masks.selects(row: i, column: column) {
                        rows[i][double: j] = 0
                    } else if combination.accumulates {
                        rows[i][double: j] = SoftFloat.fuse(
                            Binary64.self, left, b[double: j], rows[i][double: j], combination.fused, &env)
                    } else {
                        rows[i][double: j] = SoftFloat.multiply(Binary64.self, left, b[double: j], &env)
                    }
                }
            }
        }
    }
}
