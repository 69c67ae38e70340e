import CPPCState
import CSupport
import EmuCore

/// One hardware thread: the state block, the model, translation, time, interrupts and the embedder's hooks.
///
/// A CPU belongs to the thread that runs it. From other threads only ``requestExit(_:)``, ``raise(interrupt:)``,
/// ``lower(interrupt:)`` and ``requestTLBFlush()`` may be called.
public final class PPCCPU {
    /// A hypercall (`sc 1`). GPRs hold the arguments, `nip` addresses the next instruction. Returns an ``Outcome``:
    /// `.next` to go on, `.stop` to leave the run loop, `.context` after a change of privilege or translation.
    public typealias Hypercall = (PPCCPU) -> Int32

    /// The state block, 64-byte aligned; lives as long as this object.
    package let state: CPUState
    /// The processor that it is.
    public let model: PPCModel
    package let registers: SPRTable
    /// Number of this thread in its machine.
    public let index: Int
    /// Translation, soft TLB and the way to physical memory.
    package let mmu: MMU
    package var time: CPUTime
    var monitor: PerformanceMonitor

    /// Answers hypercalls. Without one, `sc 1` is a system call interrupt as `sc` is.
    ///
    /// Generated code calls its C entry point straight.
    public var hypercall: Hypercall? {
        didSet {
            hypercallEntry = hypercall.flatMap { body in
                // The entry is called by what this CPU executes.
                let me = Unmanaged.passUnretained(self)
                return try? NativeEntry { _ in
                    me._withUnsafeGuaranteedRef { body($0) } == Outcome.stop ? Outcome.stop : Outcome.context
                }
            }
            engine?.forgetTranslations()
        }
    }
    private(set) var hypercallEntry: NativeEntry?
    /// Hooks by effective address, those that were taken out, and the one that has just stopped the CPU.
    var hooks: [UInt64: NativeEntry] = [:]
    var retiredHooks: [NativeEntry] = []
    var passedHook: UInt64?
    /// Told whenever a guest-visible interrupt is delivered: vector offset and address it was taken from.
    public var onInterrupt: ((PPCCPU, UInt32, UInt64) -> Void)?
    /// Called before each instruction while set; return `false` to leave the run loop instead of executing it.
    public var onInstruction: ((PPCCPU, UInt64) -> Bool)? {
        didSet { attentionChanged() }
    }
    /// What is said of execution (`-d`), where somebody wants it.
    public var executionLog: ExecutionLog? {
        didSet {
            mmu.logItems = executionLog?.itemBits
            attentionChanged()
        }
    }
    /// Whether one of these items is logged, for engines.
    @inline(__always)
    func logs(_ items: LogItems) -> Bool {
        guard let bits = mmu.logItems else { return false }
        return cs_atomic_load32(bits) & items.rawValue != 0
    }
    /// Names generated code for `perf`.
    package var perfMap: PerfMap?
    /// Whether translations are described to somebody.
    var observesTranslations: Bool {
        perfMap != nil || executionLog?.shows([.inAsm, .op, .outAsm]) == true
    }
    /// Executes in the interpreter's place whenever no ``onInstruction``, trace bit or limit needs single steps.
    public var engine: (any CodeEngine)? {
        didSet {
            engine?.stopsChanged(at: Set(hooks.keys).union(breakpoints))
            if engine == nil {
                mmu.codeTracker = nil
                ticker = nil
            }
            attentionChanged()
        }
    }
    /// Told when the decrementer is set, by the engine that it serves.
    var ticker: EngineTicker?
    /// Tells translations of this CPU from stores by others that share its memory; give all of them the same before
    /// engines are made.
    public var sharedCode = SharedCode()
    /// Addresses at which ``run(limit:)`` stops before executing. Code elsewhere is as fast as without them.
    public var breakpoints: Set<UInt64> = [] {
        didSet { stopsChanged(at: breakpoints.symmetricDifference(oldValue)) }
    }
    /// ``step()`` is under way, which no breakpoint stops.
    var isStepping = false
    /// Sends doorbells (`msgsndp`) to another thread of the core; the operand's process identifier is passed.
    public var sendDoorbell: ((PPCCPU, Int) -> Void)?
    /// Told when ``nextDecrementerDeadline`` changes, so that a timer can be set. Without it the interpreter looks at
    /// the clock itself now and then.
    public var onDeadlineChange: ((PPCCPU, UInt64?) -> Void)?
    /// Sends an invalidation (`tlbie`) to the machine's other threads.
    package var broadcastInvalidation: ((PPCCPU, TLBInvalidation) -> Void)?
    /// Returns when every other thread has acted on what was broadcast (`tlbsync`, `ptesync`).
    public var waitForInvalidations: ((PPCCPU) -> Void)?
    /// Runs what was queued for this thread, after ``requestExit(_:)`` with `PPC_EXIT_WORK`.
    public var onWork: ((PPCCPU) -> Void)?
    /// Told when the soft TLB was flushed on request, for engines that keep translations of their own.
    public var onFlush: ((PPCCPU) -> Void)?
    /// What `darn` delivers.
    public var random = RandomSource()
    /// Logical processor version the guest was given, 0 for none.
    public private(set) var compatibilityPVR: UInt32 = 0
    /// Waiting for reset-like wake-up from a power-saving instruction.
    public internal(set) var resumesAsReset = false
    /// Whether every instruction needs the careful loop.
    var needsAttention = false
    /// Where ``run(limit:)`` stopped at a breakpoint, so that it can go on from there.
    var passedBreakpoint: UInt64?

