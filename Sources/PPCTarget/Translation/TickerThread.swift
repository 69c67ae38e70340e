import CPPCState
import CSupport

#if canImport(Glibc)
    import Glibc
#endif

/// The means of an ``EngineTicker`` on hosts without timers that signal a thread: another thread sleeps until the time that
/// the decrementer was set to; setting it to an earlier one wakes the thread. It sleeps for good once the vCPU has not
/// executed for a few intervals, and is woken when it executes again.
final class TickerThread {
    /// Intervals without execution after which the thread sleeps until it is woken.
    private static var patience: Int { 4 }

    /// What the ticking thread and the vCPU's share. Words are only touched by atomic operations.
    private final class Shared: @unchecked Sendable {
        // @unchecked: see above; `signal` is made to be shared.
        private let words: UnsafeMutablePointer<UInt64>
        private let exitWord: UnsafeMutableRawPointer
        private let signal = ThreadSignal()

        init(exitWord: UnsafeMutableRawPointer) {
            words = .allocate(capacity: 5)
            words.initialize(repeating: 0, count: 5)
            self.exitWord = exitWord
        }
        deinit { words.deallocate() }

        var executing: UnsafeMutableRawPointer { UnsafeMutableRawPointer(words) }
        var sleeping: UnsafeMutableRawPointer { UnsafeMutableRawPointer(words + 1) }
        var quit: UnsafeMutableRawPointer { UnsafeMutableRawPointer(words + 2) }
        /// When the vCPU wants to look, in nanoseconds of the host's clock; 0 for never.
        var deadline: UnsafeMutableRawPointer { UnsafeMutableRawPointer(words + 3) }
        /// When the thread wakes up.
        var planned: UnsafeMutableRawPointer { UnsafeMutableRawPointer(words + 4) }

        func tick() {
            var idleCount = 0
            cs_thread_wake_on_time()
            signal.lock()
            while cs_atomic_load32(quit) == 0 {
                let limit = hostClock() &+ EngineTicker.interval
                if sleep(until: limit) {
                    idleCount = 0
                    _ = cs_atomic_or32(exitWord, UInt32(PPC_EXIT_INTERRUPT))
                } else if cs_atomic_load32(executing) != 0 {
                    idleCount = 0
                    if hostClock() >= limit { _ = cs_atomic_or32(exitWord, UInt32(PPC_EXIT_INTERRUPT)) }
                } else {
                    idleCount += 1
                    if idleCount > TickerThread.patience {
                        idleCount = 0
                        sleepUntilExecution()
                    }
                }
            }
            signal.unlock()
        }

        /// Sleeps until the deadline or, at most, a limit.
        ///
        /// Either this sees a new deadline, or the vCPU sees how long this will sleep: each writes before it reads.
        ///
        /// - Returns: Whether the deadline has come.
        private func sleep(until limit: UInt64) -> Bool {
            var wanted = cs_atomic_load64(deadline)
            while true {
                let target = wanted != 0 && wanted < limit ? wanted : limit
                _ = cs_atomic_exchange64(planned, target)
                let now = cs_atomic_load64(deadline)
                if now == wanted { break }
                wanted = now
            }
            if wanted == 0 || wanted > hostClock() {
                signal.wait(until: Int64(clamping: wanted != 0 ? min(wanted, limit) : limit))
            }
            wanted = cs_atomic_load64(deadline)
            return wanted != 0 && wanted <= hostClock() && cs_atomic_cas64(deadline, wanted, 0)
        }

        /// Either this sees that the vCPU executes, or the vCPU sees that this sleeps: each writes before it reads.
        private func sleepUntilExecution() {
            _ = cs_atomic_or32(sleeping, 1)
            while cs_atomic_load32(executing) == 0, cs_atomic_load32(quit) == 0 { signal.wait() }
            cs_atomic_store32(sleeping, 0)
        }

        func wake() { signal.withLock { signal.broadcast() } }
    }

    private let shared: Shared
    private let executing: UnsafeMutableRawPointer
    private let sleeping: UnsafeMutableRawPointer
    private var thread = pthread_t()

    /// - Parameter exitWord: `exit_request` of the vCPU.
    init?(exitWord: UnsafeMutableRawPointer) {
        let shared = Shared(exitWord: exitWord)
        self.shared = shared
        executing = shared.executing
        sleeping = shared.sleeping
        let argument = Unmanaged.passRetained(shared)
        let status = pthread_create(
            &thread, nil,
            { raw in
                guard let raw else { return nil }
                Unmanaged<Shared>.fromOpaque(raw).takeRetainedValue().tick()
                return nil
            }, argument.toOpaque())
        if status != 0 {
            argument.release()
            return nil
        }
    }

    deinit {
        cs_atomic_store32(shared.quit, 1)
        shared.wake()
        pthread_join(thread, nil)
    }

    /// See ``EngineTicker/watch(after:)``; `deadline` is in nanoseconds of the host's clock, 0 for never.
    func watch(until deadline: UInt64) {
        guard deadline != 0 else { return cs_atomic_store64(shared.deadline, 0) }
        _ = cs_atomic_exchange64(shared.deadline, deadline)
        if deadline &+ EngineTicker.tolerance < cs_atomic_load64(shared.planned) { shared.wake() }
    }

    @inline(__always)
    func setExecuting(_ value: Bool) {
        guard value else { return cs_atomic_store32(executing, 0) }
        _ = cs_atomic_or32(executing, 1)
        if cs_atomic_load32(sleeping) != 0 { shared.wake() }
    }
}
