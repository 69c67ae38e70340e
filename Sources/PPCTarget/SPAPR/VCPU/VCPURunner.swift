import CPPCState
import CSupport
import Dispatch
import EmuCore
import Glibc

/// The host thread of one vCPU: executes while the machine runs, sleeps while the guest's thread is halted.
///
/// Lock order: the machine's lock, then a runner's signal. The thread itself takes the machine's lock only in
/// hypercalls and device accesses, and says so by ``isExecuting``, so that whoever waits for it with the machine's
/// lock held (exclusive sections, invalidations) does not wait for ever.
final class VCPURunner: @unchecked Sendable {
    // @unchecked: fields below are protected by `signal`, or atomic, or only touched by the thread itself.
    let cpu: PPCCPU
    private let clock: VirtualClock
    let scheduler: VCPUScheduler
    /// Executes guest code; changed only while the machine is stopped.
    var engine: any ExecutionEngine = InterpreterEngine()
    /// Called on the thread when the guest's thread goes to sleep (`true`) and when it wakes up.
    var onIdle: (Bool) -> Void = { _ in }

    let signal = ThreadSignal()
    private var mayRun = false
    private var isParked = true
    private var isSleeping = false
    private var shallQuit = false
    private var wasKicked = false
    /// What the thread executes in, while it may.
    private var owner: AnyObject?
    private var isStarted = false
    private var work: [() -> Void] = []
    private var invalidations: [TLBInvalidation] = []
    private var hostThread = pthread_t()
    /// What the host calls the thread (`gettid`); 0 until it has started.
    private var hostThreadNumber: Int32 = 0
    /// 1 while the thread may touch guest state without having been asked; atomic.
    private let executing: UnsafeMutablePointer<UInt32>
    /// Nonzero while invalidations are queued; atomic.
    private let queuedInvalidations: UnsafeMutablePointer<UInt32>

    init(cpu: PPCCPU, clock: VirtualClock, scheduler: VCPUScheduler) {
        self.cpu = cpu
        self.clock = clock
        self.scheduler = scheduler
        executing = .allocate(capacity: 1)
        executing.initialize(to: 0)
        queuedInvalidations = .allocate(capacity: 1)
        queuedInvalidations.initialize(to: 0)
        cpu.onWork = { [unowned self] _ in serveWork() }
    }

    deinit {
        executing.deallocate()
        queuedInvalidations.deallocate()
    }

    var isExecuting: Bool { cs_atomic_load32(executing) != 0 }
    func setExecuting(_ value: Bool) { cs_atomic_store32(executing, value ? 1 : 0) }

    /// Whether the caller runs on this vCPU's thread.
    var isCurrent: Bool { signal.withLock { isStarted && pthread_equal(hostThread, pthread_self()) != 0 } }

    var hostThreadID: Int { signal.withLock { Int(hostThreadNumber) } }

    // MARK: Control from other threads

    /// - Parameter owner: Stays alive until the thread is between instructions again.
    func resume(keeping owner: AnyObject?) {
        signal.withLock {
            mayRun = true
            self.owner = owner
            if !isStarted { start() }
            signal.broadcast()
        }
    }

    /// Keeps the thread from executing from its next safe point on.
    func requestPause() {
        signal.withLock {
            mayRun = false
            signal.broadcast()
        }
        cpu.stop()
        scheduler.counting?.poke()
    }

    /// Whether the thread is to execute, as far as others have to say.
    var shallRun: Bool { signal.withLock { mayRun && !shallQuit } }
    /// Whether others have queued something.
    var hasWork: Bool { signal.withLock { !work.isEmpty } }

    /// Tells ``onIdle`` about a change. Called on the thread.
    func noteIdle(_ isIdle: Bool) {
        guard isIdle != isSleeping else { return }
        signal.withLock { isSleeping = isIdle }
        onIdle(isIdle)
    }

    /// Waits until the thread is between instructions. The caller holds no lock that the thread may need.
    func waitUntilPaused() {
        signal.withLock {
            guard isStarted, pthread_equal(hostThread, pthread_self()) == 0 else { return }
            while !isParked { signal.wait() }
        }
    }

    /// Wakes the thread if it sleeps, to look at its interrupts.
    func kick() {
        signal.withLock {
            wasKicked = true
            signal.broadcast()
        }
        scheduler.counting?.poke()
    }

    /// Raises or lowers an interrupt of the CPU.
    func set(interrupt bits: UInt64, _ level: Bool) {
        if level {
            cpu.raise(interrupt: bits)
            kick()
        } else {
            cpu.lower(interrupt: bits)
        }
    }

    /// Runs `body` on the thread soon, or now if the thread neither executes nor may.
    func post(_ body: @escaping () -> Void) {
        signal.lock()
        if !isStarted || isParked && !mayRun {
            body()
            signal.unlock()
            return
        }
        work.append(body)
        signal.broadcast()
        signal.unlock()
        cpu.requestExit(PPC_EXIT_WORK)
        scheduler.counting?.poke()
    }

    /// Runs `body` here and now if the thread is at rest: parked, asleep or never started.
    ///
    /// - Returns: `false` if it is not.
    func performAtRest(_ body: () -> Void) -> Bool {
        signal.withLock {
            // By counted instructions it is the caller's turn, and nobody else's.
            guard !isStarted || isParked || isSleeping || scheduler.counting != nil else { return false }
            body()
            wasKicked = true
            signal.broadcast()
            return true
        }
    }

