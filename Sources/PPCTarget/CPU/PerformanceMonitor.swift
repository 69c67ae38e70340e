import CPPCState

/// The performance monitor of one thread: counters of instructions and cycles (ISA 3.1 Book III, chapter 10).
///
/// The registers are those in the SPR file; this keeps what has been counted since they were last brought up to date.
/// Events are the ones that QEMU's POWER8 to POWER10 models have: completed instructions (0x02 on counters 1 to 4, 0xfe
/// on 1, 0xfa on 4 while CTRL[RUN] is set) and cycles (0x1e on 1 to 4, 0xf0 on 1); counters 5 and 6 count instructions
/// and cycles by themselves. A cycle is a nanosecond of the machine's clock.
///
/// Instructions are counted exactly by the interpreter, which takes over from an engine while an instruction counter
/// runs. The exception is counter 5 before software has ever touched it: old kernels leave it running from their start
/// on, so until its first access it advances as the cycles do, and engines go on.
///
/// Not implemented: other events, thresholds, sampling, the branch history buffer, TRIGGER and the time base event.
struct PerformanceMonitor {
    /// The model has one that counts.
    let exists: Bool
    /// Counters that run now, bit n for PMC n.
    private(set) var instructions: UInt8 = 0
    private(set) var cycles: UInt8 = 0
    /// Some of the running ones may raise an alert when they become negative.
    private(set) var alerts: UInt8 = 0
    /// Whether counting depends on MSR[PR] or MSR[PMM].
    private(set) var followsPrivilege = false
    /// Software has read or written counter 5 or 6.
    private var isTouched = false
    /// Instructions are counted one by one from the next time the run loop comes round: an engine's count may lag
    /// behind until then.
    private(set) var isStarting = false
    private var baseInstructions: UInt64 = 0
    private var baseNanoseconds: UInt64 = 0

    init(model: PPCModel) { exists = model.instructionSets.contains(.isa207) }

    /// Whether something may happen without software: the run loop must call ``PPCCPU/checkMonitor()``.
    var watches: Bool { alerts != 0 }
    /// Whether instructions must be counted one by one.
    var countsInstructions: Bool { instructions & 0x1e != 0 || instructions != 0 && isTouched }
    var isRunning: Bool { (instructions | cycles) != 0 }

    static func isCounter(_ number: Int) -> Bool { (SPRegister.pmc1...SPRegister.pmc1 + 5).contains(number) }

    /// Registers whose change changes what is counted.
    static func isControl(_ number: Int) -> Bool {
        number == SPRegister.mmcr0 || number == SPRegister.mmcr1 || number == SPRegister.mmcr2
            || number == SPRegister.ctrl
    }

    mutating func reset() { self = PerformanceMonitor(exists: exists) }

    private init(exists: Bool) { self.exists = exists }

    /// Software looks at a counter or sets it.
    mutating func touch(_ number: Int) { if number >= SPRegister.pmc1 + 4 { isTouched = true } }

    /// `instructions_executed` is right, and stays so.
    mutating func start(_ cpu: CPUState) {
        baseInstructions = cpu.pointee.instructions_executed
        isStarting = false
    }

    /// An instruction was interrupted: it has not completed, unless it was a system call.
    mutating func discountInterrupted(_ cpu: CPUState) {
        if cpu.pointee.excp_flags & UInt32(PPC_EXCP_NEXT) == 0 { baseInstructions &+= 1 }
    }

    /// Tells whether ``countsInstructions`` has become another than before.
    fileprivate mutating func notices(changeFrom wasExact: Bool) -> Bool {
        guard wasExact != countsInstructions else { return false }
        isStarting = countsInstructions
        return true
    }

    // MARK: Counting

    /// Adds what has been counted to the registers.
    ///
    /// - Parameter completed: Instructions that have completed by now.
    mutating func settle(_ cpu: CPUState, now: UInt64, completed: UInt64) {
        let elapsed = now &- baseNanoseconds
        let executed = isStarting ? 0 : completed &- baseInstructions
        let exact = countsInstructions
        baseNanoseconds = now
        baseInstructions = completed
        let registers = spr(cpu)
        for counter in 1...6 {
            let bit: UInt8 = 1 << UInt8(counter)
            let amount = instructions & bit != 0 ? (exact ? executed : elapsed) : cycles & bit != 0 ? elapsed : 0
            guard amount != 0 else { continue }
            let register = registers + (SPRegister.pmc1 + counter - 1)
            register.pointee = (register.pointee &+ amount) & 0xffff_ffff
        }
    }

