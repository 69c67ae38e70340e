import CPPCState

// Integer arithmetic on elements (ISA 3.1 Book I, section 6.9). Lane order does not matter here except where
// elements of different sizes meet, and there neighbours in the register stay neighbours.

// MARK: Saturation

@inline(__always)
func addSaturating<V: SIMD>(_ a: V, _ b: V, _ saturated: inout Bool) -> V
where V.Scalar: FixedWidthInteger & UnsignedInteger {
    let sum = a &+ b
    let overflow = sum .< a
    saturated = saturated || any(overflow)
    return sum.replacing(with: V(repeating: .max), where: overflow)
}

@inline(__always)
func subtractSaturating<V: SIMD>(_ a: V, _ b: V, _ saturated: inout Bool) -> V
where V.Scalar: FixedWidthInteger & UnsignedInteger {
    let borrow = a .< b
    saturated = saturated || any(borrow)
    return (a &- b).replacing(with: V.zero, where: borrow)
}

@inline(__always)
func addSaturating<V: SIMD>(_ a: V, _ b: V, _ saturated: inout Bool) -> V
where V.Scalar: FixedWidthInteger & SignedInteger {
    let sum = a &+ b
    let overflow = ((a ^ sum) & (b ^ sum)) .< V.zero
    saturated = saturated || any(overflow)
    let limit = V(repeating: .max) &+ V.zero.replacing(with: V(repeating: 1), where: a .< V.zero)
    return sum.replacing(with: limit, where: overflow)
}

@inline(__always)
func subtractSaturating<V: SIMD>(_ a: V, _ b: V, _ saturated: inout Bool) -> V
where V.Scalar: FixedWidthInteger & SignedInteger {
    let difference = a &- b
    let overflow = ((a ^ b) & (a ^ difference)) .< V.zero
    saturated = saturated || any(overflow)
    let limit = V(repeating: .max) &+ V.zero.replacing(with: V(repeating: 1), where: a .< V.zero)
    return difference.replacing(with: limit, where: overflow)
}

/// `value` brought into the range of another type, with a note if it was outside.
@inline(__always)
func clamped<N: FixedWidthInteger, W: FixedWidthInteger>(_ value: W, to _: N.Type, _ saturated: inout Bool) -> N {
    if let narrow = N(exactly: value) { return narrow }
    saturated = true
    return value < 0 ? N.min : N.max
}

// MARK: Element-wise

/// Average rounded up, without widening: the common bits plus half of the differing ones.
@inline(__always)
func average<V: SIMD>(_ a: V, _ b: V) -> V where V.Scalar: FixedWidthInteger {
    (a | b) &- ((a ^ b) &>> V(repeating: 1))
}

@inline(__always)
func larger<V: SIMD>(_ a: V, _ b: V) -> V where V.Scalar: Comparable { a.replacing(with: b, where: a .< b) }

@inline(__always)
func smaller<V: SIMD>(_ a: V, _ b: V) -> V where V.Scalar: Comparable { a.replacing(with: b, where: b .< a) }

/// Rotates each lane left by the low bits of the other operand's lane.
@inline(__always)
func rotated<V: SIMD>(_ a: V, _ by: V) -> V where V.Scalar: FixedWidthInteger & UnsignedInteger {
    a &<< by | a &>> (V.zero &- by)
}

/// The mask that ISA functions call MASK(begin, end): ones from bit `begin` to bit `end`, wrapping around.
@inline(__always)
func rotateMask<T: FixedWidthInteger & UnsignedInteger>(_ begin: T, _ end: T) -> T {
    let mask = (T.max &>> begin) ^ ((T.max &>> end) &>> 1)
    return begin > end ? ~mask : mask
}

