import CPPCState

/// Condition register logic and moves (ISA 3.1 Book I, sections 2.5 and 3.3.17).
enum ConditionRegister {
    @inline(__always)
    static func logic<O: Operands>(_ cpu: CPUState, _ f: O, _ operation: (UInt8, UInt8) -> UInt8) -> Int32 {
        let bit = operation(crBit(cpu, f.ra), crBit(cpu, f.rb)) & 1
        let shift = UInt8(truncatingIfNeeded: 3 - (f.rt & 3))
        let field = crFields(cpu) + (f.rt >> 2)
        field.pointee = field.pointee & ~(1 &<< shift) | bit &<< shift
        return Outcome.next
    }

    @inline(__always)
    static func mcrf<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        crFields(cpu)[f.bf] = crFields(cpu)[f.bfa]
        return Outcome.next
    }

    /// SO, OV and CA move to a field and are cleared.
    static func mcrxr(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        crFields(cpu)[Fields(word).bf] = cpu.pointee.so << 3 | cpu.pointee.ov << 2 | cpu.pointee.ca << 1
        (cpu.pointee.so, cpu.pointee.ov, cpu.pointee.ca) = (0, 0, 0)
        return Outcome.next
    }

    static func mcrxrx(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        let carries = cpu.pointee.ca << 1 | cpu.pointee.ca32
        crFields(cpu)[Fields(word).bf] = cpu.pointee.ov << 3 | cpu.pointee.ov32 << 2 | carries
        return Outcome.next
    }

    @inline(__always)
    static func mfcr(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        // Eight bytes of four bits each, the first field in the lowest byte: swap, then close the gaps.
        var value = UnsafeRawPointer(crFields(cpu)).loadUnaligned(as: UInt64.self).byteSwapped
        value = (value | value >> 4) & 0x00ff_00ff_00ff_00ff
        value = (value | value >> 8) & 0x0000_ffff_0000_ffff
        gpr(cpu)[Fields(word).rt] = (value | value >> 16) & 0xffff_ffff
        return Outcome.next
    }

    /// One field, in its place. Other masks than one bit are undefined; RT stays as it is then.
    @inline(__always)
    static func mfocrf(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        let mask = word >> 12 & 0xff
        guard mask.nonzeroBitCount == 1 else { return Outcome.next }
        let place = mask.trailingZeroBitCount
        gpr(cpu)[Fields(word).rt] = UInt64(crFields(cpu)[7 - place]) &<< UInt64(truncatingIfNeeded: 4 * place)
        return Outcome.next
    }

    @inline(__always)
    static func mtcrf(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        let mask = word >> 12 & 0xff
        let value = gpr(cpu)[Fields(word).rs]
        for place in UInt64(0)..<8 where mask &>> place & 1 != 0 {
            crFields(cpu)[Int(truncatingIfNeeded: 7 - place)] = UInt8(truncatingIfNeeded: value &>> (4 * place) & 15)
        }
        return Outcome.next
    }

    @inline(__always)
    static func mtocrf(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        (word >> 12 & 0xff).nonzeroBitCount == 1 ? mtcrf(cpu, word) : Outcome.next
    }
}
