import CPPCState
import CSupport
import Dispatch
import EmuCore
import Glibc

/// The virtual platform of one machine: interrupt controllers, hypercalls, runtime services, built-in firmware and the
/// host threads of the vCPUs. Made for one machine and given to it when that is made.
public final class SpaprServices: SpaprPlatform, @unchecked Sendable {
    // @unchecked: confined to its machine, like every device; the scheduler guards what crosses threads.
    private unowned var owner: SpaprMachine?
    private var schedulerStorage: VCPUScheduler?
    private var isSingleThreaded = false
    private var counting: InstructionCounting.Options?
    private let makeEngine: (PPCCPU) -> any ExecutionEngine
    private let dispatch = HypercallDispatch()
    private let sharedCode = SharedCode()
    let rtas = RTASTable()
    /// Interrupt controllers, as far as the machine has them.
    private(set) var xics: XICSSourceController?
    private(set) var xive: XIVERouter?
    let watchdogs = Watchdogs()
    /// Built-in firmware, with `x-vof=on`.
    let firmware = BuiltInFirmware()
    /// A hash table that H_RESIZE_HPT_PREPARE made ready.
    var preparedTable: PreparedHashTable?
    /// Names generated code for `perf`; set before the machine is built.
    package var perfMap: PerfMap?
    /// Told what the guest asks the host to know: unknown hypercalls and services, bad arguments.
    public var onGuestError: ((String) -> Void)?

    /// - Parameters:
    ///   - isSingleThreaded: All vCPUs take turns (`-accel tcg,thread=single`).
    ///   - instructionShift: `-icount shift=`: guest time follows executed instructions, 2^shift nanoseconds each.
    ///   - sleepsWhenIdle: `-icount sleep=`: whether the host's time passes while all vCPUs are idle, or the guest's
    ///     clock jumps to the next deadline.
    ///   - makeEngine: What executes a thread; the interpreter by default.
    public init(
        isSingleThreaded: Bool = false, instructionShift: UInt64? = nil, sleepsWhenIdle: Bool = true,
        makeEngine: @escaping (PPCCPU) -> any ExecutionEngine = { _ in InterpreterEngine() }
    ) {
        self.isSingleThreaded = isSingleThreaded
        counting = instructionShift.map { .init(shift: $0, sleepsWhenIdle: sleepsWhenIdle) }
        self.makeEngine = makeEngine
    }

    /// The machine. Everything that uses this comes from the machine, so there is one.
    var machine: SpaprMachine {
        guard let owner else { preconditionFailure("a platform is used before a machine was built with it") }
        return owner
    }

    var scheduler: VCPUScheduler {
        if let schedulerStorage { return schedulerStorage }
        let made = VCPUScheduler()
        made.isSingleThreaded = isSingleThreaded
        made.counting = counting.map { InstructionCounting($0, scheduler: made, machine: machine) }
        schedulerStorage = made
        return made
    }

    // MARK: SpaprPlatform

    package func makeXICS(
        _ machine: SpaprMachine, sourceCount: Int
    ) throws -> (any SpaprInterruptController)? {
        owner = machine
        let controller = try XICSSourceController.make(machine, services: self, sourceCount: sourceCount)
        xics = controller
        return controller
    }

    package func makeXIVE(
        _ machine: SpaprMachine, sourceCount: Int, endCount: Int
    ) throws -> (any SpaprInterruptController)? {
        owner = machine
        let controller = try XIVERouter.make(
            machine, services: self, sourceCount: sourceCount, endCount: endCount)
        xive = controller
        return controller
    }

