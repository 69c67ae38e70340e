import CPPCState

/// Performs one decoded instruction and, by a call in tail position, those after it in its block.
///
/// - Returns: The first step of the block to go on with; `nil` to leave to the engine, which finds the reason in the
///   state block's scratch area (``StepShared``).
///
/// Optimised builds turn the call of the next step into a jump; where a compiler does not, the stack grows by one frame
/// per instruction of a block, which blocks are short enough for. A closure with C's convention would cost a function
/// more for every step, which calls it.
typealias StepFunction = @convention(thin) (CPUState, UnsafeMutableRawPointer) -> UnsafeMutableRawPointer?

/// One decoded instruction: what performs it and its operands, in one cache line.
struct Step {
    var run: StepFunction
    /// Where a direct branch, or the end of a block, goes once it was followed; within one granule.
    var target: UnsafeMutableRawPointer?
    /// The immediate operand, sign-extended or shifted, or the mask of a rotate.
    var immediate: UInt64 = 0
    var rt: UInt8 = 0
    var ra: UInt8 = 0
    var rb: UInt8 = 0
    var rc: UInt8 = 0
    /// SH; in instructions that take RA for a base, the place of RA or of zero (``StepOperands/base(_:)``).
    var sh: UInt8 = 0
    /// BF, or the condition register field of BI, and the bit of BI in it.
    var field: UInt8 = 0
    var bit: UInt8 = 0
    /// Instructions of the block up to and including this one.
    var count: UInt8 = 0
    var address: UInt64
    var word: UInt64
    /// The row's function, for instructions without a function of their own here.
    var execute: Execute
    var targetAddress: UInt64 = 0

    static var size: Int { 64 }

    @inline(__always)
    static func at(_ raw: UnsafeMutableRawPointer) -> UnsafeMutablePointer<Step> {
        raw.assumingMemoryBound(to: Step.self)
    }
}

/// What steps and their engine tell each other, in the state block's scratch area.
enum StepShared {
    /// Nonzero after a store to decoded code: the step that made it leaves.
    @inline(__always) static func codeChanged(_ cpu: CPUState) -> Bool { cpu.pointee.scratch.0 != 0 }
    @inline(__always) static func setCodeChanged(_ cpu: CPUState, _ value: Bool) {
        cpu.pointee.scratch.0 = value ? 1 : 0
    }
    /// Number of the context, bank and mapping that are current.
    @inline(__always) static func epoch(_ cpu: CPUState) -> UInt64 { cpu.pointee.scratch.1 }
    @inline(__always) static func setEpoch(_ cpu: CPUState, _ value: UInt64) { cpu.pointee.scratch.1 = value }
    /// The table of ``StepCache``.
    @inline(__always) static func cache(_ cpu: CPUState) -> UInt64 { cpu.pointee.scratch.2 }
    @inline(__always) static func setCache(_ cpu: CPUState, _ table: UnsafeMutablePointer<StepCache.Entry>?) {
        cpu.pointee.scratch.2 = UInt64(UInt(bitPattern: table))
    }
    /// Why a step returned `nil`: an ``Outcome``.
    @inline(__always) static func outcome(_ cpu: CPUState) -> Int32 {
        Int32(truncatingIfNeeded: cpu.pointee.scratch.3)
    }
    @inline(__always) static func setOutcome(_ cpu: CPUState, _ value: Int32) {
        cpu.pointee.scratch.3 = UInt64(bitPattern: Int64(value))
    }
    /// The count of instructions at which the engine is to look around.
    @inline(__always) static func setLimit(_ cpu: CPUState, _ count: UInt64) { cpu.pointee.scratch.4 = count }
    /// Whether a block may begin without the engine: it is asked after so many instructions, and whenever somebody wants
    /// attention, such as a vCPU that has changed code.
    @inline(__always) static func mayBegin(_ cpu: CPUState) -> Bool {
        cpu.pointee.instructions_executed < cpu.pointee.scratch.4 && cpu.pointee.exit_request == 0
    }
}

/// First steps of blocks by effective address, valid in one epoch.
enum StepCache {
    struct Entry {
        var address: UInt64
        var epoch: UInt64
        var step: UnsafeMutableRawPointer?
        /// A power of two is the faster size.
        private let padding: UInt64 = 0

