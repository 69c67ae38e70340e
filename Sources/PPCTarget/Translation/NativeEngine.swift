import CJIT
import CPPCState
import CSupport

/// Executes guest code as x86-64 code: blocks at first, regions once they are hot.
public final class NativeEngine: CodeEngine, TranslatedCodeTracker {
    /// Whether this host can run generated code.
    public static var isSupported: Bool { cj_host_features() & UInt32(CJ_X86_64_V2) != 0 }

    /// What an engine cannot be made of.
    public struct UnavailableError: Error, CustomStringConvertible {
        public let description: String
    }

    unowned let cpu: PPCCPU
    let state: CPUState
    let memory: CodeMemory
    let thunks: Thunks
    /// CJ_* bits; tests take some away.
    var features: UInt32
    let infos: UnsafeMutablePointer<RowInfo>
    private let infoCount: Int
    var decoder: RegionDecoder
    let table = BlockTable()
    let buffer = RegionBuffer()
    let storage = Translator.Storage()
    let exits: UnsafeMutablePointer<ExitRecord>
    static var exitCapacity: Int { 1 << 19 }
    var exitCount = 0
    let pages: CodePages
    /// Translations come back instead of going on to the next (verify mode), and are described here.
    var isPiecewise = false
    var pieces: [Int32: NativePiece] = [:]
    public internal(set) var statistics = EngineStatistics()

    private let ticker: EngineTicker?
    private let codeMark: Int
    private let dataMark: Int

    private let caches = JumpCaches()
    private(set) var cache: JumpCache
    private(set) var context = TranslationContext(rawValue: .max)
    private var bank: UInt = 0
    private var mappingGeneration: UInt64 = .max

