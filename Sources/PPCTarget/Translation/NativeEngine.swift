import CJIT
import CPPCState
import CSupport

/// How much of the host's instruction set native code may use.
package enum HostLevel: CaseIterable, Sendable {
    /// x86-64-v2; about x86-64-v3; everything.
    case baseline, avx2, all

    fileprivate var features: UInt32 {
        switch self {
        case .baseline: UInt32(CJ_X86_64_V2)
        case .avx2: UInt32(CJ_AVX512) &- 1 | UInt32(CJ_AES | CJ_X86_64_V2 | CJ_PCLMUL)
        case .all: .max
        }
    }
}

/// Executes guest code as x86-64 code: blocks at first, regions once they are hot.
public final class NativeEngine: CodeEngine, TranslatedCodeTracker {
    /// Whether this host can run generated code.
    public static var isSupported: Bool { cj_host_features() & UInt32(CJ_X86_64_V2) != 0 }

    /// What an engine cannot be made of.
    package struct UnavailableError: Error, CustomStringConvertible {
        package let description: String
    }

    /// Owns this engine.
    unowned(unsafe) let cpu: PPCCPU
    let state: CPUState
    let memory: CodeMemory
    let thunks: Thunks
    /// CJ_* bits.
    let features: UInt32
    let infos: UnsafeMutablePointer<RowInfo>
    private let infoCount: Int
    var decoder: RegionDecoder
    let registers: DirectSPRs
    let table: BlockTable
    let buffer = RegionBuffer()
    let storage = Translator.Storage()
    let exits: UnsafeMutablePointer<ExitRecord>
    var zones: CodeZones
    let pages: CodePages
    var deviceSites = DeviceSites()
    /// Translations come back instead of going on to the next (verify mode), and are described here.
    var isPiecewise = false
    var pieces: [Int32: NativePiece] = [:]
    /// In memory of their own: counting is frequent.
    private let counterMemory: UnsafeMutablePointer<EngineStatistics>
    var counters: EngineStatistics {
        get { counterMemory.pointee }
        _modify { yield &counterMemory.pointee }
    }
    /// Counters since the start, those of generated code included.
    public var statistics: EngineStatistics {
        var all = counters
        all.transitions = Int(truncatingIfNeeded: scratch[Int(CJ_TRANSITIONS)])
        return all
    }

    private let ticker: EngineTicker

    let caches = JumpCaches()
    private(set) var context = TranslationContext(rawValue: .max)

    /// - Parameters:
    ///   - cpu: The vCPU to serve; outlives the engine.
    ///   - codeSize: Bytes of generated code to keep at most, 512 KiB to 1 GiB; others count as the nearer of these.
    ///   - level: Use nothing that hosts of this level lack, whatever this one has.
    package init(cpu: PPCCPU, codeSize: Int = 64 << 20, level: HostLevel = .all) throws(UnavailableError) {
        guard Self.isSupported else {
            throw UnavailableError(description: "the native engine needs an x86-64-v2 host")
        }
        self.cpu = cpu
        state = cpu.state
        features = level.features & cj_host_features()
        do {
            zones = CodeZones(codeSize)
            memory = try CodeMemory(codeSize: zones.mappedCode, dataSize: zones.mappedData)
        } catch {
            throw UnavailableError(description: error.description)
        }
        guard
            let thunks = Thunks.emit(
                into: memory, slow: { NativeEngine.slowAccess($0, $1) },
                transition: { NativeEngine.transition($0, $1) })
        else {
            throw UnavailableError(description: "cannot write the native engine's common code")
        }
        self.thunks = thunks
        let rows = InstructionTable.shared.rows
        infoCount = rows.count
        infos = .allocate(capacity: max(rows.count, 1))
        for (index, row) in rows.enumerated() { (infos + index).initialize(to: RowInfo(row)) }
        decoder = RegionDecoder(
            table: InstructionTable.shared, infos: infos,
            sets: InstructionSet(rawValue: cpu.state.pointee.isa_level))
        registers = DirectSPRs(cpu)
        counterMemory = .allocate(capacity: 1)
        counterMemory.initialize(to: EngineStatistics())
        table = BlockTable(capacity: zones.count * zones.blockCapacity)
        exits = .allocate(capacity: zones.count * zones.exitCapacity)
        pages = CodePages(cpu)
        ticker = EngineTicker(exitWord: cpu.exitWord)
        memory.moveWindow(code: zones.code(0), data: zones.data(0))
        counters.codeCapacity = zones.count * zones.codeSize
        state.pointee.translation = Unmanaged.passUnretained(self).toOpaque()
        cpu.mmu.codeTracker = self
        ticker.watch(after: cpu.time.decrementerDelay)
        cpu.ticker = ticker
    }

