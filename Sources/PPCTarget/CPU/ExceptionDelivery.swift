import CPPCState

/// Delivery of interrupts to a guest of a virtual hypervisor (ISA 3.1 Book III, chapter 7): every interrupt goes to the
/// guest through SRR0 and SRR1, MSR[HV] never appears.
///
/// Callable from any engine after an instruction returned ``Outcome/exception``.
package enum ExceptionDelivery {
    /// SRR1 bits that carry interrupt causes; MSR's own are cleared there.
    private static var causeBits: UInt64 { 0x783f_0000 }

    /// Delivers the interrupt described by `excp_*`. `nip` must address the instruction that raised it, or the one that
    /// would have executed next for an asynchronous interrupt.
    package static func deliver(_ cpu: CPUState) {
        let owner = PPCCPU.of(cpu)
        let registers = spr(cpu)
        let vector = cpu.pointee.excp_vector
        let flags = cpu.pointee.excp_flags
        let from = cpu.pointee.nip
        var saved = cpu.pointee.msr & ~causeBits | cpu.pointee.excp_srr1
        var msr = cpu.pointee.msr & MSR.me
        var address = UInt64(vector)

        if flags & UInt32(PPC_EXCP_NEXT) != 0 { cpu.pointee.nip = from &+ 4 }
        if flags & UInt32(PPC_EXCP_SET_DAR) != 0 { registers[SPRegister.dar] = cpu.pointee.excp_dar }
        if flags & UInt32(PPC_EXCP_SET_DSISR) != 0 { registers[SPRegister.dsisr] = cpu.pointee.excp_dsisr }
        owner.onInterrupt?(owner, vector, from)
        if let log = owner.executionLog, log.shows(.int), owner.mmu.recorder?.isRehearsal != true {
            TranslationLog.interrupt(owner, log, vector: vector, from: from)
        }

        if owner.resumesAsReset {
            owner.resumesAsReset = false
            saved |= wakeReason(vector)
            if vector != InterruptVector.machineCheck.rawValue {
                address = UInt64(InterruptVector.systemReset.rawValue)
            }
        }

        switch vector {
        case InterruptVector.program.rawValue where saved & ProgramCause.floatingPointEnabled != 0:
            // Imprecise modes do not exist; without FE0, FE1 or FP the exception is only recorded in FPSCR.
            if cpu.pointee.msr & (MSR.fe0 | MSR.fe1) == 0 || cpu.pointee.msr & MSR.fp == 0 {
                cpu.pointee.nip = from &+ 4
                return
            }
        case InterruptVector.machineCheck.rawValue:
            msr &= ~MSR.me
        case InterruptVector.alignment.rawValue:
            // The operand fields of the instruction, for handlers that emulate it (QEMU does so on every model).
            registers[SPRegister.dsisr] |= UInt64(owner.mmu.instructionForHandler(at: from) & 0x03ff_0000) >> 16
        case InterruptVector.systemReset.rawValue where cpu.pointee.msr & MSR.pow != 0:
            saved |= 0x10000
            msr |= MSR.me
        default: break
        }

        if vector == InterruptVector.systemCallVectored.rawValue {
            deliverVectored(cpu, owner, saved)
            return
        }
        if registers[SPRegister.lpcr] & LPCR.ile != 0 { msr |= MSR.le }
        msr |= MSR.sf
        registers[SPRegister.srr0] = cpu.pointee.nip
        registers[SPRegister.srr1] = saved
        if owner.model.family == .ppc970 { address |= registers[SPRegister.hior] }

        let relocated = alternateLocation(owner, vector: UInt32(truncatingIfNeeded: address), saved)
        if relocated != 0 {
            msr |= MSR.ir | MSR.dr
            address |= relocated == 2 ? 0x18000 : 0xc000_0000_0000_4000
        }
        enter(cpu, owner, address, msr)
    }

    /// `scv`: LR and CTR keep the return address and MSR; EE and RI survive (ISA 3.1 Book III, section 7.5.27).
    private static func deliverVectored(_ cpu: CPUState, _ owner: PPCCPU, _ saved: UInt64) {
        let level = cpu.pointee.excp_dsisr & 0x7f
        var msr = cpu.pointee.msr & (MSR.me | MSR.ee | MSR.ri) | MSR.sf
        if spr(cpu)[SPRegister.lpcr] & LPCR.ile != 0 { msr |= MSR.le }
        cpu.pointee.lr = cpu.pointee.nip
        cpu.pointee.ctr = saved
        var address: UInt64 = 0x17000 &+ level &* 0x20
        let relocated = alternateLocation(owner, vector: InterruptVector.systemCallVectored.rawValue, saved)
        if relocated != 0 { msr |= MSR.ir | MSR.dr }
        if relocated == 3 { address = 0xc000_0000_0000_3000 &+ level &* 0x20 }
        enter(cpu, owner, address, msr)
    }

    private static func enter(_ cpu: CPUState, _ owner: PPCCPU, _ address: UInt64, _ msr: UInt64) {
        cpu.pointee.nip = address
        cpu.pointee.reserve_size = 0
        Context.setMSR(cpu, msr & owner.model.guestMSRMask)
        Interrupts.reconsider(cpu)
    }

    /// LPCR[AIL] where it applies: 2 or 3, otherwise 0. Reset and machine check always start untranslated, and so does
    /// every interrupt taken with translation partly off. POWER10 knows 3 only.
    private static func alternateLocation(_ owner: PPCCPU, vector: UInt32, _ saved: UInt64) -> UInt64 {
        guard vector != InterruptVector.systemReset.rawValue, vector != InterruptVector.machineCheck.rawValue,
            owner.model.lpcrMask & LPCR.ail != 0, saved & (MSR.ir | MSR.dr) == MSR.ir | MSR.dr
        else { return 0 }
        let ail = (owner.lpcr & LPCR.ail) >> LPCR.ailShift
        if owner.model.family == .power10 { return ail == 3 ? 3 : 0 }
        return ail >= 2 ? ail : 0
    }

    /// Delivers a machine check the way firmware-assisted delivery (FWNMI) does: straight to a registered handler.
    package static func deliverFirmwareAssisted(_ cpu: CPUState, address: UInt64) {
        let owner = PPCCPU.of(cpu)
        var msr = MSR.me | cpu.pointee.msr & MSR.sf
        if spr(cpu)[SPRegister.lpcr] & LPCR.ile != 0 { msr |= MSR.le }
        cpu.pointee.halted = 0
        enter(cpu, owner, address, msr)
    }

    /// Delivers a system reset at once (NMI), waking the thread.
    package static func deliverSystemReset(_ cpu: CPUState) {
        cpu.pointee.halted = 0
        cpu.pointee.excp_flags = 0
        cpu.pointee.excp_srr1 = 0
        cpu.pointee.excp_vector = InterruptVector.systemReset.rawValue
        deliver(cpu)
    }

    /// SRR1 bits for a wake-up from power saving without loss of state.
    private static func wakeReason(_ vector: UInt32) -> UInt64 {
        let noLoss: UInt64 = 0x0001_0000
        switch InterruptVector(rawValue: vector) {
        case .systemReset: return noLoss | 0x0010_0000
        case .external: return noLoss | 0x0020_0000
        case .decrementer: return noLoss | 0x0018_0000
        case .doorbell: return noLoss | 0x0014_0000
        default: return noLoss
        }
    }
}