        init(address: UInt64, epoch: UInt64, step: UnsafeMutableRawPointer?) {
            self.address = address
            self.epoch = epoch
            self.step = step
        }
    }
    static var count: Int { 4096 }

    @inline(__always)
    static func slot(_ address: UInt64) -> Int { Int(truncatingIfNeeded: address &>> 2) & (count &- 1) }

    @inline(__always)
    static func find(_ cpu: CPUState, _ address: UInt64) -> UnsafeMutableRawPointer? {
        // The engine has set it before the first step.
        let table = UnsafeMutablePointer<Entry>(bitPattern: UInt(truncatingIfNeeded: StepShared.cache(cpu)))
        let entry = table.unsafelyUnwrapped + slot(address)
        guard entry.pointee.address == address, entry.pointee.epoch == StepShared.epoch(cpu) else { return nil }
        return entry.pointee.step.unsafelyUnwrapped  // Entries of an epoch have steps.
    }
}

/// Operands out of a step.
protocol StepOperands: Operands {
    var step: UnsafeMutablePointer<Step> { get }
}

/// A comparison whose width is known.
protocol ComparisonStep: StepOperands {
    init(step: UnsafeMutablePointer<Step>)
}

extension StepOperands {
    @inline(__always) var word: UInt64 { step.pointee.word }
    @inline(__always) var rt: Int { Int(step.pointee.rt) }
    @inline(__always) var ra: Int { Int(step.pointee.ra) }
    @inline(__always) var rb: Int { Int(step.pointee.rb) }
    @inline(__always) var rc: Int { Int(step.pointee.rc) }
    @inline(__always) var bf: Int { Int(step.pointee.field) }
    @inline(__always) var bfa: Int { Fields(word).bfa }
    @inline(__always) var si: UInt64 { step.pointee.immediate }
    @inline(__always) var ui: UInt64 { step.pointee.immediate }
    @inline(__always) var ds: UInt64 { step.pointee.immediate }
    @inline(__always) var dq: UInt64 { step.pointee.immediate }
    @inline(__always) var sh: UInt64 { UInt64(step.pointee.sh) }
    @inline(__always) var sh6: UInt64 { UInt64(step.pointee.sh) }
    @inline(__always) func rotateMask(_: RotateMask) -> UInt64 { step.pointee.immediate }
    @inline(__always) func conditionBit(_ cpu: CPUState) -> Bool {
        crFields(cpu)[Int(step.pointee.field)] & step.pointee.bit != 0
    }
    @inline(__always) func base(_ cpu: CPUState) -> UInt64 { gpr(cpu)[Int(step.pointee.sh)] }
    @inline(__always) var record: Bool { false }
    @inline(__always) var oe: Bool { false }

    /// What ``Step/sh`` is for a base register.
    static func place(ofBase ra: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: ra == 0 ? (MemoryLayout<ppc_cpu>.offset(of: \ppc_cpu.zero) ?? 0) / 8 : ra)
    }
}

/// An instruction without record and overflow bits set.
struct PlainStep: StepOperands {
    let step: UnsafeMutablePointer<Step>
}

/// An instruction in 64-bit mode.
struct WideStep: StepOperands {
    let step: UnsafeMutablePointer<Step>
    @inline(__always) func isNarrow(_: CPUState) -> Bool { false }
}

/// An instruction that sets CR0, in 64-bit mode.
struct RecordingStep: StepOperands {
    let step: UnsafeMutablePointer<Step>
    @inline(__always) var record: Bool { true }
    @inline(__always) func isNarrow(_: CPUState) -> Bool { false }
}

/// A comparison of words.
struct WordStep: ComparisonStep {
    let step: UnsafeMutablePointer<Step>
    @inline(__always) var comparesDoublewords: Bool { false }
}

/// A comparison of doublewords.
struct DoublewordStep: ComparisonStep {
    let step: UnsafeMutablePointer<Step>
    @inline(__always) var comparesDoublewords: Bool { true }
}

