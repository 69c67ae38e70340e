import CPPCState

/// Moves between GPRs and MSR or special purpose registers.
enum SPRMoves {
    static func mfmsr(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        gpr(cpu)[Fields(word).rt] = cpu.pointee.msr
        return Outcome.next
    }

    /// L = 1 changes EE and RI alone; otherwise LE, ME and S stay, and so does the upper half.
    static func mtmsr(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        let mask = word & 0x10000 != 0 ? MSR.ee | MSR.ri : 0xffff_ffff & ~(MSR.le | MSR.me | MSR.s)
        return store(cpu, gpr(cpu)[Fields(word).rs], mask)
    }

    static func mtmsrd(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        let mask = word & 0x10000 != 0 ? MSR.ee | MSR.ri : ~(MSR.le | MSR.me | MSR.s | MSR.hv)
        return store(cpu, gpr(cpu)[Fields(word).rs], mask)
    }

    private static func store(_ cpu: CPUState, _ value: UInt64, _ mask: UInt64) -> Int32 {
        Context.storeMSR(cpu, value & mask | cpu.pointee.msr & ~mask)
        return Outcome.sync
    }

    // The moves that calls and loops are made of.
    @inline(__always)
    static func mflr<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        gpr(cpu)[f.rt] = cpu.pointee.lr
        return Outcome.next
    }
    @inline(__always)
    static func mtlr<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        cpu.pointee.lr = gpr(cpu)[f.rs]
        return Outcome.next
    }
    @inline(__always)
    static func mfctr<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        gpr(cpu)[f.rt] = cpu.pointee.ctr
        return Outcome.next
    }
    @inline(__always)
    static func mtctr<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        cpu.pointee.ctr = gpr(cpu)[f.rs]
        return Outcome.next
    }

    static func mfspr(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        let number = sprNumber(word)
        let rt = Fields(word).rt
        switch number {
        case 8: return mflr(cpu, Fields(word))
        case 9: return mfctr(cpu, Fields(word))
        default:
            let owner = PPCCPU.of(cpu)
            let access = owner.registers.access[number].read
            let kind =
                cpu.pointee.problem_state != 0
                ? access.problem : owner.model.hasHypervisorState ? access.supervisor : access.hypervisor
            var value: UInt64 = 0
            let outcome = read(owner, kind, number, &value)
            guard outcome == Outcome.next else { return outcome }
            if kind != .undefined { gpr(cpu)[rt] = value }
        }
        return Outcome.next
    }

    static func mtspr(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        let number = sprNumber(word)
        let value = gpr(cpu)[Fields(word).rs]
        switch number {
        case 8: return mtlr(cpu, Fields(word))
        case 9: return mtctr(cpu, Fields(word))
        default:
            let owner = PPCCPU.of(cpu)
            let access = owner.registers.access[number].write
            let kind =
                cpu.pointee.problem_state != 0
                ? access.problem : owner.model.hasHypervisorState ? access.supervisor : access.hypervisor
            return write(owner, kind, number, value)
        }
    }

    static func sprNumber(_ word: UInt64) -> Int {
        Int(truncatingIfNeeded: word >> 16 & 31 | (word >> 11 & 31) << 5)
    }

    /// Whether a move to a register may end in another outcome than `.next`, or change how code executes.
    @inline(__always)
    static func mayChangeContext(_ number: Int) -> Bool {
        switch number {
        // UAMR, SDR1, AMR, PID, IAMR, FSCR, HIOR, LPCR, LPIDR, PCR, PTCR, event-based branches, PSSCR
        case 13, 25, 29, 48, 61, 153, 311, 318, 319, 338, 464, 800...806, 855: true
        // The engine that goes on is another while a counter of instructions runs.
        default: PerformanceMonitor.isCounter(number) || PerformanceMonitor.isControl(number)
        }
    }

    /// Access to a number without a register: problem state always traps; supervisor state traps for a few numbers
    /// with bit 0x10 clear and else does nothing (ISA 3.1 Book III, section 5.4.4; which trap follows QEMU).
    private static func undefined(_ cpu: CPUState, _ number: Int, isRead: Bool) -> Int32 {
        let sets = InstructionSet(rawValue: cpu.pointee.isa_level)
        if (808...811).contains(number), sets.contains(.isa207) { return Outcome.next }
        let reserved = number == 0 || isRead && (4...6).contains(number)
        if cpu.pointee.problem_state != 0 || number & 0x10 == 0 && reserved { return raisePrivileged(cpu) }
        return Outcome.next
    }

    // MARK: Reading

    private static func read(_ owner: PPCCPU, _ kind: SPRRead, _ number: Int, _ value: inout UInt64) -> Int32 {
        let cpu = owner.state
        let registers = spr(cpu)
        switch kind {
        case .undefined: return undefined(cpu, number, isRead: true)
        case .denied: return raisePrivileged(cpu)
        case .generic, .cfar, .hior:
            value = PerformanceMonitor.isCounter(number) ? owner.readMonitor(number) : registers[number]
        case .xer: value = xer(cpu)
        case .lr: value = cpu.pointee.lr
        case .ctr: value = cpu.pointee.ctr
        case .timeBase: value = owner.time.timeBase
        case .timeBaseUpper: value = owner.time.timeBase >> 32
        case .decrementer: value = owner.decrementer
        case .hypervisorDecrementer: value = owner.hypervisorDecrementer
        case .purr: value = owner.time.purr
        case .virtualTimeBase: value = owner.time.virtualTimeBase
        case .dpdes: value = cpu.pointee.pending_interrupts & PendingInterrupt.doorbell != 0 ? 1 : 0
        case .alias:
            value = PerformanceMonitor.isCounter(number + 16) ? owner.readMonitor(number + 16) : registers[number + 16]
        case .upperHalfBelow: value = registers[number - 1] >> 32
        case .tar, .tm, .tmUpperHalfBelow, .ebb, .branchEvents, .branchEventsUpper:
            if let facility = missingFacility(cpu, kind) { return raiseUnavailable(cpu, facility) }
            switch kind {
            case .tmUpperHalfBelow: value = registers[number - 1] >> 32
            case .branchEvents: value = registers[SPRegister.bescr]
            case .branchEventsUpper: value = registers[SPRegister.bescr] >> 32
            default: value = registers[number]
            }
        case .userCounter, .userCounter56, .userMMCR0, .userMMCR2:
            guard PerformanceMonitorAccess.mayRead(cpu, counter56: kind == .userCounter56) else {
                return raiseFacility(cpu, cause: FSCR.causePMU)
            }
            value = kind == .userMMCR0 || kind == .userMMCR2 ? registers[number + 16] : owner.readMonitor(number + 16)
            if kind == .userMMCR0 { value &= PerformanceMonitorAccess.mmcr0Mask }
            if kind == .userMMCR2 { value &= PerformanceMonitorAccess.mmcr2Mask }
        }
        return Outcome.next
    }

    private static func missingFacility(_ cpu: CPUState, _ kind: SPRRead) -> Facility? {
        let facility: Facility =
            switch kind {
            case .tar: .tar
            case .tm, .tmUpperHalfBelow: .tm
            default: .ebb
            }
        return cpu.pointee.facilities >> UInt64(facility.rawValue) & 1 != 0 ? nil : facility
    }

    /// XER assembled from its parts; OV32 and CA32 exist since ISA 3.0.
    static func xer(_ cpu: CPUState) -> UInt64 {
        var value = cpu.pointee.xer_rest
        value |= UInt64(cpu.pointee.so) << 31 | UInt64(cpu.pointee.ov) << 30 | UInt64(cpu.pointee.ca) << 29
        if cpu.pointee.isa_level & InstructionSet.isa300.rawValue != 0 {
            value |= UInt64(cpu.pointee.ov32) << 19 | UInt64(cpu.pointee.ca32) << 18
        }
        return value
    }

    static func setXER(_ cpu: CPUState, _ value: UInt64) {
        cpu.pointee.xer_rest = value & 0x1ff3_ffff  // the upper word is reserved
        cpu.pointee.so = UInt8(truncatingIfNeeded: value >> 31 & 1)
        cpu.pointee.ov = UInt8(truncatingIfNeeded: value >> 30 & 1)
        cpu.pointee.ca = UInt8(truncatingIfNeeded: value >> 29 & 1)
        cpu.pointee.ov32 = UInt8(truncatingIfNeeded: value >> 19 & 1)
        cpu.pointee.ca32 = UInt8(truncatingIfNeeded: value >> 18 & 1)
    }

    // MARK: Writing

    private static func write(_ owner: PPCCPU, _ kind: SPRWrite, _ number: Int, _ value: UInt64) -> Int32 {
        let cpu = owner.state
        let registers = spr(cpu)
        switch kind {
        case .undefined: return undefined(cpu, number, isRead: false)
        case .denied: return raisePrivileged(cpu)
        case .generic, .cfar: return storeGeneric(owner, number, value)
        case .xer: setXER(cpu, value)
        case .lr: cpu.pointee.lr = value
        case .ctr: cpu.pointee.ctr = value
        case .timeBaseLower:
            owner.time.timeBase = owner.time.timeBase & ~0xffff_ffff | value & 0xffff_ffff
        case .timeBaseUpper: owner.time.timeBase = owner.time.timeBase & 0xffff_ffff | value << 32
        case .timeBaseUpper40: owner.time.timeBase = owner.time.timeBase & 0xff_ffff | value & ~0xff_ffff
        case .decrementer: owner.setDecrementer(value)
        case .hypervisorDecrementer: owner.setHypervisorDecrementer(value)
        case .purr: owner.time.purr = value
        case .virtualTimeBase: owner.time.virtualTimeBase = value
        case .hior: registers[number] = value & 0x3ff_fff0_0000
        case .dpdes:
            guard value <= 1 else { return Outcome.next }
            if value == 1 {
                owner.raise(interrupt: PendingInterrupt.doorbell)
            } else {
                owner.lower(interrupt: PendingInterrupt.doorbell)
            }
        case .alias: return storeGeneric(owner, number + 16, value)
        case .upperHalfBelow: registers[number - 1] = registers[number - 1] & 0xffff_ffff | value << 32
        case .tar, .tm, .tmUpperHalfBelow, .ebb, .branchEvents, .branchEventsSet, .branchEventsSetUpper,
            .branchEventsReset, .branchEventsResetUpper:
            return writeGuarded(cpu, kind, number, value)
        case .userCounter, .userCounter56, .userMMCR0, .userMMCR2: return writeMonitor(cpu, kind, number, value)
        case .lowHalf: registers[number] = value & 0xffff_ffff
        case .clearBits: registers[number] &= 0 &- value
        case .clearWithMask: registers[number] &= value
        case .amr:
            let mask = registers[cpu.pointee.problem_state != 0 ? SPRegister.uamor : SPRegister.amor]
            registers[SPRegister.amr] = registers[SPRegister.amr] & ~mask | value & mask
            Context.update(cpu)
            return Outcome.sync
        case .uamor:
            let mask = registers[SPRegister.amor]
            registers[number] = registers[number] & ~mask | value & mask
        case .iamr:
            let mask = registers[SPRegister.amor]
            registers[number] = registers[number] & ~mask | value & mask
            Context.update(cpu)
            return Outcome.sync
        case .pid:
            registers[number] = value
            Context.update(cpu)
            return Outcome.sync
        case .sdr1, .lpidr, .ptcr:
            // Partition resources; below a virtual hypervisor they select nothing.
            registers[number] = value
            owner.mmu.invalidateAll()
            return Outcome.sync
        case .lpcr:
            owner.setLPCR(value)
            return Outcome.sync
        case .pcr: registers[number] = value & owner.model.pcrMask
        }
        return Outcome.next
    }

    private static func storeGeneric(_ owner: PPCCPU, _ number: Int, _ value: UInt64) -> Int32 {
        if PerformanceMonitor.isCounter(number) || PerformanceMonitor.isControl(number) {
            owner.writeMonitor(number, value)
            return Outcome.sync
        }
        spr(owner.state)[number] = value
        switch number {
        case SPRegister.fscr, SPRegister.amr, SPRegister.iamr:
            Context.update(owner.state)
            return Outcome.sync
        case SPRegister.psscr:
            Interrupts.reconsider(owner.state)
            return Outcome.sync
        default: return Outcome.next
        }
    }

    private static func writeGuarded(_ cpu: CPUState, _ kind: SPRWrite, _ number: Int, _ value: UInt64) -> Int32 {
        let facility: Facility =
            switch kind {
            case .tar: .tar
            case .tm, .tmUpperHalfBelow: .tm
            default: .ebb
            }
        guard cpu.pointee.facilities >> UInt64(facility.rawValue) & 1 != 0 else {
            return raiseUnavailable(cpu, facility)
        }
        let registers = spr(cpu)
        let events = registers + SPRegister.bescr
        switch kind {
        case .tmUpperHalfBelow: registers[number - 1] = registers[number - 1] & 0xffff_ffff | value << 32
        case .branchEvents: events.pointee = value
        case .branchEventsSet: events.pointee |= value
        case .branchEventsSetUpper: events.pointee |= value << 32
        case .branchEventsReset: events.pointee &= ~value
        case .branchEventsResetUpper: events.pointee &= ~(value << 32)
        default:
            registers[number] = value
            return Outcome.next
        }
        if kind != .tmUpperHalfBelow { PPCCPU.of(cpu).signalEventBasedBranch() }
        return Outcome.sync
    }

    private static func writeMonitor(_ cpu: CPUState, _ kind: SPRWrite, _ number: Int, _ value: UInt64) -> Int32 {
        switch PerformanceMonitorAccess.write(cpu, counter56: kind == .userCounter56) {
        case .allowed: break
        case .unavailable: return raiseFacility(cpu, cause: FSCR.causePMU)
        case .privileged: return raisePrivileged(cpu)
        }
        let registers = spr(cpu)
        let mask: UInt64 =
            switch kind {
            case .userMMCR0: PerformanceMonitorAccess.mmcr0Mask
            case .userMMCR2: PerformanceMonitorAccess.mmcr2Mask
            default: .max
            }
        PPCCPU.of(cpu).writeMonitor(number + 16, registers[number + 16] & ~mask | value & mask)
        return Outcome.sync
    }
}

