import EmuCore
import Logging

/// The pseries machine: a partition as PAPR describes it, with firmware, hypercalls and virtual devices.
///
/// Use: create one with ``init(version:types:platform:logger:)``, set machine properties, create memory back ends,
/// then ``build(_:)``. From then on it is at rest in its reset state, ready to run or to load a stream.
public final class SpaprMachine: Machine {
    /// Facts of its version, `pseries-X.Y`.
    public let version: SpaprVersion
    /// Interrupt controllers, hypercalls, runtime services, vCPU threads.
    package let platform: any SpaprPlatform

    // MARK: Properties, set before build

    /// Levels in effect; those the user gave win over the version's defaults.
    package internal(set) var capabilities: SpaprCapabilities
    /// Levels without user's choices, decided when the CPU is known.
    package internal(set) var defaultCapabilities: SpaprCapabilities
    /// Levels that travel: ours when saving, the source's after loading.
    var travellingCapabilities: SpaprCapabilities
    var chosenCapabilities: Set<SpaprCapability> = []
    /// Warnings that were given already; a reset repeats their causes.
    var warnings: Set<String> = []
    var wantedInterruptMode: SpaprVersion.InterruptMode
    /// Threads that a core's numbers leave room for; 0 until decided.
    package internal(set) var vsmt: UInt32 = 0
    package internal(set) var maximumCompatibility: UInt32 = 0
    package internal(set) var resizeHPT: ResizeHPT = .default
    var kernelAddress: UInt64 = 0x40_0000
    package internal(set) var usesBuiltInFirmware = false
    package internal(set) var hasHotplugEvents: Bool
    var suppressesDescription: Bool
    /// Whether guest memory belongs into a core dump of this process, and may be merged with equal pages.
    var dumpsGuestCore = true
    var mergesMemory = true
    var hostModel: String?
    var hostSerial: String?
    var kvmType = "auto"
    var allowsNVDIMM = true
    /// Properties that only are there to be read back.
    var ignoredProperties: [String: Value] = [:]

    /// Whether the guest may have its hash table resized.
    package enum ResizeHPT: String, Sendable { case `default`, disabled, enabled, required }

    // MARK: Parts, made by build

    /// What it was built of.
    public internal(set) var options = SpaprOptions()
    package internal(set) var smp = CPUTopology()
    /// The processor of all its threads.
    public internal(set) var model: PPCModel
    /// Bytes of RAM at the start; plugged modules are not among them.
    public internal(set) var memorySize: UInt64 = 0
    package internal(set) var maximumMemorySize: UInt64 = 0
    /// Start of hot-plugged memory; 0 if there can be none.
    package internal(set) var deviceMemoryBase: UInt64 = 0
    package internal(set) var deviceMemorySize: UInt64 = 0
    /// What real mode can address, and where firmware lives.
    package internal(set) var realModeSize: UInt64 = 0
    package internal(set) var numa = SpaprNUMA()
    package internal(set) var interrupts: SpaprInterrupts!
    package internal(set) var cores: [SpaprCPUCore] = []
    /// What the platform keeps for this machine (hypercalls, runtime services).
    package var services: AnyObject?
    /// Physical memory as a thread sees it unless the platform gives it a faster way.
    package let physicalMemory: MachineMemory
    package internal(set) var vio: VIOBus!
    package internal(set) var nvram: SpaprNVRAM!
    package internal(set) var rtc: SpaprRTC!
    package internal(set) var phbs: [SpaprPHB] = []
    /// What answers H_RANDOM, if the user added it.
    package internal(set) var randomNumbers: SpaprRNG?
    package internal(set) var connectors: ConnectorTable!
    package internal(set) var events: SpaprEvents!
    /// Images that every reset copies into memory: firmware, kernel, initrd.
    package internal(set) var images = ImageSet()
    /// The file that was loaded as firmware: its path and size.
    package internal(set) var firmware: (path: String, size: Int)?
    package internal(set) var kernel: LoadedKernel?
    package internal(set) var initrd: (address: UInt64, size: UInt64)?

    // MARK: State that travels in the `spapr` section

