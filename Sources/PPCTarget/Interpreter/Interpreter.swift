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
        while true {
            if state.pointee.exit_request != 0, serveExitRequest() { return .requested }
            if state.pointee.halted != 0 {
                if onDeadlineChange == nil { checkDecrementer() }
                guard hasWork else { return .halted }
                Interrupts.deliverPending(state)
                continue
            }
            if left == 0 { return .limit }
            let outcome: Int32
            if needsAttention {
                if breakpoints.contains(state.pointee.nip), passedBreakpoint != state.pointee.nip {
                    passedBreakpoint = state.pointee.nip
                    return .breakpoint
                }
                passedBreakpoint = nil
                if let onInstruction, !onInstruction(self, state.pointee.nip) { return .requested }
                outcome = stepTraced()
                left -= 1
            } else if let engine, limit == .max {
                passedBreakpoint = nil
                outcome = engine.execute(self)
            } else {
                passedBreakpoint = nil
                let slice = min(left, 4096)
                var done = slice
                outcome = executeSlice(&done)
                left -= slice - done
            }
            if onDeadlineChange == nil { checkDecrementer() }
            if outcome == Outcome.stop, state.pointee.halted == 0 { return .requested }
        }
    }

    /// Executes one instruction, or takes one interrupt.
    public func step() -> StopReason {
        let saved = breakpoints
        breakpoints = []
        defer { breakpoints = saved }
        return run(limit: 1)
    }

    /// Acts on what other threads or the device model asked for. Callable by any engine at its polling points.
    ///
    /// - Returns: Whether the run loop is to be left.
    public func serveExitRequest() -> Bool {
        let bits = Int(cs_atomic_and32(exitWord, 0))
        if bits & PPC_EXIT_FLUSH != 0 {
            mmu.invalidateAll()
            onFlush?(self)
        }
        if bits & PPC_EXIT_CODE != 0 { mmu.codeTracker?.catchUp() }
        if bits & PPC_EXIT_WORK != 0 { onWork?(self) }
        if bits & PPC_EXIT_INTERRUPT != 0 { Interrupts.deliverPending(state) }
        return bits & PPC_EXIT_STOP != 0
    }

    /// Executes up to `left` instructions and returns the last outcome; leaves early when somebody wants attention.
    func executeSlice(_ left: inout UInt64) -> Int32 {
        let cpu = state
        let table = InstructionTable.shared
        let sets = InstructionSet(rawValue: cpu.pointee.isa_level)
        var executed: UInt64 = 0
        defer { cpu.pointee.instructions_executed &+= executed }
        while left != 0 {
            left -= 1
            let outcome = execute(cpu, table, sets)
            executed &+= 1
            if outcome == Outcome.exception { ExceptionDelivery.deliver(cpu) }
            if outcome == Outcome.stop { return outcome }
            if cpu.pointee.exit_request != 0 || outcome != Outcome.next && needsAttention { return outcome }
        }
        return Outcome.next
    }

    /// One instruction with MSR[SE] and MSR[BE] honoured.
    private func stepTraced() -> Int32 {
        let cpu = state
        let trace = cpu.pointee.msr & (MSR.se | MSR.be)
        let from = cpu.pointee.nip
        let outcome = execute(cpu, InstructionTable.shared, InstructionSet(rawValue: cpu.pointee.isa_level))
        cpu.pointee.instructions_executed &+= 1
        if outcome == Outcome.exception {
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

    /// Fetches and performs the instruction at `nip`, and moves `nip` on unless an interrupt was recorded.
    @inline(__always)
    private func execute(_ cpu: CPUState, _ table: InstructionTable, _ sets: InstructionSet) -> Int32 {
        let ea = cpu.pointee.nip
        let index = Int(truncatingIfNeeded: (ea >> cpu.pointee.granule_shift) & UInt64(PPC_TLB_ENTRIES - 1))
        var word: UInt64
        let entry = cpu.pointee.tlb + index
        if entry.pointee.exec_tag == ea & ~cpu.pointee.granule_mask,
            let host = UnsafeRawPointer(bitPattern: UInt(truncatingIfNeeded: ea &+ entry.pointee.addend))
        {
            let raw = host.loadUnaligned(as: UInt32.self)
            word = UInt64(cpu.pointee.big_endian == 0 ? UInt32(littleEndian: raw) : UInt32(bigEndian: raw))
        } else {
            guard let fetched = mmu.fetchSlow(ea) else { return Outcome.exception }
            word = UInt64(fetched)
        }
        var length: UInt64 = 4
        if word >> 26 == 1, sets.contains(.isa310) {
            // A prefixed instruction must not cross a 64-byte boundary (ISA 3.1 Book I, section 1.6).
            if ea & 63 == 60 { return raiseAlignment(cpu, ea) }
            guard let suffix = mmu.fetchSlow(effectiveAddress(cpu, ea &+ 4)) else { return Outcome.exception }
            word = word << 32 | UInt64(suffix)
            length = 8
        }
        let slot = decoded + Int(truncatingIfNeeded: (word ^ word >> 11 ^ word >> 21) & UInt64(DecodedSlot.count - 1))
        if slot.pointee.word != word {
            let row = table.decode(word, for: sets)
            guard row != InstructionTable.noRow else { return raiseIllegal(cpu) }
            slot.pointee = DecodedSlot(word: word, attributes: table.attributes + Int(row))
        }
        let attributes = slot.pointee.attributes
        if attributes.pointee.privilege != .problem, let refusal = refuse(attributes.pointee.privilege) {
            return refusal
        }
        guard cpu.pointee.facilities >> UInt64(attributes.pointee.facility.rawValue) & 1 != 0 else {
            return raiseUnavailable(cpu, attributes.pointee.facility)
        }
        let outcome = attributes.pointee.execute(cpu, word)
        if outcome == Outcome.next || outcome == Outcome.sync {
            cpu.pointee.nip = effectiveAddress(cpu, ea &+ length)
        }
        return outcome
    }

    /// The interrupt for an instruction that needs more privilege than there is.
    @inline(never)
    private func refuse(_ privilege: Privilege) -> Int32? {
        if state.pointee.problem_state != 0 { return raisePrivileged(state) }
        return privilege == .hypervisor && model.hasHypervisorState ? raisePrivileged(state) : nil
    }
}

/// A word that was decoded before and what the table said; most programs repeat few words.
struct DecodedSlot {
    /// With the prefix in the upper half; a word of all ones is no instruction.
    var word: UInt64
    var attributes: UnsafePointer<InstructionTable.Attributes>

    static var count: Int { 4096 }

    static func makeCache() -> UnsafeMutablePointer<DecodedSlot> {
        let slots = UnsafeMutablePointer<DecodedSlot>.allocate(capacity: count)
        slots.initialize(
            repeating: DecodedSlot(word: .max, attributes: InstructionTable.shared.attributes), count: count)
        return slots
    }
}

/// Records a trace interrupt for the instruction that has just completed.
private func recordTrace(_ cpu: CPUState) -> Int32 { raise(cpu, .trace) }
