import Dispatch
import Foundation
import Logging

/// A processor as the machine drives it; the target implements it.
public protocol VirtualCPU: AnyObject {
    var index: Int { get }
    /// Lets the CPU's thread execute. Called with the machine's lock held.
    func resume()
    /// Stops execution and returns when the CPU is between instructions. Called with the machine's lock held, which is
    /// released while waiting.
    func pause()
    /// Drops soft-TLB entries that allow unlogged writes, so that dirty tracking sees every store from now on.
    func flushWriteAccess()
}

/// One virtual machine: the root of its object graph, its memory, its clock, its state.
///
/// Everything reachable from a machine is confined to it and is only touched inside ``withLock(_:)``. Several machines
/// live in one process without knowing of each other.
open class Machine: EmuObject {
    /// The types that `-object` and `-device` can name.
    public let types: TypeRegistry
    /// Whether everything that the machine begins with is there: devices that come now are hot-plugged.
    public var isReady = false
    /// Says why devices cannot come or go now, if they cannot: "while migrating".
    public var hotplugObstacle: () -> String? = { nil }
    /// Groups changes of the memory layout.
    public let topology = MemoryTopology()
    /// Root of what CPUs see.
    public let systemMemory: MemoryRegion
    /// Guest physical memory as devices and the monitor see it.
    public let memory: AddressSpace
    /// The guest's time.
    public let clock = VirtualClock()
    /// Deadlines in the guest's time.
    public let timers = TimerQueue()
    /// What a stream carries of the machine.
    public let state = StateRegistry()
    /// Where the machine reports what its user should know.
    public let logger: Logger
    /// What is executed, for whoever wants to know (`-d`).
    public let executionLog = ExecutionLog()
    /// Serial queue on which the machine's events run (timers, sockets, monitors). Work on it takes the lock.
    public let queue: DispatchQueue
    /// Whether the guest runs, and why not.
    public private(set) var runState: RunState = .prelaunch
    private var stopsInProgress = 0
    /// Whether CPUs that were paused for a moment may go on: the machine runs and nobody is about to stop it.
    public var mayResume: Bool { runState.isRunning && stopsInProgress == 0 }
    /// Virtual CPUs in the order in which they were made.
    public var cpus: [any VirtualCPU] = []
    /// Blocks of RAM in the order in which a stream lists them.
    public private(set) var ramBlocks: [RAMBlock] = []
    /// Where memory modules go, if the machine has room for any.
    public var deviceMemory: DeviceMemory?
    /// Presets of the machine version for new objects, newest version first as in QEMU.
    public var compatProperties: [GlobalProperty] = []
    /// Presets the user gave (`-global`), applied after the compat properties.
    public var globals: [GlobalProperty] = []
    /// Called after each change of run state with (old, new).
    public var runStateObservers: [(RunState, RunState) -> Void] = []
    /// Name on the wire and in QMP, such as "pseries-2.12".
    open var machineTypeName: String {
        objectType.name.hasSuffix("-machine") ? String(objectType.name.dropLast(8)) : objectType.name
    }

    /// What the user decided otherwise than ``streamSettings`` does.
    public var streamOverrides: [StreamOverride: Bool] = [:]

    /// How this machine version frames its migration stream.
    open var streamSettings: StreamSettings { StreamSettings(machineName: machineTypeName) }

    /// Monitor commands and event subscribers; modules add theirs.
    public let monitor = MonitorRegistry()
    /// Character back ends by id (`-chardev`), which devices name.
    public var characterBackends: [String: CharacterBackend] = [:]
    /// `-name` and `-uuid`.
    public var guestName: String?
    /// The machine's UUID if the user gave one.
    public var uuid: UUID?
    /// Random numbers for the guest; set before the machine is built.
    public var random = RandomSource()
    /// `-no-reboot` and `-no-shutdown`, or `-action reboot=shutdown` and `shutdown=pause`.
    public var exitsOnReset = false
    /// Whether the machine stays, stopped, when the guest switches itself off (`-no-shutdown`).
    public var staysAfterShutdown = false
    /// `-action panic=`.
    public var panicAction = PanicAction.shutdown
    /// Set while a stream is awaited: whether to run once it has arrived (no `-S`, or `cont` was given).
    public var startAfterMigration = true
    /// Why the machine ended, once it has.
    public internal(set) var shutdownCause: ShutdownCause?
    /// Called once when the machine ends, with its lock held.
    public var onShutdown: ((ShutdownCause) -> Void)?

    private let lock = NSRecursiveLock()
    /// How often the holder of the lock has taken it; only touched by the holder.
    private var lockDepth = 0
    private var timerDriver: TimerDriver?

    /// `/objects`, `/machine/peripheral` and so on hang below ``root``, whose child `machine` is this object.
    public let root: EmuObject