    /// The partition's hash page table; `nil` shift 0 for radix guests that gave it up.
    public let hpt: HashPageTable
    /// Process table registered by the guest: second doubleword of its partition table entry.
    package internal(set) var processTableEntry: UInt64 = 0
    /// What platform and guest agreed on by `ibm,client-architecture-support`.
    package internal(set) var negotiatedVector5 = OptionVector()
    /// What the platform offers.
    package internal(set) var offeredVector5 = OptionVector()
    package var deviceTreeBlob: [UInt8] = []
    package var deviceTreeInitialSize: UInt32 = 0
    /// Addresses registered by `ibm,nmi-register`; all ones for none.
    package var systemResetAddress = UInt64.max
    package var machineCheckAddress = UInt64.max
    /// Number of the thread that handles a machine check; −1 for none.
    package var machineCheckOwner: Int32 = -1
    /// The guest cannot do ISA 3.0 and must not see radix in the CPU's features.
    package var guestIsBeforeISA300 = false
    var legacyRTCOffset: UInt64 = 0
    /// Nothing has happened since a stream was loaded: saving writes again what came, even where it has no meaning here.
    var isAsLoaded = false
    var loadedTreeSize: Int?
    var placeholders: [PresenterPlaceholder] = []
    let timeBase = TimeBaseState()
    let timer: ClockState

    /// Size of a hot-pluggable piece of memory, in bytes.
    package static let memoryBlockSize: UInt64 = 256 << 20
    package static let defaultRAMID = "ppc_spapr.ram"
    package static let deviceTreeRoom = 0x20_0000

    package init(
        version: SpaprVersion, types: TypeRegistry, platform: any SpaprPlatform,
        logger: Logger = Logger(label: "emucore")
    ) {
        self.version = version
        self.platform = platform
        capabilities = version.capabilities
        defaultCapabilities = version.capabilities
        travellingCapabilities = version.capabilities
        wantedInterruptMode = version.interruptMode
        hasHotplugEvents = version.hotplugEventsByDefault
        suppressesDescription = version.suppressesDescription
        model = PPCModel.named(version.defaultCPU) ?? PPCModel.all[0]
        hpt = HashPageTable()
        timer = ClockState()
        physicalMemory = MachineMemory()
        let type =
            types.type("\(version.machineName)-machine")
            ?? ObjectType("\(version.machineName)-machine", parent: nil, properties: SpaprMachine.properties)
        super.init(type: type, types: types, logger: logger)
        compatProperties = version.compatProperties
        hpt.onChange = { [weak self] in self?.hashTableChanged() }
        monitor.add(SpaprMonitor.commands + SpaprMonitor.catalogCommands)
        monitor.add(SpaprMonitor.humanCommands)
        interrupts = SpaprInterrupts(machine: self, mode: version.interruptMode)
        timer.machine = self
        physicalMemory.space = memory
        runStateObservers.append { [weak self] _, new in
            if new.isRunning { self?.isAsLoaded = false }
            if new == .finishMigrate { self?.handOverDecrementers() }
        }
        timeBase.machine = self
    }

    public override var streamSettings: StreamSettings {
        var settings = StreamSettings(machineName: machineTypeName)
        settings.sendsConfiguration = version.hasModernStream
        settings.sendsFooters = version.hasModernStream
        settings.storesRunState = version.hasModernStream
        settings.sendsDescription = !suppressesDescription
        settings.firstRelease = version.firstRelease
        settings.removedInRelease = version.removedInRelease
        settings.uuid = uuid.map { withUnsafeBytes(of: $0.uuid) { Array($0) } }
        return settings
    }

    /// Bytes of RAM that are there: main RAM and memory modules. Hash tables that can be resized are made for it.
    package var presentMemorySize: UInt64 { memorySize &+ (deviceMemory?.used ?? 0) }

    public override func resetMachine() {
        do {
            try resetThrowing()
        } catch {
            logger.error("reset failed: \(error)")
            setRunState(.internalError)
        }
    }

    public override func powerDownRequested() { events?.postPowerDown() }

    public override func injectNMI() throws { platform.injectNMI(self) }

    public override func makeDevice(_ type: ObjectType) throws -> Device? { makeUserDevice(type) }

    public override func plug(_ device: Device) throws {
        try plugIntoPlatform(device)
        offer(device)
    }

    public override func requestUnplug(_ device: Device) throws { try wantBack(device) }

    public override func bus(named name: String) -> Bus? {
        let all: [Bus] = [vio] + phbs.compactMap(\.pci)
        return all.first { $0.name == name }
    }

    // MARK: CPUs

