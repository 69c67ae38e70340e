import CPPCState
import EmuCore

/// What executes a thread; attached by the platform.
package protocol ThreadRunner: AnyObject {
    /// See ``VirtualCPU``.
    func resume()
    func pause()
}

/// A processor core of the machine: the unit in which CPUs are plugged.
package final class SpaprCPUCore: Device {
    /// Index of the core's first thread (`core-id`).
    package internal(set) var firstThread: Int
    package private(set) var threads: [SpaprThread] = []
    package internal(set) var threadCount: Int
    /// NUMA node; `nil` until the machine assigns it, unless the user names it.
    package internal(set) var node: Int?
    /// Machines before 3.0 did not send what the partition knows about a thread.
    var omitsPartitionState: Bool
    private unowned let spapr: SpaprMachine

    init(machine: SpaprMachine, firstThread: Int, threadCount: Int) throws {
        let name = "\(machine.model.name)-spapr-cpu-core"
        guard let type = machine.types.type(name) else {
            throw ObjectError("Unable to find sPAPR CPU Core definition")
        }
        spapr = machine
        self.firstThread = firstThread
        self.threadCount = threadCount
        omitsPartitionState = !machine.version.sendsThreadState
        super.init(type: type, machine: machine)
    }

    /// A core that the user adds, of a named type; the machine checks that it is its own.
    init(machine: SpaprMachine, type: ObjectType) {
        spapr = machine
        firstThread = 0
        threadCount = machine.smp.threads
        omitsPartitionState = !machine.version.sendsThreadState
        super.init(type: type, machine: machine)
    }

    /// What `-device` and presets can set.
    static var properties: [Property] {
        [
            Property(
                "core-id", type: "int", description: "Index of the core's first thread",
                get: { .integer(Int64(($0 as? SpaprCPUCore)?.firstThread ?? 0)) },
                set: { object, value in
                    let number = try PropertyParsing.unsigned(value, name: "core-id")
                    guard let id = Int32(exactly: Int64(bitPattern: number)), id >= 0 else {
                        throw ObjectError("Invalid core id \(Int64(bitPattern: number))")
                    }
                    (object as? SpaprCPUCore)?.firstThread = Int(id)
                }),
            Property(
                "nr-threads", type: "int", description: "Threads of the core",
                get: { .integer(Int64(($0 as? SpaprCPUCore)?.threadCount ?? 1)) },
                set: { object, value in
                    let number = try PropertyParsing.unsigned(value, name: "nr-threads")
                    guard let count = Int32(exactly: Int64(bitPattern: number)) else {
                        throw ObjectError("Parameter 'nr-threads' expects int32_t")
                    }
                    (object as? SpaprCPUCore)?.threadCount = Int(count)
                }),
            Property(
                "node-id", type: "int32", description: "NUMA node of the core", defaultValue: -1,
                get: { .integer(Int64(($0 as? SpaprCPUCore)?.node ?? -1)) },
                set: { object, value in
                    let number = try PropertyParsing.unsigned(value, name: "node-id")
                    guard let node = Int32(exactly: Int64(bitPattern: number)) else {
                        throw ObjectError("Parameter 'node-id' expects int32_t")
                    }
                    (object as? SpaprCPUCore)?.node = node < 0 ? nil : Int(node)
                }),
            .bool(
                "pre-3.0-migration", \SpaprCPUCore.omitsPartitionState,
                "Streams carry nothing of what the partition knows about a thread", default: false),
        ]
    }

    public override func realize() throws {
        for number in 0..<threadCount {
            let thread = SpaprThread(core: self, machine: spapr, index: firstThread + number)
            try add(child: thread, name: "thread[\(number)]")
            threads.append(thread)
            try thread.realizeDevice()
        }
    }

    package override func reset(_ phase: ResetPhase) {
        guard phase == .hold else { return }
        for thread in threads { thread.resetThread() }
    }
}

/// One hardware thread of a pseries machine: the processor, what the partition knows about it, its place in a stream.
public final class SpaprThread: Device, VirtualCPU {
    /// Its processor: registers, translation, execution.
    public let cpu: PPCCPU
    /// Number of the thread in its machine, from 0.
    public let index: Int
    /// The guest's number of the thread ("interrupt server number").
    package let server: Int
    package unowned let core: SpaprCPUCore
    package unowned let spapr: SpaprMachine

    // What the guest registered (H_REGISTER_VPA); 0 for none.
    package var vpaAddress: UInt64 = 0
    package var slbShadowAddress: UInt64 = 0
    package var slbShadowSize: UInt64 = 0
    package var dispatchLogAddress: UInt64 = 0
    package var dispatchLogSize: UInt64 = 0
    /// H_PROD came while the thread was running: the next H_CEDE returns at once.
    package var isProdded = false
    /// The interrupt controllers' parts for this thread.
    package var xicsPresenter: AnyObject?
    package var xiveContext: XIVEThreadContext? {
        didSet { uncountedContext = xiveContext.map { .passUnretained($0) } }
    }
    /// The same for accesses to its registers, which take less time than a reference takes to count.
    private(set) var uncountedContext: Unmanaged<XIVEThreadContext>?
    /// What executes the thread; without one it stays where it is.
    package var runner: (any ThreadRunner)?

