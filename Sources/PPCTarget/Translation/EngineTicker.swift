import CPPCState
import CSupport

#if canImport(Glibc)
    import Glibc
#endif

/// Makes a vCPU look at its decrementer now and then while it runs generated code, which itself never looks at a clock.
final class EngineTicker {
    /// Nanoseconds between looks.
    private static var interval: Int { 500_000 }

    /// What the thread sees.
    private struct Shared {
        var executing: UInt32 = 0
        var quit: UInt32 = 0
        var exitWord: UnsafeMutableRawPointer
    }
    private let shared: UnsafeMutablePointer<Shared>
    private var thread = pthread_t()

    /// - Parameter exitWord: `exit_request` of the vCPU.
    init?(exitWord: UnsafeMutableRawPointer) {
        shared = .allocate(capacity: 1)
        shared.initialize(to: Shared(exitWord: exitWord))
        let status = pthread_create(
            &thread, nil,
            { raw in
                guard let shared = raw?.assumingMemoryBound(to: Shared.self) else { return nil }
                let executing = UnsafeMutableRawPointer(shared)
                let quit = executing + MemoryLayout<UInt32>.size
                while cs_atomic_load32(quit) == 0 {
                    var pause = timespec(tv_sec: 0, tv_nsec: EngineTicker.interval)
                    nanosleep(&pause, nil)
                    if cs_atomic_load32(executing) != 0 {
                        _ = cs_atomic_or32(shared.pointee.exitWord, UInt32(PPC_EXIT_INTERRUPT))
                    }
                }
                return nil
            }, shared)
        if status != 0 {
            shared.deallocate()
            return nil
        }
    }

    deinit {
        cs_atomic_store32(UnsafeMutableRawPointer(shared) + MemoryLayout<UInt32>.size, 1)
        pthread_join(thread, nil)
        shared.deallocate()
    }

    @inline(__always)
    func setExecuting(_ value: Bool) { cs_atomic_store32(UnsafeMutableRawPointer(shared), value ? 1 : 0) }
}
