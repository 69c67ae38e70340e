import CPPCState

// Status bits that fixed-point instructions share: CR0 and the XER bits.

/// CR0 from a result: compared with zero as a signed number of the current width, with SO copied
/// (ISA 3.1 Book I, section 2.3.1).
@inline(__always)
func recordCR0<O: Operands>(_ cpu: CPUState, _ f: O, _ value: UInt64) {
    let signed = f.isNarrow(cpu) ? Int64(Int32(truncatingIfNeeded: value)) : Int64(bitPattern: value)
    cpu.pointee.cr.0 = (signed < 0 ? 8 : signed > 0 ? 4 : 2) | cpu.pointee.so
}

/// A condition register field from a comparison.
@inline(__always)
func setField<T: Comparable>(_ cpu: CPUState, _ field: Int, _ a: T, _ b: T) {
    crFields(cpu)[field] = (a < b ? 8 : a > b ? 4 : 2) | cpu.pointee.so
}

/// OV and OV32 with SO accumulating. Models before ISA 3.0 have no OV32 and CA32; reading XER hides them there.
@inline(__always)
func setOverflow(_ cpu: CPUState, _ ov: Bool, _ ov32: Bool) {
    cpu.pointee.ov = ov ? 1 : 0
    cpu.pointee.ov32 = ov32 ? 1 : 0
    if ov { cpu.pointee.so = 1 }
}

/// Overflow of `a + b (+ carry) = sum` at the current width.
@inline(__always)
func setAddOverflow(_ cpu: CPUState, _ a: UInt64, _ b: UInt64, _ sum: UInt64) {
    let bits = (a ^ sum) & (b ^ sum)
    let ov32 = bits & 0x8000_0000 != 0
    setOverflow(cpu, cpu.pointee.narrow == 0 ? bits >> 63 != 0 : ov32, ov32)
}

/// A bit of the condition register, 0 or 1; bit 0 is LT of CR0.
@inline(__always)
func crBit(_ cpu: CPUState, _ number: Int) -> UInt8 {
    crFields(cpu)[number >> 2] >> UInt8(truncatingIfNeeded: 3 - (number & 3)) & 1
}

/// RA, or zero for RA = 0.
@inline(__always)
func raOrZero(_ cpu: CPUState, _ ra: Int) -> UInt64 { ra == 0 ? 0 : gpr(cpu)[ra] }
