import CPPCState

// Which facility a VSX instruction needs, and how its loads and stores reach memory (ISA 3.1 Book I, section 7.6).

@inline(__always)
func has(_ facility: Facility, _ cpu: CPUState) -> Bool {
    cpu.pointee.facilities >> UInt64(facility.rawValue) & 1 != 0
}

/// VSX for VSRs 0 to 31, VMX for 32 to 63. Returns `nil` if enabled, else what to return after raising.
@inline(__always)
func unavailableVSXOrVector(_ cpu: CPUState, _ register: Int) -> Int32? {
    if register < 32 {
        return has(.vsx, cpu) ? nil : raise(cpu, .vsxUnavailable)
    }
    return has(.vector, cpu) ? nil : raise(cpu, .vectorUnavailable)
}

/// Floating point for VSRs 0 to 31, VMX for 32 to 63 (the register moves of ISA 2.07).
@inline(__always)
func unavailableFPOrVector(_ cpu: CPUState, _ register: Int) -> Int32? {
    if register < 32 {
        return has(.floatingPoint, cpu) ? nil : raise(cpu, .floatingPointUnavailable)
    }
    return has(.vector, cpu) ? nil : raise(cpu, .vectorUnavailable)
}

/// The number of an even/odd pair: the low bit of the field stands for 32.
@inline(__always)
func pairNumber(_ f: Fields) -> Int { f.rt & 30 | (f.rt & 1) << 5 }

/// Address of a DQ or DS form: `(RA|0) + displacement`.
@inline(__always)
func displacedAddress(_ cpu: CPUState, _ f: Fields, _ displacement: UInt64) -> UInt64 {
    (f.ra == 0 ? 0 : gpr(cpu)[f.ra]) &+ displacement
}

/// Address of a prefixed load or store: relative to RA, or to the instruction when R is set. R with an RA other than
/// zero is an invalid form.
@inline(__always)
func prefixedAddress(_ cpu: CPUState, _ word: UInt64) -> UInt64? {
    let f = Fields(word)
    let raw = (word >> 32 & 0x3_ffff) << 16 | word & 0xffff
    let displacement = UInt64(bitPattern: Int64(bitPattern: raw << 30) >> 30)
    if word >> 52 & 1 != 0 {
        return f.ra == 0 ? cpu.pointee.nip &+ displacement : nil
    }
    return displacedAddress(cpu, f, displacement)
}

// MARK: Loads

/// Scalar load into doubleword 0. `clearing` also zeroes doubleword 1, which older instructions leave alone.
@inline(__always)
func loadScalar<T: FixedWidthInteger & UnsignedInteger>(
    _ cpu: CPUState, _ ea: UInt64, into register: Int, clearing: Bool, _: T.Type, _ convert: (T) -> UInt64
) -> Int32 {
    var value: T = 0
    guard load(cpu, ea, &value) else { return Outcome.exception }
    vsr(cpu)[register].hi = convert(value)
    if clearing { vsr(cpu)[register].lo = 0 }
    return Outcome.next
}

/// Scalar store with an indexed address.
@inline(__always)
func storeScalar<T: FixedWidthInteger & UnsignedInteger>(_ cpu: CPUState, _ word: UInt64, _ value: T) -> Int32 {
    store(cpu, indexedAddress(cpu, Fields(word)), value) ? Outcome.next : Outcome.exception
}

/// Rightmost-element load (`lxvrbx` and its family): zero-extended to 128 bits.
@inline(__always)
func loadRightmost<T: FixedWidthInteger & UnsignedInteger>(_ cpu: CPUState, _ word: UInt64, _: T.Type) -> Int32 {
    let f = Fields(word)
    var value: T = 0
    guard load(cpu, indexedAddress(cpu, f), &value) else { return Outcome.exception }
    vsr(cpu)[f.xt] = ppc_vsr(lo: UInt64(truncatingIfNeeded: value), hi: 0)
    return Outcome.next
}

@inline(__always)
func storeRightmost<T: FixedWidthInteger & UnsignedInteger>(_ cpu: CPUState, _ word: UInt64, _: T.Type) -> Int32 {
    let f = Fields(word)
    let value = T(truncatingIfNeeded: vsr(cpu)[f.xs].lo)
    return store(cpu, indexedAddress(cpu, f), value) ? Outcome.next : Outcome.exception
}

/// How the elements of a register lie in memory.
///
/// Quadword loads swap all sixteen bytes for a little-endian guest. Element-wise ones (`lxvd2x`, `lxvw4x`, …) swap
/// within elements only and keep element 0 at the lowest address, which seen from a quadword load is a reversal of
/// the elements.
@inline(__always)
func elementOrder<V: SIMD & VectorImage>(_ cpu: CPUState, _ value: ppc_vsr, _: V.Type) -> ppc_vsr {
    if cpu.pointee.big_endian != 0 { return value }
    let lanes = value.view(V.self)
    var reversed = lanes
    for i in 0..<V.scalarCount { reversed[i] = lanes[V.scalarCount - 1 - i] }
    return ppc_vsr(image: reversed)
}

@inline(__always)
func loadElements<V: SIMD & VectorImage>(_ cpu: CPUState, _ word: UInt64, _: V.Type) -> Int32 {
    let f = Fields(word)
    var value = ppc_vsr.zero
    guard load(cpu, indexedAddress(cpu, f), &value) else { return Outcome.exception }
    vsr(cpu)[f.xt] = elementOrder(cpu, value, V.self)
    return Outcome.next
}