    package func threadCreated(_ thread: SpaprThread) throws {
        owner = thread.spapr
        let runner = VCPURunner(cpu: thread.cpu, clock: thread.spapr.clock, scheduler: scheduler)
        thread.cpu.sharedCode = sharedCode
        thread.cpu.random = thread.spapr.random
        runner.engine = makeEngine(thread.cpu)
        thread.cpu.executionLog = thread.spapr.executionLog
        thread.cpu.perfMap = perfMap
        thread.spapr.executionLog.onChange { [weak runner] _ in
            runner?.post { [weak runner] in
                runner?.cpu.attentionChanged()
                runner?.cpu.engine?.forgetTranslations()
            }
        }
        runner.onIdle = { [unowned self, unowned thread] isIdle in countDispatch(thread, isIdle: isIdle) }
        scheduler.add(runner)
        scheduler.counting?.add(thread.cpu)
        thread.runner = VCPUHandle(runner: runner, machine: thread.spapr)
        thread.cpu.mmu.memory = VCPUMemory(services: self, thread: thread)
        let entrance = Entrance(self, thread)
        // While the vCPU executes, its thread holds both.
        let services = Unmanaged.passUnretained(self)
        let caller = Unmanaged.passUnretained(thread)
        thread.cpu.hypercall = { _ in
            services._withUnsafeGuaranteedRef { services in
                caller._withUnsafeGuaranteedRef { services.hypercall($0, entrance) }
            }
        }
        let scheduler = scheduler
        thread.cpu.broadcastInvalidation = { cpu, request in scheduler.broadcast(request, from: cpu) }
        thread.cpu.waitForInvalidations = { cpu in scheduler.waitForInvalidations(from: cpu) }
        thread.cpu.sendDoorbell = { [unowned self, unowned thread] _, number in
            sendDoorbell(from: thread, to: number)
        }
    }

    package func threadRemoved(_ thread: SpaprThread) {
        guard let handle = thread.runner as? VCPUHandle else { return }
        thread.runner = nil
        handle.runner.requestQuit()
        scheduler.remove(handle.runner)
        // The host thread may be anywhere on its way to its end; it holds on to the guest's thread until then.
        let runner = handle.runner
        nonisolated(unsafe) let kept = (thread, handle)
        DispatchQueue.global().async { withExtendedLifetime(kept) { runner.quit() } }
    }

    package func exclusively(_ machine: SpaprMachine, _ body: () -> Void) {
        scheduler.exclusively(from: entered.flatMap { runner(of: $0.takeUnretainedValue()) }, body)
    }

    package func machineBuilt(_ machine: SpaprMachine) throws {
        owner = machine
        EngineReport.register(machine.monitor, machine)
        machine.memory.onWrite = { [sharedCode] address, count in sharedCode.changed(address, count) }
        HashTableCalls.register(dispatch)
        HashTableResize.register(dispatch)
        ProcessorCalls.register(dispatch)
        MemoryCalls.register(dispatch)
        InterruptCalls.register(dispatch)
        XIVECalls.register(dispatch)
        PartitionCalls.register(dispatch)
        ArchitectureSupport.register(dispatch)
        TerminalCalls.register(dispatch)
        AbsentDeviceCalls.register(dispatch)
        firmware.register(dispatch)
        SystemServices.register(rtas)
        ProcessorServices.register(rtas)
        InterruptServices.register(rtas, machine: machine)
        EventServices.register(rtas)
        ConnectorServices.register(rtas)
        PCIServices.register(rtas)
        try watchdogs.build(machine) { [unowned self] in
            for thread in threads { systemReset(thread) }
        }
    }

    package func rtasTokens(_ machine: SpaprMachine) -> [(name: String, token: UInt32)] { rtas.tokens }

    package func resetFirmware(_ machine: SpaprMachine, tree: DeviceTree) throws {
        try firmware.reset(machine, tree: tree)
    }

    package func injectNMI(_ machine: SpaprMachine) {
        for thread in threads { systemReset(thread) }
    }

    package func machineReset(_ machine: SpaprMachine) {
        preparedTable = nil
        watchdogs.reset()
        firmware.enterKernel(machine)
    }

    // MARK: Threads

    var threads: [SpaprThread] { machine.threads }

    /// The thread of a server number as a hypercall or a service gives it.
    func thread(server: UInt64) -> SpaprThread? {
        Int(exactly: server).flatMap { machine.thread(server: $0) }
    }

    func runner(of thread: SpaprThread) -> VCPURunner? { (thread.runner as? VCPUHandle)?.runner }