/// How steps go on.
enum StepFlow {
    @inline(__always)
    static func advance(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        let next = raw + Step.size
        return Step.at(next).pointee.run(cpu, next)
    }

    /// The way on of a branch that is not taken: a function of its own, for compilers do not make jumps of several calls
    /// through pointers in one function.
    @inline(never)
    static func pass(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? { advance(cpu, raw) }

    /// Runs the step itself from the second place of a ``Fusion``.
    @inline(never)
    static func again(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        Step.at(raw).pointee.run(cpu, raw)
    }

    /// Leaves to the engine with an outcome; `nip` is right already.
    @inline(never)
    static func leave(
        _ cpu: CPUState, _ raw: UnsafeMutableRawPointer, _ outcome: Int32
    ) -> UnsafeMutableRawPointer? {
        let step = Step.at(raw)
        cpu.pointee.instructions_executed &+= UInt64(step.pointee.count)
        StepShared.setOutcome(cpu, outcome)
        if outcome == Outcome.next {
            // Code has changed, perhaps what follows in this block, or the granule.
            let length: UInt64 = step.pointee.word >> 32 == 0 ? 4 : 8
            cpu.pointee.nip = effectiveAddress(cpu, step.pointee.address &+ length)
            StepShared.setOutcome(cpu, Outcome.branch)
        }
        return nil
    }

    // Instructions that work on registers alone. Each of these does its work itself: with a function more in between the
    // compiler calls the bodies instead of inlining them.

    @inline(__always)
    static func plain(
        _ cpu: CPUState, _ raw: UnsafeMutableRawPointer, _ body: (CPUState, PlainStep) -> Int32
    ) -> UnsafeMutableRawPointer? {
        _ = body(cpu, PlainStep(step: Step.at(raw)))
        return advance(cpu, raw)
    }

    @inline(__always)
    static func recording(
        _ cpu: CPUState, _ raw: UnsafeMutableRawPointer, _ body: (CPUState, RecordingStep) -> Int32
    ) -> UnsafeMutableRawPointer? {
        _ = body(cpu, RecordingStep(step: Step.at(raw)))
        return advance(cpu, raw)
    }

    /// Comparisons of words or doublewords.
    @inline(__always)
    static func comparing<F: ComparisonStep>(
        _ cpu: CPUState, _ raw: UnsafeMutableRawPointer, _: F.Type, _ body: (CPUState, F) -> Int32
    ) -> UnsafeMutableRawPointer? {
        _ = body(cpu, F(step: Step.at(raw)))
        return advance(cpu, raw)
    }

    /// Any instruction: calls the row's function with the word.
    static let called: StepFunction = { StepFlow.callRow($0, $1) }

    /// An instruction that may look at a clock, which may follow the count of instructions.
    static let counted: StepFunction = { cpu, raw in
        let step = Step.at(raw)
        cpu.pointee.nip = step.pointee.address
        cpu.pointee.instructions_executed &+= UInt64(step.pointee.count)
        let outcome = step.pointee.execute(cpu, step.pointee.word)
        cpu.pointee.instructions_executed &-= UInt64(step.pointee.count)
        guard outcome == Outcome.next, !StepShared.codeChanged(cpu) else { return StepFlow.leave(cpu, raw, outcome) }
        return StepFlow.advance(cpu, raw)
    }

    @inline(never)
    static func callRow(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        let step = Step.at(raw)
        cpu.pointee.nip = step.pointee.address
        let granule = cpu.pointee.granule_shift
        let outcome = step.pointee.execute(cpu, step.pointee.word)
        // An access to a smaller page may have changed the granule, which the block's other accesses were made for.
        guard outcome == Outcome.next, !StepShared.codeChanged(cpu), cpu.pointee.granule_shift == granule else {
            return leave(cpu, raw, outcome)
        }
        return advance(cpu, raw)
    }

    /// An instruction of registers alone whose function as a rule comes back with nothing to tell.
    static let quiet: StepFunction = { cpu, raw in
        let step = Step.at(raw)
        let outcome = step.pointee.execute(cpu, step.pointee.word)
        guard outcome == Outcome.next else {
            cpu.pointee.nip = step.pointee.address
            return StepFlow.leave(cpu, raw, outcome)
        }
        return StepFlow.advance(cpu, raw)
    }

    /// Whether an instruction may be called so: floating point or vectors, without interrupts by arithmetic.
    static func isQuiet(_ row: InstructionRow, _ info: RowInfo, _ context: TranslationContext) -> Bool {
        guard [.floatingPoint, .vector, .vsx, .vsxOrVector].contains(row.facility), row.prefix == nil,
            row.effects.isDisjoint(with: [.loads, .stores, .branches, .synchronizes]), !info.ends,
            !info.changesFPMode
        else { return false }
        return context.plainFloatingPoint || !row.effects.contains(.traps)
    }

    /// An instruction after which floating-point arithmetic may be another than the block was decoded for.
    static let modal: StepFunction = { cpu, raw in
        let step = Step.at(raw)
        let mode = PlainFPSCR.mode(cpu.pointee.fpscr)
        cpu.pointee.nip = step.pointee.address
        let outcome = step.pointee.execute(cpu, step.pointee.word)
        guard outcome == Outcome.next, PlainFPSCR.mode(cpu.pointee.fpscr) == mode else {
            return StepFlow.leave(cpu, raw, outcome)
        }
        return StepFlow.advance(cpu, raw)
    }

    /// An instruction that the embedder added, through the prepared interface of its function.
    static let helper: StepFunction = { cpu, raw in
        let step = Step.at(raw)
        cpu.pointee.nip = step.pointee.address
        let granule = cpu.pointee.granule_shift
        let outcome = PPCCPU.of(cpu).helpers[Int(step.pointee.immediate)].execute(cpu, step.pointee.word)
        guard outcome == Outcome.next, !StepShared.codeChanged(cpu), cpu.pointee.granule_shift == granule else {
            return StepFlow.leave(cpu, raw, outcome)
        }
        return StepFlow.advance(cpu, raw)
    }

    /// For steps that call no row.
    static var illegal: Execute { { cpu, _ in raiseIllegal(cpu) } }

    /// Goes to the step's target; without one yet, to what the cache knows.
    @inline(__always)
    static func follow(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        let step = Step.at(raw)
        cpu.pointee.instructions_executed &+= UInt64(step.pointee.count)
        if let target = step.pointee.target { return begin(cpu, target) }
        return unlinked(cpu, raw)
    }

    /// Goes on with another block at once, unless the engine has to look around.
    @inline(__always)
    static func begin(_ cpu: CPUState, _ first: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        // Both ways are calls, for the compiler to make jumps of.
        StepShared.mayBegin(cpu) ? Step.at(first).pointee.run(cpu, first) : pause(first)
    }

    /// Lets the engine look around before a block.
    @inline(never)
    private static func pause(_ first: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? { first }

    /// A target in the same granule is valid wherever this step is, until its block dies, and becomes a link. Another
    /// granule may map elsewhere another time, so it is looked up each time.
    @inline(never)
    private static func unlinked(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        let step = Step.at(raw)
        let address = step.pointee.targetAddress
        guard let found = StepCache.find(cpu, address) else { return StepFlow.toEngine(cpu, address) }
        if (address ^ step.pointee.address) & ~cpu.pointee.granule_mask == 0 { step.pointee.target = found }
        return found
    }

    @inline(never)
    static func toEngine(_ cpu: CPUState, _ address: UInt64) -> UnsafeMutableRawPointer? {
        cpu.pointee.nip = address
        StepShared.setOutcome(cpu, Outcome.branch)
        return nil
    }

    /// The end of a block that falls into the next one.
    static let fallThrough: StepFunction = { StepFlow.follow($0, $1) }

    /// The end of a block after which the context may be another.
    static let dispatch: StepFunction = { cpu, raw in
        let step = Step.at(raw)
        cpu.pointee.instructions_executed &+= UInt64(step.pointee.count)
        return StepFlow.toEngine(cpu, step.pointee.targetAddress)
    }

    /// Replaces the first step of a block whose code has changed.
    static let dead: StepFunction = { cpu, raw in StepFlow.toEngine(cpu, Step.at(raw).pointee.address) }
}