    deinit {
        if state.pointee.translation == Unmanaged.passUnretained(self).toOpaque() { state.pointee.translation = nil }
        exits.deallocate()
        counterMemory.deallocate()
        infos.deinitialize(count: infoCount)
        infos.deallocate()
    }

    // MARK: Running

    /// Executes generated code until somebody wants attention.
    public func execute(_ cpu: PPCCPU) -> Int32 {
        let enter = unsafeBitCast(thunks.enter, to: Thunks.Enter.self)
        let raw = UnsafeMutableRawPointer(state)
        cpu.mmu.devices.freeRetired()
        // Somebody else's timer may look at the decrementer instead of the run loop.
        if ticker.beginExecuting() {
            ticker.watch(after: cpu.onDeadlineChange == nil ? cpu.time.decrementerDelay : nil)
        }
        defer { ticker.endExecuting() }
        // The exit whose target is being looked for.
        var pendingExit: Int32 = -1
        if let outcome = passHook() { return outcome }
        while true {
            selectContext()
            guard let code = findCode(&pendingExit) else {
                pendingExit = -1
                if let outcome = interpretOne() { return outcome }
                continue
            }
            if cpu.logs([.exec, .cpu]), let log = cpu.executionLog { TranslationLog.entering(cpu, log) }
            Self.updateConditionValues(state)
            let reason = enter(raw, code)
            if state.pointee.fp_pending != 0 { DeferredFPSCR.settle(state, mxcsr: DeferredFPSCR.collected(state)) }
            switch reason {
            case ExitReason.lookup:
                counters.lookups &+= 1
            case ExitReason.chain:
                counters.chains &+= 1
                pendingExit = Int32(truncatingIfNeeded: payload)
                state.pointee.nip = exits[Int(pendingExit)].target
                continue
            case ExitReason.outcome:
                counters.outcomes &+= 1
                let outcome = Int32(truncatingIfNeeded: payload)
                if outcome == Outcome.stop || state.pointee.exit_request != 0 || cpu.needsAttention { return outcome }
            case ExitReason.promote:
                promote(Int32(truncatingIfNeeded: payload))
            case ExitReason.interpret:
                if let outcome = interpretOne() { return outcome }
            default:
                counters.polls &+= 1
                return Outcome.next
            }
            pendingExit = -1
        }
    }

    /// Executes the instruction in front of which a hook has stopped.
    private func passHook() -> Int32? {
        guard let passed = cpu.passedHook else { return nil }
        if passed == state.pointee.nip { return interpretOne() }
        cpu.passedHook = nil
        return nil
    }

    private var payload: UInt64 { scratch[Int(CJ_EXIT_PAYLOAD)] }

    @inline(__always)
    private static func scratch(_ cpu: CPUState) -> UnsafeMutablePointer<UInt64> {
        (UnsafeMutableRawPointer(cpu) + Int(CJ_SCRATCH) + Int(CJ_BIAS)).assumingMemoryBound(to: UInt64.self)
    }
    var scratch: UnsafeMutablePointer<UInt64> { Self.scratch(state) }

