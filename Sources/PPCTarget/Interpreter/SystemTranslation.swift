import CPPCState

// SLB and TLB management instructions (ISA 3.1 Book III, section 6.9.3).
extension System {
    static func slbie(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        PPCCPU.of(cpu).mmu.invalidateSegment(for: gpr(cpu)[Fields(word).rb])
        return Outcome.sync
    }

    static func slbia(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        PPCCPU.of(cpu).mmu.invalidateSegments(hint: word >> 21 & 7)
        return Outcome.sync
    }

    static func slbiag(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        PPCCPU.of(cpu).mmu.invalidateAllSegments()
        return Outcome.sync
    }

    static func slbmte(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        let operand = gpr(cpu)[Fields(word).rb]
        let stored = PPCCPU.of(cpu).mmu.storeSegment(
            slot: operand & 0xfff, esid: operand & ~0xfff, vsid: gpr(cpu)[Fields(word).rs])
        return stored ? Outcome.sync : raiseIllegal(cpu)
    }

    static func slbmfev(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        guard let entry = entry(cpu, word) else { return raiseIllegal(cpu) }
        gpr(cpu)[Fields(word).rt] = entry.vsid
        return Outcome.next
    }

    static func slbmfee(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        guard let entry = entry(cpu, word) else { return raiseIllegal(cpu) }
        gpr(cpu)[Fields(word).rt] = entry.esid
        return Outcome.next
    }

    private static func entry(_ cpu: CPUState, _ word: UInt64) -> SLBEntry? {
        let slot = gpr(cpu)[Fields(word).rb] & 0xfff
        let slb = PPCCPU.of(cpu).mmu.slb
        return slot < UInt64(slb.count) ? slb[Int(slot)] : nil
    }

    /// Finds the entry that translates an address; CR0[EQ] tells whether there is one. In problem state it is illegal
    /// rather than privileged, as in QEMU.
    static func slbfee(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        if cpu.pointee.isa_level & InstructionSet.isa205.rawValue == 0 || cpu.pointee.problem_state != 0 {
            return raiseIllegal(cpu)
        }
        let ea = effectiveAddress(cpu, gpr(cpu)[Fields(word).rb])
        let found = PPCCPU.of(cpu).mmu.segment(for: ea)
        gpr(cpu)[Fields(word).rt] = found?.vsid ?? 0
        crFields(cpu)[0] = cpu.pointee.so | (found == nil ? 0 : 2)
        return Outcome.next
    }

    // MARK: Segment register bridge

    static func mtsr(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        storeSegmentRegister(cpu, word >> 16 & 15, gpr(cpu)[Fields(word).rs])
    }

    static func mtsrin(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        storeSegmentRegister(cpu, gpr(cpu)[Fields(word).rb] >> 28 & 15, gpr(cpu)[Fields(word).rs])
    }

    /// The bridge writes the SLB entry of the same number; an entry that the model cannot hold is ignored.
    private static func storeSegmentRegister(_ cpu: CPUState, _ number: UInt64, _ value: UInt64) -> Int32 {
        let vsid = (value & 0xfff_ffff) << 12 | (value >> 27 & 15) << 8
        _ = PPCCPU.of(cpu).mmu.storeSegment(slot: number, esid: number << 28 | SLBEntry.valid, vsid: vsid)
        return Outcome.sync
    }

    /// Reads as zero, as in QEMU.
    static func mfsr(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        gpr(cpu)[Fields(word).rt] = 0
        return Outcome.next
    }

    // MARK: TLB

    static func tlbie(_ cpu: CPUState, _ word: UInt64) -> Int32 { invalidate(cpu, word, local: false) }

    static func tlbiel(_ cpu: CPUState, _ word: UInt64) -> Int32 { invalidate(cpu, word, local: true) }

