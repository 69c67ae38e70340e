import CPPCState

// 128-bit integers (ISA 3.1 Book I, sections 6.9 and 6.10). The host's 128-bit integer does most of it.

/// Carry out of `a + b + carry`.
@inline(__always)
func carryOut(_ a: UInt128, _ b: UInt128, _ carry: UInt128) -> UInt128 {
    let (sum, first) = a.addingReportingOverflow(b)
    let second = sum.addingReportingOverflow(carry).overflow
    return first || second ? 1 : 0
}

/// Rotates left by 0 to 127.
@inline(__always)
func rotatedQuad(_ a: UInt128, _ count: UInt128) -> UInt128 { a &<< count | a &>> (0 &- count) }

/// Shift count of the quadword shifts: bits 57:63 of VRB, the low end of its doubleword 0.
@inline(__always)
func quadShiftCount(_ b: ppc_vsr) -> UInt128 { UInt128(b.hi & 127) }

/// `vrlqnm` and `vrlqmi`: shift, end and begin stand in the low bytes of doubleword 0 of VRB.
@inline(__always)
func rotateAndMaskQuad(_ a: UInt128, _ control: ppc_vsr, insert into: UInt128?) -> UInt128 {
    let mask = rotateMask(UInt128(control.hi >> 16 & 127), UInt128(control.hi >> 8 & 127))
    return rotatedQuad(a, quadShiftCount(control)) & mask | (into.map { $0 & ~mask } ?? 0)
}

/// `vcmpsq`, `vcmpuq`: sets a CR field.
@inline(__always)
func compareQuad<T: Comparable & VectorImage>(_ cpu: CPUState, _ word: UInt64, _: T.Type) -> Int32 {
    let f = Fields(word)
    let a = vr(cpu)[f.ra].view(T.self)
    let b = vr(cpu)[f.rb].view(T.self)
    crFields(cpu)[f.bf] = a < b ? 8 : a > b ? 4 : 2
    return Outcome.next
}

/// Record-form compares of whole registers.
@inline(__always)
func compareQuad<T: VectorImage>(_ cpu: CPUState, _ word: UInt64, _ body: (T, T) -> Bool) -> Int32 {
    let f = Fields(word)
    let holds = body(vr(cpu)[f.ra].view(T.self), vr(cpu)[f.rb].view(T.self))
    let result = holds ? ppc_vsr.ones : .zero
    vr(cpu)[f.rt] = result
    if word & 0x400 != 0 { setCR6(cpu, result) }
    return Outcome.next
}

/// `vmsumudm`: both doubleword products plus a quadword, modulo 2^128.
@inline(__always)
func multiplySumDoublewords(_ a: U64, _ b: U64, _ c: UInt128) -> UInt128 {
    productDoublewords(a, b, even: false) &+ productDoublewords(a, b, even: true) &+ c
}

/// `vmsumcud`: what that sum carries out of 128 bits (0 to 2).
@inline(__always)
func multiplySumCarry(_ a: U64, _ b: U64, _ c: UInt128) -> UInt128 {
    let (first, carry1) = productDoublewords(a, b, even: false).addingReportingOverflow(
        productDoublewords(a, b, even: true))
    let carry2 = first.addingReportingOverflow(c).overflow
    return (carry1 ? 1 : 0) + (carry2 ? 1 : 0)
}

/// `vmul10uq` and its family: ten times VRA plus a digit; `high` asks for what exceeds 128 bits.
@inline(__always)
func timesTen(_ a: UInt128, plus digit: UInt128, high: Bool) -> UInt128 {
    let (carry, product) = a.multipliedFullWidth(by: 10)
    let (sum, overflow) = product.addingReportingOverflow(digit)
    return high ? carry &+ (overflow ? 1 : 0) : sum
}

/// Carry-less product of two doublewords.
func carrylessProduct(_ a: UInt64, _ b: UInt64) -> UInt128 {
    var result: UInt128 = 0
    var rest = a
    var term = UInt128(b)
    while rest != 0 {
        if rest & 1 != 0 { result ^= term }
        rest >>= 1
        term <<= 1
    }
    return result
}

/// `vpmsumb`, `vpmsumh`, `vpmsumw`: carry-less products of neighbouring elements, added without carry.
@inline(__always)
func polynomialSum<N: SIMD, W: SIMD>(_ a: N, _ b: N, _: W.Type = W.self) -> W
where N.Scalar: FixedWidthInteger & UnsignedInteger, W.Scalar: FixedWidthInteger & UnsignedInteger {
    var result = W.zero
    for i in 0..<N.scalarCount {
        let product = carrylessProduct(UInt64(truncatingIfNeeded: a[i]), UInt64(truncatingIfNeeded: b[i]))
        result[i / 2] ^= W.Scalar(truncatingIfNeeded: product)
    }
    return result
}