    /// The thread on whose behalf the caller runs; the first one outside of vCPU threads.
    var currentThread: SpaprThread? { entered?.takeUnretainedValue() ?? machine.threads.first }
    /// Its interrupt context, where there is a XIVE.
    var currentContext: Unmanaged<XIVEThreadContext>? {
        if let entered { return entered._withUnsafeGuaranteedRef { $0.uncountedContext } }
        return machine.threads.first?.uncountedContext
    }
    private var entered: Unmanaged<SpaprThread>?

    /// The way of a vCPU to the machine. It counts no references, which would take longer than many a register; a vCPU's
    /// thread holds all of these while it executes.
    struct Entrance {
        private let services: Unmanaged<SpaprServices>
        private let thread: Unmanaged<SpaprThread>
        private let machine: Unmanaged<SpaprMachine>
        private let scheduler: Unmanaged<VCPUScheduler>
        private let runner: Unmanaged<VCPURunner>?

        init(_ services: SpaprServices, _ thread: SpaprThread) {
            self.services = .passUnretained(services)
            self.thread = .passUnretained(thread)
            machine = .passUnretained(services.machine)
            scheduler = .passUnretained(services.scheduler)
            runner = services.runner(of: thread).map { .passUnretained($0) }
        }

        /// Runs `body` with the machine's lock held, on behalf of the vCPU.
        @inline(__always)
        func enter<R>(_ body: () -> R) -> R {
            scheduler._withUnsafeGuaranteedRef { scheduler in
                machine._withUnsafeGuaranteedRef { machine in
                    if let runner {
                        runner._withUnsafeGuaranteedRef { scheduler.lock(machine, for: $0) }
                    } else {
                        scheduler.lock(machine, for: nil)
                    }
                }
            }
            let previous = services._withUnsafeGuaranteedRef { services in
                let previous = services.entered
                services.entered = thread
                return previous
            }
            defer {
                services._withUnsafeGuaranteedRef { $0.entered = previous }
                machine._withUnsafeGuaranteedRef { $0.unlockMachine() }
            }
            return body()
        }
    }

    /// Serves one hypercall: status in R3, results from R4.
    private func hypercall(_ thread: SpaprThread, _ entrance: Entrance) -> Int32 {
        let number = gpr(thread.cpu.state)[3]
        entrance.enter {
            gpr(thread.cpu.state)[3] = UInt64(bitPattern: serve(number, thread))
        }
        return thread.cpu.isHalted ? Outcome.stop : Outcome.context
    }

    /// Answers a hypercall with the thread's registers from R4 on. Called with the machine's lock held.
    func serve(_ number: UInt64, _ thread: SpaprThread) -> Int64 {
        if let handler = dispatch[number] { return handler(HypercallFrame(services: self, thread: thread)) }
        let text = "unimplemented hypercall 0x\(String(number, radix: 16))"
        onGuestError?(text)
        if machine.executionLog.shows(.unimp) { machine.executionLog.write(text + "\n") }
        return HypercallStatus.function
    }

    /// The wire that signals an external interrupt to a thread.
    func externalLine(of thread: SpaprThread) -> InterruptLine { line(thread, PendingInterrupt.external) }
    func hypervisorLine(of thread: SpaprThread) -> InterruptLine {
        line(thread, PendingInterrupt.hypervisorVirtualization)
    }

    private func line(_ thread: SpaprThread, _ bits: UInt64) -> InterruptLine {
        InterruptLine { [unowned self, unowned thread] level in
            if let runner = runner(of: thread) {
                runner.set(interrupt: bits, level)
            } else if level {
                thread.cpu.raise(interrupt: bits)
            } else {
                thread.cpu.lower(interrupt: bits)
            }
        }
    }

    /// `msgsndp`: a doorbell to another thread of the same core.
    private func sendDoorbell(from thread: SpaprThread, to number: Int) {
        guard let target = thread.core.threads.first(where: { $0.index - thread.core.firstThread == number }) else {
            return
        }
        runner(of: target)?.set(interrupt: PendingInterrupt.doorbell, true)
    }

