import CSupport
import EmuCore
import Glibc

/// Lets the vCPUs of one machine execute: all at once, or one after the other (`thread=single`, `-icount`); and keeps
/// them out while one needs the others to stand still.
final class VCPUScheduler: @unchecked Sendable {
    // @unchecked: fields are protected by `signal`; `runners` is filled before the first runs.
    private let signal = ThreadSignal()
    private(set) var runners: [VCPURunner] = []
    private var exclusiveRequests = 0
    /// `-accel tcg,thread=single`. Set before the machine runs.
    var isSingleThreaded = false
    /// `-icount shift=N`: each instruction takes 2^N nanoseconds of the guest's clock. Implies one thread.
    var instructionShift: UInt64? {
        didSet { if instructionShift != nil { isSingleThreaded = true } }
    }
    private let clock: VirtualClock
    private var nextTicket = 0
    private var servedTicket = 0
    private var startCount: UInt64 = 0
    /// Called with the clock's new time after it was moved by instruction counting.
    var onClock: (Int64) -> Void = { _ in }

    init(clock: VirtualClock) { self.clock = clock }

    func add(_ runner: VCPURunner) { runners.append(runner) }

    /// Instructions between two looks at the others.
    var slice: UInt64 { isSingleThreaded ? 20_000 : .max }

    /// Before a vCPU executes: waits for its turn and for exclusive sections to end.
    func begin(_ runner: VCPURunner) {
        signal.lock()
        if isSingleThreaded {
            let ticket = nextTicket
            nextTicket += 1
            while servedTicket != ticket || exclusiveRequests > 0 { signal.wait() }
            startCount = runner.cpu.state.pointee.instructions_executed
        } else {
            while exclusiveRequests > 0 { signal.wait() }
        }
        runner.setExecuting(true)
        signal.unlock()
    }

    func end(_ runner: VCPURunner) {
        runner.setExecuting(false)
        guard isSingleThreaded else { return }
        signal.lock()
        if let shift = instructionShift {
            let count = runner.cpu.state.pointee.instructions_executed &- startCount
            clock.setManual(clock.now &+ Int64(truncatingIfNeeded: count << min(shift, 32)))
        }
        servedTicket += 1
        signal.broadcast()
        signal.unlock()
        if instructionShift != nil { onClock(clock.now) }
    }

    /// All sleep with instruction counting: time jumps to the next deadline, if this vCPU is the only one or the last.
    ///
    /// - Returns: Whether time jumped.
    func idle(until deadline: UInt64) -> Bool {
        guard instructionShift != nil, runners.allSatisfy({ !$0.isExecuting }) else { return false }
        let time = Int64(clamping: deadline)
        guard time > clock.now else { return false }
        clock.setManual(time)
        return true
    }

    /// Runs `body` while no other vCPU touches guest state. The caller holds the machine's lock; others are stopped at
    /// their next safe point or wait for that lock.
    func exclusively(from current: VCPURunner?, _ body: () -> Void) {
        let others = runners.filter { $0 !== current }
        if !others.isEmpty {
            signal.withLock { exclusiveRequests += 1 }
            for other in others { other.cpu.stop() }
            for other in others { while other.isExecuting { sched_yield() } }
        }
        body()
        if !others.isEmpty {
            signal.withLock {
                exclusiveRequests -= 1
                signal.broadcast()
            }
        }
    }

    /// Sends an invalidation to every other vCPU.
    func broadcast(_ request: TLBInvalidation, from current: PPCCPU) {
        for runner in runners where runner.cpu !== current { runner.invalidate(request) }
    }

    /// Returns when no other vCPU can use a translation that was invalidated. The caller counts as standing still
    /// meanwhile.
    func waitForInvalidations(from current: PPCCPU) {
        guard runners.count > 1 else { return }
        let own = runners.first { $0.cpu === current }
        let wasExecuting = own?.isExecuting ?? false
        own?.setExecuting(false)
        for runner in runners where runner !== own {
            while runner.isExecuting, runner.hasQueuedInvalidations { sched_yield() }
        }
        if wasExecuting { resumeExecuting(own) }
    }

    /// Back from standing still: not into somebody's exclusive section.
    private func resumeExecuting(_ runner: VCPURunner?) {
        guard let runner else { return }
        signal.lock()
        while exclusiveRequests > 0 { signal.wait() }
        runner.setExecuting(true)
        signal.unlock()
    }

    /// Takes the machine's lock for a hypercall or a device access; while it waits the vCPU counts as standing still.
    func lock(_ machine: Machine, for runner: VCPURunner?) {
        let wasExecuting = runner?.isExecuting ?? false
        if wasExecuting { runner?.setExecuting(false) }
        machine.lockMachine()
        // Exclusive sections hold the machine's lock, so there is none now.
        if wasExecuting { runner?.setExecuting(true) }
    }
}
