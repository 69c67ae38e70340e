import CPPCState

// VSX moves inside and between registers (ISA 3.1 Book I, section 7.6).

/// `XT <- body(XA, XB)`
@inline(__always)
func xx3<A: VectorImage, B: VectorImage, R: VectorImage>(
    _ cpu: CPUState, _ word: UInt64, _ body: (A, B) -> R
) -> Int32 {
    let f = Fields(word)
    let v = vsr(cpu)
    v[f.xt] = ppc_vsr(image: body(v[f.xa].view(A.self), v[f.xb].view(B.self)))
    return Outcome.next
}

/// `XT <- body(XB)`
@inline(__always)
func xx2<B: VectorImage, R: VectorImage>(_ cpu: CPUState, _ word: UInt64, _ body: (B) -> R) -> Int32 {
    let f = Fields(word)
    let v = vsr(cpu)
    v[f.xt] = ppc_vsr(image: body(v[f.xb].view(B.self)))
    return Outcome.next
}

/// `XT <- body(XA, XB, XC)`
@inline(__always)
func xx4<V: VectorImage, R: VectorImage>(_ cpu: CPUState, _ word: UInt64, _ body: (V, V, V) -> R) -> Int32 {
    let f = Fields(word)
    let v = vsr(cpu)
    v[f.xt] = ppc_vsr(image: body(v[f.xa].view(V.self), v[f.xb].view(V.self), v[f.xc].view(V.self)))
    return Outcome.next
}

/// Lanes of `b` where the top bit of the mask's lane is one, of `a` elsewhere (`xxblendv*`).
@inline(__always)
func blended<V: SIMD>(_ a: V, _ b: V, _ mask: V) -> V where V.Scalar: FixedWidthInteger & SignedInteger {
    a.replacing(with: b, where: mask .< V.zero)
}

/// `xxeval`: bit i of the immediate, counted from the left, is the result where A, B and C spell i.
@inline(__always)
func evaluated(_ a: U64, _ b: U64, _ c: U64, _ table: UInt64) -> U64 {
    var result = U64.zero
    for i in 0..<8 where table >> UInt64(7 - i) & 1 != 0 {
        result |= (i & 4 != 0 ? a : ~a) & (i & 2 != 0 ? b : ~b) & (i & 1 != 0 ? c : ~c)
    }
    return result
}

/// `xxpermx`: as `vperm`, for those bytes of the control whose top three bits equal the immediate; others are zero.
@inline(__always)
func permutedExtended(_ a: ppc_vsr, _ b: ppc_vsr, _ control: ppc_vsr, section: UInt8) -> ppc_vsr {
    let candidates = permuted(a, b, control).view(U8.self)
    let chosen = (control.view(U8.self) &>> 5) .== section
    return ppc_vsr(image: U8.zero.replacing(with: candidates, where: chosen))
}

/// `xxgenpcv*m`: the permute control that expands (or compresses) the elements of `size` bytes whose mask bit, the
/// top bit of each element of `b`, is one; for big- or little-endian use.
func permuteControl(fromMask b: ppc_vsr, size: Int, compress: Bool, little: Bool) -> ppc_vsr {
    // Worked out from the left; the little-endian form is its mirror image.
    func isSet(_ element: Int) -> Bool {
        b[byte: little ? 16 - size - element * size : element * size] & 0x80 != 0
    }
    var control: [UInt8] = (0..<16).map { compress ? 0 : UInt8(16 + $0) }
    var next = 0
    for element in 0..<16 / size where isSet(element) {
        for k in 0..<size {
            if compress {
                control[next + k] = UInt8(element * size + k)
            } else {
                control[element * size + k] = UInt8(next + k)
            }
        }
        next += size
    }
    var result = ppc_vsr.zero
    for i in 0..<16 { result[byte: little ? 15 - i : i] = control[i] }
    return result
}

/// `xxgenpcv*m`: IMM 0 and 1 expand and compress for big-endian, 2 and 3 for little-endian use.
@inline(__always)
func generateControl(_ cpu: CPUState, _ word: UInt64, size: Int) -> Int32 {
    let f = Fields(word)
    guard f.ra < 4 else { return raiseIllegal(cpu) }
    vsr(cpu)[f.xt] = permuteControl(
        fromMask: vr(cpu)[f.rb], size: size, compress: f.ra & 1 != 0, little: f.ra & 2 != 0)
    return Outcome.next
}

/// `xxextractuw`: four bytes from byte index UIM, wrapping around, right-aligned in doubleword 0.
@inline(__always)
func extractWord(_ cpu: CPUState, _ word: UInt64) -> Int32 {
    let f = Fields(word)
    let index = f.ra & 15
    let b = vsr(cpu)[f.xb]
    var value: UInt64 = 0
    for i in 0..<4 { value = value << 8 | UInt64(b[byte: index + i]) }
    vsr(cpu)[f.xt] = ppc_vsr(lo: 0, hi: value)
    return Outcome.next
}

/// `xxinsertw`: word element 1 of XB goes to byte index UIM; what would lie beyond the end is dropped.
@inline(__always)
func insertWord(_ cpu: CPUState, _ word: UInt64) -> Int32 {
    let f = Fields(word)
    let index = f.ra & 15
    let b = vsr(cpu)[f.xb]
    var target = vsr(cpu)[f.xt]
    for i in 0..<min(4, 16 - index) { target[byte: index + i] = b[byte: 4 + i] }
    vsr(cpu)[f.xt] = target
    return Outcome.next
}

/// `lxvkq`: a quad-precision constant by number; `nil` for unassigned numbers. 16 is negative zero, 17 to 24 are the
/// negatives of 1 to 8.
func quadConstant(_ number: Int) -> UInt64? {
    let magnitudes: [UInt64?] = [
        nil, 0x3fff_0000, 0x4000_0000, 0x4000_8000, 0x4001_0000, 0x4001_4000, 0x4001_8000, 0x4001_c000, 0x7fff_0000,
    ]
    switch number {
    case 1...8: return magnitudes[number].map { $0 << 32 }
    case 9: return 0x7fff_8000 << 32
    case 16: return 0x8000_0000 << 32
    case 17...24: return magnitudes[number - 16].map { ($0 | 0x8000_0000) << 32 }
    default: return nil
    }
}
