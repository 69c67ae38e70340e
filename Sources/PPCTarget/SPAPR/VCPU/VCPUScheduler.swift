import CSupport
import EmuCore
import Glibc

/// Lets the vCPUs of one machine execute: all at once, or one after the other (`thread=single`, `-icount`); and keeps
/// them out while one needs the others to stand still.
final class VCPUScheduler: @unchecked Sendable {
    // @unchecked: fields are protected by `signal`; `runners` is filled before the first runs.
    let signal = ThreadSignal()
    private(set) var runners: [VCPURunner] = []
    private(set) var exclusiveRequests = 0
    /// `-accel tcg,thread=single`. Set before the machine runs.
    var isSingleThreaded = false
    /// `-icount`: vCPUs take turns by counted instructions. Set before the machine runs.
    var counting: InstructionCounting?

    // Turns without counting: first come, first served.
    private var nextTicket = 0
    private var servedTicket = 0
    private var holder: VCPURunner?
    private var turnEnds: Int64 = 0

    /// Nanoseconds of the host's time that a turn lasts while others wait for theirs. Long enough that changing over
    /// costs little, short enough for a guest's lock that is spun on by the wrong one.
    private static var turnLength: Int64 { 1_000_000 }

    func add(_ runner: VCPURunner) { runners.append(runner) }

    /// Lets go of a vCPU whose thread has ended, after all have stopped.
    func remove(_ runner: VCPURunner) { runners.removeAll { $0 === runner } }

    /// Before a vCPU executes: waits for its turn and for exclusive sections to end.
    func begin(_ runner: VCPURunner) {
        signal.lock()
        if isSingleThreaded {
            let ticket = nextTicket
            nextTicket += 1
            while servedTicket != ticket || exclusiveRequests > 0 {
                // Nobody has the turn while the thread whose it is wakes up; it will not wake this one.
                let now = VirtualClock.hostNow
                if now >= turnEnds {
                    holder?.cpu.stop()
                    turnEnds = now &+ Self.turnLength
                }
                signal.wait(until: turnEnds)
            }
            holder = runner
            turnEnds = VirtualClock.hostNow &+ Self.turnLength
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
        holder = nil
        servedTicket += 1
        signal.broadcast()
        signal.unlock()
    }

    /// The guest's thread gives up its processor for the benefit of others. Called on the vCPU's thread.
    func yield(_ runner: VCPURunner?) {
        if let counting {
            counting.endTurn()
        } else if isSingleThreaded {
            runner?.cpu.stop()
        } else {
            sched_yield()
        }
    }

    /// Runs `body` while no other vCPU touches guest state. The caller holds the machine's lock; others are stopped at
    /// their next safe point or wait for that lock.
    func exclusively(from current: VCPURunner?, _ body: () -> Void) {
        let others = runners.filter { $0 !== current }
        if !others.isEmpty {
            signal.withLock { exclusiveRequests += 1 }
            for other in others where other.isExecuting { other.cpu.stop() }
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
    func resumeExecuting(_ runner: VCPURunner?) {
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
        counting?.showTime()
    }
}