    /// Acts on the outcome of an instruction for generated code, which goes on at the address returned through
    /// `CJ_JUMP_CACHE`; all ones if it must come back instead.
    static func transition(_ cpu: CPUState, _ outcome: Int32) -> UInt64 {
        DeferredFPSCR.leaveRounding(cpu)
        switch outcome {
        case Outcome.exception: ExceptionDelivery.deliver(cpu)
        case Outcome.sync: cpu.pointee.nip = effectiveAddress(cpu, cpu.pointee.nip &+ 4)
        case Outcome.stop: return .max
        default: break
        }
        guard cpu.pointee.exit_request == 0, let entries = jumpCache(cpu) else { return .max }
        let scratch = scratch(cpu)
        scratch[Int(CJ_JUMP_CACHE)] = entries
        scratch[Int(CJ_TRANSITIONS)] &+= 1
        updateConditionValues(cpu)
        return cpu.pointee.nip
    }

    /// Jump cache of the present context, if that was entered before and is as it was then.
    @inline(__always)
    private static func jumpCache(_ cpu: CPUState) -> UInt64? {
        guard let known = KnownContext.current(cpu), let tlb = cpu.pointee.tlb else { return nil }
        let generation = tlb[Int(PPC_TLB_ENTRIES)].read_tag
        let mode = PlainFPSCR.mode(cpu.pointee.fpscr)
        if mode == 0 {
            return known.pointee.plainGeneration == generation && known.pointee.plainCode != 0
                ? known.pointee.plainCode : nil
        }
        return known.pointee.otherGeneration == generation && known.pointee.otherCode != 0
            && known.pointee.otherMode == mode ? known.pointee.otherCode : nil
    }

    /// Lets the interpreter do what is not worth translating: illegal and refused instructions, code outside RAM.
    private func interpretOne() -> Int32? {
        // The run loop stops there, or goes past.
        if cpu.mustLook(limit: .max), scratch[Int(CJ_HOOKED)] == 0 { return Outcome.branch }
        counters.interpreted &+= 1
        if !cpu.hooks.isEmpty {
            // Generated code has asked the hook already if it says so.
            if scratch[Int(CJ_HOOKED)] != 0 {
                scratch[Int(CJ_HOOKED)] = 0
            } else if let outcome = cpu.askHook() {
                return outcome == Outcome.stop || state.pointee.exit_request != 0 ? outcome : nil
            }
        }
        var left: UInt64 = 1
        let outcome = cpu.executeSlice(&left)
        if outcome == Outcome.stop || state.pointee.exit_request != 0 || cpu.needsAttention { return outcome }
        return nil
    }

    @inline(__always)
    static func updateConditionValues(_ cpu: CPUState) {
        let scratch = scratch(cpu)
        let so = UInt64(cpu.pointee.so)
        scratch[Int(CJ_CR_VALUES)] = 8 | so | (4 | so) &<< 32
        scratch[Int(CJ_CR_VALUES) + 1] = 2 | so
        scratch[Int(CJ_RESYNC)] = 0
        scratch[Int(CJ_MXCSR_INITIAL)] = UInt64(DeferredFPSCR.initialMXCSR(cpu.pointee.fpscr))
    }

    /// Makes the jump cache of the present context and address space current.
    @inline(__always)
    func selectContext() {
        context = TranslationContext(state)
        if let known = Self.jumpCache(state) {
            scratch[Int(CJ_JUMP_CACHE)] = known
        } else {
            chooseCache()
        }
    }

    @inline(never)
    private func chooseCache() {
        guard let tlb = state.pointee.tlb else { return }
        // The bank's generation stands behind its entries.
        let generation = tlb[Int(PPC_TLB_ENTRIES)].read_tag
        let cache = caches.select(context.rawValue, UInt(bitPattern: tlb), generation) {
            KnownContext.forgetCode(state)
        }
        let entries = UInt64(UInt(bitPattern: cache.entries))
        scratch[Int(CJ_JUMP_CACHE)] = entries
        guard let known = KnownContext.current(state) else { return }
        let mode = PlainFPSCR.mode(state.pointee.fpscr)
        if mode == 0 {
            (known.pointee.plainCode, known.pointee.plainGeneration) = (entries, generation)
        } else {
            (known.pointee.otherCode, known.pointee.otherGeneration) = (entries, generation)
            known.pointee.otherMode = mode
        }
    }

