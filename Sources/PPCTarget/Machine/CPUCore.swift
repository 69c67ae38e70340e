import CPPCState
import EmuCore

/// What executes a thread; attached by the platform.
public protocol ThreadRunner: AnyObject {
    /// See ``VirtualCPU``.
    func resume()
    func pause()
}

/// A processor core of the machine: the unit in which CPUs are plugged.
public final class SpaprCPUCore: Device {
    /// Index of the core's first thread.
    public let firstThread: Int
    public private(set) var threads: [SpaprThread] = []
    public let threadCount: Int
    /// NUMA node; 0 if none was given.
    public let node: Int
    private unowned let spapr: SpaprMachine

    init(machine: SpaprMachine, firstThread: Int, threadCount: Int, node: Int) throws {
        let name = "\(machine.model.name)-spapr-cpu-core"
        guard let type = machine.types.type(name) else {
            throw ObjectError("Unable to find sPAPR CPU Core definition")
        }
        spapr = machine
        self.firstThread = firstThread
        self.threadCount = threadCount
        self.node = node
        super.init(type: type, machine: machine)
    }

    public override func realize() throws {
        for number in 0..<threadCount {
            let thread = SpaprThread(core: self, machine: spapr, index: firstThread + number)
            try add(child: thread, name: "thread[\(number)]")
            threads.append(thread)
            try thread.realizeDevice()
        }
    }

    public override func reset(_ phase: ResetPhase) {
        guard phase == .hold else { return }
        for thread in threads { thread.resetThread() }
    }
}

/// One hardware thread of a pseries machine: the processor, what the partition knows about it, its place in a stream.
public final class SpaprThread: Device, VirtualCPU {
    public let cpu: PPCCPU
    public let index: Int
    /// The guest's number of the thread ("interrupt server number").
    public let server: Int
    public unowned let core: SpaprCPUCore
    public unowned let spapr: SpaprMachine

    // What the guest registered (H_REGISTER_VPA); 0 for none.
    public var vpaAddress: UInt64 = 0
    public var slbShadowAddress: UInt64 = 0
    public var slbShadowSize: UInt64 = 0
    public var dispatchLogAddress: UInt64 = 0
    public var dispatchLogSize: UInt64 = 0
    /// H_PROD came while the thread was running: the next H_CEDE returns at once.
    public var isProdded = false
    /// The interrupt controllers' parts for this thread.
    public var xicsPresenter: AnyObject?
    public var xiveContext: AnyObject?
    /// What executes the thread; without one it stays where it is.
    public var runner: (any ThreadRunner)?

    /// Exception that QEMU was about to deliver; −1 for none. Nothing here is ever in that state.
    var exceptionIndex: Int32 = -1
    var hasCrashed = false
    /// Transactional state of a stream, kept as it came.
    var transaction: [UInt8] = []
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

    public override func realize() throws {
        machine.state.register(Self.commonState, of: self, instance: UInt32(truncatingIfNeeded: index))
        machine.state.register(Self.processorState, of: self, instance: UInt32(truncatingIfNeeded: index))
        cpu.mmu.hashTable = spapr.hpt.table
        cpu.mmu.processTable = spapr.processTableEntry
        for controller in spapr.interrupts.controllers { try controller.createPresenter(for: self) }
        if spapr.version.sendsThreadState {
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
        let largeDecrementer: UInt64 = spapr.capabilities[.largeDecrementer] != 0 ? LPCR.ld : 0
        cpu.setLPCR(cpu.lpcr & ~LPCR.ld | largeDecrementer)
        for controller in spapr.interrupts.controllers { controller.resetPresenter(of: self) }
    }

    // MARK: VirtualCPU

    public func resume() { runner?.resume() }
    public func pause() { runner?.pause() }

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
