import CPPCState
import CSupport

/// Reservations and atomic memory operations (ISA 3.1 Book II, sections 4.5 and 4.6).
///
/// A reservation is the address and the value that was read: the conditional store succeeds if memory still holds
/// that value, which a compare-and-swap on host memory decides, so another CPU cannot come between.
enum Atomics {
    /// Host memory of an aligned access that will write; `nil` with an interrupt recorded, or with `excp_vector` 0
    /// where there is no RAM.
    @inline(__always)
    private static func hostMemory(_ cpu: CPUState, _ ea: UInt64, _ size: UInt64) -> UnsafeMutableRawPointer? {
        tlbWriteHit(cpu, ea, size)
            ?? DataAccess.hostPointer(cpu, ea, size: Int(truncatingIfNeeded: size), for: .store)
    }

    @inline(__always)
    private static func guestOrder<T: FixedWidthInteger>(_ cpu: CPUState, _ raw: T) -> T {
        cpu.pointee.big_endian == 0 ? T(littleEndian: raw) : T(bigEndian: raw)
    }

    @inline(__always)
    static func load<T: FixedWidthInteger & UnsignedInteger>(_ cpu: CPUState, _ word: UInt64, _: T.Type) -> Int32 {
        let f = Fields(word)
        let ea = effectiveAddress(cpu, raOrZero(cpu, f.ra) &+ gpr(cpu)[f.rb])
        let size = UInt64(MemoryLayout<T>.size)
        if ea & (size - 1) != 0 { return raiseMisaligned(cpu, ea, word) }
        var value: T = 0
        guard PPCTarget.load(cpu, ea, &value) else { return Outcome.exception }
        gpr(cpu)[f.rt] = UInt64(truncatingIfNeeded: value)
        cpu.pointee.reserve_ea = ea
        cpu.pointee.reserve_value = UInt64(truncatingIfNeeded: guestOrder(cpu, value))
        cpu.pointee.reserve_size = size
        return Outcome.next
    }

    static func loadQuad(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        let f = Fields(word)
        if f.rt & 1 != 0 || f.rt == f.ra || f.rt == f.rb { return raiseIllegal(cpu) }
        let ea = effectiveAddress(cpu, raOrZero(cpu, f.ra) &+ gpr(cpu)[f.rb])
        if ea & 15 != 0 { return raiseMisaligned(cpu, ea, word) }
        var value = ppc_vsr()
        guard PPCTarget.load(cpu, ea, &value) else { return Outcome.exception }
        gpr(cpu)[f.rt] = value.hi
        gpr(cpu)[f.rt + 1] = value.lo
        cpu.pointee.reserve_ea = ea
        (cpu.pointee.reserve_value, cpu.pointee.reserve_value2) = rawQuad(cpu, value)
        cpu.pointee.reserve_size = 16
        return Outcome.next
    }

    /// The two doublewords as they lie in memory, as host integers.
    private static func rawQuad(_ cpu: CPUState, _ value: ppc_vsr) -> (UInt64, UInt64) {
        cpu.pointee.big_endian == 0
            ? (value.lo.littleEndian, value.hi.littleEndian) : (value.hi.bigEndian, value.lo.bigEndian)
    }

    /// CR0 of a conditional store; the reservation is gone in any case.
    @inline(__always)
    private static func finish(_ cpu: CPUState, stored: Bool) -> Int32 {
        cpu.pointee.cr.0 = (stored ? 2 : 0) | cpu.pointee.so
        cpu.pointee.reserve_size = 0
        return Outcome.next
    }