/// Rotate and mask (`vrlwnm` and `vrldnm`; with `insert`, `vrlwmi` and `vrldmi`): shift, end and begin stand in the
/// low three bytes of each element of `control`.
@inline(__always)
func rotateAndMask<V: SIMD>(_ a: V, _ control: V, insert into: V?) -> V
where V.Scalar: FixedWidthInteger & UnsignedInteger {
    let width = V.Scalar(truncatingIfNeeded: V.Scalar.bitWidth - 1)
    let turned = rotated(a, control)
    var result = V.zero
    for i in 0..<V.scalarCount {
        let mask = rotateMask(control[i] &>> 16 & width, control[i] &>> 8 & width)
        result[i] = turned[i] & mask | (into.map { $0[i] & ~mask } ?? 0)
    }
    return result
}

/// Quotient; where the ISA leaves it undefined (divisor zero, or the one overflow of signed division), the dividend.
@inline(__always)
func quotient<T: FixedWidthInteger>(_ a: T, _ b: T) -> T {
    let (value, overflow) = a.dividedReportingOverflow(by: b)
    return overflow ? a : value
}

/// Remainder; where the ISA leaves it undefined, zero.
@inline(__always)
func remainder<T: FixedWidthInteger>(_ a: T, _ b: T) -> T {
    let (value, overflow) = a.remainderReportingOverflow(dividingBy: b)
    return overflow ? 0 : value
}

/// Low part of the quotient of `a` followed by as many zero bits, divided by `b` (unsigned divide extended).
@inline(__always)
func quotientExtended<T: FixedWidthInteger & UnsignedInteger>(_ a: T, _ b: T) -> T where T.Magnitude == T {
    b == 0 ? a : b.dividingFullWidth((a % b, 0)).quotient
}

/// Signed divide extended; the sign is handled apart from the magnitudes.
@inline(__always)
func quotientExtended<T: FixedWidthInteger & SignedInteger>(_ a: T, _ b: T) -> T
where T.Magnitude.Magnitude == T.Magnitude {
    if b == 0 || (a == T.min && b == -1) { return a }
    let magnitude = quotientExtended(a.magnitude, b.magnitude)
    return T(truncatingIfNeeded: (a < 0) != (b < 0) ? 0 &- magnitude : magnitude)
}

/// Words differ from the longer elements where the result is undefined: the quotient by one, which is zero.
@inline(__always)
func quotientExtendedWord(_ a: UInt32, _ b: UInt32) -> UInt32 { b == 0 ? 0 : quotientExtended(a, b) }
@inline(__always)
func quotientExtendedWord(_ a: Int32, _ b: Int32) -> Int32 {
    b == 0 || (a == .min && b == -1) ? 0 : quotientExtended(a, b)
}

// MARK: Products

/// Full products of every second element. ISA even elements are the odd lanes.
@inline(__always)
func productBytes(_ a: S8, _ b: S8, even: Bool) -> S16 {
    S16(truncatingIfNeeded: even ? a.oddHalf : a.evenHalf) &* S16(truncatingIfNeeded: even ? b.oddHalf : b.evenHalf)
}
@inline(__always)
func productBytes(_ a: U8, _ b: U8, even: Bool) -> U16 {
    U16(truncatingIfNeeded: even ? a.oddHalf : a.evenHalf) &* U16(truncatingIfNeeded: even ? b.oddHalf : b.evenHalf)
}
@inline(__always)
func productHalves(_ a: S16, _ b: S16, even: Bool) -> S32 {
    S32(truncatingIfNeeded: even ? a.oddHalf : a.evenHalf) &* S32(truncatingIfNeeded: even ? b.oddHalf : b.evenHalf)
}
@inline(__always)
func productHalves(_ a: U16, _ b: U16, even: Bool) -> U32 {
    U32(truncatingIfNeeded: even ? a.oddHalf : a.evenHalf) &* U32(truncatingIfNeeded: even ? b.oddHalf : b.evenHalf)
}
@inline(__always)
func productWords(_ a: S32, _ b: S32, even: Bool) -> S64 {
    S64(truncatingIfNeeded: even ? a.oddHalf : a.evenHalf) &* S64(truncatingIfNeeded: even ? b.oddHalf : b.evenHalf)
}
@inline(__always)
func productWords(_ a: U32, _ b: U32, even: Bool) -> U64 {
    U64(truncatingIfNeeded: even ? a.oddHalf : a.evenHalf) &* U64(truncatingIfNeeded: even ? b.oddHalf : b.evenHalf)
}
@inline(__always)
func productDoublewords(_ a: S64, _ b: S64, even: Bool) -> Int128 {
    Int128(even ? a[1] : a[0]) &* Int128(even ? b[1] : b[0])
}
@inline(__always)
func productDoublewords(_ a: U64, _ b: U64, even: Bool) -> UInt128 {
    UInt128(even ? a[1] : a[0]) &* UInt128(even ? b[1] : b[0])
}

