import Dispatch
import EmuCore
import OrderedCollections
import Synchronization

/// Saves one machine's state to channels and loads it from them; everything that `migrate…` commands do.
///
/// Its methods may be called from any thread. Work happens on threads of its own, or on the caller's for
/// ``save(to:)`` and ``load(from:autostart:)``. Lock order: the machine's lock before the controller's, and the
/// controller calls nobody while it holds its own.
public final class MigrationController: @unchecked Sendable {
    // @unchecked: `machine` is entered through its lock; everything mutable is in `state`; closures are set before use.

    struct State {
        var info = MigrationInfo()
        var capabilities: Set<String> = []
        var parameters = ParameterTable.defaults
        var writePolicy = WritePolicy.oldestSufficient
        /// The channel that `cancel` interrupts.
        var channel: (any MigrationChannel)?
        var listener: ListeningSocket?
        var startTime: Int64 = 0
        var isIncomingDeferred = false
        var isIncomingStarted = false
    }

    /// The machine that is saved or loaded.
    public let machine: Machine
    /// Which section versions are written.
    public var writePolicy: WritePolicy {
        get { state.withLock { $0.writePolicy } }
        set {
            state.withLock { state in
                state.writePolicy = newValue
                state.parameters["write-for-release"] = .string(newValue.name)
            }
        }
    }
    /// Receives the events that monitors get as well: MIGRATION and MIGRATION_PASS (if the capability `events` is on),
    /// STOP and RESUME. Called with the machine's lock held.
    public var eventHandler: (@Sendable (_ name: String, _ data: Value) -> Void)?
    /// Called when an incoming migration that was started by ``startIncoming(_:autostart:exitOnError:)`` has ended.
    public var incomingEnded:
        (@Sendable (_ result: Result<MigrationInfo, MigrationError>, _ exitOnError: Bool) -> Void)?

    let state = Mutex(State())
    /// Wakes a migration that waits: for `migrate-continue`, or for the next slice of bandwidth.
    let wakeUp = DispatchSemaphore(value: 0)
    let ram: RAMLiveState
    let runStateSection: RunStateSection

    /// Registers RAM and the run state with the machine. To be created when the machine's devices exist, so that their
    /// sections come first.
    public init(machine: Machine) {
        self.machine = machine
        ram = RAMLiveState(machine: machine)
        runStateSection = RunStateSection(alwaysTravels: machine.streamSettings.storesRunState)
        let liveRAM = ram
        let section = runStateSection
        machine.withLock {
            machine.state.registerLive(RAMLiveState.sectionName, liveRAM, version: RAMLiveState.version)
            machine.state.register(RunStateSection.description, of: section, instance: 0)
            machine.hotplugObstacle = { [weak self] in
                guard let info = self?.info, info.status.isRunning, !info.isIncoming else { return nil }
                return "while migrating"
            }
        }
    }

    /// Takes RAM and the run state out of the machine's list again.
    public func detach() {
        machine.withLock {
            machine.state.unregister(subject: ram)
            machine.state.unregister(subject: runStateSection)
            machine.hotplugObstacle = { nil }
        }
    }

    // MARK: Settings

    /// Names of those that are switched on.
    public var capabilities: Set<String> { state.withLock { $0.capabilities } }

    /// Switches capabilities; all or none of them.
    public func set(capabilities changes: [(name: String, on: Bool)]) throws {
        for change in changes { try CapabilityTable.check(change.name, on: change.on) }
        try state.withLock { state in
            guard !state.info.status.isRunning else { throw Self.alreadyRunning }
            for change in changes {
                if change.on { state.capabilities.insert(change.name) } else { state.capabilities.remove(change.name) }
            }
        }
    }

    /// Every parameter with its value.
    public var parameters: OrderedDictionary<String, Value> { state.withLock { $0.parameters } }

    /// Sets parameters; all or none of them. `null` leaves one as it is.
    public func set(parameters changes: OrderedDictionary<String, Value>) throws {
        for (name, value) in changes { try ParameterTable.check(name, value) }
        if let name = changes["write-for-release"]?.stringValue { writePolicy = try WritePolicy(name) }
        state.withLock { state in
            for (name, value) in changes where value != .null { state.parameters[name] = value }
        }
        wakeUp.signal()
    }

