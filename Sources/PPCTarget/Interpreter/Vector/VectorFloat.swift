import CPPCState

// Single-precision VMX arithmetic (ISA 3.1 Book I, section 6.12): round to nearest even, no FPSCR, and with VSCR[NJ]
// denormals are zeros, as sources and as results. The host's arithmetic gives the rounded value; NaNs and tiny
// results are settled here.

/// Quiet NaN made by an invalid operation.
private let defaultNaN: UInt32 = 0x7fc0_0000

/// Per-instruction settings and the rules for one element.
struct VectorFloat {
    /// VSCR[NJ]
    let flush: Bool

    @inline(__always) init(_ cpu: CPUState) { flush = cpu.pointee.vscr & 0x1_0000 != 0 }

    @inline(__always) static func isNaN(_ a: UInt32) -> Bool { a & 0x7fff_ffff > 0x7f80_0000 }
    @inline(__always) static func quieted(_ a: UInt32) -> UInt32 { a | 0x40_0000 }

    /// A source with its sign only if it is denormal and NJ is set.
    @inline(__always)
    func source(_ a: UInt32) -> Float {
        let tiny = flush && a & 0x7f80_0000 == 0
        return Float(bitPattern: tiny ? a & 0x8000_0000 : a)
    }

    /// A result. `inexactBelow` says that the exact value was smaller in magnitude than the smallest normal number
    /// although rounding brought it there.
    @inline(__always)
    func result(_ value: Float, inexactBelow: Bool = false) -> UInt32 {
        let bits = value.bitPattern
        if value.isNaN { return defaultNaN }
        if flush && (bits & 0x7f80_0000 == 0 || inexactBelow) { return bits & 0x8000_0000 }
        return bits
    }

    /// The first NaN among the operands, quieted.
    @inline(__always)
    func propagated(_ a: UInt32, _ b: UInt32) -> UInt32? {
        Self.isNaN(a) ? Self.quieted(a) : Self.isNaN(b) ? Self.quieted(b) : nil
    }

    func sum(_ a: UInt32, _ b: UInt32) -> UInt32 { propagated(a, b) ?? result(source(a) + source(b)) }
    func difference(_ a: UInt32, _ b: UInt32) -> UInt32 { propagated(a, b) ?? result(source(a) - source(b)) }

    /// `a * c + b`, rounded once; the NaN to propagate is sought in A, B, C.
    func multiplyAdd(_ a: UInt32, _ b: UInt32, _ c: UInt32, negated: Bool) -> UInt32 {
        if let nan = propagated(a, b) ?? propagated(c, c) { return nan }
        let addend = negated ? -source(b) : source(b)
        let value = addend.addingProduct(source(a), source(c))
        // Products are exact in double precision, so the error of the sum says on which side of 2^-126 it lies.
        var below = false
        if value.magnitude == .leastNormalMagnitude {
            let product = Double(source(a)) * Double(source(c))
            let total = product + Double(addend)
            let rest = total - product
            let error = (product - (total - rest)) + (Double(addend) - rest)
            let bound = Double(Float.leastNormalMagnitude)
            below = total.magnitude < bound || (total.magnitude == bound && (total < 0 ? error > 0 : error < 0))
        }
        let bits = result(value, inexactBelow: below)
        return negated && !value.isNaN ? bits ^ 0x8000_0000 : bits
    }

    func reciprocal(_ b: UInt32) -> UInt32 { propagated(b, b) ?? result(1 / source(b)) }

    func reciprocalSquareRoot(_ b: UInt32) -> UInt32 {
        if let nan = propagated(b, b) { return nan }
        let root = source(b).squareRoot()
        return root.isNaN ? defaultNaN : result(1 / root)
    }

    /// Maximum or minimum; of zeros, the positive one is larger.
    func extreme(_ a: UInt32, _ b: UInt32, largest: Bool) -> UInt32 {
        if let nan = propagated(a, b) { return nan }
        let x = source(a)
        let y = source(b)
        let less = x < y || (x == y && x.sign == .minus)
        return (less == largest ? y : x).bitPattern
    }

    func rounded(_ b: UInt32, _ rule: FloatingPointRoundingRule) -> UInt32 {
        propagated(b, b) ?? source(b).rounded(rule).bitPattern
    }

    /// Integer scaled down by a power of two (`vcfux`, `vcfsx`). The exponent stays within the normal range.
    static func fromInteger<T: FixedWidthInteger>(_ b: T, scale: Int) -> UInt32 {
        (Float(b) * Float(sign: .plus, exponent: -scale, significand: 1)).bitPattern
    }