    /// Instructions that ``install(_:)`` added.
    var helpers: [InstructionHelper] = []

    /// Recently executed instructions, for the interpreter.
    let decoded = DecodedSlot.makeCache()

    /// - Parameters:
    ///   - model: What processor to be.
    ///   - memory: Physical memory of the machine.
    ///   - index: Number of the thread; also the value of PIR.
    ///   - clock: Nanoseconds of the machine's virtual clock.
    public init(model: PPCModel, memory: any PhysicalMemory, index: Int = 0, clock: @escaping () -> UInt64 = hostClock)
    {
        self.model = model
        self.index = index
        registers = SPRTable(family: model.family)
        let raw = UnsafeMutableRawPointer.allocate(byteCount: MemoryLayout<ppc_cpu>.stride, alignment: 64)
        memset(raw, MemoryLayout<ppc_cpu>.stride)
        state = raw.bindMemory(to: ppc_cpu.self, capacity: 1)
        mmu = MMU(state: state, model: model, memory: memory)
        time = CPUTime(clock: clock)
        monitor = PerformanceMonitor(model: model)
        state.pointee.owner = Unmanaged.passUnretained(self).toOpaque()
        state.pointee.contexts = UnsafeMutableRawPointer(KnownContext.make())
        state.pointee.cpu_index = UInt32(truncatingIfNeeded: index)
        state.pointee.isa_level = model.instructionSets.rawValue
        reset()
    }

    deinit {
        // An engine looks at the state block when it goes, and what it has told to signal writes to it. Observers do not
        // run here.
        engine = nil
        ticker = nil
        mmu.codeTracker = nil
        mmu.release()
        decoded.deallocate()
        state.pointee.contexts?.deallocate()
        UnsafeMutableRawPointer(state).deallocate()
    }

    /// The CPU that owns a state block. Every state block that executes has an owner.
    @inline(__always)
    static func of(_ cpu: CPUState) -> PPCCPU {
        Unmanaged<PPCCPU>.fromOpaque(cpu.pointee.owner).takeUnretainedValue()
    }

    /// Calls a function with the MMU of a state block's owner without counting references: what misses the soft TLB
    /// comes through here.
    @inline(__always)
    static func withMMU<Result>(_ cpu: CPUState, _ body: (MMU) -> Result) -> Result {
        Unmanaged<PPCCPU>.fromOpaque(cpu.pointee.owner)._withUnsafeGuaranteedRef { body($0.mmu) }
    }

    /// Puts every register into the state after a hard reset: MSR[SF] alone set, next instruction at 0x100.
    public func reset() {
        let kept = (state.pointee.owner, state.pointee.translation, state.pointee.tlb, state.pointee.contexts)
        let identity = (state.pointee.cpu_index, state.pointee.isa_level)
        memset(UnsafeMutableRawPointer(state), MemoryLayout<ppc_cpu>.stride)
        (state.pointee.owner, state.pointee.translation, state.pointee.tlb, state.pointee.contexts) = kept
        (state.pointee.cpu_index, state.pointee.isa_level) = identity
        let spr = spr(state)
        for definition in registers.definitions { spr[definition.number] = definition.reset }
        spr[SPRegister.pvr] = UInt64(model.pvr)
        spr[SPRegister.pir] = UInt64(truncatingIfNeeded: index)
        resumesAsReset = false
        compatibilityPVR = 0
        monitor.reset()
        mmu.resetSegments()
        mmu.invalidateAll()
        time.reset()
        state.pointee.nip = 0x100
        state.pointee.vscr = 0x10000
        Context.storeMSR(state, MSR.sf, alterHV: true)
    }

    /// ``reset()`` and what a pseries partition starts with: 32-bit mode, interrupts kept in the partition, all keys
    /// usable, power-saving exits off until the thread is started.
    public func resetForPartition() {
        reset()
        let spr = spr(state)
        state.pointee.msr &= ~MSR.sf
        spr[SPRegister.hior] = 0
        var lpcr = spr[SPRegister.lpcr]
        lpcr &= ~(LPCR.vpm1 | LPCR.isl | LPCR.kbv | model.lpcrPowerManagement)
        lpcr |= LPCR.lpes0 | LPCR.lpes1
        spr[SPRegister.psscr] |= PSSCR.ec
        spr[SPRegister.amor] = .max
        setLPCR(lpcr)
    }

