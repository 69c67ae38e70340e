import CPPCState
import CSupport

/// Why ``PPCCPU/run(limit:)`` returned.
public enum StopReason: Sendable, Equatable {
    /// ``PPCCPU/stop()`` was called, or a hypercall or hook asked for it.
    case requested
    /// The thread waits for an interrupt.
    case halted
    /// As many instructions as asked for have been executed.
    case limit
    /// `nip` is at a breakpoint; the next run goes past it.
    case breakpoint
}

/// The reference engine: fetch, decode, check, call the row's function.
extension PPCCPU {
    /// Executes until something asks to stop.
    ///
    /// - Parameter limit: The number of instructions to complete or interrupt at most.
    public func run(limit: UInt64 = .max) -> StopReason {
        var left = limit
        var outcomeOfEngine = Outcome.next
        while true {
            if state.pointee.exit_request != 0, serveExitRequest() { return .requested }
            if state.pointee.halted != 0 {
                if onDeadlineChange == nil { checkDecrementer() }
                guard hasWork else { return .halted }
                Interrupts.deliverPending(state)
                continue
            }
            if left == 0 { return .limit }
            if monitor.isStarting { monitor.start(state) }
            let outcome: Int32
            if needsAttention || mustLook(limit: limit) {
                if !isStepping, breakpoints.contains(state.pointee.nip), passedBreakpoint != state.pointee.nip {
                    passedBreakpoint = state.pointee.nip
                    return .breakpoint
                }
                passedBreakpoint = nil
                if let outcome = askHook() {
                    if outcome == Outcome.stop, state.pointee.halted == 0 { return .requested }
                    continue
                }
                if let onInstruction, !onInstruction(self, state.pointee.nip) { return .requested }
                if engine == nil, let executionLog { TranslationLog.entering(self, executionLog) }
                outcome = stepTraced()
                if monitor.watches { checkMonitor() }
                left -= 1
            } else if let engine, limit == .max, !monitor.countsInstructions {
                passedBreakpoint = nil
                outcome = engine.execute(self)
            } else if let engine, !monitor.countsInstructions,
                let done = engine.execute(self, atMost: left, &outcomeOfEngine), done != 0
            {
                passedBreakpoint = nil
                outcome = outcomeOfEngine
                left -= done
            } else {
                // Also where an engine found an exit request before its first instruction: an interrupt that nothing
                // masks must not keep the run from its limit.
                passedBreakpoint = nil
                let longest: UInt64 = breakpoints.isEmpty && hooks.isEmpty ? 4096 : 1
                let slice = min(
                    left, longest, monitor.countsInstructions ? max(monitor.instructionsToAlert(state), 1) : longest)
                var done = slice
                outcome = executeSlice(&done)
                left -= slice - done
            }
            if onDeadlineChange == nil { checkDecrementer() } else if monitor.watches { checkMonitor() }
            if outcome == Outcome.stop, state.pointee.halted == 0 { return .requested }
        }
    }

    /// Executes one instruction, or takes one interrupt.
    public func step() -> StopReason {
        isStepping = true
        defer { isStepping = false }
        return run(limit: 1)
    }

    /// Acts on what other threads or the device model asked for. Callable by any engine at its polling points.
    ///
    /// - Returns: Whether the run loop is to be left.
    public func serveExitRequest() -> Bool {
        let bits = Int(cs_atomic_and32(exitWord, 0))
        if bits & PPC_EXIT_FLUSH != 0 {
            mmu.physicalMapChanged()
            onFlush?(self)
        }
        if bits & PPC_EXIT_CODE != 0 { mmu.codeTracker?.catchUp() }
        if bits & PPC_EXIT_WORK != 0 { onWork?(self) }
        if bits & PPC_EXIT_INTERRUPT != 0 {
            // What asked for a look at the clock may have done so just before the request was taken back.
            if onDeadlineChange == nil { checkDecrementer() }
            Interrupts.deliverPending(state)
        }
        return bits & PPC_EXIT_STOP != 0
    }

