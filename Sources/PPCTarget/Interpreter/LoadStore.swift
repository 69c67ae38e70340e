import CPPCState

/// Fixed-point loads and stores of one register (ISA 3.1 Book I, sections 3.3.2, 3.3.3 and 3.3.5).
enum LoadStore {
    /// How an instruction forms its effective address.
    enum Address { case d, ds, x, prefixed }

    @inline(__always)
    static func address<O: Operands>(_ cpu: CPUState, _ f: O, _ form: Address) -> UInt64 {
        switch form {
        case .d: return f.base(cpu) &+ f.si
        case .ds: return f.base(cpu) &+ f.ds
        case .x: return f.base(cpu) &+ gpr(cpu)[f.rb]
        case .prefixed:
            let displacement = UInt64(bitPattern: Operand.prefixedImmediate(f.word))
            return (f.word & 1 << 52 != 0 ? cpu.pointee.nip : f.base(cpu)) &+ displacement
        }
    }

    /// R = 1 with a base register is an invalid form (ISA 3.1 Book I, section 3.3.2).
    @inline(__always)
    static func isInvalid(_ word: UInt64, _ form: Address) -> Bool {
        form == .prefixed && word & 1 << 52 != 0 && word & 0x001f_0000 != 0
    }

    // With `hitsOnly` an access that the soft TLB cannot answer, or an invalid form, comes back as `.exception` without
    // one: engines then let the row's function do everything.

    @inline(__always)
    static func load<O: Operands, T: FixedWidthInteger & UnsignedInteger>(
        _ cpu: CPUState, _ f: O, _ form: Address, _: T.Type, update: Bool = false, reversed: Bool = false,
        hitsOnly: Bool = false
    ) -> Int32 {
        if isInvalid(f.word, form) || update && (f.ra == 0 || f.ra == f.rt) {
            return hitsOnly ? Outcome.exception : raiseIllegal(cpu)
        }
        let ea = address(cpu, f, form)
        var value: T = 0
        guard hitsOnly ? f.loadHit(cpu, f.effective(cpu, ea), &value) : PPCTarget.load(cpu, ea, &value) else {
            return Outcome.exception
        }
        gpr(cpu)[f.rt] = UInt64(truncatingIfNeeded: reversed ? value.byteSwapped : value)
        if update { gpr(cpu)[f.ra] = f.effective(cpu, ea) }
        return Outcome.next
    }

    @inline(__always)
    static func loadAlgebraic<
        O: Operands, T: FixedWidthInteger & UnsignedInteger, S: FixedWidthInteger & SignedInteger
    >(
        _ cpu: CPUState, _ f: O, _ form: Address, _: T.Type, as _: S.Type, update: Bool = false, hitsOnly: Bool = false
    ) -> Int32 {
        if isInvalid(f.word, form) || update && (f.ra == 0 || f.ra == f.rt) {
            return hitsOnly ? Outcome.exception : raiseIllegal(cpu)
        }
        let ea = address(cpu, f, form)
        var value: T = 0
        guard hitsOnly ? f.loadHit(cpu, f.effective(cpu, ea), &value) : PPCTarget.load(cpu, ea, &value) else {
            return Outcome.exception
        }
        gpr(cpu)[f.rt] = UInt64(bitPattern: Int64(S(truncatingIfNeeded: value)))
        if update { gpr(cpu)[f.ra] = f.effective(cpu, ea) }
        return Outcome.next
    }

    @inline(__always)
    static func store<O: Operands, T: FixedWidthInteger & UnsignedInteger>(
        _ cpu: CPUState, _ f: O, _ form: Address, _: T.Type, update: Bool = false, reversed: Bool = false,
        hitsOnly: Bool = false
    ) -> Int32 {
        if isInvalid(f.word, form) || update && f.ra == 0 {
            return hitsOnly ? Outcome.exception : raiseIllegal(cpu)
        }
        let ea = address(cpu, f, form)
        let value = T(truncatingIfNeeded: gpr(cpu)[f.rs])
        let bytes = reversed ? value.byteSwapped : value
        guard hitsOnly ? f.storeHit(cpu, f.effective(cpu, ea), bytes) : PPCTarget.store(cpu, ea, bytes) else {
            return Outcome.exception
        }
        if update { gpr(cpu)[f.ra] = f.effective(cpu, ea) }
        return Outcome.next
    }

