import CPPCState
import CSupport

/// Makes a vCPU look at its decrementer when that has run out while it executes generated code, which itself never looks
/// at a clock. Now and then the vCPU looks although nobody asked, since clocks can be moved; an idle one does not.
///
/// A timer of the host signals the thread that executes (see `alarm.c`): half of the interrupts are taken within 20 µs that
/// way. Where there are no such timers, a thread does it that has to be woken first.
final class EngineTicker {
    /// Nanoseconds between looks that nobody asked for.
    static var interval: UInt64 { 4_000_000 }
    /// Nanoseconds that a look may come late for all it matters.
    static var tolerance: UInt64 { 20_000 }

    private let exitWord: UnsafeMutableRawPointer
    /// When the vCPU wants to look, in nanoseconds of the host's clock; 0 for never.
    private var deadline: UInt64 = 0
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
        deadline = delay.map { hostClock() &+ min($0, 1 << 62) } ?? 0
        if let alarm { cs_alarm_set(alarm, deadline, Self.tolerance) }
        thread?.watch(until: deadline)
    }

    /// The calling thread begins or ends executing.
    @inline(__always)
    func setExecuting(_ value: Bool) {
        if let alarm {
            if value, !cs_alarm_execute(alarm) { attach() }
        } else if let thread {
            thread.setExecuting(value)
        } else if value {
            attach()
        }
    }

    /// Gets an alarm for the calling thread, or a thread in its place.
    @inline(never)
    private func attach() {
        if let alarm { cs_alarm_destroy(alarm) }
        alarm = cs_alarm_create(exitWord, UInt32(PPC_EXIT_INTERRUPT), Self.interval)
        if let alarm {
            cs_alarm_set(alarm, deadline, Self.tolerance)
            _ = cs_alarm_execute(alarm)
        } else {
            thread = TickerThread(exitWord: exitWord)
            thread?.watch(until: deadline)
            thread?.setExecuting(true)
        }
    }
}
