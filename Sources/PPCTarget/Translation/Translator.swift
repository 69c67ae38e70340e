import CJIT
import CPPCState

/// Register conventions of generated code.
///
/// rbp points into the state block (`CJ_BIAS` bytes), r14 to the soft TLB's entries. rax, rcx, rdx are scratch inside
/// one guest instruction; rsi holds a checked host address for several accesses; the others hold guest registers.
enum Host {
    @inline(__always) static var state: HostRegister { .rbp }
    @inline(__always) static var tlb: HostRegister { .r14 }
    @inline(__always) static var base: HostRegister { .rsi }
    static var allocatableCount: Int { 9 }
    /// Preserved by C functions first.
    static func allocatable(_ index: Int) -> HostRegister {
        switch index {
        case 0: .rbx
        case 1: .r12
        case 2: .r13
        case 3: .r15
        case 4: .rdi
        case 5: .r8
        case 6: .r9
        case 7: .r10
        default: .r11
        }
    }
    static func isPreserved(_ code: UInt8) -> Bool { code == 3 || code == 12 || code == 13 || code == 15 }
}

/// A guest register that a host register can hold: GPRs 0 to 31, LR, CTR.
enum Slot {
    static var lr: Int { 32 }
    static var ctr: Int { 33 }
    static var count: Int { 34 }

    @inline(__always)
    static func bit(_ slot: Int) -> UInt64 { 1 &<< UInt64(truncatingIfNeeded: slot) }

    @inline(__always)
    static func memory(_ slot: Int) -> MemoryOperand {
        MemoryOperand(Host.state, displacement(slot))
    }
    @inline(__always)
    static func displacement(_ slot: Int) -> Int32 {
        slot < 32
            ? Int32(truncatingIfNeeded: slot &* 8 &- 128)
            : slot == lr ? Int32(truncatingIfNeeded: CJ_LR) : Int32(truncatingIfNeeded: CJ_CTR)
    }
}

/// What a way out of generated code leads to.
enum ExitReason {
    /// `nip` holds an address to look up.
    static var lookup: UInt64 { 0 }
    /// The payload is the index of an ``ExitRecord`` whose target is wanted.
    static var chain: UInt64 { 1 }
    /// The payload is the outcome of an instruction's function.
    static var outcome: UInt64 { 2 }
    /// exit_request is set; `nip` holds the next address.
    static var poll: UInt64 { 3 }
    /// The payload is the number of a block that ran often.
    static var promote: UInt64 { 4 }
    /// The instruction at `nip` is for the interpreter.
    static var interpret: UInt64 { 5 }
}

/// A direct way out of a block that can be joined to its target.
struct ExitRecord {
    var target: UInt64
    /// Offset in code memory of the 32-bit displacement to patch.
    var patch: UInt32
    /// Offset of the code that the displacement leads to while unlinked.
    var stub: UInt32
    /// The block it is linked to, or -1.
    var linked: Int32 = -1
    /// Exits that are linked to the same target block, a list in both directions; -1 at its ends.
    var nextIncoming: Int32 = -1
    var previousIncoming: Int32 = -1
}

/// Turns decoded blocks into x86-64 code. One value translates one region.
struct Translator: ~Copyable {
    struct Entry {
        /// Addresses of the common code (see ``Thunks``).
        let thunks: Thunks
        let memory: CodeMemory
        let features: UInt32
        let infos: UnsafePointer<RowInfo>
        let exits: UnsafeMutablePointer<ExitRecord>
        let exitCapacity: Int
        let registers: DirectSPRs
        let hasISA300: Bool
        /// `dcbz` clears 128 bytes, always.
        let zeroesWholeBlocks: Bool
        /// Closures to call before instructions, by effective address, and for hypercalls.
        let hooks: [UInt64: NativeEntry]
        let hypercall: NativeEntry?
        /// Effective addresses of instructions that access device registers.
        let deviceSites: Set<UInt64>
    }

    enum StubKind: UInt8 { case chain, exit, slow, poll, outcome, promote, interpret, again, hooked, unexpected }
    struct Stub {
        var kind: StubKind
        var label: Assembler.Label
        var resume: Assembler.Label = .none
        var address: UInt64 = 0
        var dirty: UInt64 = 0
        var valid: UInt64 = 0
        /// First instruction and count (slow), or exit record number (chain).
        var first: Int32 = 0
        var count: Int32 = 0
        /// A slow path that may lead to device registers.
        var meetsDevices = false
        /// What the slow path must write down for FPSCR first, and the VSRs to load after it.
        var pending = PendingFloat()
        var validVectors: UInt64 = 0
        /// The comparison to store first, and the slots that are in host registers for it.
        var condition = DeferredCondition()
        var conditionValid: UInt64 = 0
    }