    /// - Parameters:
    ///   - type: Type of the machine.
    ///   - types: Where types of objects and devices are looked up.
    ///   - logger: Where warnings go.
    public init(type: ObjectType, types: TypeRegistry, logger: Logger = Logger(label: "emucore")) {
        self.types = types
        self.logger = logger
        queue = DispatchQueue(label: "emucore.machine")
        systemMemory = MemoryRegion("system", size: .max, in: topology)
        memory = AddressSpace("memory", root: systemMemory)
        let containerType = ObjectType("container", parent: nil) { EmuObject(type: $0) }
        root = EmuObject(type: containerType)
        super.init(type: type)
        let objects = EmuObject(type: containerType)
        root.add(owner: self, name: "machine")
        // These names are new on new objects, so adding cannot fail.
        try? root.add(child: objects, name: "objects")
        for name in ["peripheral", "peripheral-anon", "unattached"] {
            try? add(child: EmuObject(type: containerType), name: name)
        }
        monitor.add(CoreCommands.all)
        monitor.add(DeviceCommands.all)
        monitor.add(CoreHumanCommands.all)
        monitor.add(DeviceCommands.human)
        monitor.add(LogCommands.human)
        timerDriver = TimerDriver(machine: self)
    }

    /// Runs `body` with the machine's lock held; recursive on one thread.
    public func withLock<R>(_ body: () throws -> R) rethrows -> R {
        lockMachine()
        defer { unlockMachine() }
        return try body()
    }

    /// The lock itself, for waiting loops of vCPU threads that must drop it.
    public func lockMachine() {
        lock.lock()
        lockDepth += 1
    }
    /// Leaves the machine's lock once.
    public func unlockMachine() {
        lockDepth -= 1
        lock.unlock()
    }

    /// Releases the lock however often this thread, which holds it, has taken it: for waits on threads that need it.
    ///
    /// - Returns: What ``relockMachine(_:)`` takes to restore it.
    public func unlockMachineCompletely() -> Int {
        let depth = lockDepth
        for _ in 0..<depth { unlockMachine() }
        return depth
    }
    /// Takes the machine's lock again as often as it was held.
    public func relockMachine(_ depth: Int) {
        for _ in 0..<depth { lockMachine() }
    }

    // MARK: RAM

    /// Adds a block to the list that streams carry.
    ///
    /// - Throws: If the id is taken: two blocks of one name cannot be told apart in a stream.
    public func add(ramBlock: RAMBlock) throws {
        guard !ramBlocks.contains(where: { $0.id == ramBlock.id }) else {
            throw MemoryError("RAMBlock \"\(ramBlock.id)\" already registered")
        }
        // Larger blocks first, as QEMU keeps its list; equals stay in order of creation.
        let position = ramBlocks.firstIndex { $0.maxLength < ramBlock.maxLength } ?? ramBlocks.endIndex
        ramBlocks.insert(ramBlock, at: position)
    }

    /// Takes a block out of those that travel.
    public func remove(ramBlock: RAMBlock) { ramBlocks.removeAll { $0 === ramBlock } }

    // MARK: Run state

    /// Changes the run state; starts or stops clock and CPUs as needed. Called with the lock held.
    public func setRunState(_ new: RunState) {
        let old = runState
        guard new != old else { return }
        if old.isRunning {
            // Pausing lets the lock go, and whatever else pauses CPUs for a moment must not resume them behind this.
            stopsInProgress += 1
            for cpu in cpus { cpu.pause() }
            stopsInProgress -= 1
            clock.stop()
        }
        runState = new
        if new.isRunning {
            clock.start()
            for cpu in cpus { cpu.resume() }
        }
        for observer in runStateObservers { observer(old, new) }
    }

    /// Makes a device of a type that users may add, neither preset nor realized; `nil` for other types.
    open func makeDevice(_ type: ObjectType) throws -> Device? { nil }

    /// A bus by name, as `bus=` of `-device` gives it.
    open func bus(named name: String) -> Bus? { nil }

    /// Asks for a device back that came with ``plug(_:)``; a machine whose devices can go overrides this.
    open func requestUnplug(_ device: Device) throws {
        throw ObjectError("Device '\(device.objectType.name)' does not support hotplugging")
    }

    /// Puts a device made by ``makeDevice(_:)`` into the machine and realizes it.
    open func plug(_ device: Device) throws {
        throw ObjectError("'\(device.objectType.name)' is not a valid device model name")
    }

    /// Brings every device to its reset state. Called with the lock held and CPUs stopped.
    open func resetMachine() {}

    /// Tells the guest that the user pressed the power button.
    open func powerDownRequested() {}

    /// Raises a non-maskable interrupt (system reset) on the CPUs.
    open func injectNMI() throws { throw ObjectError("machine does not provide NMIs") }
}
