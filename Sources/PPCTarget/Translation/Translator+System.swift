import CJIT
import CPPCState

/// What moves to and from special purpose registers come down to: for most of them, an element of `ppc_cpu.spr`.
struct DirectSPRs {
    /// Element by register number, problem state above 1024; -1 if the instruction's function does more than move.
    private let sources: [Int16]
    private let targets: [Int16]

    init(_ cpu: PPCCPU) {
        var sources = [Int16](repeating: -1, count: 2048)
        var targets = sources
        for (number, access) in cpu.registers.access.enumerated() {
            let supervisor = cpu.model.hasHypervisorState
            let reads = [supervisor ? access.read.supervisor : access.read.hypervisor, access.read.problem]
            let writes = [supervisor ? access.write.supervisor : access.write.hypervisor, access.write.problem]
            for state in 0..<2 {
                switch reads[state] {
                case .generic where !PerformanceMonitor.isCounter(number), .cfar, .tar:
                    sources[state * 1024 + number] = Int16(number)
                case .alias where number + 16 < 1024 && !PerformanceMonitor.isCounter(number + 16):
                    sources[state * 1024 + number] = Int16(number + 16)
                default: break
                }
                switch writes[state] {
                case .generic where !SPRMoves.mayChangeContext(number), .cfar, .tar:
                    targets[state * 1024 + number] = Int16(number)
                case .alias where number + 16 < 1024 && !SPRMoves.mayChangeContext(number + 16):
                    targets[state * 1024 + number] = Int16(number + 16)
                default: break
                }
            }
        }
        self.sources = sources
        self.targets = targets
    }

    func source(_ number: Int, problemState: Bool) -> Int? {
        let found = sources[(problemState ? 1024 : 0) + number & 2047]
        return found < 0 ? nil : Int(found)
    }

    func target(_ number: Int, problemState: Bool) -> Int? {
        let found = targets[(problemState ? 1024 : 0) + number & 2047]
        return found < 0 ? nil : Int(found)
    }
}

// Moves of system registers, reservations and block stores (ISA 3.1 Book II, sections 4.3 and 4.6; Book III, 5.4.4).
extension Translator {
    // MARK: Special purpose registers

    func movesFromSPR(_ number: Int) -> Bool {
        number == 8 || number == 9 || number == 1
            || entry.registers.source(number, problemState: context.problemState) != nil && hasFacility(number)
    }

    func movesToSPR(_ number: Int) -> Bool {
        number == 8 || number == 9 || number == 1
            || entry.registers.target(number, problemState: context.problemState) != nil && hasFacility(number)
    }

    /// TAR may be switched off.
    private func hasFacility(_ number: Int) -> Bool {
        number != SPRegister.tar || context.facilities &>> UInt64(Facility.tar.rawValue) & 1 != 0
    }

    mutating func moveFromSPR(_ f: Word) {
        if f.spr == 1 { return moveFromXER(f) }
        if f.spr != 8 && f.spr != 9 {
            guard let number = entry.registers.source(f.spr, problemState: context.problemState) else { return }
            let t = define(f.rt)
            asm.load(.w64, t, state(Int(CJ_SPR), number &* 8))
            return finish(f.rt, t)
        }
        let slot = f.spr == 8 ? Slot.lr : Slot.ctr
        let s = use(slot, .rax)
        let t = define(f.rt)
        asm.copy(t, s)
        finish(f.rt, t)
    }

    mutating func moveToSPR(_ f: Word) {
        if f.spr == 1 { return moveToXER(f) }
        let s = use(f.rt, .rax)
        if f.spr != 8 && f.spr != 9 {
            guard let number = entry.registers.target(f.spr, problemState: context.problemState) else { return }
            return asm.store(.w64, state(Int(CJ_SPR), number &* 8), s)
        }
        let slot = f.spr == 8 ? Slot.lr : Slot.ctr
        let t = define(slot)
        asm.copy(t, s)
        finish(slot, t)
    }

    /// XER is kept in parts.
    private mutating func moveFromXER(_ f: Word) {
        asm.load(.w64, .rax, state(Int(CJ_XER_REST)))
        func add(_ displacement: Int, _ position: UInt8) {
            asm.loadZeroExtended(.w8, .rcx, state(displacement))
            asm.shift(.shl, .w32, .rcx, position)
            asm.alu(.or, .w64, .rax, .rcx)
        }
        add(Int(CJ_SO), 31)
        add(Int(CJ_OV), 30)
        add(Int(CJ_CA), 29)
        if entry.hasISA300 {
            add(Int(CJ_OV32), 19)
            add(Int(CJ_CA32), 18)
        }
        let t = define(f.rt)
        asm.copy(t, .rax)
        finish(f.rt, t)
    }

