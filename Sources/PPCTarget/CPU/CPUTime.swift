import Glibc

/// Nanoseconds of the host's monotonic clock.
public func hostClock() -> UInt64 {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return UInt64(truncatingIfNeeded: now.tv_sec) &* 1_000_000_000 &+ UInt64(truncatingIfNeeded: now.tv_nsec)
}

/// Time base, decrementers and their relatives of one thread (ISA 3.1 Book II, chapter 5, Book III, chapter 6).
///
/// All count at ``PPCModel/timeBaseFrequency``; each register is an offset from the clock.
package struct CPUTime {
    /// Nanoseconds of the machine's virtual clock.
    package var clock: () -> UInt64
    /// Added to clock ticks.
    package var timeBaseOffset: UInt64 = 0
    package var virtualTimeBaseOffset: UInt64 = 0
    package var purrOffset: UInt64 = 0
    /// Tick count (without offset) at which the decrementer passes zero.
    package var decrementerNext: UInt64 = 0
    package var hypervisorDecrementerNext: UInt64 = 0
    /// Whether the decrementer's interrupt is still to come; the deadline counts only then.
    var decrementerArmed = false

    init(clock: @escaping () -> UInt64) { self.clock = clock }

    /// Clock ticks since the clock's zero.
    package var ticks: UInt64 { Self.ticks(nanoseconds: clock()) }

    static func ticks(nanoseconds: UInt64) -> UInt64 {
        // 512 MHz: 64 ticks in 125 ns.
        let (high, low) = nanoseconds.multipliedFullWidth(by: 64)
        return high < 125 ? UInt64(125).dividingFullWidth((high, low)).quotient : .max
    }

    /// The first nanosecond at which `ticks` have passed.
    static func nanoseconds(ticks: UInt64) -> UInt64 {
        let (high, low) = ticks.multipliedFullWidth(by: 125)
        guard high < 64 else { return .max }
        let result = UInt64(64).dividingFullWidth((high, low))
        return result.remainder == 0 ? result.quotient : result.quotient &+ 1
    }

    package var timeBase: UInt64 {
        get { ticks &+ timeBaseOffset }
        set { timeBaseOffset = newValue &- ticks }
    }
    package var virtualTimeBase: UInt64 {
        get { ticks &+ virtualTimeBaseOffset }
        set { virtualTimeBaseOffset = newValue &- ticks }
    }
    package var purr: UInt64 {
        get { ticks &+ purrOffset }
        set { purrOffset = newValue &- ticks }
    }

    var decrementerDeadline: UInt64? {
        decrementerArmed ? Self.nanoseconds(ticks: decrementerNext) : nil
    }

    /// Nanoseconds until the decrementer's interrupt, if that is still to come.
    var decrementerDelay: UInt64? {
        guard decrementerArmed else { return nil }
        let now = ticks
        return decrementerNext > now ? Self.nanoseconds(ticks: decrementerNext &- now) : 0
    }

    /// Reset leaves the decrementer at its longest 32-bit period, so that nothing fires before software is ready.
    mutating func reset() {
        decrementerNext = ticks &+ 0xffff_ffff
        hypervisorDecrementerNext = decrementerNext
        decrementerArmed = true
        purrOffset = 0 &- ticks
    }
}

extension PPCCPU {
    private var decrementerBits: UInt64 {
        lpcr & LPCR.ld != 0 ? UInt64(truncatingIfNeeded: model.largeDecrementerBits) : 32
    }

    /// The decrementer as `mfdec` reads it: 32 bits, or sign-extended with LPCR[LD].
    package var decrementer: UInt64 {
        let value = time.decrementerNext &- time.ticks
        return lpcr & LPCR.ld != 0
            ? Self.signExtend(value, bits: UInt64(truncatingIfNeeded: model.largeDecrementerBits))
            : value & 0xffff_ffff
    }

    /// Stores the decrementer: a negative value requests the interrupt at once, another one withdraws it.
    package func setDecrementer(_ value: UInt64) {
        let bits = decrementerBits
        let field = value & (1 << bits &- 1)
        time.decrementerNext = time.ticks &+ field
        if Int64(bitPattern: Self.signExtend(field, bits: bits)) < 0 {
            time.decrementerArmed = false
            raise(interrupt: PendingInterrupt.decrementer)
        } else {
            lower(interrupt: PendingInterrupt.decrementer)
            time.decrementerArmed = true
        }
        onDeadlineChange?(self, time.decrementerDeadline)
        ticker?.watch(after: time.decrementerDelay)
    }

    /// The hypervisor decrementer, readable where a model has no hypervisor state of its own.
    package var hypervisorDecrementer: UInt64 {
        let value = time.hypervisorDecrementerNext &- time.ticks
        return model.largeDecrementerBits > 32
            ? Self.signExtend(value, bits: UInt64(truncatingIfNeeded: model.largeDecrementerBits))
            : value & 0xffff_ffff
    }

    package func setHypervisorDecrementer(_ value: UInt64) {
        let bits = UInt64(truncatingIfNeeded: model.largeDecrementerBits)
        time.hypervisorDecrementerNext = time.ticks &+ value & (1 << bits &- 1)
    }

    /// Raises the decrementer interrupt, and a counter's alert, if its time has come. For timers and run loops of this
    /// thread.
    ///
    /// - Returns: Whether the decrementer's has.
    @discardableResult
    package func checkDecrementer() -> Bool {
        if monitor.watches { checkMonitor() }
        guard time.decrementerArmed, time.ticks >= time.decrementerNext else { return false }
        time.decrementerArmed = false
        raise(interrupt: PendingInterrupt.decrementer)
        return true
    }

    static func signExtend(_ value: UInt64, bits: UInt64) -> UInt64 {
        let unused = 64 &- bits
        return UInt64(bitPattern: Int64(bitPattern: value << unused) >> Int64(truncatingIfNeeded: unused))
    }
}