    var asm: Assembler
    let entry: Entry
    let context: TranslationContext
    let buffer: RegionBuffer
    let source: CodeSource
    let block: Int32
    let isRegion: Bool
    /// Loops leave after a number of passes in the scratch area (verify mode).
    let isPiecewise: Bool
    let hasMOVBE: Bool
    let hasBMI2: Bool
    let wide: HostWidth

    /// What slow paths share.
    let header: UnsafeMutablePointer<SlowHeader>

    // Register assignment.
    let hostOf: UnsafeMutablePointer<UInt8>
    var assigned: UInt64 = 0
    var valid: UInt64 = 0
    var dirty: UInt64 = 0

    // Position.
    var currentBlock = 0
    var current: Int = 0
    var blockEnd: Int = 0
    var address: UInt64 = 0
    /// A comparison's flags are still in the host's flags when code ends here; the field is `flagsField`.
    var flagsOffset = -1
    var flagsField = 0
    var flagsSigned = false
    /// The comparison whose field is not stored yet.
    var deferred = DeferredCondition()
    let conditions: ConditionTables

    /// Stub of the instruction being translated.
    var slowStub = 0

    // VSRs in host registers: which, which of them by doubleword 0 alone, and which are loaded.
    let vectorHosts: UnsafeMutablePointer<UInt8>
    var heldVectors: UInt64 = 0
    var heldScalars: UInt64 = 0
    var validVectors: UInt64 = 0

    // FPSCR.
    var pendingFloat = PendingFloat()
    /// Scalar operations so far.
    var operationCount = 0
    /// fp_pending is not zero here.
    var statusIsMarked = false
    /// VSRs known to hold a single-precision number in doubleword 0.
    var singles: UInt64 = 0

    // Shared check of accesses off one base register.
    var group = MemoryGroup()

    let stubs: UnsafeMutablePointer<Stub>
    var stubCount = 0
    static var stubCapacity: Int { 1024 }
    let blockLabels: UnsafeMutablePointer<Assembler.Label>
    var exitCount: Int
    /// Where the code notes the targets of the block's indirect branch.
    var profile: BranchProfile?
    var exhausted = false

    /// Storage that translators use one after the other.
    final class Storage {
        let stubs = UnsafeMutablePointer<Stub>.allocate(capacity: Translator.stubCapacity)
        let blockLabels = UnsafeMutablePointer<Assembler.Label>.allocate(capacity: RegionBuffer.blockCapacity)
        let hostOf = UnsafeMutablePointer<UInt8>.allocate(capacity: Slot.count)
        let vectorHosts = UnsafeMutablePointer<UInt8>.allocate(capacity: 64)
        let tables = Assembler.Tables()
        let conditions = ConditionTables()
        deinit {
            conditions.deallocate()
            hostOf.deallocate()
            vectorHosts.deallocate()
            stubs.deallocate()
            blockLabels.deallocate()
        }
    }

    init?(
        entry: Entry, context: TranslationContext, buffer: RegionBuffer, source: CodeSource, block: Int32,
        isRegion: Bool, isPiecewise: Bool, exitCount: Int, storage: borrowing Storage
    ) {
        guard let header = SlowHeader.allocate(in: entry.memory, address: buffer.blocks[0].address) else { return nil }
        self.header = header
        self.entry = entry
        self.context = context
        self.buffer = buffer
        self.source = source
        self.block = block
        self.isRegion = isRegion
        self.isPiecewise = isPiecewise
        self.exitCount = exitCount
        hasMOVBE = entry.features & UInt32(CJ_MOVBE) != 0
        hasBMI2 = entry.features & UInt32(CJ_BMI2) != 0
        wide = context.narrow ? .w32 : .w64
        stubs = storage.stubs
        blockLabels = storage.blockLabels
        vectorHosts = storage.vectorHosts
        conditions = storage.conditions
        hostOf = storage.hostOf
        hostOf.update(repeating: 0xff, count: Slot.count)
        asm = Assembler(
            at: entry.memory.next, capacity: entry.memory.codeFree, executableOffset: entry.memory.executableOffset,
            tables: storage.tables)
    }