    /// Starts the thread at an address with the registers that firmware interfaces define.
    public func setEntry(nip: UInt64, r1: UInt64 = 0, r3: UInt64 = 0, r4: UInt64 = 0) {
        state.pointee.nip = nip
        gpr(state)[1] = r1
        gpr(state)[3] = r3
        gpr(state)[4] = r4
        state.pointee.halted = 0
        setLPCR(lpcr | model.lpcrPowerManagement)
    }

    package var lpcr: UInt64 { spr(state)[SPRegister.lpcr] }

    /// Stores LPCR as a hypervisor would; bits that the model lacks are dropped.
    public func setLPCR(_ value: UInt64) {
        spr(state)[SPRegister.lpcr] = value & model.lpcrMask
        Context.update(state)
        Interrupts.reconsider(state)
    }

    /// Makes the guest see a compatibility level.
    ///
    /// - Returns: `false` if the model cannot run it; nothing changes then.
    public func setCompatibility(pvr: UInt32) -> Bool {
        var pcr: UInt64 = 0
        if pvr != 0 {
            guard CompatibilityMode.isUsable(pvr, on: model), let mode = CompatibilityMode.logical(pvr: pvr) else {
                return false
            }
            pcr = mode.pcr
        }
        compatibilityPVR = pvr
        spr(state)[SPRegister.pcr] = pcr & model.pcrMask
        Context.update(state)
        return true
    }

    /// Asks the CPU to leave straight-line execution soon; `bits` are `PPC_EXIT_*`. Callable from any thread.
    public func requestExit(_ bits: Int) {
        _ = cs_atomic_or32(exitWord, UInt32(truncatingIfNeeded: bits))
    }

    /// Makes ``run(limit:)`` return soon. Callable from any thread.
    public func stop() { requestExit(PPC_EXIT_STOP) }

    /// Asks the CPU to drop its soft TLB before the next instruction. Callable from any thread.
    public func requestTLBFlush() { requestExit(PPC_EXIT_FLUSH) }

    /// Raises interrupt lines, bits of ``PendingInterrupt``. Callable from any thread.
    public func raise(interrupt bits: UInt64) {
        _ = cs_atomic_or64(pendingWord, bits)
        requestExit(PPC_EXIT_INTERRUPT)
    }

    /// Lowers interrupt lines. Callable from any thread.
    public func lower(interrupt bits: UInt64) { _ = cs_atomic_and64(pendingWord, ~bits) }

    /// Whether a halted CPU has a reason to go on.
    package var hasWork: Bool { Interrupts.nextUnmasked(state) != 0 }

    /// Waiting for an interrupt; a machine's reset sets it for threads that were not started.
    public var isHalted: Bool {
        get { state.pointee.halted != 0 }
        set { state.pointee.halted = newValue ? 1 : 0 }
    }

    /// When something next happens without the program, in nanoseconds of the clock: the decrementer's interrupt, or a
    /// cycle counter's alert.
    public var nextDeadline: UInt64? {
        guard monitor.watches, let alert = monitor.deadline(state) else { return nextDecrementerDeadline }
        return min(nextDecrementerDeadline ?? .max, alert)
    }

    /// When the decrementer next raises its interrupt, in nanoseconds of the clock; `nil` if it already has.
    public var nextDecrementerDeadline: UInt64? { time.decrementerDeadline }

    var exitWord: UnsafeMutableRawPointer {
        UnsafeMutableRawPointer(state) + Self.exitOffset
    }
    var pendingWord: UnsafeMutableRawPointer {
        UnsafeMutableRawPointer(state) + Self.pendingOffset
    }
    private static let exitOffset = MemoryLayout<ppc_cpu>.offset(of: \ppc_cpu.exit_request) ?? 0
    private static let pendingOffset = MemoryLayout<ppc_cpu>.offset(of: \ppc_cpu.pending_interrupts) ?? 0

    /// Breakpoints or hooks were added or taken out.
    func stopsChanged(at addresses: Set<UInt64>) {
        guard !addresses.isEmpty else { return }
        engine?.stopsChanged(at: addresses)
        requestExit(PPC_EXIT_INTERRUPT)
    }

    /// Whether the run loop itself must look at the instruction at `nip`: a breakpoint, or a hook that nothing else
    /// calls.
    @inline(__always)
    func mustLook(limit: UInt64) -> Bool {
        if !breakpoints.isEmpty, breakpoints.contains(state.pointee.nip) { return true }
        guard !hooks.isEmpty, hooks[state.pointee.nip] != nil else { return false }
        return limit != .max || monitor.countsInstructions || engine?.callsHooks != true
    }

    func attentionChanged() {
        needsAttention =
            onInstruction != nil || state.pointee.msr & (MSR.se | MSR.be) != 0
            || engine == nil && executionLog?.shows([.exec, .cpu]) == true
        // Whoever executes now leaves its fast loop and looks.
        if needsAttention { requestExit(PPC_EXIT_INTERRUPT) }
    }
}

private func memset(_ raw: UnsafeMutableRawPointer, _ count: Int) {
    raw.initializeMemory(as: UInt8.self, repeating: 0, count: count)
}
