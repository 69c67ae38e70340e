import CPPCState

/// Floating-point loads and stores (ISA 3.1 Book I, sections 4.6.2 to 4.6.4).
enum FloatAccess {
    /// How an instruction forms its effective address.
    enum Address { case displacement, displacementDS, indexed, prefixed }

    @inline(__always)
    static func effective(_ cpu: CPUState, _ word: UInt64, _ kind: Address) -> UInt64 {
        let f = Fields(word)
        let base = f.ra == 0 ? 0 : gpr(cpu)[f.ra]
        switch kind {
        case .displacement: return base &+ f.si
        case .displacementDS: return base &+ f.ds
        case .indexed: return base &+ gpr(cpu)[f.rb]
        case .prefixed:
            let displacement = prefixedDisplacement(word)
            return isRelative(word) ? cpu.pointee.nip &+ displacement : base &+ displacement
        }
    }

    /// R = 1: relative to the instruction; RA must be 0 then.
    @inline(__always) static func isRelative(_ word: UInt64) -> Bool { word >> 52 & 1 != 0 }

    /// The 34-bit displacement d0 || d1 of a prefixed instruction, sign-extended.
    @inline(__always)
    static func prefixedDisplacement(_ word: UInt64) -> UInt64 {
        let raw = (word >> 32 & 0x3ffff) << 16 | word & 0xffff
        return UInt64(bitPattern: Int64(bitPattern: raw << 30) >> 30)
    }

    @inline(__always)
    private static func isInvalid(_ word: UInt64, _ kind: Address, update: Bool) -> Bool {
        (update && Fields(word).ra == 0) || (kind == .prefixed && isRelative(word) && Fields(word).ra != 0)
    }

    @inline(__always)
    static func load(_ cpu: CPUState, _ word: UInt64, _ kind: Address, single: Bool, update: Bool = false) -> Int32 {
        if isInvalid(word, kind, update: update) { return raiseIllegal(cpu) }
        let ea = effective(cpu, word, kind)
        if single {
            var value: UInt32 = 0
            guard PPCTarget.load(cpu, ea, &value) else { return Outcome.exception }
            setFPR(cpu, Fields(word).rt, doubleFormat(value))
        } else {
            var value: UInt64 = 0
            guard PPCTarget.load(cpu, ea, &value) else { return Outcome.exception }
            setFPR(cpu, Fields(word).rt, value)
        }
        if update { gpr(cpu)[Fields(word).ra] = ea }
        return Outcome.next
    }

    @inline(__always)
    static func store(_ cpu: CPUState, _ word: UInt64, _ kind: Address, single: Bool, update: Bool = false) -> Int32 {
        if isInvalid(word, kind, update: update) { return raiseIllegal(cpu) }
        let ea = effective(cpu, word, kind)
        let value = fpr(cpu, Fields(word).rs)
        let done =
            single ? PPCTarget.store(cpu, ea, singleFormat(value)) : PPCTarget.store(cpu, ea, value)
        guard done else { return Outcome.exception }
        if update { gpr(cpu)[Fields(word).ra] = ea }
        return Outcome.next
    }

    /// `lfiwax`, `lfiwzx`
    @inline(__always)
    static func loadWord(_ cpu: CPUState, _ word: UInt64, signed: Bool) -> Int32 {
        var value: UInt32 = 0
        guard PPCTarget.load(cpu, effective(cpu, word, .indexed), &value) else { return Outcome.exception }
        setFPR(
            cpu, Fields(word).rt,
            signed ? UInt64(bitPattern: Int64(Int32(bitPattern: value))) : UInt64(value))
        return Outcome.next
    }

    /// `stfiwx`
    static func storeWord(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        let value = UInt32(truncatingIfNeeded: fpr(cpu, Fields(word).rs))
        return PPCTarget.store(cpu, effective(cpu, word, .indexed), value) ? Outcome.next : Outcome.exception
    }

    /// `lfdp`, `lfdpx`: a pair of FPRs as one 16-byte datum.
    static func loadPair(_ cpu: CPUState, _ word: UInt64, _ kind: Address) -> Int32 {
        let rt = Fields(word).rt
        if rt & 1 != 0 { return raiseIllegal(cpu) }
        var value = ppc_vsr()
        guard PPCTarget.load(cpu, effective(cpu, word, kind), &value) else { return Outcome.exception }
        setFPR(cpu, rt, value.hi)
        setFPR(cpu, rt + 1, value.lo)
        return Outcome.next
    }

    static func storePair(_ cpu: CPUState, _ word: UInt64, _ kind: Address) -> Int32 {
        let rs = Fields(word).rs
        if rs & 1 != 0 { return raiseIllegal(cpu) }
        let value = ppc_vsr(lo: fpr(cpu, rs + 1), hi: fpr(cpu, rs))
        return PPCTarget.store(cpu, effective(cpu, word, kind), value) ? Outcome.next : Outcome.exception
    }
}
