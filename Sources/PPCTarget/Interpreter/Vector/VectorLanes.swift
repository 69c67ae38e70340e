import CPPCState

// How vector instructions see a register.
//
// A register is one 128-bit little-endian integer of the host, so the lanes of a host SIMD value run in the opposite
// direction of the ISA's elements: lane i of n is ISA element n - 1 - i. Operations that treat all elements alike do
// not care. Everything that names an element goes through the ISA-ordered accessors below.

typealias U8 = SIMD16<UInt8>
typealias U16 = SIMD8<UInt16>
typealias U32 = SIMD4<UInt32>
typealias U64 = SIMD2<UInt64>
typealias S8 = SIMD16<Int8>
typealias S16 = SIMD8<Int16>
typealias S32 = SIMD4<Int32>
typealias S64 = SIMD2<Int64>

/// A value with the size and bit layout of a vector register.
protocol VectorImage {}
extension SIMD16: VectorImage where Scalar: FixedWidthInteger {}
extension SIMD8: VectorImage where Scalar: FixedWidthInteger {}
extension SIMD4: VectorImage where Scalar: FixedWidthInteger {}
extension SIMD2: VectorImage where Scalar: FixedWidthInteger {}
extension UInt128: VectorImage {}
extension Int128: VectorImage {}
extension ppc_vsr: VectorImage {}

extension ppc_vsr {
    /// Reads the register as another type of the same size.
    @inline(__always)
    func view<V: VectorImage>(_: V.Type = V.self) -> V { unsafeBitCast(self, to: V.self) }

    @inline(__always)
    init<V: VectorImage>(image: V) { self = unsafeBitCast(image, to: ppc_vsr.self) }

    @inline(__always)
    init(_ value: UInt128) {
        self.init(lo: UInt64(truncatingIfNeeded: value), hi: UInt64(truncatingIfNeeded: value >> 64))
    }

    @inline(__always) var u128: UInt128 { UInt128(hi) << 64 | UInt128(lo) }
    @inline(__always) static var zero: ppc_vsr { ppc_vsr(lo: 0, hi: 0) }
    @inline(__always) static var ones: ppc_vsr { ppc_vsr(lo: .max, hi: .max) }

    /// ISA byte element `index` (0 to 15; only the low four bits count).
    @inline(__always)
    subscript(byte index: Int) -> UInt8 {
        get { view(U8.self)[15 - (index & 15)] }
        set {
            var lanes = view(U8.self)
            lanes[15 - (index & 15)] = newValue
            self = ppc_vsr(image: lanes)
        }
    }
    /// ISA halfword element (0 to 7).
    @inline(__always)
    subscript(half index: Int) -> UInt16 {
        get { view(U16.self)[7 - (index & 7)] }
        set {
            var lanes = view(U16.self)
            lanes[7 - (index & 7)] = newValue
            self = ppc_vsr(image: lanes)
        }
    }
    /// ISA word element (0 to 3).
    @inline(__always)
    subscript(word index: Int) -> UInt32 {
        get { view(U32.self)[3 - (index & 3)] }
        set {
            var lanes = view(U32.self)
            lanes[3 - (index & 3)] = newValue
            self = ppc_vsr(image: lanes)
        }
    }
    /// ISA doubleword element (0 or 1).
    @inline(__always)
    subscript(double index: Int) -> UInt64 {
        get { index & 1 == 0 ? hi : lo }
        set { if index & 1 == 0 { hi = newValue } else { lo = newValue } }
    }
}

// Appliers: fetch the VRs that a form names, run a body on lanes, store the result. The lane types are those of the
// body's parameters. All return ``Outcome/next``.

/// `VRT <- body(VRB)`.
@inline(__always)
func vx1<B: VectorImage, R: VectorImage>(_ cpu: CPUState, _ word: UInt64, _ body: (B) -> R) -> Int32 {
    let f = Fields(word)
    let v = vr(cpu)
    v[f.rt] = ppc_vsr(image: body(v[f.rb].view(B.self)))
    return Outcome.next
}

