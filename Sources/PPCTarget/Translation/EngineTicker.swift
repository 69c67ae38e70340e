import CPPCState
import CSupport

/// Makes a vCPU look at its decrementer when that has run out while it executes generated code, which itself never looks
/// at a clock. Now and then the vCPU looks although nobody asked, since clocks can be moved; an idle one does not.
///
/// A timer of the host signals the thread that executes (see `alarm.c`), which needs no other thread to be scheduled. Where
/// there are no such timers, a thread does it that has to be woken first.
final class EngineTicker {
    /// Nanoseconds between looks that nobody asked for.
    static var interval: UInt64 { 4_000_000 }
    /// Nanoseconds that a look may come late for all it matters.
    static var tolerance: UInt64 { 20_000 }

    private let exitWord: UnsafeMutableRawPointer
    /// Signals the thread that executed last.
    private var alarm: OpaquePointer?
    private var thread: TickerThread?

    /// - Parameters:
    ///   - exitWord: `exit_request` of the vCPU.
    ///   - usesSignals: Otherwise, or if the host has no timers left, a thread serves.
    init(exitWord: UnsafeMutableRawPointer, usesSignals: Bool = true) {
        self.exitWord = exitWord
        if !usesSignals { thread = TickerThread(exitWord: exitWord) }
    }

    deinit {
        if let alarm { cs_alarm_destroy(alarm) }
    }

    /// Whether the host's timers signal the executing thread; known once one has executed.
    var usesSignals: Bool { alarm != nil }

    /// The vCPU wants to look at its decrementer in so many nanoseconds; `nil` if it need not.
    func watch(after delay: UInt64?) {
        let deadline = delay.map { hostClock() &+ min($0, 1 << 62) } ?? 0
        if let alarm { cs_alarm_set(alarm, deadline, Self.tolerance) }
        thread?.watch(until: deadline)
    }

    /// The calling thread begins executing.
    ///
    /// - Returns: Whether ``watch(after:)`` must be called once more, since the time may have come.
    @inline(__always)
    func beginExecuting() -> Bool {
        if let alarm {
            let status = Int(cs_alarm_execute(alarm))
            if status == Int(CS_ALARM_SET) { return false }
            return status == Int(CS_ALARM_RANG) || attach()
        }
        guard let thread else { return attach() }
        thread.setExecuting(true)
        return false
    }

    /// The calling thread has done executing.
    @inline(__always)
    func endExecuting() { thread?.setExecuting(false) }

    /// Gets an alarm for the calling thread, or a thread in its place.
    @inline(never)
    private func attach() -> Bool {
        if let alarm { cs_alarm_destroy(alarm) }
        alarm = cs_alarm_create(exitWord, UInt32(PPC_EXIT_INTERRUPT), Self.interval)
        if let alarm {
            _ = cs_alarm_execute(alarm)
        } else {
            thread = TickerThread(exitWord: exitWord)
            thread?.setExecuting(true)
        }
        return true
    }
}