    /// Exception that QEMU was about to deliver; −1 for none. Nothing here is ever in that state.
    var exceptionIndex: Int32 = -1
    var hasCrashed = false
    /// Forms of a thread's state that machines before 2.8, 2.10 and 3.0 sent.
    var sendsInstructionFlags: Bool
    var omitsCompatibilityLevel: Bool
    var sendsSegmentCount: Bool
    /// Transactional state of a stream, kept as it came.
    var transaction: [UInt8] = []
    /// Branch history of a stream, kept as it came; empty for none.
    var branchHistory: [UInt64] = []
    // On their way between a stream and the processor.
    var travellingSPRs = [UInt64](repeating: 0, count: 1024)
    var loadedSegments = [SLBEntry](repeating: SLBEntry(), count: SpaprThread.streamSegments)
    var loadedMSR: UInt64 = 0
    var loadedInterruptRequest: UInt64 = 0
    var loadedReservation: UInt64 = .max
    /// The instruction set flags that machines up to 2.7 sent.
    var loadedInstructionFlags: [UInt64] = [0, 0]
    var streamCompatibility: UInt32 = 0
    /// An accumulator of other processors, always 0 here.
    var loadedSPEAccumulator: UInt64 = 0

    init(core: SpaprCPUCore, machine: SpaprMachine, index: Int) {
        self.core = core
        spapr = machine
        self.index = index
        server = machine.server(ofThread: index)
        sendsInstructionFlags = machine.version.sendsInstructionFlags
        omitsCompatibilityLevel = !machine.version.sendsCompatibilityLevel
        sendsSegmentCount = !machine.version.sendsThreadState
        let clock = machine.clock
        cpu = PPCCPU(
            model: machine.model, memory: machine.physicalMemory, index: index,
            clock: { UInt64(bitPattern: clock.now) })
        let type =
            machine.types.type("\(machine.model.name)-powerpc64-cpu")
            ?? ObjectType("\(machine.model.name)-powerpc64-cpu", parent: nil)
        super.init(type: type, machine: machine)
        cpu.state.pointee.halted = 1
    }

    /// What presets can set (`-global driver=power9_v2.0-powerpc64-cpu,…`).
    static var properties: [Property] {
        [
            .bool(
                "pre-2.8-migration", \SpaprThread.sendsInstructionFlags,
                "Streams carry the model's instruction flags", default: false),
            .bool(
                "pre-2.10-migration", \SpaprThread.omitsCompatibilityLevel,
                "Streams carry no compatibility level", default: false),
            .bool(
                "pre-3.0-migration", \SpaprThread.sendsSegmentCount,
                "Streams carry the number of segment look-aside entries", default: false),
        ]
    }

    public override func realize() throws {
        try machine.applyPresets(to: self)
        machine.state.register(Self.commonState, of: self, instance: UInt32(truncatingIfNeeded: index))
        machine.state.register(Self.processorState, of: self, instance: UInt32(truncatingIfNeeded: index))
        cpu.mmu.hashTable = spapr.hpt.table
        cpu.mmu.processTable = spapr.processTableEntry
        for controller in spapr.interrupts.controllers { try controller.createPresenter(for: self) }
        if !core.omitsPartitionState {
            machine.state.register(Self.partitionState, of: self, instance: UInt32(truncatingIfNeeded: index))
        }
        machine.cpus.append(self)
        try spapr.platform.threadCreated(self)
    }

    /// The state of a thread after a machine reset: stopped, registers as PAPR binds them.
    func resetThread() {
        cpu.resetForPartition()
        cpu.state.pointee.halted = 1
        vpaAddress = 0
        slbShadowAddress = 0
        slbShadowSize = 0
        dispatchLogAddress = 0
        dispatchLogSize = 0
        isProdded = false
        transaction = []
        branchHistory = []
        let largeDecrementer: UInt64 = spapr.capabilities[.largeDecrementer] != 0 ? LPCR.ld : 0
        cpu.setLPCR(cpu.lpcr & ~LPCR.ld | largeDecrementer)
        for controller in spapr.interrupts.controllers { controller.resetPresenter(of: self) }
    }

    // MARK: VirtualCPU

    /// Starts or goes on with the thread that runs it.
    public func resume() { runner?.resume() }
    /// Stops it; returns when it stands.
    public func pause() { runner?.pause() }

    /// Makes the next store to any page be noticed: dirty logging begins.
    public func flushWriteAccess() {
        guard let runner, machine.runState.isRunning else {
            cpu.mmu.withdrawWriteTags()
            return
        }
        runner.pause()
        cpu.mmu.withdrawWriteTags()
        // The machine may have been stopped while its lock was free.
        if machine.mayResume { runner.resume() }
    }
}