    /// Wakes a thread that gave up its processor.
    func wake(_ thread: SpaprThread) {
        runner(of: thread)?.post { thread.cpu.isHalted = false }
        runner(of: thread)?.kick()
    }

    /// Lets other threads go on before a thread does.
    func yield(_ thread: SpaprThread) { scheduler.yield(runner(of: thread)) }

    /// Takes a system reset interrupt: at the address that the guest registered, or at 0x100.
    func systemReset(_ thread: SpaprThread) {
        let address = machine.systemResetAddress
        var saveArea: UInt64?
        if address != .max {
            guard let base = rtasBase else {
                // A handler is registered, but there is nowhere to tell it of what.
                machine.reportGuestPanic()
                return
            }
            saveArea = base &+ 2048 &+ UInt64(thread.index) * 16
        }
        let memory = machine.memory
        runner(of: thread)?.post {
            let state = thread.cpu.state
            if let saveArea {
                try? memory.store(gpr(state)[3], at: saveArea, order: .big)
                try? memory.store(UInt64(0), at: saveArea &+ 8, order: .big)
                gpr(state)[3] = saveArea
            }
            thread.cpu.isHalted = false
            state.pointee.excp_vector = InterruptVector.systemReset.rawValue
            state.pointee.excp_flags = 0
            state.pointee.excp_srr1 = 0
            ExceptionDelivery.deliver(state)
            if address != .max { state.pointee.nip = address }
        }
        runner(of: thread)?.kick()
    }

    /// Where the guest put the runtime services, from the device tree.
    var rtasBase: UInt64? {
        guard let tree = try? DeviceTree(blob: machine.deviceTreeBlob), let node = tree.node(path: "/rtas"),
            let cells = tree.cells(node, "linux,rtas-base"), let base = cells.first
        else { return nil }
        return UInt64(base)
    }

    /// The guest sees by an odd count in its area that the thread does not run.
    private func countDispatch(_ thread: SpaprThread, isIdle: Bool) {
        guard thread.vpaAddress != 0 else { return }
        let address = thread.vpaAddress &+ ProcessorCalls.dispatchCounterOffset
        guard var count = try? machine.memory.load(UInt32.self, at: address, order: .big) else { return }
        count &+= 1
        if (count & 1 != 0) != isIdle { count &+= 1 }
        try? machine.memory.store(count, at: address, order: .big)
    }

    // MARK: Translation

    /// Drops what every thread has translated by some entries of the hash table. On return no thread uses it any more.
    func flushHashTranslations(of entries: [HashTableEntry], from thread: SpaprThread) {
        flush(entries.map { .hashPage($0) }, from: thread)
    }

    func flush(_ requests: [TLBInvalidation], from thread: SpaprThread) {
        for request in requests {
            thread.cpu.mmu.apply(request)
            scheduler.broadcast(request, from: thread.cpu)
        }
        thread.cpu.onFlush?(thread.cpu)
        scheduler.waitForInvalidations(from: thread.cpu)
    }

    /// Changes bits of every thread's LPCR while no other executes.
    func setAllLPCR(_ value: UInt64, mask: UInt64, from thread: SpaprThread) {
        exclusively(from: thread) { machine.updateLPCR(set: value, mask: mask) }
    }

    func exclusively(from thread: SpaprThread, _ body: () -> Void) {
        scheduler.exclusively(from: runner(of: thread), body)
    }

    // MARK: Memory

    /// Whether an address is RAM, present now or pluggable.
    func isRAM(_ address: UInt64) -> Bool {
        address < machine.memorySize
            || (machine.deviceMemorySize > 0 && address >= machine.deviceMemoryBase
                && address - machine.deviceMemoryBase < machine.deviceMemorySize)
    }

    func tceTable(_ liobn: UInt32) -> TCETable? {
        for phb in machine.phbs {
            if let table = phb.windows.first(where: { $0.liobn == liobn }) { return table }
        }
        return nil
    }
}
