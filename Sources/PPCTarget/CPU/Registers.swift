import CPPCState

// Register access by number. C arrays arrive in Swift as tuples; these reach them by address instead.

@inline(__always)
package func gpr(_ cpu: CPUState) -> UnsafeMutablePointer<UInt64> {
    UnsafeMutableRawPointer(cpu).assumingMemoryBound(to: UInt64.self)  // offset 0, asserted in ppc_state.c
}

@inline(__always)
package func vsr(_ cpu: CPUState) -> UnsafeMutablePointer<ppc_vsr> {
    (UnsafeMutableRawPointer(cpu) + MemoryLayout<ppc_cpu>.offset(of: \ppc_cpu.vsr)!)
        .assumingMemoryBound(to: ppc_vsr.self)
}

/// VR n is VSR 32 + n.
@inline(__always)
package func vr(_ cpu: CPUState) -> UnsafeMutablePointer<ppc_vsr> { vsr(cpu) + 32 }

@inline(__always)
package func spr(_ cpu: CPUState) -> UnsafeMutablePointer<UInt64> {
    (UnsafeMutableRawPointer(cpu) + MemoryLayout<ppc_cpu>.offset(of: \ppc_cpu.spr)!)
        .assumingMemoryBound(to: UInt64.self)
}

@inline(__always)
package func crFields(_ cpu: CPUState) -> UnsafeMutablePointer<UInt8> {
    (UnsafeMutableRawPointer(cpu) + MemoryLayout<ppc_cpu>.offset(of: \ppc_cpu.cr)!)
        .assumingMemoryBound(to: UInt8.self)
}

/// Which bits a rotate keeps.
package enum RotateMask: Sendable {
    /// MB to ME of the low word.
    case word
    /// From MB on.
    case left
    /// Up to ME.
    case right
    /// From MB to 63 - SH.
    case both
}

/// Where an instruction's function takes its operands from: the instruction word (``Fields``), or what an engine has
/// decoded before. Functions that are generic over it serve both.
package protocol Operands {
    var word: UInt64 { get }
    var rt: Int { get }
    var ra: Int { get }
    var rb: Int { get }
    /// Third source of A and VA forms.
    var rc: Int { get }
    var bf: Int { get }
    var bfa: Int { get }
    var record: Bool { get }
    var oe: Bool { get }
    var si: UInt64 { get }
    var ui: UInt64 { get }
    var ds: UInt64 { get }
    var dq: UInt64 { get }
    var sh: UInt64 { get }
    var sh6: UInt64 { get }
    func rotateMask(_ kind: RotateMask) -> UInt64
    /// The condition register bit that BI names.
    func conditionBit(_ cpu: CPUState) -> Bool
    /// RA, or zero for RA = 0.
    func base(_ cpu: CPUState) -> UInt64
    /// L: a comparison is one of doublewords.
    var comparesDoublewords: Bool { get }
    /// MSR[SF] = 0: addresses and CR0 are those of 32-bit mode.
    func isNarrow(_ cpu: CPUState) -> Bool
    /// Loads in the current byte order if the soft TLB has the address, which is truncated already.
    func loadHit<T: FixedWidthInteger & UnsignedInteger>(_ cpu: CPUState, _ ea: UInt64, _ value: inout T) -> Bool
    /// Stores in the current byte order if the soft TLB has the address, which is truncated already.
    func storeHit<T: FixedWidthInteger & UnsignedInteger>(_ cpu: CPUState, _ ea: UInt64, _ value: T) -> Bool
}

