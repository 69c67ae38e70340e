import CPPCState

/// Instructions that move to and from the FPSCR (ISA 3.1 Book I, section 4.6.9).
enum StatusRegister {
    /// Replaces the nibbles of the FPSCR that `nibbles` selects; bit n stands for bits 4n to 4n + 3.
    @inline(__always)
    private static func store(_ cpu: CPUState, _ value: UInt64, nibbles: UInt32) {
        var mask: UInt64 = 0
        for n in UInt64(0)..<16 where nibbles >> UInt32(n) & 1 != 0 { mask |= 0xf << (4 * n) }
        cpu.pointee.fpscr = FPSCR.normalized(value & mask | cpu.pointee.fpscr & ~mask)
    }

    /// After a move to the FPSCR: an enabled exception whose bit is now set interrupts.
    @inline(__always)
    private static func checkEnabled(_ cpu: CPUState) -> Int32 {
        cpu.pointee.fpscr & FPSCR.fex == 0 ? Outcome.next : FPSCR.deliver(cpu)
    }

    /// The `mffs` family: `frT` gets the FPSCR under `visible`, then `replaced` bits of it are set to `new`.
    @inline(__always)
    static func moveFrom(_ cpu: CPUState, _ word: UInt64, visible: UInt64 = .max) -> Int32 {
        setFPR(cpu, Fields(word).rt, cpu.pointee.fpscr & visible)
        setCR1(cpu, word)
        return Outcome.next
    }

    @inline(__always)
    private static var controls: UInt64 { FPSCR.drn | FPSCR.enables | FPSCR.ni | FPSCR.rn }

    @inline(__always)
    static func moveFromAndSet(
        _ cpu: CPUState, _ word: UInt64, visible: UInt64, replacing: UInt64, with new: UInt64, nibbles: UInt32
    ) -> Int32 {
        let old = cpu.pointee.fpscr
        setFPR(cpu, Fields(word).rt, old & visible)
        store(cpu, old & ~replacing | new, nibbles: nibbles)
        return Outcome.next
    }

    static func moveFromClearingEnables(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        moveFromAndSet(cpu, word, visible: .max, replacing: FPSCR.enables, with: 0, nibbles: 3)
    }

    static func moveFromSettingRN(_ cpu: CPUState, _ word: UInt64, immediate: Bool) -> Int32 {
        let new = immediate ? word >> 11 & 3 : fpr(cpu, Fields(word).rb) & FPSCR.rn
        return moveFromAndSet(cpu, word, visible: controls, replacing: FPSCR.rn, with: new, nibbles: 1)
    }

    static func moveFromSettingDRN(_ cpu: CPUState, _ word: UInt64, immediate: Bool) -> Int32 {
        let new = immediate ? (word >> 11 & 7) << 32 : fpr(cpu, Fields(word).rb) & FPSCR.drn
        return moveFromAndSet(cpu, word, visible: controls, replacing: FPSCR.drn, with: new, nibbles: 0x100)
    }

    static func moveFromLightweight(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        setFPR(cpu, Fields(word).rt, cpu.pointee.fpscr & (controls | FPSCR.fr | FPSCR.fi | FPSCR.fprf))
        return Outcome.next
    }

    /// `mcrfs`: copies a field to a CR field and clears the exception bits that were copied.
    static func moveToCR(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        let f = Fields(word)
        let nibble = UInt32(7 - f.bfa)
        let shift = UInt64(4 * nibble)
        let old = cpu.pointee.fpscr
        crFields(cpu)[f.bf] = UInt8(truncatingIfNeeded: old >> shift & 0xf)
        store(cpu, old & ~((0xf << shift) & FPSCR.sticky), nibbles: 1 << nibble)
        return Outcome.next
    }

    /// `mtfsb0`, `mtfsb1`. FEX and VX cannot be written; NI cannot be set, because arithmetic is always IEEE's.
    static func setBit(_ cpu: CPUState, _ word: UInt64, _ value: Bool) -> Int32 {
        let bit: UInt64 = 1 << UInt64(31 - Fields(word).rt)
        let old = cpu.pointee.fpscr
        let isProtected = bit & (FPSCR.fex | FPSCR.vx | (value ? FPSCR.ni : 0)) != 0
        if !isProtected && (old & bit != 0) != value { cpu.pointee.fpscr = FPSCR.normalized(old ^ bit) }
        setCR1(cpu, word)
        return value ? checkEnabled(cpu) : Outcome.next
    }

    /// `mtfsf`: FLM selects nibbles of the word that W names; with L = 1 all 64 bits are replaced.
    static func moveTo(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        let wide = cpu.pointee.isa_level & InstructionSet.isa205.rawValue != 0
        let upper = word >> 16 & 1 != 0
        if upper && !wide { return raiseIllegal(cpu) }
        let mask = UInt32(truncatingIfNeeded: word >> 17 & 0xff)
        let all = word >> 25 & 1 != 0
        let nibbles: UInt32 = all ? (wide ? 0xffff : 0xff) : upper ? mask << 8 : mask
        store(cpu, fpr(cpu, Fields(word).rb), nibbles: nibbles)
        setCR1(cpu, word)
        return checkEnabled(cpu)
    }

    static func moveToImmediate(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        let upper = word >> 16 & 1 != 0
        if upper && cpu.pointee.isa_level & InstructionSet.isa205.rawValue == 0 { return raiseIllegal(cpu) }
        let nibble = UInt32(7 - Fields(word).bf) + (upper ? 8 : 0)
        store(cpu, (word >> 12 & 0xf) << UInt64(4 * nibble), nibbles: 1 << nibble)
        setCR1(cpu, word)
        return checkEnabled(cpu)
    }
}
