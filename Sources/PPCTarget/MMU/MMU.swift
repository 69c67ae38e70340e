import CPPCState
import CSupport
import EmuCore

/// The kind of a storage access.
package enum AccessKind: UInt8, Sendable { case load, store, fetch }

/// Where an effective address leads.
package struct Translation: Sendable, Equatable {
    /// Guest real address.
    package var real: UInt64 = 0
    /// log2 of the page; everything in it maps linearly. 60 in real mode.
    package var pageShift: UInt64 = 60
}

/// An access to these effective addresses is reported before it happens.
package struct Watchpoint: Sendable, Equatable {
    package var address: UInt64
    package var count: UInt64
    package var loads: Bool
    package var stores: Bool

    package init(address: UInt64, count: UInt64, loads: Bool, stores: Bool) {
        self.address = address
        self.count = count
        self.loads = loads
        self.stores = stores
    }

    func covers(_ ea: UInt64, _ size: UInt64, _ kind: AccessKind) -> Bool {
        guard kind == .load ? loads : kind == .store ? stores : false else { return false }
        return ea &- address < count || address &- ea < size
    }
}

/// Address translation of one hardware thread, its soft TLB and its way to physical memory.
package final class MMU {
    let state: CPUState
    let model: PPCModel
    /// Physical memory; changing it drops every translation.
    package var memory: any PhysicalMemory {
        didSet { physicalMapChanged() }
    }
    /// The run of RAM that was found last: asking `memory` takes longer than a walk.
    private var window = RAMWindow()
    /// Handlers of device registers that generated code calls.
    let devices = DeviceEntries()
    /// ``ExecutionLog/itemBits`` of the CPU's log.
    var logItems: UnsafeMutablePointer<UInt32>?
    /// The partition's hash page table. Without one, every hash translation misses.
    package var hashTable: HashTable? {
        didSet { invalidateAll() }
    }
    /// Page sizes of hash translation that the partition may use; a machine can offer fewer than the model has.
    package var segmentPageSizes: [SegmentPageSizes] {
        didSet { invalidateAll() }
    }
    /// Second doubleword of the partition table entry: base and size of the process table (radix).
    package var processTable: UInt64 = 0 {
        didSet { invalidateAll() }
    }
    /// Told about stores to memory with translated code.
    ///
    /// An engine, kept alive by its CPU, which takes it out here before it goes.
    package unowned(unsafe) var codeTracker: (any TranslatedCodeTracker)? {
        didSet { withdrawWriteTags() }
    }
    package var watchpoints: [Watchpoint] = [] {
        didSet { invalidateAll() }
    }
    /// Called before an access that a watchpoint covers: effective address, size, kind.
    package var onWatchpoint: ((UInt64, Int, AccessKind) -> Void)?

    /// Accesses that the soft TLB did not have.
    package internal(set) var misses = TLBMisses()
    /// Verify mode's account of what the interpreter does to memory.
    var recorder: PieceRecorder? {
        didSet {
            // Which bank is right changes with the recorder's phase.
            KnownContext.forgetAll(state)
            state.pointee.contexts?.deallocate()
            state.pointee.contexts = nil
        }
    }

    /// Segment look-aside buffer.
    var slb: [SLBEntry]

    private var banks: [TLBBank] = []
    /// The bank in use: the one whose entries the state block points to.
    var bank: TLBBank { TLBBank.of(state.pointee.tlb!) }
    private var clock: UInt64 = 0
    private static var maximumBanks: Int { 16 }

    init(state: CPUState, model: PPCModel, memory: any PhysicalMemory) {
        self.state = state
        self.model = model
        self.memory = memory
        segmentPageSizes = model.segmentPageSizes
        slb = [SLBEntry](repeating: SLBEntry(), count: model.slbSize)
        banks = [TLBBank(key: BankKey())]
        publish(banks[0])
    }

    func release() { state.pointee.tlb = nil }

    // MARK: Banks

    /// Makes the bank current that fits MSR, LPCR, PID and storage keys.
    func selectBank() {
        let key = currentKey()
        var bank = bank
        if bank.key != key {
            clock &+= 1
            if let known = banks.first(where: { $0.key == key }) {
                bank = known
            } else {
                bank = newBank(key)
            }
            bank.lastUse = clock
        }
        publish(bank)
    }

    private func newBank(_ key: BankKey) -> TLBBank {
        let bank: TLBBank
        if banks.count >= Self.maximumBanks, let oldest = banks.min(by: { $0.lastUse < $1.lastUse }) {
            KnownContext.forgetAll(state)
            oldest.reuse(key: key)
            bank = oldest
        } else {
            bank = TLBBank(key: key)
            banks.append(bank)
        }
        let others = banks.filter { $0 !== bank && bank.sharesKernel(with: $0) }
        if let other = others.max(by: { $0.lastUse < $1.lastUse }) { bank.adoptKernel(from: other) }
        return bank
    }

    private func publish(_ bank: TLBBank) {
        state.pointee.tlb = bank.entries
        state.pointee.granule_shift = bank.granuleShift
        state.pointee.granule_mask = (1 << bank.granuleShift) - 1
    }

    private func currentKey() -> BankKey {
        let msr = state.pointee.msr
        var key = BankKey()
        if let recorder, recorder.isActive { key.mode |= 0x80 }
        guard msr & (MSR.ir | MSR.dr) != 0 else { return key }
        if msr & MSR.ir != 0 { key.mode |= 1 }
        if msr & MSR.dr != 0 { key.mode |= 2 }
        if msr & MSR.pr != 0 { key.mode |= 4 }
        let registers = spr(state)
        if usesRadix {
            key.mode |= 8
            key.pid = registers[SPRegister.pid]
            if key.mode & 4 == 0 {
                key.amr = registers[SPRegister.amr] >> 62
                key.iamr = registers[SPRegister.iamr] >> 62 & 1
            }
        } else if model.hasStorageKeys {
            key.amr = registers[SPRegister.amr]
            if model.family != .power7 { key.iamr = registers[SPRegister.iamr] }
        }
        return key
    }

    /// Whether translation is radix: LPCR[HR] on a model that has it.
    package var usesRadix: Bool { model.hasRadix && spr(state)[SPRegister.lpcr] & LPCR.hr != 0 }

    // MARK: Invalidation

    /// Drops every translation of this thread.
    package func invalidateAll() {
        window = RAMWindow()
        for bank in banks { bank.invalidateAll() }
    }

    /// Drops the translations of a range of effective addresses in every address space.
    ///
    /// - Parameters:
    ///   - ea: A multiple of `count`, which is a power of two.
    package func invalidate(_ ea: UInt64, count: UInt64) {
        for bank in banks { bank.invalidate(ea, count: count) }
    }

    /// Drops the translations of one process (radix).
    func invalidate(pid: UInt64) {
        for bank in banks where bank.key.mode & 8 != 0 && (pid == 0 || bank.key.pid == pid) {
            if pid == 0 || bank.key.mode & 4 != 0 { bank.invalidateAll() } else { bank.invalidateProcess() }
        }
    }

    /// Drops the translations of a range of one process (radix). Process 0 is visible in every address space.
    func invalidate(_ ea: UInt64, count: UInt64, pid: UInt64) {
        for bank in banks where bank.key.mode & 8 != 0 && (pid == 0 || bank.key.pid == pid) {
            bank.invalidate(ea, count: count)
        }
    }

    /// Drops what hash translation has left.
    package func invalidateHash() {
        for bank in banks where bank.key.mode & 3 != 0 && bank.key.mode & 8 == 0 { bank.invalidateAll() }
    }

    /// The same for an aligned range of effective addresses: real addresses have no segments.
    func invalidateHash(_ ea: UInt64, count: UInt64) {
        for bank in banks where bank.key.mode & 3 != 0 && bank.key.mode & 8 == 0 { bank.invalidate(ea, count: count) }
    }

    /// Makes the next store to each granule reach the slow path: dirty logging starts over, or code was translated.
    package func withdrawWriteTags() {
        for bank in banks { bank.withdrawWriteTags(host: nil) }
    }

    /// As ``withdrawWriteTags()`` for a range of physical memory.
    package func withdrawWriteTags(at address: UInt64, count: UInt64) {
        guard let host = memory.hostMemory(at: address) else { return }
        let range = (start: UInt(bitPattern: host.pointer), count: UInt(truncatingIfNeeded: min(count, host.count)))
        for bank in banks { bank.withdrawWriteTags(host: range) }
    }

    /// Forgets host pointers after memory was added, removed or moved.
    package func physicalMapChanged() {
        invalidateAll()
        devices.removeAll()
    }

    /// The RAM or ROM at a physical address.
    @inline(__always)
    func hostMemory(at address: UInt64) -> HostMemory? {
        let offset = address &- window.start
        guard offset < window.count, let pointer = window.pointer else { return findMemory(at: address) }
        return HostMemory(
            pointer: pointer + Int(truncatingIfNeeded: offset), count: window.count &- offset,
            isWritable: window.isWritable)
    }

    @inline(never)
    private func findMemory(at address: UInt64) -> HostMemory? {
        guard let found = memory.hostMemory(at: address) else { return nil }
        window = RAMWindow(
            start: address, count: found.count, pointer: found.pointer, isWritable: found.isWritable)
        // Most RAM is one run from address zero.
        if let first = memory.hostMemory(at: 0), first.pointer + Int(truncatingIfNeeded: address) == found.pointer,
            first.isWritable == found.isWritable, first.count > address, first.count &- address == found.count
        {
            window = RAMWindow(start: 0, count: first.count, pointer: first.pointer, isWritable: first.isWritable)
        }
        return found
    }

    // MARK: Translation

    /// Translates an effective address. On failure the interrupt is recorded in `excp_*`.
    ///
    /// - Parameter ea: Already truncated in 32-bit mode.
    func translate(_ ea: UInt64, _ kind: AccessKind, _ result: inout Translation) -> Bool {
        misses.count(kind)
        let ok = walk(ea, kind, &result)
        if !ok { misses.refused &+= 1 }
        if let logItems, cs_atomic_load32(logItems) & LogItems.mmu.rawValue != 0 {
            let owner = PPCCPU.of(state)
            if let log = owner.executionLog { TranslationLog.translated(owner, log, ea, kind, ok ? result : nil) }
        }
        return ok
    }

    private func walk(_ ea: UInt64, _ kind: AccessKind, _ result: inout Translation) -> Bool {
        let bit = kind == .fetch ? MSR.ir : MSR.dr
        if state.pointee.msr & bit == 0 {
            result = Translation(real: realModeAddress(ea), pageShift: 60)
            return true
        }
        return usesRadix ? translateRadix(ea, kind, &result) : translateHash(ea, kind, &result)
    }

    /// Untranslated accesses ignore the top four address bits. A guest of a virtual hypervisor sees its real memory
    /// without offset or limit.
    private func realModeAddress(_ ea: UInt64) -> UInt64 {
        let real = ea & 0x0fff_ffff_ffff_ffff
        if usesRadix, !model.hasHypervisorState, ea >> 63 == 0 { return real | spr(state)[SPRegister.hrmor] }
        return real
    }

    /// Translates for a debugger: no interrupt is recorded and no reference or change bit set.
    package func debugTranslate(_ ea: UInt64, _ kind: AccessKind = .load) -> UInt64? {
        let saved = (
            state.pointee.excp_vector, state.pointee.excp_flags, state.pointee.excp_srr1, state.pointee.excp_dar,
            state.pointee.excp_dsisr
        )
        suppressesUpdates = true
        var result = Translation()
        let ok = translate(ea, kind, &result)
        suppressesUpdates = false
        (
            state.pointee.excp_vector, state.pointee.excp_flags, state.pointee.excp_srr1, state.pointee.excp_dar,
            state.pointee.excp_dsisr
        ) = saved
        return ok ? result.real : nil
    }

    /// Reference and change bits stay as they are.
    var suppressesUpdates = false

    // MARK: Physical memory

    /// A doubleword of physical memory, big-endian as tables are; zero where there is no memory.
    func readPhysical(_ address: UInt64) -> UInt64 {
        guard let host = hostMemory(at: address), host.count >= 8 else { return 0 }
        return UInt64(bigEndian: host.pointer.loadUnaligned(as: UInt64.self))
    }

    /// Grants the current bank the access that was just translated, if memory is RAM and nothing needs to see it.
    ///
    /// - Returns: Host address for `ea`, if it is RAM.
    func grant(_ ea: UInt64, _ kind: AccessKind, _ translation: Translation) -> HostMemory? {
        guard let exact = hostMemory(at: translation.real) else { return nil }
        TLBBank.with(state.pointee.tlb) { grant(ea, kind, translation, in: $0) }
        return exact
    }

    private func grant(_ ea: UInt64, _ kind: AccessKind, _ translation: Translation, in bank: TLBBank) {
        if translation.pageShift < bank.granuleShift {
            bank.useSmallGranule()
            publish(bank)
        }
        let granule: UInt64 = 1 << bank.granuleShift
        let offset = ea & (granule - 1)
        let base = translation.real &- offset
        guard translation.real & (granule - 1) == offset, let host = hostMemory(at: base),
            host.count >= granule
        else {
            if kind == .store { memory.willWrite(at: translation.real & ~0xfff, count: 0x1000) }
            return
        }
        let watched = isWatched(ea &- offset, granule)
        switch kind {
        case .load:
            if !watched { bank.fill(ea, host: host.pointer, .read) }
        case .fetch: bank.fill(ea, host: host.pointer, .exec)
        case .store:
            if host.isWritable { memory.willWrite(at: base, count: granule) }
            if recorder?.isActive != true, host.isWritable, !watched,
                codeTracker?.mayWrite(at: base, count: granule) != false
            {
                bank.fill(ea, host: host.pointer, .write)
            }
        }
    }

    /// Fetches an instruction word.
    ///
    /// - Returns: `nil` if an interrupt was recorded.
    func fetch(_ ea: UInt64) -> UInt32? {
        let entry = state.pointee.tlb + Int(truncatingIfNeeded: ea &>> state.pointee.granule_shift) & entryMask
        guard ea & 3 == 0, entry.pointee.exec_tag == ea & ~state.pointee.granule_mask,
            let host = UnsafeRawPointer(bitPattern: UInt(truncatingIfNeeded: ea &+ entry.pointee.addend))
        else { return fetchSlow(ea) }
        let raw = host.loadUnaligned(as: UInt32.self)
        return state.pointee.big_endian != 0 ? UInt32(bigEndian: raw) : UInt32(littleEndian: raw)
    }

    private var entryMask: Int { Int(PPC_TLB_ENTRIES) &- 1 }

    /// Fetches an instruction word that the soft TLB does not have.
    ///
    /// - Returns: `nil` if an interrupt was recorded.
    func fetchSlow(_ ea: UInt64) -> UInt32? {
        var translation = Translation()
        guard translate(ea, .fetch, &translation) else { return nil }
        var raw: UInt32 = 0
        if let host = grant(ea, .fetch, translation), host.count >= 4 {
            raw = UInt32(bigEndian: host.pointer.loadUnaligned(as: UInt32.self))
        } else if recorder?.refusesDevice() != true {
            raw = UInt32(truncatingIfNeeded: memory.ioRead(at: translation.real, size: 4) ?? 0)
        }
        return state.pointee.big_endian != 0 ? raw : raw.byteSwapped
    }

    /// The instruction at an address, for interrupt delivery; zero if it cannot be read any more.
    func instructionForHandler(at ea: UInt64) -> UInt32 {
        guard let real = debugTranslate(effectiveAddress(state, ea), .fetch),
            let host = memory.hostMemory(at: real), host.count >= 4
        else { return 0 }
        let raw = UInt32(bigEndian: host.pointer.loadUnaligned(as: UInt32.self))
        return state.pointee.big_endian != 0 ? raw : raw.byteSwapped
    }

    // MARK: Faults

    /// Records a storage interrupt. `cause` has bits of ``StorageCause``.
    func storageFault(_ ea: UInt64, _ kind: AccessKind, _ cause: UInt64) {
        if kind == .fetch {
            _ = raise(state, .instructionStorage, srr1: cause)
            return
        }
        state.pointee.excp_dar = ea
        state.pointee.excp_dsisr = kind == .store ? cause | StorageCause.store : cause
        _ = raise(state, .dataStorage, flags: UInt32(PPC_EXCP_SET_DAR | PPC_EXCP_SET_DSISR))
    }

    /// Records a segment interrupt.
    func segmentFault(_ ea: UInt64, _ kind: AccessKind) {
        if kind == .fetch {
            _ = raise(state, .instructionSegment)
            return
        }
        state.pointee.excp_dar = ea
        _ = raise(state, .dataSegment, flags: UInt32(PPC_EXCP_SET_DAR))
    }
}

/// Guest physical addresses that follow one another in host memory.
private struct RAMWindow {
    var start: UInt64 = 0
    var count: UInt64 = 0
    var pointer: UnsafeMutableRawPointer?
    var isWritable = false
}

/// How often the soft TLB did not have what was asked for, by kind of access.
package struct TLBMisses: Sendable, Equatable {
    package var loads = 0
    package var stores = 0
    package var fetches = 0
    /// Those that ended in an interrupt.
    package var refused = 0

    @inline(__always)
    mutating func count(_ kind: AccessKind) {
        switch kind {
        case .load: loads &+= 1
        case .store: stores &+= 1
        case .fetch: fetches &+= 1
        }
    }
}

/// Access rights of a page.
struct Protection: OptionSet {
    let rawValue: UInt8
    static let read = Protection(rawValue: 1)
    static let write = Protection(rawValue: 2)
    static let execute = Protection(rawValue: 4)
    static let all: Protection = [.read, .write, .execute]

    static func needed(for kind: AccessKind) -> Protection {
        switch kind {
        case .load: .read
        case .store: .write
        case .fetch: .execute
        }
    }
}
