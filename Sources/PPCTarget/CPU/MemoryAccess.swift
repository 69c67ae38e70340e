import CPPCState

// Guest memory as instructions see it: effective addresses, the guest's current byte order, faults recorded in the
// state block. The hit path is one compare against the soft TLB; everything else is `DataAccess` (MMU folder).

/// The effective address with MSR[SF] applied: 32-bit mode ignores the upper half (ISA 3.1 Book I, section 1.10.3).
@inline(__always)
package func effectiveAddress(_ cpu: CPUState, _ ea: UInt64) -> UInt64 {
    cpu.pointee.narrow == 0 ? ea : ea & 0xffff_ffff
}

/// Host pointer for an access of `size` bytes if the soft TLB has it, reading.
@inline(__always)
func tlbReadHit(_ cpu: CPUState, _ ea: UInt64, _ size: UInt64) -> UnsafeMutableRawPointer? {
    let index = Int(truncatingIfNeeded: (ea &>> cpu.pointee.granule_shift) & UInt64(PPC_TLB_ENTRIES - 1))
    let entry = cpu.pointee.tlb.unsafelyUnwrapped + index
    guard (ea &+ (size &- 1)) & ~cpu.pointee.granule_mask == entry.pointee.read_tag else { return nil }
    return UnsafeMutableRawPointer(bitPattern: UInt(truncatingIfNeeded: ea &+ entry.pointee.addend))
}

/// Host pointer for an access of `size` bytes if the soft TLB has it, writing.
@inline(__always)
func tlbWriteHit(_ cpu: CPUState, _ ea: UInt64, _ size: UInt64) -> UnsafeMutableRawPointer? {
    let index = Int(truncatingIfNeeded: (ea &>> cpu.pointee.granule_shift) & UInt64(PPC_TLB_ENTRIES - 1))
    let entry = cpu.pointee.tlb.unsafelyUnwrapped + index
    guard (ea &+ (size &- 1)) & ~cpu.pointee.granule_mask == entry.pointee.write_tag else { return nil }
    return UnsafeMutableRawPointer(bitPattern: UInt(truncatingIfNeeded: ea &+ entry.pointee.addend))
}

/// Loads if the soft TLB has the address, which is truncated already.
@inline(__always)
func loadHit<T: FixedWidthInteger & UnsignedInteger>(_ cpu: CPUState, _ ea: UInt64, _ value: inout T) -> Bool {
    guard let host = tlbReadHit(cpu, ea, UInt64(MemoryLayout<T>.size)) else { return false }
    let raw = host.loadUnaligned(as: T.self)
    value = cpu.pointee.big_endian == 0 ? T(littleEndian: raw) : T(bigEndian: raw)
    return true
}

/// Stores if the soft TLB has the address, which is truncated already, and nobody needs to know.
@inline(__always)
func storeHit<T: FixedWidthInteger & UnsignedInteger>(_ cpu: CPUState, _ ea: UInt64, _ value: T) -> Bool {
    guard let host = tlbWriteHit(cpu, ea, UInt64(MemoryLayout<T>.size)) else { return false }
    host.storeBytes(of: cpu.pointee.big_endian == 0 ? value.littleEndian : value.bigEndian, as: T.self)
    return true
}

/// Loads in the guest's current byte order.
///
/// - Parameters:
///   - ea: Effective address; truncated here in 32-bit mode.
///   - value: Set on success only.
/// - Returns: `false` if a storage interrupt was recorded; return ``Outcome/exception`` then.
@inline(__always)
package func load<T: FixedWidthInteger & UnsignedInteger>(_ cpu: CPUState, _ ea: UInt64, _ value: inout T) -> Bool {
    let ea = effectiveAddress(cpu, ea)
    if loadHit(cpu, ea, &value) { return true }
    guard let wide = loadSlow(cpu, ea, size: MemoryLayout<T>.size) else { return false }
    value = T(truncatingIfNeeded: wide)
    return true
}

/// The load that missed the soft TLB. It returns its value in registers, so that callers need no stack.
@inline(never)
private func loadSlow(_ cpu: CPUState, _ ea: UInt64, size: Int) -> UInt64? {
    var wide: UInt64 = 0
    let isLoaded = DataAccess.load(cpu, ea, size: size, bigEndian: cpu.pointee.big_endian != 0, &wide)
    return isLoaded ? wide : nil
}

/// Stores in the guest's current byte order.
///
/// - Returns: `false` if a storage interrupt was recorded (nothing is written then).
@inline(__always)
package func store<T: FixedWidthInteger & UnsignedInteger>(_ cpu: CPUState, _ ea: UInt64, _ value: T) -> Bool {
    let ea = effectiveAddress(cpu, ea)
    if storeHit(cpu, ea, value) { return true }
    return DataAccess.store(
        cpu, ea, size: MemoryLayout<T>.size, bigEndian: cpu.pointee.big_endian != 0, UInt64(truncatingIfNeeded: value))
}

/// Loads 16 bytes as one register image: with the guest big-endian, the byte at the lowest address is ISA byte 0; with
/// the guest little-endian the byte at the lowest address is ISA byte 15 (as `lxv` does).
@inline(__always)
package func load(_ cpu: CPUState, _ ea: UInt64, _ value: inout ppc_vsr) -> Bool {
    let ea = effectiveAddress(cpu, ea)
    if let host = tlbReadHit(cpu, ea, 16) {
        let first = host.loadUnaligned(as: UInt64.self)
        let second = host.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
        value =
            cpu.pointee.big_endian == 0
            ? ppc_vsr(lo: UInt64(littleEndian: first), hi: UInt64(littleEndian: second))
            : ppc_vsr(lo: UInt64(bigEndian: second), hi: UInt64(bigEndian: first))
        return true
    }
    let big = cpu.pointee.big_endian != 0
    var first: UInt64 = 0
    var second: UInt64 = 0
    guard DataAccess.load(cpu, ea, size: 8, bigEndian: big, &first),
        DataAccess.load(cpu, effectiveAddress(cpu, ea &+ 8), size: 8, bigEndian: big, &second)
    else { return false }
    value = big ? ppc_vsr(lo: second, hi: first) : ppc_vsr(lo: first, hi: second)
    return true
}

/// Stores 16 bytes, the inverse of the load above. Both halves are checked before the first is written.
@inline(__always)
package func store(_ cpu: CPUState, _ ea: UInt64, _ value: ppc_vsr) -> Bool {
    let ea = effectiveAddress(cpu, ea)
    if let host = tlbWriteHit(cpu, ea, 16) {
        if cpu.pointee.big_endian == 0 {
            host.storeBytes(of: value.lo.littleEndian, as: UInt64.self)
            host.storeBytes(of: value.hi.littleEndian, toByteOffset: 8, as: UInt64.self)
        } else {
            host.storeBytes(of: value.hi.bigEndian, as: UInt64.self)
            host.storeBytes(of: value.lo.bigEndian, toByteOffset: 8, as: UInt64.self)
        }
        return true
    }
    let big = cpu.pointee.big_endian != 0
    guard DataAccess.probeStore(cpu, ea, size: 16) else { return false }
    return DataAccess.store(cpu, ea, size: 8, bigEndian: big, big ? value.hi : value.lo)
        && DataAccess.store(cpu, effectiveAddress(cpu, ea &+ 8), size: 8, bigEndian: big, big ? value.lo : value.hi)
}