    /// - Parameters:
    ///   - cpu: The vCPU to serve; outlives the engine.
    ///   - codeSize: Bytes of generated code to keep at most.
    public init(cpu: PPCCPU, codeSize: Int = 64 << 20) throws(UnavailableError) {
        guard Self.isSupported else {
            throw UnavailableError(description: "the native engine needs an x86-64-v2 host")
        }
        self.cpu = cpu
        state = cpu.state
        features = cj_host_features()
        do {
            memory = try CodeMemory(codeSize: max(codeSize, 1 << 20), dataSize: max(codeSize, 1 << 20))
        } catch {
            throw UnavailableError(description: error.description)
        }
        guard let thunks = Thunks.emit(into: memory, slow: { NativeEngine.slowAccess($0, $1) }) else {
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
        exits = .allocate(capacity: Self.exitCapacity)
        cache = caches.select(.max, 0, 0)
        pages = CodePages(cpu)
        ticker = EngineTicker(exitWord: cpu.exitWord)
        codeMark = memory.codeUsed
        dataMark = memory.dataUsed
        statistics.codeCapacity = memory.codeCapacity
        state.pointee.translation = Unmanaged.passUnretained(self).toOpaque()
        cpu.mmu.codeTracker = self
    }

    deinit {
        if state.pointee.translation == Unmanaged.passUnretained(self).toOpaque() { state.pointee.translation = nil }
        exits.deallocate()
        infos.deinitialize(count: infoCount)
        infos.deallocate()
    }

    // MARK: Running

    public func execute(_ cpu: PPCCPU) -> Int32 {
        let enter = unsafeBitCast(thunks.enter, to: Thunks.Enter.self)
        let raw = UnsafeMutableRawPointer(state)
        ticker?.setExecuting(true)
        defer { ticker?.setExecuting(false) }
        // The exit whose target is being looked for.
        var pendingExit: Int32 = -1
        while true {
            selectContext()
            guard let code = findCode(&pendingExit) else {
                pendingExit = -1
                if let outcome = interpretOne() { return outcome }
                continue
            }
            if let log = cpu.executionLog, log.shows([.exec, .cpu]) { TranslationLog.entering(cpu, log) }
            updateConditionValues()
            let reason = enter(raw, code)
            if state.pointee.fp_pending != 0 { DeferredFPSCR.settle(state, mxcsr: DeferredFPSCR.collected(state)) }
            switch reason {
            case ExitReason.lookup:
                statistics.lookups &+= 1
            case ExitReason.chain:
                statistics.chains &+= 1
                pendingExit = Int32(truncatingIfNeeded: payload)
                state.pointee.nip = exits[Int(pendingExit)].target
                continue
            case ExitReason.outcome:
                statistics.outcomes &+= 1
                if let outcome = finish(Int32(truncatingIfNeeded: payload)) { return outcome }
            case ExitReason.promote:
                promote(Int32(truncatingIfNeeded: payload))
            case ExitReason.interpret:
                if let outcome = interpretOne() { return outcome }
            default:
                statistics.polls &+= 1
                return Outcome.next
            }
            pendingExit = -1
        }
    }

    private var payload: UInt64 { scratch[Int(CJ_EXIT_PAYLOAD)] }

    var scratch: UnsafeMutablePointer<UInt64> {
        (UnsafeMutableRawPointer(state) + Int(CJ_SCRATCH) + Int(CJ_BIAS)).assumingMemoryBound(to: UInt64.self)
    }

    /// Acts on an instruction's outcome; a value leaves ``execute(_:)``.
    func finish(_ outcome: Int32) -> Int32? {
        switch outcome {
        case Outcome.exception: ExceptionDelivery.deliver(state)
        case Outcome.sync: state.pointee.nip = effectiveAddress(state, state.pointee.nip &+ 4)
        case Outcome.stop: return outcome
        default: break
        }
        return state.pointee.exit_request != 0 || cpu.needsAttention ? outcome : nil
    }

    /// Lets the interpreter do what is not worth translating: illegal and refused instructions, code outside RAM.
    private func interpretOne() -> Int32? {
        statistics.interpreted &+= 1
        var left: UInt64 = 1
        let outcome = cpu.executeSlice(&left)
        if outcome == Outcome.stop || state.pointee.exit_request != 0 || cpu.needsAttention { return outcome }
        return nil
    }

    func updateConditionValues() {
        let so = UInt64(state.pointee.so)
        scratch[Int(CJ_CR_VALUES)] = 8 | so | (4 | so) &<< 32
        scratch[Int(CJ_CR_VALUES) + 1] = 2 | so
        scratch[Int(CJ_RESYNC)] = 0
        scratch[Int(CJ_MXCSR_INITIAL)] = UInt64(DeferredFPSCR.initialMXCSR)
    }

    /// Makes the jump cache of the present context and address space current.
    @inline(__always)
    func selectContext() {
        let now = TranslationContext(state)
        let bank = UInt(bitPattern: state.pointee.tlb)
        // The bank's generation stands behind its entries.
        let generation = state.pointee.tlb[Int(PPC_TLB_ENTRIES)].read_tag
        if now == context, bank == self.bank, generation == mappingGeneration { return }
        context = now
        self.bank = bank
        mappingGeneration = generation
        cache = caches.select(now.rawValue, bank, generation)
        scratch[Int(CJ_JUMP_CACHE)] = UInt64(UInt(bitPattern: cache.entries))
    }

    // MARK: Finding code

    /// Code for `nip`. Nil if there is none to be had: the interpreter knows why.
    func findCode(_ pendingExit: inout Int32) -> UnsafeRawPointer? {
        let address = state.pointee.nip
        if pendingExit < 0 {
            let entry = cache.entries[JumpCache.index(address)]
            if entry.address == address { return UnsafeRawPointer(bitPattern: UInt(truncatingIfNeeded: entry.code)) }
        }
        guard let host = fetchAddress(address) else { return nil }
        var number = table.find(address, host, context.rawValue)
        if number < 0 {
            let flushes = statistics.flushes
            number = translateBlock(address, host)
            if flushes != statistics.flushes { pendingExit = -1 }
        }
        guard number >= 0 else { return nil }
        let code = memory.execute + Int(table.records[Int(number)].code)
        if isPiecewise || cpu.executionLog?.shows(.noChain) == true { return UnsafeRawPointer(code) }
        cache.insert(address, UInt64(UInt(bitPattern: code)))
        cpu.mmu.bank.noteExecuted(address)
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

    // MARK: Linking

    func link(_ exit: Int32, to number: Int32) {
        let record = exits + Int(exit)
        guard record.pointee.linked < 0 else { return }
        patch(record.pointee.patch, to: table.records[Int(number)].code)
        record.pointee.linked = number
        record.pointee.nextIncoming = table.records[Int(number)].incoming
        table.records[Int(number)].incoming = exit
    }

    private func patch(_ place: UInt32, to target: UInt32) {
        let raw = UnsafeMutableRawPointer(memory.write + Int(place))
        raw.storeBytes(of: Int32(truncatingIfNeeded: Int(target) - Int(place) - 4), as: Int32.self)
    }

    /// Leads every jump to a block elsewhere: to its successor, or back to the dispatcher.
    func redirect(_ number: Int32, to successor: Int32?) {
        var exit = table.records[Int(number)].incoming
        table.records[Int(number)].incoming = -1
        while exit >= 0 {
            let next = exits[Int(exit)].nextIncoming
            exits[Int(exit)].linked = -1
            exits[Int(exit)].nextIncoming = -1
            if let successor {
                link(exit, to: successor)
            } else {
                patch(exits[Int(exit)].patch, to: exits[Int(exit)].stub)
            }
            exit = next
        }
    }

    func forgetInCaches(_ record: BlockRecord) { caches.remove(record.address, context: record.context) }

    public func forgetTranslations() {
        table.removeAll()
        exitCount = 0
        pages.removeAll()
        memory.reset(code: codeMark, data: dataMark)
        caches.clear()
        statistics.flushes += 1
        statistics.codeBytes = 0
        scratch[Int(CJ_RESYNC)] = 1
    }

    // MARK: Code that changes

    public func mayWrite(at address: UInt64, count: UInt64) -> Bool { pages.mayWrite(address, count) }

    public func stored(_ cpu: CPUState, at address: UInt64, count: Int) {
        drop(pages.hit(address, UInt64(truncatingIfNeeded: count)))
    }

    public func catchUp() { drop(pages.catchUp()) }

    private func drop(_ hit: [Int32]) {
        guard !hit.isEmpty else { return }
        for number in hit where !table.records[Int(number)].isDead {
            statistics.invalidations += 1
            redirect(number, to: nil)
            forgetInCaches(table.records[Int(number)])
            table.remove(number)
        }
        scratch[Int(CJ_RESYNC)] = 1
    }
}
