import CPPCState
import CSupport

#if canImport(Glibc)
    import Glibc
#endif

/// Makes a vCPU look at its decrementer now and then while it runs generated code, which itself never looks at a clock.
///
/// The ticking thread sleeps for good once the vCPU has not executed for a few intervals, and is woken when it executes
/// again: an idle guest costs nothing here.
final class EngineTicker {
    /// Nanoseconds between looks.
    private static var interval: Int { 500_000 }
    /// Intervals without execution after which the thread sleeps until it is woken.
    private static var patience: Int { 8 }

    /// What the ticking thread and the vCPU's share. Words are only touched by atomic operations.
    private final class Shared: @unchecked Sendable {
        // @unchecked: see above; `signal` is made to be shared.
        let words: UnsafeMutablePointer<UInt32>
        let exitWord: UnsafeMutableRawPointer
        let signal = ThreadSignal()

        init(exitWord: UnsafeMutableRawPointer) {
            words = .allocate(capacity: 3)
            words.initialize(repeating: 0, count: 3)
            self.exitWord = exitWord
        }
        deinit { words.deallocate() }

        var executing: UnsafeMutableRawPointer { UnsafeMutableRawPointer(words) }
        var sleeping: UnsafeMutableRawPointer { UnsafeMutableRawPointer(words + 1) }
        var quit: UnsafeMutableRawPointer { UnsafeMutableRawPointer(words + 2) }

        func tick() {
            var idleCount = 0
            while cs_atomic_load32(quit) == 0 {
                var pause = timespec(tv_sec: 0, tv_nsec: EngineTicker.interval)
                nanosleep(&pause, nil)
                if cs_atomic_load32(executing) != 0 {
                    idleCount = 0
                    _ = cs_atomic_or32(exitWord, UInt32(PPC_EXIT_INTERRUPT))
                } else {
                    idleCount += 1
                    if idleCount > EngineTicker.patience {
                        idleCount = 0
                        sleepUntilExecution()
                    }
                }
            }
        }

        /// Either this sees that the vCPU executes, or the vCPU sees that this sleeps: each writes before it reads.
        private func sleepUntilExecution() {
            signal.withLock {
                _ = cs_atomic_or32(sleeping, 1)
                while cs_atomic_load32(executing) == 0, cs_atomic_load32(quit) == 0 { signal.wait() }
                cs_atomic_store32(sleeping, 0)
            }
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

    @inline(__always)
    func setExecuting(_ value: Bool) {
        guard value else { return cs_atomic_store32(executing, 0) }
        _ = cs_atomic_or32(executing, 1)
        if cs_atomic_load32(sleeping) != 0 { shared.wake() }
    }
}