@inline(__always)
func highProduct<T: FixedWidthInteger>(_ a: T, _ b: T) -> T { a.multipliedFullWidth(by: b).high }

/// Multiply-sum of bytes: four products are added to each word.
@inline(__always)
func multiplySumBytes(_ a: U8, _ b: U8, _ c: U32) -> U32 {
    var result = c
    for i in 0..<16 { result[i / 4] &+= UInt32(a[i]) &* UInt32(b[i]) }
    return result
}
@inline(__always)
func multiplySumBytes(_ a: S8, _ b: U8, _ c: S32) -> S32 {
    var result = c
    for i in 0..<16 { result[i / 4] &+= Int32(a[i]) &* Int32(b[i]) }
    return result
}

/// Multiply-sum of halfwords: two products are added to each word, exactly, then wrapped or saturated by the caller.
@inline(__always)
func multiplySumHalves<W: SIMD, N: SIMD>(_ a: N, _ b: N, _ c: W, _ finish: (Int64) -> W.Scalar) -> W
where W.Scalar: FixedWidthInteger, N.Scalar: FixedWidthInteger {
    var result = c
    for i in 0..<4 {
        let low = Int64(truncatingIfNeeded: a[2 * i]) &* Int64(truncatingIfNeeded: b[2 * i])
        let high = Int64(truncatingIfNeeded: a[2 * i + 1]) &* Int64(truncatingIfNeeded: b[2 * i + 1])
        result[i] = finish(Int64(truncatingIfNeeded: c[i]) &+ low &+ high)
    }
    return result
}

/// `vmhaddshs` and `vmhraddshs`: the high half of each product, optionally rounded, plus the addend, saturated.
@inline(__always)
func multiplyHighAdd(_ a: S16, _ b: S16, _ c: S16, rounding: Int32, _ saturated: inout Bool) -> S16 {
    var result = c
    for i in 0..<8 {
        let product = (Int32(a[i]) &* Int32(b[i]) &+ rounding) >> 15
        result[i] = clamped(product &+ Int32(c[i]), to: Int16.self, &saturated)
    }
    return result
}

// MARK: Sums across

/// Adds each group of elements of `a` that lies in one word of `b` to that word.
@inline(__always)
func sumInto<N: SIMD, W: SIMD>(_ a: N, _ b: W, _ saturated: inout Bool) -> W
where N.Scalar: FixedWidthInteger, W.Scalar: FixedWidthInteger {
    var result = b
    let group = N.scalarCount / W.scalarCount
    for i in 0..<W.scalarCount {
        var sum = Int64(truncatingIfNeeded: b[i])
        for j in 0..<group { sum &+= Int64(truncatingIfNeeded: a[i * group + j]) }
        result[i] = clamped(sum, to: W.Scalar.self, &saturated)
    }
    return result
}

/// `vsum2sws` and `vsumsws`: sums of two or four words, placed in the last word of the group; the others are zero.
@inline(__always)
func sumAcross(_ a: S32, _ b: S32, group: Int, _ saturated: inout Bool) -> S32 {
    var result = S32.zero
    var i = 0
    while i < 4 {
        var sum = Int64(b[i])
        for j in 0..<group { sum &+= Int64(a[i + j]) }
        result[i] = clamped(sum, to: Int32.self, &saturated)
        i += group
    }
    return result
}

// MARK: Pack and unpack