    /// Stores of another size or to another address than the reservation's fail (ISA leaves the former undefined).
    @inline(__always)
    static func store<T: FixedWidthInteger & UnsignedInteger>(
        _ cpu: CPUState, _ word: UInt64, _: T.Type,
        _ swap: (UnsafeMutableRawPointer, T, T) -> Bool
    ) -> Int32 {
        let f = Fields(word)
        let ea = effectiveAddress(cpu, raOrZero(cpu, f.ra) &+ gpr(cpu)[f.rb])
        let size = UInt64(MemoryLayout<T>.size)
        guard cpu.pointee.reserve_size == size, cpu.pointee.reserve_ea == ea else {
            return finish(cpu, stored: false)
        }
        let old = T(truncatingIfNeeded: cpu.pointee.reserve_value)
        let new = guestOrder(cpu, T(truncatingIfNeeded: gpr(cpu)[f.rs]))
        if let host = hostMemory(cpu, ea, size) { return finish(cpu, stored: swap(host, old, new)) }
        guard cpu.pointee.excp_vector == 0 else { return Outcome.exception }
        // No RAM: a device cannot be swapped atomically. The machine lock orders device accesses.
        var current: T = 0
        guard PPCTarget.load(cpu, ea, &current) else { return Outcome.exception }
        guard guestOrder(cpu, current) == old else { return finish(cpu, stored: false) }
        guard PPCTarget.store(cpu, ea, guestOrder(cpu, new)) else { return Outcome.exception }
        return finish(cpu, stored: true)
    }

    static func storeQuad(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        let f = Fields(word)
        if f.rs & 1 != 0 { return raiseIllegal(cpu) }
        let ea = effectiveAddress(cpu, raOrZero(cpu, f.ra) &+ gpr(cpu)[f.rb])
        guard cpu.pointee.reserve_size == 16, cpu.pointee.reserve_ea == ea else { return finish(cpu, stored: false) }
        let old = (cpu.pointee.reserve_value, cpu.pointee.reserve_value2)
        let value = ppc_vsr(lo: gpr(cpu)[f.rs + 1], hi: gpr(cpu)[f.rs])
        let new = rawQuad(cpu, value)
        if let host = hostMemory(cpu, ea, 16) {
            return finish(cpu, stored: cs_atomic_cas128(host, old.0, old.1, new.0, new.1))
        }
        guard cpu.pointee.excp_vector == 0 else { return Outcome.exception }
        var current = ppc_vsr()
        guard PPCTarget.load(cpu, ea, &current) else { return Outcome.exception }
        guard rawQuad(cpu, current) == old else { return finish(cpu, stored: false) }
        guard PPCTarget.store(cpu, ea, value) else { return Outcome.exception }
        return finish(cpu, stored: true)
    }

    // MARK: Atomic memory operations

    /// What function code `FC` makes of memory: the new contents, and what RT gets (the old contents, or a marker).
    /// `next` is the following element, which the bounded functions compare with. `nil` for codes that do not exist.
    @inline(__always)
    private static func fetched<T: FixedWidthInteger & UnsignedInteger, S: FixedWidthInteger & SignedInteger>(
        _ code: UInt64, _ old: T, _ next: () -> T?, _ operand: T, _ second: T, _: S.Type
    ) -> (new: T, result: T)?? {
        let marker = T(1) << T(T.bitWidth - 1)
        switch code {
        case 0: return (old &+ operand, old)
        case 1: return (old ^ operand, old)
        case 2: return (old | operand, old)
        case 3: return (old & operand, old)
        case 4: return (max(old, operand), old)
        case 5: return (S(truncatingIfNeeded: old) > S(truncatingIfNeeded: operand) ? old : operand, old)
        case 6: return (min(old, operand), old)
        case 7: return (S(truncatingIfNeeded: old) < S(truncatingIfNeeded: operand) ? old : operand, old)
        case 8: return (operand, old)
        case 16: return (old != operand ? second : old, old)
        case 24, 25, 28:
            guard let neighbour = next() else { return .some(nil) }
            let moves = code == 25 ? old == neighbour : old != neighbour
            return moves ? (code == 28 ? old &- 1 : old &+ 1, old) : (old, marker)
        default: return nil
        }
    }