    private mutating func moveToXER(_ f: Word) {
        let s = use(f.rt, .rcx)
        asm.move(.w32, .rax, s)
        asm.alu(.and, .w32, .rax, immediate: 0x1ff3_ffff)
        asm.store(.w64, state(Int(CJ_XER_REST)), .rax)
        for (bit, home) in [(31, CJ_SO), (30, CJ_OV), (29, CJ_CA), (19, CJ_OV32), (18, CJ_CA32)] {
            asm.bitTest(.w32, s, UInt8(bit))
            asm.set(.below, state(Int(home)))
        }
        emitConditionValues()
    }

    /// `or` of a register with itself: bits 11:13 of PPR say how much the thread wants the processor.
    mutating func setPriority(_ register: Int) {
        let priority: Int32
        switch register {
        case 1: priority = 2
        case 6: priority = 3
        case 2: priority = 4
        case 31 where !context.problemState: priority = 1
        case 5 where !context.problemState: priority = 5
        case 3 where !context.problemState: priority = 6
        case 7 where !context.problemState && context.hypervisor: priority = 7
        default: return
        }
        let byte = state(Int(CJ_SPR), 896 &* 8 &+ 6)
        asm.alu(.and, .w8, byte, immediate: ~0x1c)
        asm.alu(.or, .w8, byte, immediate: priority &<< 2)
    }

    // MARK: Machine state register

    mutating func moveFromMSR(_ f: Word) {
        let t = define(f.rt)
        asm.load(.w64, t, state(Int(CJ_MSR)))
        finish(f.rt, t)
    }

    /// `mtmsrd` and `mtmsr` with L = 1: EE and RI alone. A pending interrupt is for the function to look at.
    mutating func moveEnableBits(_ f: Word) {
        let bits = Int32(truncatingIfNeeded: Int64(bitPattern: MSR.ee | MSR.ri))
        let label = asm.label()
        asm.alu(.cmp, .w64, state(Int(CJ_PENDING_INTERRUPTS)), immediate: 0)
        asm.jump(.notEqual, label)
        slowPath(from: label)
        let s = use(f.rt, .rcx)
        asm.move(.w32, .rcx, s)
        asm.alu(.and, .w32, .rcx, immediate: bits)
        asm.load(.w64, .rax, state(Int(CJ_MSR)))
        asm.alu(.and, .w64, .rax, immediate: ~bits)
        asm.alu(.or, .w64, .rax, .rcx)
        asm.store(.w64, state(Int(CJ_MSR)), .rax)
        resumeSlowPath()
    }

    // MARK: Reservations

    private mutating func indexedAddress(_ f: Word) {
        let b = use(f.rb, .rax)
        if f.ra == 0 {
            asm.copy(.rcx, b)
            if context.narrow { asm.move(.w32, .rcx, .rcx) }
        } else {
            let a = use(f.ra, .rcx)
            asm.lea(wide, .rcx, MemoryOperand(a, index: b))
        }
    }

    /// `lwarx`, `ldarx`: remembers address and value. The address is in rcx.
    mutating func loadReserved(_ f: Word, _ width: HostWidth) {
        let size: Int32 = 1 &<< Int32(width.rawValue)
        indexedAddress(f)
        let label = asm.label()
        asm.test(.w32, .rcx, immediate: size &- 1)
        asm.jump(.notEqual, label)
        asm.lea(.w64, .rax, MemoryOperand(.rcx, size &- 1))
        emitLookup(label, reads: true, writes: false)
        asm.load(.w64, .rdx, MemoryOperand(Host.tlb, index: .rdx, 24))
        slowPath(from: label)
        asm.load(width, .rax, MemoryOperand(.rdx, index: .rcx))
        asm.store(.w64, state(Int(CJ_RESERVE_EA)), .rcx)
        asm.store(.w64, state(Int(CJ_RESERVE_VALUE)), .rax)
        asm.store(.w64, state(Int(CJ_RESERVE_SIZE)), immediate: size)
        let t = define(f.rt)
        asm.copy(t, .rax)
        if context.bigEndian { asm.swapBytes(width, t) }
        finish(f.rt, t)
        resumeSlowPath()
    }

