import Dispatch

/// Fires a machine's virtual timers from its queue: one host timer, set to the earliest deadline while the clock runs.
public final class TimerDriver {
    private weak var machine: Machine?
    private let source: any DispatchSourceTimer

    /// A driver of a machine's timers; it does not hold the machine.
    public init(machine: Machine) {
        self.machine = machine
        source = DispatchSource.makeTimerSource(flags: .strict, queue: machine.queue)
        let me = Confined(Reference(self))
        source.setEventHandler {
            guard let driver = me.value.driver, let machine = driver.machine else { return }
            machine.withLock { driver.fire(machine) }
        }
        source.activate()
        machine.timers.onChange = { [weak self] in self?.arm() }
        machine.runStateObservers.append { [weak self] _, _ in self?.arm() }
    }

    private final class Reference {
        weak var driver: TimerDriver?
        init(_ driver: TimerDriver) { self.driver = driver }
    }

    private func fire(_ machine: Machine) {
        machine.timers.run(at: machine.clock.now)
        arm()
    }

    private func arm() {
        // Who moves the clock by hand fires the timers too.
        guard let machine, machine.clock.isRunning, !machine.clock.isManual, let deadline = machine.timers.nextDeadline
        else {
            source.schedule(deadline: .distantFuture)
            return
        }
        let delay = max(deadline &- machine.clock.now, 0)
        source.schedule(deadline: .now() + .nanoseconds(Int(delay)), leeway: .nanoseconds(0))
    }
}
