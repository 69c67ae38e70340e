import Foundation
import Glibc

/// Threads that migrate.
enum MigrationThread {
    static func start(_ name: String, _ body: @escaping @Sendable () -> Void) {
        let thread = Thread { withoutBrokenPipeSignal(body) }
        thread.name = name
        thread.stackSize = 2 << 20
        thread.start()
    }

    /// Runs `body` with SIGPIPE blocked on this thread: a reader that went away is an error of `write`, not the end of
    /// the process.
    static func withoutBrokenPipeSignal<R>(_ body: () throws -> R) rethrows -> R {
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, SIGPIPE)
        var old = sigset_t()
        pthread_sigmask(SIG_BLOCK, &set, &old)
        defer {
            if sigismember(&old, SIGPIPE) == 0 {
                var none = timespec()
                while sigtimedwait(&set, nil, &none) == SIGPIPE {}
                pthread_sigmask(SIG_SETMASK, &old, nil)
            }
        }
        return try body()
    }
}