    /// Derives what runs from the control registers and MSR. Counters are settled before.
    mutating func derive(_ cpu: CPUState) {
        instructions = 0
        cycles = 0
        alerts = 0
        let registers = spr(cpu)
        let control = registers[SPRegister.mmcr0]
        let perCounter = registers[SPRegister.mmcr2]
        followsPrivilege =
            control & MMCR0.fc == 0
            && (control & (MMCR0.fcs | MMCR0.fcp | MMCR0.fcm0 | MMCR0.fcm1) != 0 || perCounter != 0)
        guard exists, control & MMCR0.fc == 0, !isFrozen(control, cpu.pointee.msr) else { return }
        let selection = registers[SPRegister.mmcr1]
        for counter in 1...6 {
            guard !MMCR2.isFrozen(counter, perCounter, cpu.pointee.msr) else { continue }
            let bit: UInt8 = 1 << UInt8(counter)
            if counter >= 5 {
                guard control & MMCR0.fc56 == 0 else { continue }
                if counter == 5 { instructions |= bit } else { cycles |= bit }
                continue
            }
            guard control & MMCR0.fc14 == 0 else { continue }
            let event = selection >> UInt64(32 - 8 * counter) & 0xff
            switch (counter, event) {
            case (_, 0x02), (1, 0xfe): instructions |= bit
            case (4, 0xfa): if registers[SPRegister.ctrl] & 1 != 0 { instructions |= bit }
            case (_, 0x1e), (1, 0xf0): cycles |= bit
            default: break
            }
        }
        guard control & (MMCR0.pmae | MMCR0.fcece) != 0 else { return }
        var enabled: UInt8 = control & MMCR0.pmc1ce != 0 ? 2 : 0
        if control & MMCR0.pmcjce != 0 { enabled |= 0x7c }
        alerts = enabled & (instructions | cycles)
    }

    private func isFrozen(_ control: UInt64, _ msr: UInt64) -> Bool {
        let privilege = msr & MSR.pr != 0 ? MMCR0.fcp : MMCR0.fcs
        let mark = msr & MSR.pmm != 0 ? MMCR0.fcm1 : MMCR0.fcm0
        return control & (privilege | mark) != 0
    }

    // MARK: Alerts

    static var negative: UInt64 { 0x8000_0000 }

    /// Whether an enabled counter is negative; counters are settled before.
    func hasCondition(_ cpu: CPUState) -> Bool {
        (1...6).contains {
            alerts >> UInt8($0) & 1 != 0 && spr(cpu)[SPRegister.pmc1 + $0 - 1] & Self.negative != 0
        }
    }

    /// Instructions until the first enabled counter becomes negative, as the registers are.
    func instructionsToAlert(_ cpu: CPUState) -> UInt64 {
        distance(cpu, instructions & alerts).map { $0 &- (cpu.pointee.instructions_executed &- baseInstructions) }
            ?? .max
    }

    /// When a cycle counter becomes negative, in nanoseconds of the clock.
    func deadline(_ cpu: CPUState) -> UInt64? {
        var counters = cycles & alerts
        if !countsInstructions { counters |= instructions & alerts }
        return distance(cpu, counters).map { baseNanoseconds &+ $0 }
    }

    private func distance(_ cpu: CPUState, _ counters: UInt8) -> UInt64? {
        guard counters != 0 else { return nil }
        return (1...6).lazy.filter { counters >> UInt8($0) & 1 != 0 }.map {
            let value = spr(cpu)[SPRegister.pmc1 + $0 - 1] & 0xffff_ffff
            return value >= Self.negative ? 0 : Self.negative &- value
        }.min()
    }
}

/// Bits of monitor mode control register 0 (ISA 3.1 Book III, section 10.4.4).
enum MMCR0 {
    static var fc: UInt64 { 0x8000_0000 }
    static var fcs: UInt64 { 0x4000_0000 }
    static var fcp: UInt64 { 0x2000_0000 }
    static var fcm1: UInt64 { 0x1000_0000 }
    static var fcm0: UInt64 { 0x0800_0000 }
    static var pmae: UInt64 { 0x0400_0000 }
    static var fcece: UInt64 { 0x0200_0000 }
    static var ebe: UInt64 { 0x0010_0000 }
    static var pmc1ce: UInt64 { 0x8000 }
    static var pmcjce: UInt64 { 0x4000 }
    static var pmao: UInt64 { 0x80 }
    static var fc14: UInt64 { 0x20 }
    static var fc56: UInt64 { 0x10 }
}