    // MARK: Guest registers

    /// The host register holding a guest register, loading it (into `scratch` if it has no register of its own).
    @inline(__always)
    mutating func use(_ slot: Int, _ scratch: HostRegister) -> HostRegister {
        let code = hostOf[slot]
        if code == 0xff {
            asm.load(.w64, scratch, Slot.memory(slot))
            return scratch
        }
        let register = HostRegister(code)
        if valid & Slot.bit(slot) == 0 {
            asm.load(.w64, register, Slot.memory(slot))
            valid |= Slot.bit(slot)
        }
        return register
    }

    /// Where the new value of a guest register is to be computed; ``finish(_:_:)`` must follow.
    @inline(__always)
    mutating func define(_ slot: Int, _ scratch: HostRegister = .rax) -> HostRegister {
        let code = hostOf[slot]
        return code == 0xff ? scratch : HostRegister(code)
    }

    @inline(__always)
    mutating func finish(_ slot: Int, _ register: HostRegister) {
        if hostOf[slot] == 0xff {
            asm.store(.w64, Slot.memory(slot), register)
        } else {
            asm.copy(HostRegister(hostOf[slot]), register)
            valid |= Slot.bit(slot)
            dirty |= Slot.bit(slot)
        }
    }

    /// Writes dirty registers to the state block; they stay dirty in the caller's books. Leaves the flags alone.
    mutating func store(_ slots: UInt64) {
        var left = slots
        while left != 0 {
            let slot = left.trailingZeroBitCount
            left &= left &- 1
            asm.store(.w64, Slot.memory(slot), HostRegister(hostOf[slot]))
        }
    }
    mutating func load(_ slots: UInt64) {
        var left = slots
        while left != 0 {
            let slot = left.trailingZeroBitCount
            left &= left &- 1
            asm.load(.w64, HostRegister(hostOf[slot]), Slot.memory(slot))
        }
    }

    mutating func flush() {
        store(dirty)
        dirty = 0
    }

    /// Loads what blocks of the region expect in registers. Leaves the flags alone.
    mutating func prepare(_ first: Int32, _ second: Int32 = -1) {
        var needed: UInt64 = 0
        if first >= 0 { needed |= buffer.blocks[Int(first)].required }
        if second >= 0 { needed |= buffer.blocks[Int(second)].required }
        load(needed & ~valid)
        valid |= needed
        loadVectors(heldVectors & ~validVectors)
        validVectors = heldVectors
    }

    /// Code goes to a block of the region from here.
    mutating func arrive(_ target: Int32) {
        if buffer.blocks[Int(target)].isLoopHead { return }
        buffer.blocks[Int(target)].validIn &= valid
    }

    @inline(__always)
    func state(_ displacement: Int, _ offset: Int = 0) -> MemoryOperand {
        MemoryOperand(Host.state, Int32(truncatingIfNeeded: displacement &+ offset))
    }
    @inline(__always)
    func scratch(_ element: Int) -> MemoryOperand { state(Int(CJ_SCRATCH), element &* 8) }

    func info(_ index: Int) -> UnsafePointer<RowInfo> { entry.infos + Int(buffer.instructions[index].row) }

    /// Stores an address constant to `nip`.
    mutating func setNIP(_ address: UInt64) {
        if let small = Int32(exactly: Int64(bitPattern: address)) {
            asm.store(.w64, state(Int(CJ_NIP)), immediate: small)
        } else {
            asm.constant(.rax, address)
            asm.store(.w64, state(Int(CJ_NIP)), .rax)
        }
    }

    mutating func addStub(_ stub: Stub) {
        guard stubCount < Self.stubCapacity else {
            exhausted = true
            return
        }
        stubs[stubCount] = stub
        stubCount += 1
    }

    // MARK: A region

    /// Writes the code of the buffer's blocks. False if something ran out; nothing of it may be used then.
    mutating func translate() -> Bool {
        assignRegisters()
        assignVectors()
        spreadConditions()
        header.pointee.setHosts(hostOf, assigned)
        let count = buffer.blockCount
        for index in 0..<count { blockLabels[index] = asm.label() }
        if holdsAcrossBlocks {
            if buffer.blocks[0].isLoopHead { load(buffer.blocks[0].required) } else { buffer.blocks[0].validIn = 0 }
            loadVectors(heldVectors)
        }
        for index in 0..<count {
            translateBlock(index)
            if exhausted || asm.remaining < Self.reserve { return false }
        }
        emitStubs()
        return !exhausted && asm.resolve()
    }