    /// Executes up to `left` instructions and returns the last outcome; leaves early when somebody wants attention.
    ///
    /// Straight-line code and branches inside one granule stay in the loop's window: what may change the mapping of
    /// instructions reports another outcome than `.next` and `.branch`, or an exit request.
    func executeSlice(_ left: inout UInt64) -> Int32 {
        let cpu = state
        let slots = decoded
        // The count is right in the middle too, for clocks that follow it.
        let end = cpu.pointee.instructions_executed &+ left
        defer { left = end &- cpu.pointee.instructions_executed }
        var window = FetchWindow(cpu)
        while cpu.pointee.instructions_executed != end {
            cpu.pointee.instructions_executed &+= 1
            let ea = cpu.pointee.nip
            var outcome: Int32
            let slot = slots + Int(truncatingIfNeeded: ea &>> 2) & (DecodedSlot.count &- 1)
            if let key = window.key(ea), slot.pointee.key == key,
                slot.pointee.needs & ~cpu.pointee.facilities == 0
            {
                outcome = slot.pointee.execute(cpu, slot.pointee.word)
                if outcome == Outcome.next {
                    cpu.pointee.nip = (ea &+ 4) & window.addressMask
                    if cpu.pointee.exit_request != 0 { return outcome }
                    continue
                }
            } else {
                outcome = executeUnknown(ea, slot)
                window = FetchWindow(cpu)
            }
            if outcome == Outcome.branch || outcome == Outcome.next {
                if cpu.pointee.exit_request != 0 { return outcome }
                continue
            }
            if outcome == Outcome.exception {
                if monitor.countsInstructions { monitor.discountInterrupted(cpu) }
                ExceptionDelivery.deliver(cpu)
            } else if outcome == Outcome.sync {
                cpu.pointee.nip = effectiveAddress(cpu, ea &+ 4)
            } else if outcome == Outcome.stop {
                return outcome
            }
            if cpu.pointee.exit_request != 0 || needsAttention { return outcome }
            window = FetchWindow(cpu)
        }
        return Outcome.next
    }

    /// One instruction with MSR[SE] and MSR[BE] honoured.
    private func stepTraced() -> Int32 {
        let cpu = state
        let trace = cpu.pointee.msr & (MSR.se | MSR.be)
        let from = cpu.pointee.nip
        let slot = decoded + Int(truncatingIfNeeded: from &>> 2) & (DecodedSlot.count &- 1)
        cpu.pointee.instructions_executed &+= 1
        let outcome = executeUnknown(from, slot)
        if outcome == Outcome.exception {
            if monitor.countsInstructions { monitor.discountInterrupted(cpu) }
            ExceptionDelivery.deliver(cpu)
            return outcome
        }
        guard trace != 0, outcome != Outcome.stop else { return outcome }
        // Instructions of the interrupt vectors are not stepped, except branches.
        let next = from &+ 4
        let isBranch = outcome == Outcome.branch
        if isBranch || trace & MSR.se != 0 && (next <= 0x100 || next > 0xf00) {
            _ = recordTrace(cpu)
            ExceptionDelivery.deliver(cpu)
        }
        return outcome
    }

    /// Fetches, checks and performs the instruction at `ea`, and moves `nip` on unless an interrupt was recorded.
    ///
    /// - Returns: An outcome; with `.next` too, `nip` is where execution goes on, and `.sync` is not among them.
    @inline(never)
    private func executeUnknown(_ ea: UInt64, _ slot: UnsafeMutablePointer<DecodedSlot>) -> Int32 {
        let cpu = state
        guard let first = mmu.fetch(ea) else { return Outcome.exception }
        let sets = InstructionSet(rawValue: cpu.pointee.isa_level)
        var word = UInt64(first)
        var length: UInt64 = 4
        if InstructionTable.isPrefix(first), sets.contains(.isa310) {
            // A prefixed instruction must not cross a 64-byte boundary (ISA 3.1 Book I, section 1.6).
            if ea & 63 == 60 { return raiseAlignment(cpu, ea) }
            guard let suffix = mmu.fetch(effectiveAddress(cpu, ea &+ 4)) else { return Outcome.exception }
            word = word << 32 | UInt64(suffix)
            length = 8
        }
        let table = InstructionTable.shared
        let row = table.decode(word, for: sets)
        guard row != InstructionTable.noRow else { return executeHelper(ea, word) }
        let attributes = table.attributes + Int(row)
        if attributes.pointee.needs & ~cpu.pointee.facilities != 0 { return refuse(attributes) }
        if length == 4 {
            slot.pointee = DecodedSlot(
                key: FetchWindow.key(word: first, bigEndian: cpu.pointee.big_endian != 0), word: word,
                needs: attributes.pointee.needs, execute: attributes.pointee.execute)
        }
        let outcome = attributes.pointee.execute(cpu, word)
        guard outcome == Outcome.next || outcome == Outcome.sync else { return outcome }
        cpu.pointee.nip = effectiveAddress(cpu, ea &+ length)
        return outcome == Outcome.next ? Outcome.next : Outcome.context
    }