    /// All threads, by index.
    public var threads: [SpaprThread] { cores.flatMap(\.threads) }

    /// The thread of a number from 0 on; `nil` if it is not plugged.
    public func thread(index: Int) -> SpaprThread? { threads.first { $0.index == index } }

    /// The thread of a number as the guest knows it ("interrupt server number").
    package func thread(server: Int) -> SpaprThread? { threads.first { $0.server == server } }

    /// The guest's number of thread `index`.
    package func server(ofThread index: Int) -> Int {
        index / smp.threads * Int(vsmt) + index % smp.threads
    }

    /// One more than the highest number a thread can have.
    package var serverCount: Int { (smp.maximum * Int(vsmt) + smp.threads - 1) / smp.threads }

    /// Whether the CPU model can run a level, within the user's limit.
    package func runs(_ level: UInt32) -> Bool {
        CompatibilityMode.isUsable(level, on: model, maximum: maximumCompatibility)
    }

    /// Sets some bits of every thread's LPCR. CPUs are stopped or execute the hypercall that asks for it.
    package func updateLPCR(set: UInt64, mask: UInt64) {
        for thread in threads { thread.cpu.setLPCR(thread.cpu.lpcr & ~mask | set) }
    }

    /// Registers a process table, or (0) returns to the hash table's rules.
    package func setProcessTable(_ entry: UInt64) {
        processTableEntry = entry
        for thread in threads { thread.cpu.mmu.processTable = entry }
    }

    func hashTableChanged() {
        let table = hpt.table
        for thread in threads { thread.cpu.mmu.hashTable = table }
    }
}

/// Numbers of `-smp`, complete and consistent.
package struct CPUTopology: Sendable, Equatable {
    package var cpus = 1
    package var sockets = 1
    package var cores = 1
    package var threads = 1
    package var maximum = 1

    /// Fills in what was left open.
    ///
    /// - Throws: If the numbers contradict each other.
    static func complete(_ wanted: SpaprOptions.Topology, version: SpaprVersion) throws -> CPUTopology {
        let given = [wanted.cpus, wanted.sockets, wanted.cores, wanted.threads, wanted.maximum].compactMap { $0 }
        guard given.allSatisfy({ (1...(1 << 20)).contains($0) }) else {
            throw ObjectError("Invalid CPU topology: CPU topology parameters must be greater than zero")
        }
        var result = CPUTopology()
        var sockets = wanted.sockets ?? 0
        var cores = wanted.cores ?? 0
        var threads = wanted.threads ?? 0
        var maximum = wanted.maximum ?? wanted.cpus ?? 0
        if maximum == 0 {
            sockets = max(sockets, 1)
            cores = max(cores, 1)
            threads = max(threads, 1)
        } else if version.prefersSockets {
            if sockets == 0 {
                cores = max(cores, 1)
                threads = max(threads, 1)
                sockets = maximum / (cores * threads)
            } else if cores == 0 {
                threads = max(threads, 1)
                cores = maximum / (sockets * threads)
            }
        } else if cores == 0 {
            sockets = max(sockets, 1)
            threads = max(threads, 1)
            cores = maximum / (sockets * threads)
        } else if sockets == 0 {
            threads = max(threads, 1)
            sockets = maximum / (cores * threads)
        }
        if threads == 0 { threads = sockets * cores == 0 ? 0 : maximum / (sockets * cores) }
        if maximum == 0 { maximum = sockets * cores * threads }
        result.cpus = wanted.cpus ?? maximum
        result.sockets = sockets
        result.cores = cores
        result.threads = threads
        result.maximum = maximum
        let words = "sockets (\(sockets)) * cores (\(cores)) * threads (\(threads))"
        guard sockets * cores * threads == maximum else {
            throw ObjectError(
                "Invalid CPU topology: product of the hierarchy must match maxcpus: \(words) != maxcpus (\(maximum))")
        }
        guard maximum >= result.cpus else {
            throw ObjectError(
                "Invalid CPU topology: maxcpus must be equal to or greater than smp: \(words) == maxcpus (\(maximum)) "
                    + "< smp_cpus (\(result.cpus))")
        }
        guard maximum <= SpaprInterrupts.ipiCount else {
            throw ObjectError(
                "Invalid SMP CPUs \(maximum). The max CPUs supported by machine '\(version.machineName)' is "
                    + "\(SpaprInterrupts.ipiCount)")
        }
        return result
    }
}