    /// `stwcx.`, `stdcx.`: a compare-and-swap with the value that was read.
    mutating func storeConditional(_ f: Word, _ width: HostWidth) {
        let size: Int32 = 1 &<< Int32(width.rawValue)
        indexedAddress(f)
        let label = asm.label()
        let failed = asm.label()
        asm.alu(.cmp, .w64, state(Int(CJ_RESERVE_SIZE)), immediate: size)
        asm.jump(.notEqual, failed)
        asm.alu(.cmp, .w64, .rcx, state(Int(CJ_RESERVE_EA)))
        asm.jump(.notEqual, failed)
        // A reservation's address is aligned.
        asm.move(.w64, .rax, .rcx)
        emitLookup(label, reads: false, writes: true)
        asm.load(.w64, .rdx, MemoryOperand(Host.tlb, index: .rdx, 24))
        slowPath(from: label)
        asm.alu(.add, .w64, .rdx, .rcx)
        var s = use(f.rt, .rcx)
        if context.bigEndian {
            asm.copy(.rcx, s)
            s = .rcx
            asm.swapBytes(width, s)
        }
        asm.load(width, .rax, state(Int(CJ_RESERVE_VALUE)))
        asm.compareExchange(width, MemoryOperand(.rdx), s)
        asm.jump(.notEqual, failed)
        asm.load(.w32, .rax, state(Int(CJ_SCRATCH), Int(CJ_CR_VALUES) &* 8 &+ 8))
        let done = asm.shortJump()
        asm.bind(failed)
        asm.loadZeroExtended(.w8, .rax, state(Int(CJ_SO)))
        asm.land(done)
        asm.store(.w8, state(Int(CJ_CR)), .rax)
        asm.store(.w64, state(Int(CJ_RESERVE_SIZE)), immediate: 0)
        resumeSlowPath()
    }

    // MARK: Blocks

    /// `dcbz` of 128 bytes. A reservation there would be lost: the function knows.
    mutating func zeroBlock(_ f: Word) {
        let size = Int32(truncatingIfNeeded: StorageControl.blockSize)
        indexedAddress(f)
        let label = asm.label()
        asm.alu(.cmp, .w64, state(Int(CJ_RESERVE_SIZE)), immediate: 0)
        asm.jump(.notEqual, label)
        asm.alu(.and, .w64, .rcx, immediate: -size)
        asm.move(.w64, .rax, .rcx)
        emitLookup(label, reads: false, writes: true)
        asm.alu(.add, .w64, .rcx, MemoryOperand(Host.tlb, index: .rdx, 24))
        slowPath(from: label)
        // pxor xmm0, xmm0
        asm.sse(0x66, 0xef, .x0, .x0)
        for offset in stride(from: Int32(0), to: size, by: 16) { asm.storeVector(MemoryOperand(.rcx, offset), .x0) }
        resumeSlowPath()
    }

    /// `dcbst`, `dcbf`, `icbi`: loads as far as translation is concerned, and nothing else.
    mutating func touchBlock(_ f: Word, wholeBlock: Bool) {
        indexedAddress(f)
        if wholeBlock { asm.alu(.and, .w64, .rcx, immediate: -Int32(StorageControl.blockSize)) }
        asm.move(.w64, .rax, .rcx)
        let label = asm.label()
        emitLookup(label, reads: true, writes: false)
        slowPath(from: label)
        resumeSlowPath()
    }

    // MARK: Closures

    /// Calls the closure in front of the current instruction, with everything written back. It may change anything.
    mutating func callHook(_ hook: NativeEntry) {
        group.active = false
        settleCondition()
        writePending()
        flush()
        setNIP(address)
        emitSettle()
        emitCall(hook)
        let failed = asm.label()
        asm.test(.w32, .rax, .rax)
        asm.jump(.notEqual, failed)
        addStub(Stub(kind: .outcome, label: failed))
        valid = 0
        validVectors = 0
        singles = 0
        asm.load(.w64, Host.tlb, state(Int(CJ_TLB)))
        let changed = asm.label()
        asm.alu(.cmp, .w8, state(Int(CJ_GRANULE_SHIFT)), immediate: Int32(context.granuleShift))
        asm.jump(.notEqual, changed)
        asm.alu(.cmp, .w32, scratch(Int(CJ_RESYNC)), immediate: 0)
        asm.jump(.notEqual, changed)
        addStub(Stub(kind: .hooked, label: changed))
        emitConditionValues()
    }

    /// The current instruction is `sc 1` of a partition whose hypercalls somebody answers.
    var isHypercall: Bool {
        entry.hypercall != nil && !context.problemState
            && info(current).pointee.lowered == .sc && buffer.instructions[current].word &>> 5 & 0x7f == 1
    }

    /// Calls the closure that answers hypercalls; any context may come after it.
    mutating func callHypercall(_ next: UInt64) {
        guard let hypercall = entry.hypercall else { return }
        group.active = false
        settleCondition()
        writePending()
        flush()
        setNIP(next)
        emitSettle()
        emitCall(hypercall)
        asm.jump(to: entry.thunks.outcome)
    }

    private mutating func emitCall(_ closure: NativeEntry) {
        asm.lea(.w64, .rdi, MemoryOperand(Host.state, -Int32(CJ_BIAS)))
        asm.constant(.rax, UInt64(UInt(bitPattern: unsafeBitCast(closure.function, to: Int.self))))
        asm.call(.rax)
        asm.loadMXCSR(scratch(Int(CJ_MXCSR_INITIAL)))
    }
}