// What an engine may know beforehand is looked up in the state otherwise.
extension Operands {
    @inline(__always) package var rs: Int { rt }
    @inline(__always) package func base(_ cpu: CPUState) -> UInt64 { raOrZero(cpu, ra) }
    @inline(__always) package var comparesDoublewords: Bool { word & 0x20_0000 != 0 }
    @inline(__always) package func isNarrow(_ cpu: CPUState) -> Bool { cpu.pointee.narrow != 0 }
    /// The effective address with MSR[SF] applied.
    @inline(__always) package func effective(_ cpu: CPUState, _ ea: UInt64) -> UInt64 {
        isNarrow(cpu) ? ea & 0xffff_ffff : ea
    }
    @inline(__always)
    package func loadHit<T: FixedWidthInteger & UnsignedInteger>(
        _ cpu: CPUState, _ ea: UInt64, _ value: inout T
    ) -> Bool { PPCTarget.loadHit(cpu, ea, &value) }
    @inline(__always)
    package func storeHit<T: FixedWidthInteger & UnsignedInteger>(
        _ cpu: CPUState, _ ea: UInt64, _ value: T
    ) -> Bool { PPCTarget.storeHit(cpu, ea, value) }
}

/// The instruction word's fields by their ISA names, for the bodies of instruction functions.
package struct Fields: Operands {
    package let word: UInt64
    @inline(__always) package init(_ word: UInt64) { self.word = word }
    @inline(__always) package var rt: Int { Int(truncatingIfNeeded: word >> 21 & 31) }
    @inline(__always) package var ra: Int { Int(truncatingIfNeeded: word >> 16 & 31) }
    @inline(__always) package var rb: Int { Int(truncatingIfNeeded: word >> 11 & 31) }
    @inline(__always) package var rc: Int { Int(truncatingIfNeeded: word >> 6 & 31) }
    /// Bit 31: record.
    @inline(__always) package var record: Bool { word & 1 != 0 }
    /// Bit 21: overflow enable.
    @inline(__always) package var oe: Bool { word & 0x400 != 0 }
    @inline(__always) package var bf: Int { Int(truncatingIfNeeded: word >> 23 & 7) }
    @inline(__always) package var bfa: Int { Int(truncatingIfNeeded: word >> 18 & 7) }
    @inline(__always) package var si: UInt64 { UInt64(bitPattern: Int64(Int16(truncatingIfNeeded: word))) }
    @inline(__always) package var ui: UInt64 { word & 0xffff }
    @inline(__always) package var ds: UInt64 { UInt64(bitPattern: Int64(Int16(truncatingIfNeeded: word & 0xfffc))) }
    @inline(__always) package var dq: UInt64 { UInt64(bitPattern: Int64(Int16(truncatingIfNeeded: word & 0xfff0))) }
    @inline(__always) package var sh: UInt64 { word >> 11 & 31 }
    @inline(__always) package var sh6: UInt64 { sh | (word >> 1 & 1) << 5 }
    @inline(__always)
    package func rotateMask(_ kind: RotateMask) -> UInt64 {
        let first = word >> 6 & 31 | word & 32
        return switch kind {
        case .word: FixedPointRotate.mask((word >> 6 & 31) | 32, (word >> 1 & 31) | 32)
        case .left: UInt64.max &>> first
        case .right: FixedPointRotate.mask(0, first)
        case .both: FixedPointRotate.mask(first, 63 &- sh6)
        }
    }
    @inline(__always) package func conditionBit(_ cpu: CPUState) -> Bool { crBit(cpu, ra) != 0 }
    @inline(__always) package var xt: Int { rt | Int(truncatingIfNeeded: word & 1) << 5 }
    @inline(__always) package var xs: Int { xt }
    @inline(__always) package var xa: Int { ra | Int(truncatingIfNeeded: word >> 2 & 1) << 5 }
    @inline(__always) package var xb: Int { rb | Int(truncatingIfNeeded: word >> 1 & 1) << 5 }
    @inline(__always) package var xc: Int { rc | Int(truncatingIfNeeded: word >> 3 & 1) << 5 }
    /// DQ-form VSR number: TX is bit 28.
    @inline(__always) package var xtDQ: Int { rt | Int(truncatingIfNeeded: word >> 3 & 1) << 5 }
}