/// Packs VRA and VRB into elements of half the size; VRA becomes the upper half.
@inline(__always)
func packed<W: SIMD, N: SIMD>(_ a: W, _ b: W, _ narrow: (W.Scalar) -> N.Scalar) -> N {
    var result = N()
    for i in 0..<W.scalarCount {
        result[i] = narrow(b[i])
        result[i + W.scalarCount] = narrow(a[i])
    }
    return result
}

/// Pixel from 8:8:8:8 to 1:5:5:5 (`vpkpx`).
@inline(__always)
func packedPixel(_ word: UInt32) -> UInt16 {
    UInt16(truncatingIfNeeded: word >> 9 & 0xfc00 | word >> 6 & 0x3e0 | word >> 3 & 0x1f)
}

/// Pixel from 1:5:5:5 to 8:8:8:8, the first bit repeated (`vupkhpx`, `vupklpx`).
@inline(__always)
func unpackedPixel(_ pixel: UInt16) -> UInt32 {
    let p = UInt32(pixel)
    return (p >> 15 != 0 ? 0xff00_0000 : 0) | (p >> 10 & 31) << 16 | (p >> 5 & 31) << 8 | p & 31
}

// MARK: Bits

/// One bit per element, the parity of the low bits of its bytes.
@inline(__always)
func byteParity<T: FixedWidthInteger & UnsignedInteger>(_ a: T) -> T {
    var folded = a
    var width = T.bitWidth / 2
    while width >= 8 {
        folded ^= folded &>> T(truncatingIfNeeded: width)
        width /= 2
    }
    return folded & 1
}

/// Transposes the 8 by 8 bit matrix in a doubleword (`vgbbd`).
@inline(__always)
func bitTransposed(_ a: UInt64) -> UInt64 {
    var x = a
    var t = (x ^ x >> 7) & 0x00aa_00aa_00aa_00aa
    x ^= t ^ t << 7
    t = (x ^ x >> 14) & 0x0000_cccc_0000_cccc
    x ^= t ^ t << 14
    t = (x ^ x >> 28) & 0x0000_0000_f0f0_f0f0
    return x ^ t ^ t << 28
}

/// Bits of `a` selected by `mask`, gathered at the right end (`vpextd`).
func bitsExtracted(_ a: UInt64, _ mask: UInt64) -> UInt64 {
    var rest = mask
    var result: UInt64 = 0
    var position: UInt64 = 0
    while rest != 0 {
        let lowest = rest & (0 &- rest)
        if a & lowest != 0 { result |= 1 &<< position }
        position &+= 1
        rest &= rest &- 1
    }
    return result
}

/// Bits from the right end of `a`, scattered to the places selected by `mask` (`vpdepd`).
func bitsDeposited(_ a: UInt64, _ mask: UInt64) -> UInt64 {
    var rest = mask
    var result: UInt64 = 0
    var source = a
    while rest != 0 {
        if source & 1 != 0 { result |= rest & (0 &- rest) }
        source >>= 1
        rest &= rest &- 1
    }
    return result
}

/// Centrifuge (`vcfuged`): bits where `mask` is one to the right, the others to the left, both in order.
func centrifuged(_ a: UInt64, _ mask: UInt64) -> UInt64 {
    let count = UInt64(truncatingIfNeeded: mask.nonzeroBitCount)
    let left = bitsExtracted(a, ~mask)
    return bitsExtracted(a, mask) | (count == 64 ? 0 : left &<< count)
}

/// Leading zeros of the bits of `a` that `mask` selects (`vclzdm`); `trailing` counts from the right (`vctzdm`).
func zerosUnderMask(_ a: UInt64, _ mask: UInt64, trailing: Bool) -> UInt64 {
    let found = a & mask
    if found == 0 { return UInt64(truncatingIfNeeded: mask.nonzeroBitCount) }
    // Mask bits beyond the first selected one.
    let beyond =
        trailing
        ? mask & ((found & (0 &- found)) &- 1)
        : mask & ~(UInt64.max &>> UInt64(truncatingIfNeeded: found.leadingZeroBitCount))
    return UInt64(truncatingIfNeeded: beyond.nonzeroBitCount)
}