/// `VRT <- body(VRA, VRB)`.
@inline(__always)
func vx2<A: VectorImage, B: VectorImage, R: VectorImage>(
    _ cpu: CPUState, _ word: UInt64, _ body: (A, B) -> R
) -> Int32 {
    let f = Fields(word)
    let v = vr(cpu)
    v[f.rt] = ppc_vsr(image: body(v[f.ra].view(A.self), v[f.rb].view(B.self)))
    return Outcome.next
}

/// `VRT <- body(VRA, VRB, VRC)`.
@inline(__always)
func va3<A: VectorImage, B: VectorImage, C: VectorImage, R: VectorImage>(
    _ cpu: CPUState, _ word: UInt64, _ body: (A, B, C) -> R
) -> Int32 {
    let f = Fields(word)
    let v = vr(cpu)
    v[f.rt] = ppc_vsr(image: body(v[f.ra].view(A.self), v[f.rb].view(B.self), v[f.rc].view(C.self)))
    return Outcome.next
}

/// `VRT <- body(VRA, VRB)`; the body reports saturation, which sticks in VSCR[SAT].
@inline(__always)
func vx2Saturating<A: VectorImage, B: VectorImage, R: VectorImage>(
    _ cpu: CPUState, _ word: UInt64, _ body: (A, B, inout Bool) -> R
) -> Int32 {
    var saturated = false
    let outcome = vx2(cpu, word) { (a: A, b: B) in body(a, b, &saturated) }
    if saturated { cpu.pointee.vscr |= 1 }
    return outcome
}

/// `VRT <- body(VRA, VRB, VRC)`; the body reports saturation, which sticks in VSCR[SAT].
@inline(__always)
func va3Saturating<A: VectorImage, B: VectorImage, C: VectorImage, R: VectorImage>(
    _ cpu: CPUState, _ word: UInt64, _ body: (A, B, C, inout Bool) -> R
) -> Int32 {
    var saturated = false
    let outcome = va3(cpu, word) { (a: A, b: B, c: C) in body(a, b, c, &saturated) }
    if saturated { cpu.pointee.vscr |= 1 }
    return outcome
}

/// Vector compare: all ones where `body` holds, and CR6 if Rc (bit 21) is set: all true in LT, all false in EQ.
@inline(__always)
func vectorCompare<V: SIMD & VectorImage>(
    _ cpu: CPUState, _ word: UInt64, _ body: (V, V) -> SIMDMask<V.MaskStorage>
) -> Int32 where V.Scalar: FixedWidthInteger {
    let f = Fields(word)
    let v = vr(cpu)
    let mask = body(v[f.ra].view(V.self), v[f.rb].view(V.self))
    let result = ppc_vsr(image: V.zero.replacing(with: V(repeating: ~0), where: mask))
    v[f.rt] = result
    if word & 0x400 != 0 { setCR6(cpu, result) }
    return Outcome.next
}

/// CR6 of a compare result made of all-ones and all-zeros elements.
@inline(__always)
func setCR6(_ cpu: CPUState, _ result: ppc_vsr) {
    let all = result.lo & result.hi == .max
    let none = result.lo | result.hi == 0
    crFields(cpu)[6] = (all ? 8 : 0) | (none ? 2 : 0)
}

/// Applies a scalar function to each lane.
@inline(__always)
func eachLane<V: SIMD>(_ a: V, _ body: (V.Scalar) -> V.Scalar) -> V {
    var result = a
    for i in 0..<V.scalarCount { result[i] = body(a[i]) }
    return result
}

/// Applies a scalar function to each pair of lanes.
@inline(__always)
func eachLane<V: SIMD>(_ a: V, _ b: V, _ body: (V.Scalar, V.Scalar) -> V.Scalar) -> V {
    var result = a
    for i in 0..<V.scalarCount { result[i] = body(a[i], b[i]) }
    return result
}
