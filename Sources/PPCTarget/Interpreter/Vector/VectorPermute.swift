import CPPCState

// Permutes, shifts of whole registers, element inserts and extracts (ISA 3.1 Book I, sections 6.8 and 6.11).

/// `vperm`: each byte of `control` selects one of the 32 bytes of `a` followed by `b`.
@inline(__always)
func permuted(_ a: ppc_vsr, _ b: ppc_vsr, _ control: ppc_vsr) -> ppc_vsr {
    // Through memory: lanes with variable indexes would go there for each byte. Byte k of the pair lies at 31 - k.
    var result = ppc_vsr.zero
    withUnsafeBytes(of: (b, a)) { source in
        withUnsafeBytes(of: control) { selectors in
            withUnsafeMutableBytes(of: &result) { target in
                for i in 0..<16 { target[i] = source[Int(31 - (selectors[i] & 31))] }
            }
        }
    }
    return result
}

/// `vpermr`: as `vperm` with the 32 bytes counted from the right.
@inline(__always)
func permutedRight(_ a: ppc_vsr, _ b: ppc_vsr, _ control: ppc_vsr) -> ppc_vsr {
    permuted(a, b, ppc_vsr(lo: ~control.lo, hi: ~control.hi))
}

/// `vpermxor`: exclusive or of a byte of `a` and one of `b`, selected by the nibbles of `control`.
@inline(__always)
func permutedXor(_ a: ppc_vsr, _ b: ppc_vsr, _ control: ppc_vsr) -> ppc_vsr {
    var result = ppc_vsr.zero
    for i in 0..<16 {
        let selector = Int(control[byte: i])
        result[byte: i] = a[byte: selector >> 4] ^ b[byte: selector & 15]
    }
    return result
}

/// The 16 bytes that begin `count` bytes (0 to 15) into `a` followed by `b` (`vsldoi`).
@inline(__always)
func shiftedDouble(_ a: ppc_vsr, _ b: ppc_vsr, bytes count: Int) -> ppc_vsr {
    shiftedDouble(a, b, bits: count * 8)
}

/// The 128 bits that begin `count` bits (0 to 127) into `a` followed by `b` (`vsldbi`, `xxsldwi`).
@inline(__always)
func shiftedDouble(_ a: ppc_vsr, _ b: ppc_vsr, bits count: Int) -> ppc_vsr {
    count == 0 ? a : ppc_vsr(a.u128 << UInt128(count) | b.u128 >> UInt128(128 - count))
}

/// Bitwise select: `b` where `mask` is one, `a` elsewhere (`vsel`, `xxsel`).
@inline(__always)
func selected(_ a: U64, _ b: U64, _ mask: U64) -> U64 { (a & ~mask) | (b & mask) }

/// Interleaves the upper halves of `a` and `b` (`vmrgh*`).
@inline(__always)
func mergedHigh<V: SIMD>(_ a: V, _ b: V) -> V {
    var result = V()
    let half = V.scalarCount / 2
    for i in 0..<half {
        result[2 * i + 1] = a[half + i]
        result[2 * i] = b[half + i]
    }
    return result
}

/// Interleaves the lower halves of `a` and `b` (`vmrgl*`).
@inline(__always)
func mergedLow<V: SIMD>(_ a: V, _ b: V) -> V {
    var result = V()
    for i in 0..<V.scalarCount / 2 {
        result[2 * i + 1] = a[i]
        result[2 * i] = b[i]
    }
    return result
}

/// Even (ISA) words of `a` and `b` interleaved (`vmrgew`).
@inline(__always)
func mergedEvenWords(_ a: U32, _ b: U32) -> U32 { U32(b[1], a[1], b[3], a[3]) }
/// Odd (ISA) words of `a` and `b` interleaved (`vmrgow`).
@inline(__always)
func mergedOddWords(_ a: U32, _ b: U32) -> U32 { U32(b[0], a[0], b[2], a[2]) }

/// Each byte shifted left by its own count, bits coming in from the byte to its right (`vslv`).
@inline(__always)
func shiftedLeftVariable(_ a: ppc_vsr, _ b: ppc_vsr) -> ppc_vsr {
    let bytes = a.view(U8.self)
    let counts = b.view(U8.self)
    var result = U8()
    for i in 0..<16 {
        let pair = UInt16(bytes[i]) << 8 | UInt16(i == 0 ? 0 : bytes[i - 1])
        result[i] = UInt8(truncatingIfNeeded: (pair &<< UInt16(counts[i] & 7)) >> 8)
    }
    return ppc_vsr(image: result)
}