    /// Whether registers are assigned over several blocks or a loop.
    var holdsAcrossBlocks: Bool { isRegion && (buffer.blockCount > 1 || buffer.blocks[0].isLoopHead) }

    private mutating func translateBlock(_ index: Int) {
        currentBlock = index
        let block = buffer.blocks[index]
        asm.bind(blockLabels[index])
        valid = holdsAcrossBlocks ? block.validIn & assigned : 0
        dirty = block.dirtyIn & assigned
        validVectors = holdsAcrossBlocks ? heldVectors : 0
        forgetPending()
        group.active = false
        beginCondition()
        address = block.address
        if !isRegion { emitPromotionCounter() }
        if index == 0 || block.isLoopHead { emitPoll() }
        current = Int(block.first)
        blockEnd = current + Int(block.count)
        let last = blockEnd - 1
        while current < blockEnd {
            if asm.remaining < Self.reserve {
                exhausted = true
                return
            }
            if !entry.hooks.isEmpty, let hook = entry.hooks[address] { callHook(hook) }
            if current == last, block.ending == .direct || block.ending == .indirect || block.ending == .called {
                break
            }
            translateInstruction()
            address = (address &+ UInt64(buffer.instructions[current].length)) & addressMask
            current += 1
        }
        writePending()
        end(block)
    }

    var addressMask: UInt64 { context.narrow ? 0xffff_ffff : .max }

    private mutating func translateInstruction() {
        let instruction = buffer.instructions[current]
        let endsCondition = prepareCondition()
        if let lowered = info(current).pointee.lowered, lowers(lowered, instruction.word) {
            lower(lowered, instruction.word)
        } else {
            callInstruction()
            if info(current).pointee.lowered == .sync { pollAfterInstruction() }
        }
        if endsCondition { deferred.field = DeferredCondition.none }
    }

    private mutating func emitPoll() {
        let label = asm.label()
        if isPiecewise {
            asm.alu(.sub, .w32, scratch(Int(CJ_PASSES)), immediate: 1)
            asm.jump(.below, label)
        } else {
            asm.alu(.cmp, .w32, state(Int(CJ_EXIT_REQUEST)), immediate: 0)
            asm.jump(.notEqual, label)
        }
        addStub(Stub(kind: .poll, label: label, address: address, dirty: dirty))
    }

    /// Looks for requests of others once the current instruction is done.
    mutating func pollAfterInstruction() {
        let label = asm.label()
        asm.alu(.cmp, .w32, state(Int(CJ_EXIT_REQUEST)), immediate: 0)
        asm.jump(.notEqual, label)
        let next = (address &+ UInt64(buffer.instructions[current].length)) & addressMask
        addStub(Stub(kind: .poll, label: label, address: next, dirty: dirty))
    }

    private mutating func emitPromotionCounter() {
        let counter = UnsafeMutableRawPointer(header) + SlowHeader.counterOffset
        counter.storeBytes(of: Self.promotionThreshold, as: Int32.self)
        let label = asm.label()
        // sub dword [rip + counter], 1
        asm.ripRelative(0, wide: false, 0, 0x83, reg: 5, counter, trailing: 1)
        asm.byte(1)
        asm.jump(.below, label)
        addStub(Stub(kind: .promote, label: label, address: address))
    }

    static var promotionThreshold: Int32 { 100 }
    /// Bytes that the code of one instruction, or one stub, never exceeds.
    static var reserve: Int { 4096 }

    // MARK: Instructions that are called