/// Monitor mode control register 2: nine bits per counter, of which the first two freeze it in supervisor and problem
/// state (ISA 3.1 Book III, section 10.4.6).
enum MMCR2 {
    static func isFrozen(_ counter: Int, _ value: UInt64, _ msr: UInt64) -> Bool {
        let first = UInt64(63 - 9 * (counter - 1))
        return value >> (msr & MSR.pr != 0 ? first - 1 : first) & 1 != 0
    }
}

extension PPCCPU {
    /// Counters hold what they would show.
    func settleMonitor() {
        guard monitor.isRunning else { return }
        monitor.settle(state, now: time.clock(), completed: state.pointee.instructions_executed)
    }

    /// Something that decides what is counted has changed: a control register, or MSR.
    ///
    /// - Parameter change: Performed between settling and what follows from it.
    func updateMonitor(_ change: () -> Void = {}) {
        guard monitor.exists else { return change() }
        let wasExact = monitor.countsInstructions
        monitor.settle(state, now: time.clock(), completed: state.pointee.instructions_executed)
        change()
        monitor.derive(state)
        signalMonitor()
        // Whoever executes now looks whether the other engine must go on, and how far.
        if monitor.notices(changeFrom: wasExact) || monitor.watches { requestExit(PPC_EXIT_INTERRUPT) }
    }

    /// `mtspr` of a counter or control register.
    func writeMonitor(_ number: Int, _ value: UInt64) {
        updateMonitor {
            monitor.touch(PerformanceMonitor.isCounter(number) ? number : 0)
            spr(state)[number] = PerformanceMonitor.isCounter(number) && monitor.exists ? value & 0xffff_ffff : value
        }
    }

    /// A counter as `mfspr` shows it.
    func readMonitor(_ number: Int) -> UInt64 {
        let wasExact = monitor.countsInstructions
        if monitor.isRunning {
            // The instruction that reads has not completed.
            monitor.settle(
                state, now: time.clock(), completed: state.pointee.instructions_executed &- (wasExact ? 1 : 0))
        }
        monitor.touch(number)
        if monitor.notices(changeFrom: wasExact) { requestExit(PPC_EXIT_INTERRUPT) }
        return spr(state)[number]
    }

    /// Raises an alert if an enabled counter has become negative. For run loops and timers of this thread.
    func checkMonitor() {
        settleMonitor()
        if monitor.hasCondition(state) { alertMonitor() }
    }

    /// A performance monitor alert (ISA 3.1 Book III, section 10.2): counters freeze if asked to, and either an
    /// interrupt or an event-based exception follows.
    private func alertMonitor() {
        let registers = spr(state)
        updateMonitor {
            var control = registers[SPRegister.mmcr0]
            if control & MMCR0.fcece != 0 { control = control & ~MMCR0.fcece | MMCR0.fc }
            if control & MMCR0.pmae != 0 {
                control = control & ~MMCR0.pmae | MMCR0.pmao
                registers[SPRegister.siar] = state.pointee.nip
                // The sampled address is valid, and from problem state or not.
                registers[SPRegister.sier] = 0x40_0000 | (state.pointee.problem_state != 0 ? 0x200_0000 : 0)
                let facility = registers[SPRegister.fscr] & FSCR.ebb != 0
                if control & MMCR0.ebe != 0, facility, registers[SPRegister.bescr] & BESCR.monitorEnable != 0 {
                    registers[SPRegister.bescr] &= ~BESCR.monitorEnable
                    registers[SPRegister.bescr] |= BESCR.monitorOccurred
                }
            }
            registers[SPRegister.mmcr0] = control
        }
        signalEventBasedBranch()
    }

    /// The interrupt is there as long as PMAO is set, unless alerts lead to event-based branches.
    private func signalMonitor() {
        let control = spr(state)[SPRegister.mmcr0]
        let line = PendingInterrupt.performanceMonitor
        if control & (MMCR0.pmao | MMCR0.ebe) == MMCR0.pmao {
            raise(interrupt: line)
        } else if state.pointee.pending_interrupts & line != 0 {
            lower(interrupt: line)
        }
    }

    /// An event-based exception is there as long as BESCR says that one occurred (ISA 3.1 Book II, section 6.2).
    func signalEventBasedBranch() {
        if spr(state)[SPRegister.bescr] & (BESCR.monitorOccurred | BESCR.externalOccurred) != 0 {
            raise(interrupt: PendingInterrupt.eventBasedBranch)
        } else if state.pointee.pending_interrupts & PendingInterrupt.eventBasedBranch != 0 {
            lower(interrupt: PendingInterrupt.eventBasedBranch)
        }
    }

    /// Registers came from elsewhere (a stream, a debugger).
    func reloadMonitor() {
        updateMonitor()
        signalEventBasedBranch()
    }
}