    /// Scaled up by a power of two, truncated and saturated (`vctuxs`, `vctsxs`); NaN becomes zero.
    func toInteger<T: FixedWidthInteger>(_ b: UInt32, scale: Int, _: T.Type, _ saturated: inout Bool) -> T {
        if Self.isNaN(b) { return 0 }
        let scaled = Double(source(b)) * Double(sign: .plus, exponent: scale, significand: 1)
        let whole = scaled.rounded(.towardZero)
        if let value = T(exactly: whole) { return value }
        saturated = true
        return whole < 0 ? T.min : T.max
    }

    /// Compare mask: all ones where the relation holds; unordered never holds.
    @inline(__always)
    func compare(_ a: U32, _ b: U32, _ relation: (Float, Float) -> Bool) -> U32 {
        eachLane(a, b) { relation(self.source($0), self.source($1)) ? .max : 0 }
    }

    /// Bounds compare (`vcmpbfp`): bit 0 set if not `a <= b`, bit 1 if not `a >= -b`.
    func outOfBounds(_ a: UInt32, _ b: UInt32) -> UInt32 {
        let x = source(a)
        let y = source(b)
        return (x <= y ? 0 : 0x8000_0000) | (x >= -y ? 0 : 0x4000_0000)
    }
}

/// `VRT <- body(VRA, VRB)` element by element.
@inline(__always)
func vectorFloat2(_ cpu: CPUState, _ word: UInt64, _ body: (VectorFloat, UInt32, UInt32) -> UInt32) -> Int32 {
    let rules = VectorFloat(cpu)
    return vx2(cpu, word) { (a: U32, b: U32) in eachLane(a, b) { body(rules, $0, $1) } }
}

/// `VRT <- body(VRB)` element by element.
@inline(__always)
func vectorFloat1(_ cpu: CPUState, _ word: UInt64, _ body: (VectorFloat, UInt32) -> UInt32) -> Int32 {
    let rules = VectorFloat(cpu)
    return vx1(cpu, word) { (b: U32) in eachLane(b) { body(rules, $0) } }
}

/// `VRT <- body(VRA, VRB, VRC)` element by element.
@inline(__always)
func vectorMultiplyAdd(_ cpu: CPUState, _ word: UInt64, negated: Bool) -> Int32 {
    let rules = VectorFloat(cpu)
    return va3(cpu, word) { (a: U32, b: U32, c: U32) -> U32 in
        var result = a
        for i in 0..<4 { result[i] = rules.multiplyAdd(a[i], b[i], c[i], negated: negated) }
        return result
    }
}

/// Record-form compare; CR6 as for integers, except `vcmpbfp`, which only reports "all in bounds".
@inline(__always)
func vectorFloatCompare(_ cpu: CPUState, _ word: UInt64, _ relation: (Float, Float) -> Bool) -> Int32 {
    let f = Fields(word)
    let v = vr(cpu)
    let rules = VectorFloat(cpu)
    let result = ppc_vsr(image: rules.compare(v[f.ra].view(U32.self), v[f.rb].view(U32.self), relation))
    v[f.rt] = result
    if word & 0x400 != 0 { setCR6(cpu, result) }
    return Outcome.next
}

func vectorBoundsCompare(_ cpu: CPUState, _ word: UInt64) -> Int32 {
    let f = Fields(word)
    let v = vr(cpu)
    let rules = VectorFloat(cpu)
    let result = eachLane(v[f.ra].view(U32.self), v[f.rb].view(U32.self)) { rules.outOfBounds($0, $1) }
    v[f.rt] = ppc_vsr(image: result)
    if word & 0x400 != 0 { crFields(cpu)[6] = result == U32.zero ? 2 : 0 }
    return Outcome.next
}

/// `vctuxs`, `vctsxs`
@inline(__always)
func vectorToInteger<T: FixedWidthInteger>(_ cpu: CPUState, _ word: UInt64, _: T.Type) -> Int32 {
    let rules = VectorFloat(cpu)
    let scale = Fields(word).ra
    var saturated = false
    let outcome = vx1(cpu, word) { (b: U32) in
        eachLane(b) { UInt32(truncatingIfNeeded: rules.toInteger($0, scale: scale, T.self, &saturated)) }
    }
    if saturated { cpu.pointee.vscr |= 1 }
    return outcome
}