    /// `lwat`, `ldat`.
    @inline(__always)
    static func fetch<T: FixedWidthInteger & UnsignedInteger, S: FixedWidthInteger & SignedInteger>(
        _ cpu: CPUState, _ word: UInt64, _: T.Type, _ signed: S.Type,
        _ swap: (UnsafeMutableRawPointer, T, T) -> Bool
    ) -> Int32 {
        let f = Fields(word)
        let code = word >> 11 & 31
        guard [0, 1, 2, 3, 4, 5, 6, 7, 8, 16, 24, 25, 28].contains(code) else { return raise(cpu, .dataStorage) }
        let ea = effectiveAddress(cpu, raOrZero(cpu, f.ra))
        let size = UInt64(MemoryLayout<T>.size)
        if ea & (size - 1) != 0 { return raiseMisaligned(cpu, ea, word) }
        let operand = T(truncatingIfNeeded: gpr(cpu)[(f.rt + 1) & 31])
        let second = T(truncatingIfNeeded: gpr(cpu)[(f.rt + 2) & 31])
        let host = hostMemory(cpu, ea, size)
        if host == nil, cpu.pointee.excp_vector != 0 { return Outcome.exception }
        while true {
            var old: T = 0
            guard PPCTarget.load(cpu, ea, &old) else { return Outcome.exception }
            let neighbour: () -> T? = {
                var value: T = 0
                return PPCTarget.load(cpu, ea &+ size, &value) ? value : nil
            }
            guard let outcome = fetched(code, old, neighbour, operand, second, signed) else {
                return raise(cpu, .dataStorage)
            }
            guard let outcome else { return Outcome.exception }
            if let host {
                guard swap(host, guestOrder(cpu, old), guestOrder(cpu, outcome.new)) else { continue }
            } else {
                guard PPCTarget.store(cpu, ea, outcome.new) else { return Outcome.exception }
            }
            gpr(cpu)[f.rt] = UInt64(truncatingIfNeeded: outcome.result)
            return Outcome.next
        }
    }

    /// `stwat`, `stdat`.
    @inline(__always)
    static func update<T: FixedWidthInteger & UnsignedInteger, S: FixedWidthInteger & SignedInteger>(
        _ cpu: CPUState, _ word: UInt64, _: T.Type, _ signed: S.Type,
        _ swap: (UnsafeMutableRawPointer, T, T) -> Bool
    ) -> Int32 {
        let f = Fields(word)
        let code = word >> 11 & 31
        guard code <= 7 || code == 24 else { return raise(cpu, .dataStorage) }
        let ea = effectiveAddress(cpu, raOrZero(cpu, f.ra))
        let size = UInt64(MemoryLayout<T>.size)
        if ea & (size - 1) != 0 { return raiseMisaligned(cpu, ea, word) }
        let operand = T(truncatingIfNeeded: gpr(cpu)[f.rs])
        let host = hostMemory(cpu, ea, size)
        if host == nil, cpu.pointee.excp_vector != 0 { return Outcome.exception }
        while true {
            var old: T = 0
            guard PPCTarget.load(cpu, ea, &old) else { return Outcome.exception }
            if code == 24 {
                // Store twin: both elements, if they are equal.
                var twin: T = 0
                guard PPCTarget.load(cpu, ea &+ size, &twin) else { return Outcome.exception }
                guard old == twin else { return Outcome.next }
                guard PPCTarget.store(cpu, ea &+ size, operand) else { return Outcome.exception }
                guard PPCTarget.store(cpu, ea, operand) else { return Outcome.exception }
                return Outcome.next
            }
            guard let outcome = fetched(code, old, { nil }, operand, 0, signed), let outcome else {
                return raise(cpu, .dataStorage)
            }
            if let host {
                guard swap(host, guestOrder(cpu, old), guestOrder(cpu, outcome.new)) else { continue }
            } else {
                guard PPCTarget.store(cpu, ea, outcome.new) else { return Outcome.exception }
            }
            return Outcome.next
        }
    }
}

/// Alignment interrupt of an access that must be aligned: DAR is the address, DSISR collects register fields.
@inline(never)
func raiseMisaligned(_ cpu: CPUState, _ ea: UInt64, _ word: UInt64) -> Int32 {
    cpu.pointee.excp_dar = ea
    cpu.pointee.excp_dsisr = spr(cpu)[18] | (word & 0x03ff_0000) >> 16
    return raise(cpu, .alignment, flags: UInt32(PPC_EXCP_SET_DAR | PPC_EXCP_SET_DSISR))
}