    func parameter(_ name: String) -> UInt64 { state.withLock { $0.parameters[name]?.unsignedValue ?? 0 } }

    static let alreadyRunning = MigrationError("There's a migration process in progress")

    // MARK: State

    /// How the current or last migration stands.
    public var info: MigrationInfo {
        state.withLock { state in
            var info = state.info
            if info.status.isRunning, state.startTime != 0 {
                info.totalTime = (VirtualClock.hostNow &- state.startTime) / 1_000_000
            }
            return info
        }
    }

    /// Moves to `new` and tells about it. A migration that is being cancelled only moves to an end.
    @discardableResult
    func setStatus(_ new: MigrationStatus) -> Bool {
        let (changed, tells) = state.withLock { state -> (Bool, Bool) in
            if state.info.status == .cancelling, new.isRunning { return (false, false) }
            guard state.info.status != new else { return (true, false) }
            state.info.status = new
            return (true, state.capabilities.contains("events"))
        }
        if tells { emit("MIGRATION", ["status": .string(new.rawValue)]) }
        return changed
    }

    /// Tells monitors and the embedder.
    func emit(_ event: String, _ data: Value = [:]) {
        machine.withLock {
            machine.monitor.emit(event, data)
            eventHandler?(event, data)
        }
    }

    /// Changes the run state with the events that belong to it. Called with the machine's lock held.
    func setRunState(_ new: RunState) {
        let old = machine.runState
        machine.setRunState(new)
        if old.isRunning, !new.isRunning { emit("STOP") }
        if !old.isRunning, new.isRunning { emit("RESUME") }
    }

    /// Claims the controller for one migration.
    func begin(incoming: Bool) throws {
        try state.withLock { state in
            guard !state.info.status.isRunning else { throw Self.alreadyRunning }
            let listening = state.info.listeningAddress
            state.info = MigrationInfo()
            state.info.isIncoming = incoming
            state.info.listeningAddress = incoming ? listening : nil
            state.info.status = .setup
            state.startTime = VirtualClock.hostNow
            state.channel = nil
        }
        // Nothing may be left over from an earlier migration.
        while wakeUp.wait(timeout: .now()) == .success {}
        if capabilities.contains("events") {
            emit("MIGRATION", ["status": .string(MigrationStatus.setup.rawValue)])
        }
    }

    /// Makes `channel` the one that `cancel` interrupts.
    func use(_ channel: any MigrationChannel) {
        let isCancelled = state.withLock { state in
            state.channel = channel
            return state.info.status == .cancelling
        }
        if isCancelled { channel.cancel() }
    }

    /// Ends the migration as cancelled if somebody asked for that, else as failed.
    func fail(_ error: MigrationError) {
        let wasCancelled = state.withLock { state in
            state.info.error = error
            state.channel = nil
            state.info.totalTime = (VirtualClock.hostNow &- state.startTime) / 1_000_000
            return state.info.status == .cancelling
        }
        setStatus(wasCancelled ? .cancelled : .failed)
    }

    var isCancelling: Bool { state.withLock { $0.info.status == .cancelling } }

    /// Asks the current outgoing migration to stop; it ends as `cancelled`, and a guest that ran runs again.
    public func cancel() {
        let (channel, isFirst) = state.withLock { state -> ((any MigrationChannel)?, Bool) in
            guard state.info.status.isRunning, state.info.status != .cancelling, !state.info.isIncoming else {
                return (nil, false)
            }
            state.info.status = .cancelling
            return (state.channel, true)
        }
        guard isFirst else { return }
        if capabilities.contains("events") {
            emit("MIGRATION", ["status": .string(MigrationStatus.cancelling.rawValue)])
        }
        channel?.cancel()
        wakeUp.signal()
    }

    /// Lets a migration go on that waits in `pre-switchover`.
    public func continueMigration(from expected: MigrationStatus) throws {
        let current = info.status
        guard current == expected, current == .preSwitchover else {
            throw MigrationError("Migration not in expected state: \(current.rawValue)")
        }
        wakeUp.signal()
    }
}
