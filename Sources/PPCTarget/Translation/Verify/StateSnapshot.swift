import CPPCState

#if canImport(Glibc)
    import Glibc
#endif

/// A copy of one vCPU's state block, and its comparison with another.
struct StateSnapshot: ~Copyable {
    private let copy: CPUState

    init() { copy = .allocate(capacity: 1) }

    deinit { copy.deallocate() }

    /// Special-purpose registers that instructions other than `mtspr` change: exceptions, branches, transactions,
    /// facilities, event-based branches, priority. Verify mode leaves `mtspr` of others to the interpreter, so that the
    /// rest, most of the state block, need not be copied and compared for each piece.
    private static let volatileRegisters: [Range<Int>] = [0..<64, 128..<132, 152..<192, 800..<832, 896..<897]

    func take(from cpu: CPUState) {
        let spr = MemoryLayout<ppc_cpu>.offset(of: \ppc_cpu.spr)!
        UnsafeMutableRawPointer(copy).copyMemory(from: UnsafeRawPointer(cpu), byteCount: spr)
        copyRegisters(from: cpu, to: copy)
    }

    private func copyRegisters(from source: CPUState, to target: CPUState) {
        let (from, to) = (spr(source), spr(target))
        for range in Self.volatileRegisters {
            (to + range.lowerBound).update(from: from + range.lowerBound, count: range.count)
        }
    }

    var nip: UInt64 { copy.pointee.nip }

    /// Puts the copied state back, except what other threads write and what belongs to the engine.
    func restore(to cpu: CPUState) {
        func put<T>(_ field: WritableKeyPath<ppc_cpu, T>, through last: PartialKeyPath<ppc_cpu>) {
            let start = MemoryLayout<ppc_cpu>.offset(of: field)!
            let end = MemoryLayout<ppc_cpu>.offset(of: last)!
            (UnsafeMutableRawPointer(cpu) + start).copyMemory(
                from: UnsafeRawPointer(copy) + start, byteCount: end - start)
        }
        put(\.gpr, through: \.exit_request)
        cpu.pointee.narrow = copy.pointee.narrow
        put(\.msr, through: \.pending_interrupts)
        put(\.facilities, through: \.spr)
        copyRegisters(from: copy, to: cpu)
        // Derives the rest, the soft TLB's bank among it.
        Context.update(cpu)
    }

    /// Registers that differ from those in `cpu`: name, value here, value there.
    func differences(from cpu: CPUState) -> [RegisterDifference] {
        var found: [RegisterDifference] = []
        let (a, b) = (copy, cpu)
        func check(_ name: @autoclosure () -> String, _ x: UInt64, _ y: UInt64) {
            if x != y { found.append(RegisterDifference(name: name(), expected: y, found: x)) }
        }
        for index in 0..<32 { check("GPR\(index)", gpr(a)[index], gpr(b)[index]) }
        check("NIP", a.pointee.nip, b.pointee.nip)
        check("LR", a.pointee.lr, b.pointee.lr)
        check("CTR", a.pointee.ctr, b.pointee.ctr)
        for index in 0..<8 { check("CR\(index)", UInt64(crFields(a)[index]), UInt64(crFields(b)[index])) }
        check("XER[SO]", UInt64(a.pointee.so), UInt64(b.pointee.so))
        check("XER[OV]", UInt64(a.pointee.ov), UInt64(b.pointee.ov))
        check("XER[CA]", UInt64(a.pointee.ca), UInt64(b.pointee.ca))
        check("XER[OV32]", UInt64(a.pointee.ov32), UInt64(b.pointee.ov32))
        check("XER[CA32]", UInt64(a.pointee.ca32), UInt64(b.pointee.ca32))
        check("XER[rest]", a.pointee.xer_rest, b.pointee.xer_rest)
        check("MSR", a.pointee.msr, b.pointee.msr)
        check("FPSCR", a.pointee.fpscr, b.pointee.fpscr)
        check("VSCR", UInt64(a.pointee.vscr), UInt64(b.pointee.vscr))
        check("halted", UInt64(a.pointee.halted), UInt64(b.pointee.halted))
        check("reservation size", a.pointee.reserve_size, b.pointee.reserve_size)
        if a.pointee.reserve_size != 0, b.pointee.reserve_size != 0 {
            check("reservation address", a.pointee.reserve_ea, b.pointee.reserve_ea)
            check("reservation value", a.pointee.reserve_value, b.pointee.reserve_value)
        }
        for index in 0..<64 {
            check("VSR\(index)[0]", vsr(a)[index].hi, vsr(b)[index].hi)
            check("VSR\(index)[1]", vsr(a)[index].lo, vsr(b)[index].lo)
        }
        for index in Self.volatileRegisters.joined() where index != SPRegister.cfar {
            check("SPR\(index)", spr(a)[index], spr(b)[index])
        }
        return found
    }

    /// Whether ``differences(from:)`` would be empty, quickly.
    func matches(_ cpu: CPUState) -> Bool {
        func same(_ start: PartialKeyPath<ppc_cpu>, _ end: PartialKeyPath<ppc_cpu>) -> Bool {
            let from = MemoryLayout<ppc_cpu>.offset(of: start)!
            let to = MemoryLayout<ppc_cpu>.offset(of: end)!
            let (x, y) = (UnsafeRawPointer(copy) + from, UnsafeRawPointer(cpu) + from)
            return memcmp(x, y, to - from) == 0
        }
        return same(\.gpr, \.exit_request) && same(\.msr, \.reserve_ea) && same(\.fpscr, \.fp_pending)
            && same(\.vsr, \.acc) && sameRegisters(cpu)
            && copy.pointee.halted == cpu.pointee.halted && copy.pointee.reserve_size == cpu.pointee.reserve_size
            && (cpu.pointee.reserve_size == 0
                || copy.pointee.reserve_ea == cpu.pointee.reserve_ea
                    && copy.pointee.reserve_value == cpu.pointee.reserve_value)
    }

    /// Special-purpose registers but CFAR, which native code does not keep.
    private func sameRegisters(_ cpu: CPUState) -> Bool {
        let (a, b) = (spr(copy), spr(cpu))
        let cfar = a[SPRegister.cfar]
        defer { a[SPRegister.cfar] = cfar }
        a[SPRegister.cfar] = b[SPRegister.cfar]
        return Self.volatileRegisters.allSatisfy { range in
            memcmp(a + range.lowerBound, b + range.lowerBound, range.count * MemoryLayout<UInt64>.stride) == 0
        }
    }

    var text: String { Self.text(copy) }

    /// The registers as lines of text.
    static func text(_ copy: CPUState) -> String {
        var lines = ["NIP \(hex(copy.pointee.nip))  LR \(hex(copy.pointee.lr))  CTR \(hex(copy.pointee.ctr))"]
        let fields = (0..<8).map { String(crFields(copy)[$0], radix: 16) }.joined()
        lines.append(
            "MSR \(hex(copy.pointee.msr))  CR \(fields)  SO \(copy.pointee.so) OV \(copy.pointee.ov) CA \(copy.pointee.ca)"
        )
        for row in 0..<8 {
            let values = (0..<4).map { hex(gpr(copy)[row * 4 + $0]) }
            lines.append("GPR\(row * 4)\(row < 3 ? " " : "") " + values.joined(separator: " "))
        }
        return lines.joined(separator: "\n")
    }
}

/// A register that native code left other than the interpreter did.
package struct RegisterDifference: Sendable, Equatable {
    package var name: String
    /// The interpreter's value, and that of native code.
    package var expected: UInt64
    package var found: UInt64
}

/// Sixteen hexadecimal digits.
func hex(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
}
