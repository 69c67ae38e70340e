import EmuCore

/// `-icount`: guest time follows executed instructions, and vCPUs take turns of a fixed number of them, so that a guest
/// that nobody talks to does the same every time.
///
/// Whoever has the turn moves the clock, fires the machine's timers, and looks at every vCPU's decrementer; the turn
/// goes round by number to the next vCPU that has something to do. When none has, time goes to the next deadline: at
/// once, or at the host's pace.
final class InstructionCounting: @unchecked Sendable {
    // @unchecked: the turn is protected by the scheduler's signal; all else is only touched by the vCPU that has it.
    /// What a user chooses.
    struct Options: Sendable {
        /// An instruction takes 2^shift nanoseconds.
        var shift: UInt64
        /// Whether the host's time passes while all vCPUs are idle.
        var sleepsWhenIdle = true
    }

    private let options: Options
    private unowned let scheduler: VCPUScheduler
    private unowned let machine: Machine
    private var clock: VirtualClock { machine.clock }
    private var signal: ThreadSignal { scheduler.signal }

    /// Number of the runner that has the turn.
    private var turn = 0
    /// Instructions that are left of the turn.
    private var left: UInt64 = 0
    private var turnWasGivenUp = false
    /// The vCPU that executes, its count and the clock when it began.
    private var current: PPCCPU?
    private var startCount: UInt64 = 0
    private var startTime: Int64 = 0

    /// Instructions of a turn.
    private static var turnLength: UInt64 { 50_000 }

    init(_ options: Options, scheduler: VCPUScheduler, machine: Machine) {
        self.options = options
        self.scheduler = scheduler
        self.machine = machine
        clock.setManual(clock.now)
        machine.timers.onChange = { [unowned self] in deadlineChanged(nil) }
    }

    /// Makes a vCPU read its time here.
    func add(_ cpu: PPCCPU) {
        cpu.time.clock = { [unowned self, unowned cpu] in UInt64(bitPattern: now(cpu)) }
        cpu.onDeadlineChange = { [unowned self] cpu, _ in deadlineChanged(cpu) }
    }

    // MARK: Time

    /// The clock as a vCPU sees it, in nanoseconds: exact in the middle of its turn.
    private func now(_ cpu: PPCCPU) -> Int64 {
        guard cpu === current else { return clock.now }
        return startTime &+ duration(cpu.state.pointee.instructions_executed &- startCount)
    }

    private func duration(_ instructions: UInt64) -> Int64 {
        Int64(truncatingIfNeeded: instructions &<< options.shift)
    }

    /// Makes the machine's clock show what the executing vCPU has reached. Called by that vCPU with the machine's lock.
    func showTime() {
        if let current { clock.setManual(now(current)) }
    }

    /// A deadline moved: the executing vCPU may have to stop sooner, the idle ones to wake up sooner.
    private func deadlineChanged(_ cpu: PPCCPU?) {
        if let current, cpu == nil || cpu === current { return current.stop() }
        poke()
    }

    /// Wakes whoever waits for a turn or for time to pass.
    func poke() { signal.withLock { signal.broadcast() } }

    /// The executing vCPU wants others to go on.
    func endTurn() {
        turnWasGivenUp = true
        current?.stop()
    }

    // MARK: Turns

    /// Waits for the turn of a runner, which then counts as executing.
    ///
    /// - Returns: `false` if it shall do something else first.
    func awaitTurn(_ runner: VCPURunner) -> Bool {
        signal.withLock {
            while runner.shallRun {
                if scheduler.runners[turn] === runner, scheduler.exclusiveRequests == 0 {
                    runner.setExecuting(true)
                    return true
                }
                signal.wait()
            }
            return false
        }
    }