    /// Whether an instruction preserves the promise that only its operands change.
    mutating func callInstruction() {
        let instruction = buffer.instructions[current]
        let registers = info(current).pointee.gprs(instruction.word)
        emitCall(instruction)
        let failed = asm.label()
        asm.test(.w32, .rax, .rax)
        asm.jump(.notEqual, failed)
        addStub(Stub(kind: .outcome, label: failed))
        var kept: UInt64 = 0
        var left = valid
        while left != 0 {
            let slot = left.trailingZeroBitCount
            left &= left &- 1
            if Host.isPreserved(hostOf[slot]) { kept |= Slot.bit(slot) }
        }
        valid = kept & ~registers.writes
        validVectors = 0
        asm.load(.w64, Host.tlb, state(Int(CJ_TLB)))
        if info(current).pointee.accessesMemory {
            // Filling the soft TLB may have made its granule smaller than this code believes, and a store may have
            // hit this very code.
            let changed = asm.label()
            asm.alu(.cmp, .w8, state(Int(CJ_GRANULE_SHIFT)), immediate: Int32(context.granuleShift))
            asm.jump(.notEqual, changed)
            asm.alu(.cmp, .w32, scratch(Int(CJ_RESYNC)), immediate: 0)
            asm.jump(.notEqual, changed)
            addStub(
                Stub(
                    kind: .again, label: changed,
                    address: (address &+ UInt64(buffer.instructions[current].length)) & addressMask))
        }
        if info(current).pointee.changesFPMode { leaveIfModeChanged() }
        refreshConditionValues()
    }

    /// Code for plain floating point must not go on without it or with another rounding mode, nor should other code once
    /// it could be that.
    private mutating func leaveIfModeChanged() {
        let changed = asm.label()
        // The low byte holds all that matters, see ``PlainFPSCR``.
        if context.plainFloatingPoint {
            asm.alu(.cmp, .w8, state(Int(CJ_FPSCR)), immediate: Int32(context.rounding))
            asm.jump(.notEqual, changed)
        } else {
            asm.testByte(state(Int(CJ_FPSCR)), immediate: UInt8(PlainFPSCR.special))
            asm.jump(.equal, changed)
        }
        addStub(
            Stub(
                kind: .again, label: changed,
                address: (address &+ UInt64(buffer.instructions[current].length)) & addressMask))
    }

    /// Flushes, sets nip and calls the function of an instruction; its outcome is in eax.
    mutating func emitCall(_ instruction: GuestInstruction) {
        group.active = false
        settleCondition()
        writePending()
        flush()
        setNIP(address)
        emitSettle()
        // add qword [rip + count], 1
        asm.ripRelative(0, wide: true, 0, 0x83, reg: 0, entry.thunks.calls + Int(instruction.row), trailing: 1)
        asm.byte(1)
        asm.lea(.w64, .rdi, MemoryOperand(Host.state, -Int32(CJ_BIAS)))
        asm.constant(.rsi, instruction.word)
        asm.constant(.rax, UInt64(UInt(bitPattern: unsafeBitCast(instruction.execute, to: Int.self))))
        asm.call(.rax)
        asm.loadMXCSR(scratch(Int(CJ_MXCSR_INITIAL)))
    }

    /// Before a call: brings FPSCR up to date if floating-point results are pending, and MXCSR's rounding mode to what
    /// functions expect. Everything is written back already.
    mutating func emitSettle() {
        asm.alu(.cmp, .w32, state(Int(CJ_FP_PENDING)), immediate: 0)
        let settled = asm.shortJump(.equal)
        asm.call(to: entry.thunks.settle)
        asm.land(settled)
        if context.rounding != 0 { asm.loadMXCSR(state(Int(CJ_SCRATCH), Int(CJ_MXCSR) &* 8 &+ 4)) }
    }

    /// SO may have changed: the values that comparisons store carry it.
    mutating func refreshConditionValues() {
        let row = buffer.instructions[current].row
        guard changesSO(Int(row)) else { return }
        emitConditionValues()
    }

    private func changesSO(_ row: Int) -> Bool { (entry.infos + row).pointee.changesSO }

    mutating func emitConditionValues() {
        asm.loadZeroExtended(.w8, .rax, state(Int(CJ_SO)))
        asm.lea(.w32, .rcx, MemoryOperand(.rax, 8))
        asm.store(.w32, scratch(Int(CJ_CR_VALUES)), .rcx)
        asm.lea(.w32, .rcx, MemoryOperand(.rax, 4))
        asm.store(.w32, state(Int(CJ_SCRATCH), Int(CJ_CR_VALUES) &* 8 &+ 4), .rcx)
        asm.lea(.w32, .rcx, MemoryOperand(.rax, 2))
        asm.store(.w32, state(Int(CJ_SCRATCH), Int(CJ_CR_VALUES) &* 8 &+ 8), .rcx)
    }
}
