import CPPCState

/// Comparisons, selection and traps (ISA 3.1 Book I, sections 3.3.10 to 3.3.12).
enum FixedPointCompare {
    @inline(__always)
    private static func compare<O: Operands>(_ cpu: CPUState, _ f: O, _ a: UInt64, _ b: UInt64, signed: Bool) -> Int32 {
        switch (f.comparesDoublewords, signed) {
        case (true, true): setField(cpu, f.bf, Int64(bitPattern: a), Int64(bitPattern: b))
        case (true, false): setField(cpu, f.bf, a, b)
        case (false, true): setField(cpu, f.bf, Int32(truncatingIfNeeded: a), Int32(truncatingIfNeeded: b))
        case (false, false): setField(cpu, f.bf, UInt32(truncatingIfNeeded: a), UInt32(truncatingIfNeeded: b))
        }
        return Outcome.next
    }

    @inline(__always)
    static func cmp<O: Operands>(_ cpu: CPUState, _ f: O, signed: Bool) -> Int32 {
        return compare(cpu, f, gpr(cpu)[f.ra], gpr(cpu)[f.rb], signed: signed)
    }
    @inline(__always)
    static func cmpi<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        return compare(cpu, f, gpr(cpu)[f.ra], f.si, signed: true)
    }
    @inline(__always)
    static func cmpli<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        return compare(cpu, f, gpr(cpu)[f.ra], f.ui, signed: false)
    }

    /// `cmprb`: the low byte of RA against one or two ranges in RB.
    static func cmprb<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        let byte = gpr(cpu)[f.ra] & 0xff
        let ranges = gpr(cpu)[f.rb]
        func inside(_ range: UInt64) -> Bool { range & 0xff <= byte && byte <= range >> 8 & 0xff }
        let matches = inside(ranges) || f.word & 0x20_0000 != 0 && inside(ranges >> 16)
        crFields(cpu)[f.bf] = matches ? 4 : 0
        return Outcome.next
    }

    /// `cmpeqb`: whether any byte of RB equals the low byte of RA.
    static func cmpeqb<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        let pattern = (gpr(cpu)[f.ra] & 0xff) &* 0x0101_0101_0101_0101
        crFields(cpu)[f.bf] = FixedPointLogical.compareBytes(pattern, gpr(cpu)[f.rb]) != 0 ? 4 : 0
        return Outcome.next
    }

    @inline(__always)
    static func isel<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        gpr(cpu)[f.rt] = crBit(cpu, f.rc) != 0 ? f.base(cpu) : gpr(cpu)[f.rb]
        return Outcome.next
    }

    @inline(__always)
    static func setb<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        let field = crFields(cpu)[f.bfa]
        gpr(cpu)[f.rt] = field & 8 != 0 ? UInt64.max : field & 4 != 0 ? 1 : 0
        return Outcome.next
    }

    /// `setbc` and its kin: 1 or -1 for a bit that is set or clear.
    @inline(__always)
    static func setbc<O: Operands>(_ cpu: CPUState, _ f: O, value: UInt64, when wanted: UInt8) -> Int32 {
        gpr(cpu)[f.rt] = crBit(cpu, f.ra) == wanted ? value : 0
        return Outcome.next
    }

    // MARK: Traps

    @inline(__always)
    private static func trap<S: Comparable, U: Comparable>(
        _ cpu: CPUState, _ to: Int, _ a: S, _ b: S, _ ua: U, _ ub: U
    ) -> Int32 {
        let holds =
            (a < b ? 16 : 0) | (a > b ? 8 : 0) | (a == b ? 4 : 0) | (ua < ub ? 2 : 0) | (ua > ub ? 1 : 0)
        // All five conditions together trap always, also on operands that no comparison would catch.
        guard to & holds != 0 else { return Outcome.next }
        return raise(cpu, .program, srr1: ProgramCause.trap)
    }
    @inline(__always)
    static func tw<O: Operands>(_ cpu: CPUState, _ f: O, _ b: UInt64) -> Int32 {
        let a = gpr(cpu)[f.ra]
        return trap(
            cpu, f.rt, Int32(truncatingIfNeeded: a), Int32(truncatingIfNeeded: b), UInt32(truncatingIfNeeded: a),
            UInt32(truncatingIfNeeded: b))
    }
    @inline(__always)
    static func td<O: Operands>(_ cpu: CPUState, _ f: O, _ b: UInt64) -> Int32 {
        let a = gpr(cpu)[f.ra]
        return trap(cpu, f.rt, Int64(bitPattern: a), Int64(bitPattern: b), a, b)
    }
}