    /// An instruction that the embedder added, or an illegal one.
    @inline(never)
    private func executeHelper(_ ea: UInt64, _ word: UInt64) -> Int32 {
        guard let helper = helper(for: word) else { return raiseIllegal(state) }
        let outcome = helper.execute(state, word)
        guard outcome == Outcome.next || outcome == Outcome.sync else { return outcome }
        state.pointee.nip = effectiveAddress(state, ea &+ 4)
        return outcome == Outcome.next ? Outcome.next : Outcome.context
    }

    /// The interrupt for an instruction that needs more privilege, or a facility that is off.
    @inline(never)
    private func refuse(_ attributes: UnsafePointer<InstructionTable.Attributes>) -> Int32 {
        let missing = attributes.pointee.needs & ~state.pointee.facilities
        if missing & FacilityBits.allLevels != 0 { return raiseIllegal(state) }
        if missing & (FacilityBits.supervisor | FacilityBits.hypervisor) != 0 { return raisePrivileged(state) }
        if missing & 1 << UInt64(Facility.prefix.rawValue) != 0 { return raiseUnavailable(state, .prefix) }
        return raiseUnavailable(state, attributes.pointee.facility)
    }
}

/// Where the interpreter fetches from without asking the soft TLB each time: the granule around `nip`.
private struct FetchWindow {
    private var start: UInt64 = 0
    /// Bytes in which a word may begin; 0 for no window.
    private var size: UInt64 = 0
    private var addend: UInt64 = 0
    /// Byte order, as ``key(word:bigEndian:)`` packs it.
    private var order: UInt64 = 0
    /// All ones, or the low half in 32-bit mode.
    private(set) var addressMask: UInt64 = .max

    init(_ cpu: CPUState) {
        let ea = cpu.pointee.nip
        let index = Int(truncatingIfNeeded: ea &>> cpu.pointee.granule_shift & UInt64(PPC_TLB_ENTRIES &- 1))
        let entry = cpu.pointee.tlb + index
        if cpu.pointee.narrow != 0 { addressMask = 0xffff_ffff }
        guard entry.pointee.exec_tag == ea & ~cpu.pointee.granule_mask else { return }
        start = entry.pointee.exec_tag
        size = cpu.pointee.granule_mask &- 2
        addend = entry.pointee.addend
        order = cpu.pointee.big_endian == 0 ? 0 : 1 << 32
    }

    /// The key of the word at `ea`, or `nil` outside the window.
    @inline(__always)
    func key(_ ea: UInt64) -> UInt64? {
        guard ea &- start < size,
            let host = UnsafeRawPointer(bitPattern: UInt(truncatingIfNeeded: ea &+ addend))
        else { return nil }
        return UInt64(host.loadUnaligned(as: UInt32.self)) | order
    }

    /// The word as it lies in memory, with the byte order it is read in.
    static func key(word: UInt32, bigEndian: Bool) -> UInt64 {
        bigEndian ? UInt64(word.bigEndian) | 1 << 32 : UInt64(word.littleEndian)
    }
}

/// An instruction that was executed before, found by its address and good for one word: code that changes simply
/// does not match any more.
struct DecodedSlot {
    /// ``FetchWindow/key(_:)``; all ones is no instruction.
    var key: UInt64
    var word: UInt64
    /// ``InstructionTable/Attributes/needs``.
    var needs: UInt64
    var execute: Execute

    static var count: Int { 4096 }

    static func makeCache() -> UnsafeMutablePointer<DecodedSlot> {
        let slots = UnsafeMutablePointer<DecodedSlot>.allocate(capacity: count)
        slots.initialize(
            repeating: DecodedSlot(key: .max, word: 0, needs: 0, execute: { cpu, _ in raiseIllegal(cpu) }),
            count: count)
        return slots
    }
}

/// Records a trace interrupt for the instruction that has just completed.
private func recordTrace(_ cpu: CPUState) -> Int32 { raise(cpu, .trace) }