/// Each byte shifted right by its own count, bits coming in from the byte to its left (`vsrv`).
@inline(__always)
func shiftedRightVariable(_ a: ppc_vsr, _ b: ppc_vsr) -> ppc_vsr {
    let bytes = a.view(U8.self)
    let counts = b.view(U8.self)
    var result = U8()
    for i in 0..<16 {
        let pair = UInt16(i == 15 ? 0 : bytes[i + 1]) << 8 | UInt16(bytes[i])
        result[i] = UInt8(truncatingIfNeeded: pair &>> UInt16(counts[i] & 7))
    }
    return ppc_vsr(image: result)
}

/// Selects single bits of `a` by byte indexes (`vbpermq`): 16 bits, left-aligned in the low half of doubleword 0.
@inline(__always)
func bitPermutedQuad(_ a: ppc_vsr, _ control: ppc_vsr) -> ppc_vsr {
    let value = a.u128
    var bits: UInt64 = 0
    for i in 0..<16 {
        let index = control[byte: i]
        let bit = index < 128 ? UInt64(truncatingIfNeeded: value >> UInt128(127 - index)) & 1 : 0
        bits = bits << 1 | bit
    }
    return ppc_vsr(lo: 0, hi: bits)
}

/// Selects eight bits of each doubleword of `a` (`vbpermd`).
@inline(__always)
func bitPermuted(_ a: UInt64, _ control: UInt64) -> UInt64 {
    var bits: UInt64 = 0
    for i in 0..<8 {
        let index = control >> UInt64(56 - 8 * i) & 0xff
        bits = bits << 1 | (index < 64 ? a >> (63 - index) & 1 : 0)
    }
    return bits
}

/// Every `stride`-th bit of the register, gathered at the left of a doubleword (`vgnb`); `stride` is 2 to 7.
@inline(__always)
func everyNthBit(_ a: ppc_vsr, stride: Int) -> UInt64 {
    let value = a.u128
    var bits: UInt64 = 0
    var position = 0
    var output = 63
    while position < 128 {
        bits |= (UInt64(truncatingIfNeeded: value >> UInt128(127 - position)) & 1) << UInt64(output)
        position += stride
        output -= 1
    }
    return bits
}

/// The most significant bit of each lane as one bit of an integer, lane 0 lowest (`vextractbm` and its family).
@inline(__always)
func signMask<V: SIMD>(_ a: V) -> UInt64 where V.Scalar: FixedWidthInteger & UnsignedInteger {
    var bits: UInt64 = 0
    let top = UInt64(truncatingIfNeeded: V.Scalar.bitWidth - 1)
    for i in 0..<V.scalarCount {
        bits |= UInt64(truncatingIfNeeded: a[i] >> V.Scalar(truncatingIfNeeded: top)) << UInt64(i)
    }
    return bits
}

/// The inverse: lane i is all ones if bit i is set (`mtvsrbm` and its family).
@inline(__always)
func expandedMask<V: SIMD>(_ bits: UInt64, _: V.Type = V.self) -> V where V.Scalar: FixedWidthInteger {
    var result = V.zero
    for i in 0..<V.scalarCount where bits >> UInt64(i) & 1 != 0 { result[i] = ~0 }
    return result
}

/// Replaces `size` bytes of a register that begin at ISA byte `index`; indexes that do not fit leave it unchanged.
@inline(__always)
func insert(_ value: UInt64, size: Int, at index: Int, into register: inout ppc_vsr) {
    guard index >= 0, index + size <= 16 else { return }
    let shift = UInt128(truncatingIfNeeded: (16 - size - index) * 8)
    let mask = size == 8 ? UInt128(UInt64.max) : (UInt128(1) << UInt128(truncatingIfNeeded: size * 8)) &- 1
    register = ppc_vsr((register.u128 & ~(mask << shift)) | ((UInt128(value) & mask) << shift))
}

/// `vins*lx`, `vins*rx`: the value and the index come from GPRs.
@inline(__always)
func insertFromGPR(_ cpu: CPUState, _ word: UInt64, size: Int, right: Bool) -> Int32 {
    let f = Fields(word)
    let index = Int(truncatingIfNeeded: gpr(cpu)[f.ra] & 15)
    insert(gpr(cpu)[f.rb], size: size, at: right ? 16 - size - index : index, into: &vr(cpu)[f.rt])
    return Outcome.next
}

/// `vins*vlx`, `vins*vrx`: the value comes from doubleword 0 of VRB, the index from a GPR.
@inline(__always)
func insertFromVR(_ cpu: CPUState, _ word: UInt64, size: Int, right: Bool) -> Int32 {
    let f = Fields(word)
    let index = Int(truncatingIfNeeded: gpr(cpu)[f.ra] & 15)
    insert(vr(cpu)[f.rb].hi, size: size, at: right ? 16 - size - index : index, into: &vr(cpu)[f.rt])
    return Outcome.next
}