    /// Entries of the current jump cache.
    private var cache: UnsafeMutablePointer<JumpCache.Entry> {
        UnsafeMutablePointer(bitPattern: UInt(truncatingIfNeeded: scratch[Int(CJ_JUMP_CACHE)]))!
    }

    // MARK: Finding code

    /// Code for `nip`. Nil if there is none to be had: the interpreter knows why.
    func findCode(_ pendingExit: inout Int32) -> UnsafeRawPointer? {
        let address = state.pointee.nip
        if pendingExit < 0 {
            let entry = cache[JumpCache.index(address)]
            if entry.address == address { return UnsafeRawPointer(bitPattern: UInt(truncatingIfNeeded: entry.code)) }
        }
        guard let host = fetchAddress(address) else { return nil }
        var number = table.find(address, host, context.rawValue)
        if number < 0 {
            let drops = counters.flushes &+ counters.evictions
            number = translateBlock(address, host)
            if drops != counters.flushes &+ counters.evictions { pendingExit = -1 }
        }
        guard number >= 0 else { return nil }
        let code = memory.execute + Int(table.records[Int(number)].code)
        if isPiecewise || cpu.logs(.noChain) { return UnsafeRawPointer(code) }
        JumpCache.insert(cache, address, UInt64(UInt(bitPattern: code)))
        TLBBank.with(state.pointee.tlb) { $0.noteExecuted(address) }
        if pendingExit >= 0 { link(pendingExit, to: number) }
        return UnsafeRawPointer(code)
    }

    /// Host address of an instruction, through the soft TLB.
    @inline(__always)
    func fetchAddress(_ address: UInt64) -> UInt64? {
        if let host = fetchHit(address) { return host }
        let saved = (state.pointee.excp_vector, state.pointee.excp_flags, state.pointee.excp_srr1)
        // A refused fetch records an interrupt; the interpreter will find it again and deliver it.
        guard cpu.mmu.fetchSlow(address) != nil else {
            (state.pointee.excp_vector, state.pointee.excp_flags, state.pointee.excp_srr1) = saved
            return nil
        }
        selectContext()
        return fetchHit(address)
    }

    @inline(__always)
    private func fetchHit(_ address: UInt64) -> UInt64? {
        let index = Int(
            truncatingIfNeeded: address &>> state.pointee.granule_shift & UInt64(PPC_TLB_ENTRIES &- 1))
        let entry = state.pointee.tlb + index
        guard entry.pointee.exec_tag == address & ~state.pointee.granule_mask else { return nil }
        return address &+ entry.pointee.addend
    }

    // MARK: Code that changes

    package func mayWrite(at address: UInt64, count: UInt64) -> Bool { pages.mayWrite(address, count) }

    package func stored(_ cpu: CPUState, at address: UInt64, count: Int) {
        drop(pages.hit(address, UInt64(truncatingIfNeeded: count)))
    }

    package func catchUp() { drop(pages.catchUp()) }

    /// Drops the translations that have breakpoints or hooks at these effective addresses, or had them.
    public func stopsChanged(at addresses: Set<UInt64>) {
        // Verify mode executes code more than once, and must not call anybody meanwhile.
        decoder.stops = isPiecewise ? cpu.breakpoints.union(cpu.hooks.keys) : cpu.breakpoints
        drop((0..<zones.count).flatMap { table.near(addresses, among: zones.blocks($0)) })
    }

    /// Hooks are called straight from generated code, but not in verify mode.
    public var callsHooks: Bool { !isPiecewise }

    func drop(_ hit: [Int32]) {
        guard !hit.isEmpty else { return }
        for number in hit where !table.records[Int(number)].isDead {
            counters.invalidations += 1
            redirect(number, to: nil)
            forgetInCaches(table.records[Int(number)])
            table.remove(number)
        }
        scratch[Int(CJ_RESYNC)] = 1
    }
}