/// Problem state access to the performance monitor, governed by MMCR0[PMCC] (ISA 3.1 Book III, section 10.4.4).
enum PerformanceMonitorAccess {
    /// FC, PMAE, PMAO.
    static var mmcr0Mask: UInt64 { 0x8400_0080 }
    /// FC1P0 to FC6P0.
    static var mmcr2Mask: UInt64 { 0x4020_1008_0402_0000 }

    enum Verdict { case allowed, unavailable, privileged }

    /// PMCC exists since ISA 2.07; before, problem state reads and does not write.
    private static func control(_ cpu: CPUState) -> UInt64 {
        cpu.pointee.isa_level & InstructionSet.isa207.rawValue == 0 ? 0 : spr(cpu)[SPRegister.mmcr0] >> 18 & 3
    }

    static func mayRead(_ cpu: CPUState, counter56: Bool) -> Bool {
        let pmcc = control(cpu)
        return pmcc != 1 && !(counter56 && pmcc == 3)
    }

    static func write(_ cpu: CPUState, counter56: Bool) -> Verdict {
        let pmcc = control(cpu)
        if counter56, pmcc == 3 { return .unavailable }
        switch pmcc {
        case 0: return .privileged
        case 1: return .unavailable
        default: return .allowed
        }
    }
}
