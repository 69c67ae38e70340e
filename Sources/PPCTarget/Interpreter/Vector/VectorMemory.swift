import CPPCState

// VMX loads, stores and what goes with them (ISA 3.1 Book I, section 6.7).

/// `(RA|0) + (RB)`
@inline(__always)
func indexedAddress(_ cpu: CPUState, _ f: Fields) -> UInt64 {
    (f.ra == 0 ? 0 : gpr(cpu)[f.ra]) &+ gpr(cpu)[f.rb]
}

/// `lvx`, `lvxl`: the address is rounded down to a multiple of 16.
@inline(__always)
func loadVector(_ cpu: CPUState, _ word: UInt64) -> Int32 {
    let f = Fields(word)
    return load(cpu, indexedAddress(cpu, f) & ~15, &vr(cpu)[f.rt]) ? Outcome.next : Outcome.exception
}

/// `stvx`, `stvxl`
@inline(__always)
func storeVector(_ cpu: CPUState, _ word: UInt64) -> Int32 {
    let f = Fields(word)
    return store(cpu, indexedAddress(cpu, f) & ~15, vr(cpu)[f.rs]) ? Outcome.next : Outcome.exception
}

/// The lane that an element at `ea` occupies: its place in the aligned quadword, counted from the low end.
@inline(__always)
private func elementLane(_ cpu: CPUState, _ ea: UInt64, size: Int) -> Int {
    let index = Int(truncatingIfNeeded: ea & 15) / size
    return cpu.pointee.big_endian == 0 ? index : 16 / size - 1 - index
}

/// `lvebx`, `lvehx`, `lvewx`: one element of the register; the others keep their values.
@inline(__always)
func loadElement<V: SIMD & VectorImage>(_ cpu: CPUState, _ word: UInt64, _: V.Type) -> Int32
where V.Scalar: FixedWidthInteger & UnsignedInteger {
    let f = Fields(word)
    let size = MemoryLayout<V.Scalar>.size
    let ea = indexedAddress(cpu, f) & ~UInt64(truncatingIfNeeded: size - 1)
    var value: V.Scalar = 0
    guard load(cpu, ea, &value) else { return Outcome.exception }
    var lanes = vr(cpu)[f.rt].view(V.self)
    lanes[elementLane(cpu, ea, size: size)] = value
    vr(cpu)[f.rt] = ppc_vsr(image: lanes)
    return Outcome.next
}

/// `stvebx`, `stvehx`, `stvewx`
@inline(__always)
func storeElement<V: SIMD & VectorImage>(_ cpu: CPUState, _ word: UInt64, _: V.Type) -> Int32
where V.Scalar: FixedWidthInteger & UnsignedInteger {
    let f = Fields(word)
    let size = MemoryLayout<V.Scalar>.size
    let ea = indexedAddress(cpu, f) & ~UInt64(truncatingIfNeeded: size - 1)
    let value = vr(cpu)[f.rs].view(V.self)[elementLane(cpu, ea, size: size)]
    return store(cpu, ea, value) ? Outcome.next : Outcome.exception
}

/// `lvsl`: the bytes 0, 1, 2, … beginning with the low four bits of the address.
@inline(__always)
func permuteControl(_ cpu: CPUState, _ word: UInt64, right: Bool) -> Int32 {
    let f = Fields(word)
    let count = indexedAddress(cpu, f) & 15
    let first = (right ? 16 &- count : count) &* 0x0101_0101_0101_0101
    vr(cpu)[f.rt] = ppc_vsr(lo: first &+ 0x0809_0a0b_0c0d_0e0f, hi: first &+ 0x0001_0203_0405_0607)
    return Outcome.next
}