    // MARK: Quadwords

    /// Before ISA 2.07 these are privileged and big-endian only.
    @inline(__always)
    private static func quadRefused(_ cpu: CPUState, _ word: UInt64, prefixed: Bool) -> Int32? {
        guard !prefixed, cpu.pointee.isa_level & InstructionSet.isa207.rawValue == 0 else { return nil }
        if cpu.pointee.problem_state != 0 { return raisePrivileged(cpu) }
        return cpu.pointee.big_endian == 0 ? raiseLittleEndianAlignment(cpu, word) : nil
    }

    /// `lq` fills RTp with the doubleword that a big-endian processor would put there; prefixed forms always load RTp
    /// from the lower address.
    static func loadQuad<O: Operands>(_ cpu: CPUState, _ f: O, prefixed: Bool) -> Int32 {
        if let refusal = quadRefused(cpu, f.word, prefixed: prefixed) { return refusal }
        if isInvalid(f.word, prefixed ? .prefixed : .d) || f.rt & 1 != 0 || f.rt == f.ra { return raiseIllegal(cpu) }
        let ea = prefixed ? address(cpu, f, .prefixed) : raOrZero(cpu, f.ra) &+ f.dq
        var value = ppc_vsr()
        guard PPCTarget.load(cpu, ea, &value) else { return Outcome.exception }
        let swapped = prefixed && cpu.pointee.big_endian == 0
        gpr(cpu)[f.rt] = swapped ? value.lo : value.hi
        gpr(cpu)[f.rt + 1] = swapped ? value.hi : value.lo
        return Outcome.next
    }

    static func storeQuad<O: Operands>(_ cpu: CPUState, _ f: O, prefixed: Bool) -> Int32 {
        if let refusal = quadRefused(cpu, f.word, prefixed: prefixed) { return refusal }
        if isInvalid(f.word, prefixed ? .prefixed : .ds) || f.rs & 1 != 0 { return raiseIllegal(cpu) }
        let swapped = prefixed && cpu.pointee.big_endian == 0
        let (first, second) = (gpr(cpu)[f.rs], gpr(cpu)[f.rs + 1])
        let value = swapped ? ppc_vsr(lo: first, hi: second) : ppc_vsr(lo: second, hi: first)
        guard PPCTarget.store(cpu, address(cpu, f, prefixed ? .prefixed : .ds), value) else {
            return Outcome.exception
        }
        return Outcome.next
    }

    // MARK: Prefixed arithmetic

    static func paddi<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        if isInvalid(f.word, .prefixed) { return raiseIllegal(cpu) }
        let immediate = UInt64(bitPattern: Operand.prefixedImmediate(f.word))
        gpr(cpu)[f.rt] = (f.word & 1 << 52 != 0 ? cpu.pointee.nip : raOrZero(cpu, f.ra)) &+ immediate
        return Outcome.next
    }

    /// `pnop` may not carry a branch, a context-changing instruction or an attention request as its suffix
    /// (ISA 3.1 Book I, section 3.3.21).
    static func pnop(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        let suffix = UInt32(truncatingIfNeeded: word)
        let extended = suffix >> 1 & 0x3ff
        let refused: Bool =
            switch suffix >> 26 {
            case 16, 18: true
            case 17: suffix & 3 != 0
            case 19: [16, 528, 560, 146, 82, 18, 274, 306, 370].contains(extended)
            case 31: suffix & 0x10000 == 0 && (extended == 146 || extended == 178)
            case 0: suffix >> 1 & 0x1ff == 256
            default: false
            }
        return refused ? raiseIllegal(cpu) : Outcome.next
    }
}

/// Alignment interrupt of an instruction that needs big-endian storage; DAR is not set. DSISR collects the register
/// fields of the instruction as QEMU does.
@inline(never)
func raiseLittleEndianAlignment(_ cpu: CPUState, _ word: UInt64) -> Int32 {
    cpu.pointee.excp_dsisr = spr(cpu)[18] | (word & 0x03ff_0000) >> 16
    return raise(cpu, .alignment, flags: UInt32(PPC_EXCP_SET_DSISR))
}
