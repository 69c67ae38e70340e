import Foundation

/// Why a machine stopped for good, for the program that runs it.
public enum ShutdownCause: String, Sendable {
    case guestShutdown = "guest-shutdown"
    case guestReset = "guest-reset"
    case guestPanic = "guest-panic"
    case hostQuit = "host-qmp-quit"
    case hostSignal = "host-signal"
    case hostError = "host-error"

    /// Whether the guest itself asked for it.
    public var isGuestInitiated: Bool { self == .guestShutdown || self == .guestReset || self == .guestPanic }
}

/// What follows when the guest's operating system has given up.
public enum PanicAction: String, Sendable, CaseIterable {
    /// The program ends, with status 0 as in QEMU, unless the machine stays after a shutdown.
    case shutdown
    /// The machine stays as it is to be looked at.
    case pause
    /// The program ends with status 1.
    case exitFailure = "exit-failure"
    /// Monitors hear of it, the guest goes on.
    case none
}

/// `-action` and `set-action`: what follows when the guest reboots, switches itself off or panics. Values are QEMU's
/// words; without one, nothing changes.
public struct GuestActions: Sendable {
    /// "reset" or "shutdown".
    public var reboot: String?
    /// "poweroff" or "pause".
    public var shutdown: String?
    /// "pause", "shutdown", "exit-failure" or "none".
    public var panic: String?

    /// Actions by event; `nil` leaves what holds.
    public init(reboot: String? = nil, shutdown: String? = nil, panic: String? = nil) {
        (self.reboot, self.shutdown, self.panic) = (reboot, shutdown, panic)
    }

    /// - Throws: ``ObjectError`` for a word that is none of the action's; the machine is unchanged then.
    public func apply(to machine: Machine) throws {
        func refused(_ name: String, _ value: String, _ known: [String]) -> ObjectError {
            ObjectError(
                "Parameter '\(name)' does not accept value '\(value)'",
                hint: "Values are \(known.joined(separator: ", ")).")
        }
        func choice(_ name: String, _ value: String, _ known: [String]) throws -> Bool {
            guard let index = known.firstIndex(of: value) else { throw refused(name, value, known) }
            return index == 1
        }
        let exits = try reboot.map { try choice("reboot", $0, ["reset", "shutdown"]) }
        let stays = try shutdown.map { try choice("shutdown", $0, ["poweroff", "pause"]) }
        let action = try panic.map { word in
            guard let action = PanicAction(rawValue: word) else {
                throw refused("panic", word, PanicAction.allCases.map(\.rawValue))
            }
            return action
        }
        if let exits { machine.exitsOnReset = exits }
        if let stays { machine.staysAfterShutdown = stays }
        if let action { machine.panicAction = action }
    }
}

extension Machine {
    /// `stop`.
    public func stopByUser() throws {
        guard runState != .inmigrate else {
            startAfterMigration = false
            return
        }
        guard runState.isRunning || runState == .suspended else { return }
        setRunState(.paused)
        monitor.emit("STOP")
    }

    /// `cont`.
    public func continueByUser() throws {
        switch runState {
        case .running: return
        case .inmigrate:
            // Wait for the stream; the machine starts when it is complete.
            startAfterMigration = true
            return
        case .shutdown, .internalError, .guestPanicked:
            throw ObjectError("Resetting the Virtual Machine is required")
        case .finishMigrate, .saveVM, .restoreVM:
            throw ObjectError("Can't continue while the machine's state is being saved or restored")
        default: break
        }
        setRunState(.running)
        monitor.emit("RESUME")
    }

    /// Stops everything and lets the program end. Callable from any thread that may wait for the lock.
    public func requestQuit(_ cause: ShutdownCause = .hostQuit) { finish(cause) }

    /// The guest switched itself off, or panicked.
    public func requestShutdown(_ cause: ShutdownCause) {
        postEvent { machine in
            if machine.staysAfterShutdown {
                machine.setRunState(.shutdown)
                machine.monitor.emit(
                    "SHUTDOWN", ["guest": .bool(cause.isGuestInitiated), "reason": .string(cause.rawValue)])
                machine.monitor.emit("STOP")
            } else {
                machine.finish(cause)
            }
        }
    }

    /// The guest's operating system has given up: monitors hear of it, and ``panicAction`` follows.
    public func reportGuestPanic() {
        postEvent { machine in
            guard machine.runState != .guestPanicked, machine.shutdownCause == nil else { return }
            let action = machine.panicAction
            guard action != .none else {
                machine.monitor.emit("GUEST_PANICKED", ["action": "run"])
                return
            }
            let stays = action == .pause || action == .shutdown && machine.staysAfterShutdown
            machine.monitor.emit("GUEST_PANICKED", ["action": .string(stays ? "pause" : "poweroff")])
            machine.setRunState(.guestPanicked)
            if stays { machine.monitor.emit("STOP") } else { machine.finish(.guestPanic) }
        }
    }

    private func finish(_ cause: ShutdownCause) {
        guard shutdownCause == nil else { return }
        shutdownCause = cause
        if runState.isRunning { setRunState(.shutdown) }
        monitor.emit("SHUTDOWN", ["guest": .bool(cause.isGuestInitiated), "reason": .string(cause.rawValue)])
        onShutdown?(cause)
    }

    /// Resets the machine from the event queue, so that a vCPU may ask for it.
    public func requestReset(guestInitiated: Bool) {
        postEvent { machine in
            if guestInitiated, machine.exitsOnReset {
                machine.requestShutdown(.guestReset)
                return
            }
            // Also when the machine no longer runs: whoever stops it may just be waiting for one of its vCPUs, with the
            // lock let go.
            for cpu in machine.cpus { cpu.pause() }
            machine.resetMachine()
            machine.monitor.emit(
                "RESET",
                [
                    "guest": .bool(guestInitiated),
                    "reason": .string(guestInitiated ? "guest-reset" : "host-qmp-system-reset"),
                ])
            if machine.mayResume {
                for cpu in machine.cpus { cpu.resume() }
            } else if machine.runState == .shutdown || machine.runState == .guestPanicked {
                machine.setRunState(.paused)
            }
        }
    }

    /// Runs `body` while no CPU executes, with the machine's lock held. CPUs that ran go on afterwards.
    public func standing<R>(_ body: () throws -> R) rethrows -> R {
        let wasRunning = runState.isRunning
        if wasRunning { for cpu in cpus { cpu.pause() } }
        // Whoever got the lock meanwhile may have stopped the machine.
        defer { if wasRunning, mayResume { for cpu in cpus { cpu.resume() } } }
        return try body()
    }

    /// `system_powerdown`: asks the guest to switch itself off.
    public func requestPowerDown() {
        monitor.emit("POWERDOWN")
        powerDownRequested()
    }

    /// Runs on the machine's queue with its lock held.
    public func postEvent(_ body: @escaping (Machine) -> Void) {
        let me = Confined(self)
        let work = Confined(body)
        queue.async { me.value.withLock { work.value(me.value) } }
    }
}
