import CPPCState
import CSupport

/// Asynchronous interrupts: which pending one may be taken now, and taking it.
package enum Interrupts {
    /// Sets the exit request if an interrupt became deliverable. Call when masks change (MSR, LPCR, halting).
    package static func reconsider(_ cpu: CPUState) {
        guard cpu.pointee.pending_interrupts != 0, nextUnmasked(cpu) != 0 else { return }
        PPCCPU.of(cpu).requestExit(PPC_EXIT_INTERRUPT)
    }

    /// The pending interrupt of highest priority that MSR, LPCR and the power-saving state let through; 0 if none.
    ///
    /// For a halted thread of POWER7 and POWER8, and of later ones with PSSCR[EC], LPCR decides what wakes it.
    package static func nextUnmasked(_ cpu: CPUState) -> UInt64 {
        let owner = PPCCPU.of(cpu)
        let pending = cs_atomic_load64(owner.pendingWord)
        guard pending != 0 else { return 0 }
        var enabled = cpu.pointee.msr & MSR.ee != 0 || owner.resumesAsReset
        let registers = spr(cpu)
        let lpcr = registers[SPRegister.lpcr]
        func has(_ bit: UInt64) -> Bool { pending & bit != 0 }

        if has(PendingInterrupt.reset) { return PendingInterrupt.reset }
        if cpu.pointee.halted != 0 {
            switch owner.model.interruptModel {
            case .ppc970: break
            case .power7, .power8: return wakeUp(owner.model.interruptModel, pending, lpcr)
            case .power9:
                if registers[SPRegister.psscr] & PSSCR.ec != 0 {
                    return wakeUp(owner.model.interruptModel, pending, lpcr)
                }
                enabled = true
            }
        }
        if has(PendingInterrupt.machineCheck) { return PendingInterrupt.machineCheck }
        if has(PendingInterrupt.external),
            enabled || (owner.model.hasHypervisorState && lpcr & LPCR.lpes0 == 0)
        {
            return PendingInterrupt.external
        }
        guard enabled else { return 0 }
        if has(PendingInterrupt.decrementer) { return PendingInterrupt.decrementer }
        if has(PendingInterrupt.doorbell) { return PendingInterrupt.doorbell }
        if has(PendingInterrupt.performanceMonitor) { return PendingInterrupt.performanceMonitor }
        if has(PendingInterrupt.eventBasedBranch), cpu.pointee.msr & MSR.pr != 0,
            registers[SPRegister.bescr] & BESCR.globalEnable != 0
        {
            return PendingInterrupt.eventBasedBranch
        }
        return 0
    }

    private static func wakeUp(_ model: InterruptModel, _ pending: UInt64, _ lpcr: UInt64) -> UInt64 {
        let external = model == .power7 ? LPCR.p7pece0 : LPCR.p8pece2
        let decrementer = model == .power7 ? LPCR.p7pece1 : LPCR.p8pece3
        let other = model == .power7 ? LPCR.p7pece2 : LPCR.p8pece4
        if pending & PendingInterrupt.external != 0, lpcr & external != 0 { return PendingInterrupt.external }
        if pending & PendingInterrupt.decrementer != 0, lpcr & decrementer != 0 {
            return PendingInterrupt.decrementer
        }
        if pending & PendingInterrupt.machineCheck != 0, lpcr & other != 0 { return PendingInterrupt.machineCheck }
        if model != .power7, pending & PendingInterrupt.doorbell != 0, lpcr & LPCR.p8pece0 != 0 {
            return PendingInterrupt.doorbell
        }
        return 0
    }

    /// Takes the pending interrupt of highest priority, if one is unmasked.
    ///
    /// - Returns: Whether one was taken; `nip` and MSR are those of its handler then.
    @discardableResult
    package static func deliverPending(_ cpu: CPUState) -> Bool {
        let owner = PPCCPU.of(cpu)
        let chosen = nextUnmasked(cpu)
        guard chosen != 0 else { return false }
        let wasHalted = cpu.pointee.halted != 0
        cpu.pointee.halted = 0
        if wasHalted, owner.model.interruptModel == .power9, spr(cpu)[SPRegister.psscr] & PSSCR.ec == 0,
            cpu.pointee.msr & MSR.ee == 0
        {
            // Woken, but masked: execution goes on after the instruction that halted.
            return false
        }
        cpu.pointee.excp_flags = 0
        cpu.pointee.excp_srr1 = 0
        switch chosen {
        case PendingInterrupt.reset:
            owner.lower(interrupt: chosen)
            take(cpu, .systemReset)
        case PendingInterrupt.machineCheck:
            owner.lower(interrupt: chosen)
            take(cpu, .machineCheck)
        case PendingInterrupt.external: take(cpu, .external)
        case PendingInterrupt.decrementer: take(cpu, .decrementer)
        case PendingInterrupt.doorbell:
            owner.lower(interrupt: chosen)
            take(cpu, .doorbell)
        case PendingInterrupt.performanceMonitor:
            // There until software clears MMCR0[PMAO].
            if spr(cpu)[SPRegister.mmcr0] & MMCR0.pmao == 0 { owner.lower(interrupt: chosen) }
            take(cpu, .performanceMonitor)
        default:
            owner.lower(interrupt: PendingInterrupt.eventBasedBranch)
            branchOnEvent(cpu)
        }
        return true
    }

    private static func take(_ cpu: CPUState, _ vector: InterruptVector) {
        cpu.pointee.excp_vector = vector.rawValue
        ExceptionDelivery.deliver(cpu)
    }

    /// An event-based branch stays in problem state: EBBRR keeps the address, EBBHR is the handler.
    private static func branchOnEvent(_ cpu: CPUState) {
        let registers = spr(cpu)
        guard registers[SPRegister.bescr] & (BESCR.monitorOccurred | BESCR.externalOccurred) != 0 else { return }
        registers[SPRegister.bescr] &= ~BESCR.globalEnable
        registers[SPRegister.ebbrr] = cpu.pointee.nip
        cpu.pointee.nip = registers[SPRegister.ebbhr] & ~3
    }
}