@inline(__always)
func storeElements<V: SIMD & VectorImage>(_ cpu: CPUState, _ word: UInt64, _: V.Type) -> Int32 {
    let f = Fields(word)
    let value = elementOrder(cpu, vsr(cpu)[f.xs], V.self)
    return store(cpu, indexedAddress(cpu, f), value) ? Outcome.next : Outcome.exception
}

/// Loads 16 bytes into one register, `lxv` and its forms.
@inline(__always)
func loadQuad(_ cpu: CPUState, _ ea: UInt64, into register: Int) -> Int32 {
    load(cpu, ea, &vsr(cpu)[register]) ? Outcome.next : Outcome.exception
}

@inline(__always)
func storeQuad(_ cpu: CPUState, _ ea: UInt64, from register: Int) -> Int32 {
    store(cpu, ea, vsr(cpu)[register]) ? Outcome.next : Outcome.exception
}

/// Loads 32 bytes into an even/odd pair. With a little-endian guest the odd register comes first in memory.
@inline(__always)
func loadPair(_ cpu: CPUState, _ ea: UInt64, into pair: Int) -> Int32 {
    var first = ppc_vsr.zero
    var second = ppc_vsr.zero
    guard load(cpu, ea, &first), load(cpu, ea &+ 16, &second) else { return Outcome.exception }
    let little = cpu.pointee.big_endian == 0
    vsr(cpu)[pair] = little ? second : first
    vsr(cpu)[pair + 1] = little ? first : second
    return Outcome.next
}

@inline(__always)
func storePair(_ cpu: CPUState, _ ea: UInt64, from pair: Int) -> Int32 {
    let little = cpu.pointee.big_endian == 0
    // Both halves must be writable before the first is written.
    guard
        tlbWriteHit(cpu, effectiveAddress(cpu, ea), 32) != nil
            || DataAccess.probeStore(cpu, effectiveAddress(cpu, ea), size: 32)
    else { return Outcome.exception }
    guard store(cpu, ea, vsr(cpu)[little ? pair + 1 : pair]),
        store(cpu, ea &+ 16, vsr(cpu)[little ? pair : pair + 1])
    else { return Outcome.exception }
    return Outcome.next
}

/// `lxvl` (right-justified for a little-endian guest) and `lxvll` (`left`-justified): as many bytes as bits 0:7 of RB
/// say, up to 16; the rest of the register is zero.
@inline(__always)
func loadWithLength(_ cpu: CPUState, _ word: UInt64, left: Bool) -> Int32 {
    let f = Fields(word)
    if let outcome = unavailableVSXOrVector(cpu, f.xt) { return outcome }
    let count = Int(truncatingIfNeeded: min(gpr(cpu)[f.rb] >> 56, 16))
    let base = f.ra == 0 ? 0 : gpr(cpu)[f.ra]
    let fromRight = cpu.pointee.big_endian == 0 && !left
    var value = ppc_vsr.zero
    for i in 0..<count {
        var byte: UInt8 = 0
        guard load(cpu, base &+ UInt64(truncatingIfNeeded: i), &byte) else { return Outcome.exception }
        value[byte: fromRight ? 15 - i : i] = byte
    }
    vsr(cpu)[f.xt] = value
    return Outcome.next
}

@inline(__always)
func storeWithLength(_ cpu: CPUState, _ word: UInt64, left: Bool) -> Int32 {
    let f = Fields(word)
    if let outcome = unavailableVSXOrVector(cpu, f.xs) { return outcome }
    let count = Int(truncatingIfNeeded: min(gpr(cpu)[f.rb] >> 56, 16))
    let base = f.ra == 0 ? 0 : gpr(cpu)[f.ra]
    let fromRight = cpu.pointee.big_endian == 0 && !left
    let value = vsr(cpu)[f.xs]
    for i in 0..<count {
        guard store(cpu, base &+ UInt64(truncatingIfNeeded: i), value[byte: fromRight ? 15 - i : i]) else {
            return Outcome.exception
        }
    }
    return Outcome.next
}

// MARK: Single precision in memory

/// Single-precision memory image to double-precision register format (ISA 3.1 Book I, section 4.6.2, DOUBLE). Exact;
/// denormals are normalised, NaNs keep their payload and stay signalling.
@inline(__always)
func doubleImage(ofSingle single: UInt32) -> UInt64 {
    let sign = UInt64(single >> 31) << 63
    let exponent = UInt64(single >> 23 & 0xff)
    let fraction = UInt64(single & 0x7f_ffff)
    if exponent == 0xff { return sign | 0x7ff << 52 | fraction << 29 }
    if exponent != 0 { return sign | (exponent &+ 896) << 52 | fraction << 29 }
    if fraction == 0 { return sign }
    let shift = UInt64(truncatingIfNeeded: fraction.leadingZeroBitCount - 40)
    return sign | (897 &- shift) << 52 | (fraction << (29 + shift) & 0xf_ffff_ffff_ffff)
}

/// Double-precision register image to single-precision memory image (section 4.6.3, SINGLE). Values without a single
/// precision form are not rounded; bits are dropped.
@inline(__always)
func singleImage(ofDouble double: UInt64) -> UInt32 {
    let exponent = double >> 52 & 0x7ff
    if exponent > 896 || double & 0x7fff_ffff_ffff_ffff == 0 {
        return UInt32(truncatingIfNeeded: double >> 32 & 0xc000_0000 | double >> 29 & 0x3fff_ffff)
    }
    let sign = UInt32(truncatingIfNeeded: double >> 32 & 0x8000_0000)
    guard exponent >= 874 else { return sign }
    let fraction = double & 0xf_ffff_ffff_ffff | 1 << 52
    return sign | UInt32(truncatingIfNeeded: fraction >> (926 &- exponent))
}