/// `vextd*vlx`, `vextd*vrx`: `size` bytes out of the 32 of VRA and VRB, right-aligned in doubleword 0.
@inline(__always)
func extractFromPair(_ cpu: CPUState, _ word: UInt64, size: Int, right: Bool) -> Int32 {
    let f = Fields(word)
    let v = vr(cpu)
    let offset = Int(truncatingIfNeeded: gpr(cpu)[f.rc] & 31)
    let index = right ? 32 - size - offset : offset
    let a = v[f.ra]
    let b = v[f.rb]
    var value: UInt64 = 0
    if index >= 0, index + size <= 32 {
        for i in index..<index + size {
            value = value << 8 | UInt64(i < 16 ? a[byte: i] : b[byte: i - 16])
        }
    }
    v[f.rt] = ppc_vsr(lo: 0, hi: value)
    return Outcome.next
}

/// `vextu*lx`, `vextu*rx`: an element at a byte index into a GPR. An index that reaches beyond the register is
/// undefined in the ISA; what comes out then is the shift count wrapping around, sign bits following the value.
@inline(__always)
func extractToGPR(_ cpu: CPUState, _ word: UInt64, bits: Int, left: Bool) -> Int32 {
    let f = Fields(word)
    let offset = Int(truncatingIfNeeded: gpr(cpu)[f.ra] & 15) * 8
    let shift = Int128((left ? 128 - bits - offset : offset) & 127)
    let value = Int128(truncatingIfNeeded: vr(cpu)[f.rb].u128) >> shift
    gpr(cpu)[f.rt] = UInt64(truncatingIfNeeded: value) & ((1 << UInt64(bits)) &- 1)
    return Outcome.next
}

/// `vextractub` and its family: `size` bytes from an immediate index, right-aligned in doubleword 0. Indexes that
/// reach beyond the register are undefined in the ISA and read element 0.
@inline(__always)
func extractImmediate(_ cpu: CPUState, _ word: UInt64, size: Int) -> Int32 {
    let f = Fields(word)
    var index = f.ra & 15
    if index + size > 16 { index = 0 }
    let b = vr(cpu)[f.rb]
    let shifted = UInt64(truncatingIfNeeded: b.u128 >> UInt128(truncatingIfNeeded: (16 - size - index) * 8))
    let mask: UInt64 = size == 8 ? .max : (1 << UInt64(size * 8)) &- 1
    vr(cpu)[f.rt] = ppc_vsr(lo: 0, hi: shifted & mask)
    return Outcome.next
}

/// Leading (or trailing) bytes whose low bit is zero, for `vclzlsbb` and `vctzlsbb`.
@inline(__always)
func evenBytes(_ a: ppc_vsr, trailing: Bool) -> UInt64 {
    let bits = a.u128 & (UInt128(0x0101_0101_0101_0101) << 64 | 0x0101_0101_0101_0101)
    let zeros = trailing ? bits.trailingZeroBitCount : bits.leadingZeroBitCount
    return UInt64(truncatingIfNeeded: zeros / 8)
}

/// `vstri*`: copies elements up to the first zero one, from the left or the right; the rest becomes zero. CR6 says
/// whether there was a zero element.
@inline(__always)
func isolateString<V: SIMD & VectorImage>(_ cpu: CPUState, _ word: UInt64, _: V.Type, left: Bool) -> Int32
where V.Scalar: FixedWidthInteger {
    let f = Fields(word)
    var lanes = vr(cpu)[f.rb].view(V.self)
    var ended = false
    for i in 0..<V.scalarCount {
        let lane = left ? V.scalarCount - 1 - i : i
        if lanes[lane] == 0 { ended = true }
        if ended { lanes[lane] = 0 }
    }
    vr(cpu)[f.rt] = ppc_vsr(image: lanes)
    if word & 0x400 != 0 { crFields(cpu)[6] = ended ? 2 : 0 }
    return Outcome.next
}

/// `vclrlb`, `vclrrb`: keeps the rightmost (leftmost) bytes that RB counts, all of them from 16 up.
@inline(__always)
func clearBytes(_ cpu: CPUState, _ word: UInt64, right: Bool) -> Int32 {
    let f = Fields(word)
    let kept = gpr(cpu)[f.rb]
    let a = vr(cpu)[f.ra].u128
    var result = a
    if kept < 16 {
        let low = (UInt128(1) << UInt128(truncatingIfNeeded: kept * 8)) &- 1
        let high = kept == 0 ? 0 : UInt128.max << UInt128(truncatingIfNeeded: 128 - kept * 8)
        result = a & (right ? high : low)
    }
    vr(cpu)[f.rt] = ppc_vsr(result)
    return Outcome.next
}