    /// Executes until the turn is over and another's, or the runner shall do something else.
    func run(_ runner: VCPURunner) {
        let cpu = runner.cpu
        runner.serveWork()
        while true {
            let isIdle = cpu.isHalted && !cpu.hasWork
            runner.noteIdle(isIdle)
            if isIdle { break }
            if left == 0 { left = Self.turnLength }
            let used = execute(runner, atMost: min(left, instructionsToDeadline(cpu)))
            left = used < left ? left &- used : 0
            runner.setExecuting(false)
            fireTimers()
            guard runner.shallRun else { return }
            if left == 0 || turnWasGivenUp { break }
            scheduler.resumeExecuting(runner)
        }
        runner.setExecuting(false)
        left = 0
        turnWasGivenUp = false
        passTurn(runner)
    }

    private func execute(_ runner: VCPURunner, atMost limit: UInt64) -> UInt64 {
        let cpu = runner.cpu
        startCount = cpu.state.pointee.instructions_executed
        startTime = clock.now
        current = cpu
        _ = runner.engine.run(cpu, limit: limit)
        clock.setManual(now(cpu))
        current = nil
        return cpu.state.pointee.instructions_executed &- startCount
    }

    private var nextTimer: Int64? { machine.withLock { machine.timers.nextDeadline } }

    /// How many instructions a vCPU may execute before its decrementer or a timer is due; at least 1.
    private func instructionsToDeadline(_ cpu: PPCCPU) -> UInt64 {
        let deadlines = [cpu.nextDecrementerDeadline.map { Int64(clamping: $0) }, nextTimer]
        guard let deadline = deadlines.compactMap({ $0 }).min() else { return .max }
        let (nanoseconds, now) = (deadline, clock.now)
        guard nanoseconds > now else { return 1 }
        let rounding = UInt64(1) &<< options.shift &- 1
        return max((UInt64(nanoseconds &- now) &+ rounding) &>> options.shift, 1)
    }

    /// Acts on every deadline that has come. The caller does not count as executing.
    private func fireTimers() {
        machine.withLock { machine.timers.run(at: clock.now) }
        for runner in scheduler.runners { runner.cpu.checkDecrementer() }
    }

    /// Gives the turn to the next vCPU that has something to do; while there is none, lets time pass.
    private func passTurn(_ runner: VCPURunner) {
        while true {
            for other in scheduler.runners { other.serveWork() }
            if giveTurn() { return }
            let cpus = scheduler.runners.map(\.cpu)
            let deadlines = cpus.compactMap { $0.nextDecrementerDeadline.map { Int64(clamping: $0) } }
            let deadline = (deadlines + [nextTimer].compactMap { $0 }).min()
            guard runner.shallRun, wait(until: deadline, runner) else { return }
            fireTimers()
        }
    }

    private func giveTurn() -> Bool {
        let runners = scheduler.runners
        for step in 1...runners.count {
            let index = (turn + step) % runners.count
            let cpu = runners[index].cpu
            guard !cpu.isHalted || cpu.hasWork else { continue }
            signal.withLock {
                turn = index
                signal.broadcast()
            }
            return true
        }
        return false
    }

    /// All are idle: lets time pass until a deadline, or until somebody outside gives a vCPU something to do.
    ///
    /// - Returns: `false` if the runner shall do something else first.
    private func wait(until deadline: Int64?, _ runner: VCPURunner) -> Bool {
        let now = clock.now
        if let deadline, deadline <= now { return true }
        if let deadline, !options.sleepsWhenIdle {
            clock.setManual(deadline)
            return true
        }
        let began = VirtualClock.hostNow
        return signal.withLock {
            while runner.shallRun {
                let elapsed = VirtualClock.hostNow &- began
                if let deadline, elapsed >= deadline &- now {
                    clock.setManual(deadline)
                    return true
                }
                let isWoken = scheduler.runners.contains { !$0.cpu.isHalted || $0.cpu.hasWork || $0.hasWork }
                if isWoken {
                    if options.sleepsWhenIdle { clock.setManual(now &+ elapsed) }
                    return true
                }
                if let deadline { signal.wait(until: began &+ (deadline &- now)) } else { signal.wait() }
            }
            return false
        }
    }
}