    /// Privileged for a guest that manages its own radix translations with LPCR[GTSE]; hypervisor-privileged if not.
    static func tlbsync(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        let owner = PPCCPU.of(cpu)
        if owner.model.hasHypervisorState, owner.lpcr & LPCR.gtse == 0 { return raisePrivileged(cpu) }
        owner.waitForInvalidations?(owner)
        return Outcome.sync
    }

    private static func invalidate(_ cpu: CPUState, _ word: UInt64, local: Bool) -> Int32 {
        let owner = PPCCPU.of(cpu)
        let isV3 = cpu.pointee.isa_level & InstructionSet.isa300.rawValue != 0
        let isProcess = isV3 && word >> 17 & 1 != 0
        let isRadixForm = isV3 && word >> 16 & 1 != 0
        if owner.model.hasHypervisorState {
            let lpcr = owner.lpcr
            if !isProcess && lpcr & LPCR.hr != 0 || !local && lpcr & LPCR.gtse == 0 { return raisePrivileged(cpu) }
        }
        var request = TLBInvalidation.everything
        if isRadixForm, owner.mmu.usesRadix {
            let rb = gpr(cpu)[Fields(word).rb]
            let rs = gpr(cpu)[Fields(word).rs]
            guard let chosen = radixRequest(rb, rs, ric: word >> 18 & 3, isProcess: isProcess, local: local) else {
                return raiseIllegal(cpu)
            }
            request = chosen
        } else if !isRadixForm, !owner.mmu.usesRadix, gpr(cpu)[Fields(word).rb] >> 10 & 3 == 0 {
            request = .hashVirtual(gpr(cpu)[Fields(word).rb])
        }
        owner.mmu.apply(request)
        if !local { owner.broadcastInvalidation?(owner, request) }
        return Outcome.sync
    }

    /// What a radix form names; `nil` for invalid forms.
    private static func radixRequest(
        _ rb: UInt64, _ rs: UInt64, ric: UInt64, isProcess: Bool, local: Bool
    ) -> TLBInvalidation? {
        let scope = rb >> 10 & 3
        // Cluster bombs (RIC 3) and mixed scopes are not supported by the processors that we model.
        if ric == 3 || ric != 0 && scope == 0 || !isProcess && scope == 1 { return nil }
        if ric == 1 { return local && rb >> 12 & 0xfff != 0 ? nil : .nothing }
        let pid = rs >> 32
        switch scope {
        case 0:
            let shift: UInt64
            switch rb >> 5 & 7 {
            case 0: shift = 12
            case 5: shift = 16
            case 1: shift = 21
            case 2: shift = 30
            default: return nil
            }
            if rb >> 62 != 0 { return .everything }
            let count: UInt64 = 1 << shift
            return .range(address: rb & ~0xfff & ~(count - 1), count: count, pid: isProcess ? pid : 0)
        case 1: return .process(pid)
        default: return .everything
        }
    }
}

/// One invalidation that `tlbie` or a hypercall asks for; travels to other threads as a value.
package enum TLBInvalidation: Sendable, Equatable {
    case nothing
    case everything
    /// A radix process; process 0 appears in every address space.
    case process(UInt64)
    /// An aligned range of a radix process.
    case range(address: UInt64, count: UInt64, pid: UInt64)
    /// All that came from the hash page table.
    case hash
    /// What came from one of its entries.
    case hashPage(HashTableEntry)
    /// What came from an entry that maps a virtual address, given as `tlbie` takes it.
    case hashVirtual(UInt64)
}

extension MMU {
    package func apply(_ request: TLBInvalidation) {
        switch request {
        case .nothing: break
        case .everything: invalidateAll()
        case .process(let pid): invalidate(pid: pid)
        case .range(let address, let count, let pid): invalidate(address, count: count, pid: pid)
        case .hash: invalidateHash()
        case .hashPage(let entry): invalidateHash(entry)
        case .hashVirtual(let rb): invalidateHash(virtual: rb)
        }
    }
}