    /// Queues an invalidation of translations; it is in effect when ``hasQueuedInvalidations`` is `false` or the
    /// thread does not execute.
    func invalidate(_ request: TLBInvalidation) {
        guard request != .nothing else { return }
        signal.withLock {
            if invalidations.count >= 16 { invalidations = [.everything] }
            if invalidations.last != request { invalidations.append(request) }
            cs_atomic_store32(queuedInvalidations, 1)
        }
        cpu.requestExit(PPC_EXIT_WORK)
    }

    var hasQueuedInvalidations: Bool { cs_atomic_load32(queuedInvalidations) != 0 }

    /// Lets the thread end at its next safe point.
    func requestQuit() {
        signal.withLock {
            shallQuit = true
            mayRun = false
            signal.broadcast()
        }
        cpu.stop()
        scheduler.counting?.poke()
    }

    /// Ends the thread and waits for it.
    func quit() {
        requestQuit()
        let running = signal.withLock {
            guard isStarted, pthread_equal(hostThread, pthread_self()) == 0 else { return false }
            isStarted = false
            return true
        }
        if running { pthread_join(hostThread, nil) }
    }

    // MARK: The thread

    /// Called with the signal's lock held.
    private func start() {
        isStarted = true
        isParked = false
        let me = Unmanaged.passRetained(self).toOpaque()
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setstacksize(&attributes, 4 << 20)
        let result = pthread_create(
            &hostThread, &attributes,
            { argument in
                guard let argument else { return nil }
                let runner = Unmanaged<VCPURunner>.fromOpaque(argument).takeRetainedValue()
                runner.main()
                return nil
            }, me)
        pthread_attr_destroy(&attributes)
        if result != 0 {
            // No thread, no execution: the vCPU stays where it is.
            Unmanaged<VCPURunner>.fromOpaque(me).release()
            isStarted = false
            isParked = true
        }
    }

    private func main() {
        signal.withLock { hostThreadNumber = cs_thread_id() }
        // A sleeping guest's decrementer is a timed wait of this thread.
        cs_thread_wake_on_time()
        while true {
            signal.lock()
            while !mayRun && !shallQuit {
                if !isParked {
                    isParked = true
                    signal.broadcast()
                }
                letGoOfOwner()
                signal.wait()
            }
            isParked = false
            let ends = shallQuit
            signal.unlock()
            if ends {
                signal.withLock {
                    isParked = true
                    signal.broadcast()
                }
                return
            }
            if let counting = scheduler.counting {
                if counting.awaitTurn(self) { counting.run(self) }
                continue
            }
            serveWork()
            if cpu.isHalted {
                sleep()
                guard signal.withLock({ mayRun && !shallQuit }) else { continue }
            }
            scheduler.begin(self)
            // It may have been taken away while it waited.
            if shallRun { _ = engine.run(cpu, limit: .max) }
            scheduler.end(self)
        }
    }

    /// Called with the signal's lock held, by a thread that is in none of the owner's code. Whoever holds the owner last
    /// ends this thread and waits for it, so that has to be another.
    private func letGoOfOwner() {
        guard owner != nil else { return }
        nonisolated(unsafe) let last = owner.map(Unmanaged.passRetained)
        owner = nil
        DispatchQueue.global().async { last?.release() }
    }

    /// Waits until the halted CPU has a reason to go on.
    private func sleep() {
        onIdle(true)
        signal.lock()
        isSleeping = true
        while mayRun, !shallQuit, work.isEmpty, cpu.isHalted {
            cpu.checkDecrementer()
            if cpu.hasWork { break }
            wasKicked = false
            if let deadline = cpu.nextDeadline {
                let delay = min(Int64(clamping: deadline) &- clock.now, 3_600_000_000_000)
                if delay <= 0 { continue }
                signal.wait(until: VirtualClock.hostNow &+ delay)
            } else {
                signal.wait()
            }
        }
        isSleeping = false
        signal.unlock()
        onIdle(false)
    }

    /// Applies what other threads queued for this one. Called on its own thread, or by another that keeps it from
    /// executing.
    func serveWork() {
        signal.lock()
        let jobs = work
        work.removeAll()
        let requests = invalidations
        invalidations.removeAll(keepingCapacity: true)
        signal.unlock()
        for request in requests { cpu.mmu.apply(request) }
        if !requests.isEmpty {
            cpu.onFlush?(cpu)
            signal.withLock {
                if invalidations.isEmpty { cs_atomic_store32(queuedInvalidations, 0) }
            }
        }
        for job in jobs { job() }
        cpu.checkDecrementer()
    }
}

/// Owns a runner for a thread of the machine; the host thread ends when this goes.
///
/// A machine that runs stays alive: its vCPUs may be anywhere in it. One that nobody else holds goes when it is stopped.
final class VCPUHandle: ThreadRunner {
    let runner: VCPURunner
    private weak var machine: Machine?

    init(runner: VCPURunner, machine: Machine) {
        self.runner = runner
        self.machine = machine
    }

    deinit {
        runner.quit()
        runner.scheduler.remove(runner)
    }

    func resume() { runner.resume(keeping: machine) }

    func pause() {
        runner.requestPause()
        let depth = machine?.unlockMachineCompletely() ?? 0
        runner.waitUntilPaused()
        machine?.relockMachine(depth)
    }
}
