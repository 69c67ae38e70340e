import CPPCState

/// Executes every piece of guest code natively and in the interpreter, and compares (`-accel tcg,verify=on`).
///
/// A piece is what native code does between two visits to the dispatcher, with nothing chained. The interpreter goes
/// first, at most as far as the native code could, and its stores are noted and undone; then native code runs, and its
/// result is kept and undone; then the interpreter runs again to where native code left, and that is what stays. Clock
/// readings are recorded and replayed. Pieces that reach a device, and instructions that change more than registers
/// and memory (``RefusedInVerifyMode``), are executed once, by the interpreter.
package final class VerifyingEngine: CodeEngine {
    /// How much was compared.
    package struct Counts: Sendable {
        /// Pieces executed three times, and the instructions in them.
        package var pieces = 0
        package var instructions = 0
        /// Pieces that ran natively without a check, because of sampling.
        package var unchecked = 0
        /// Instructions that only the interpreter executed.
        package var interpreted = 0
        package var differences = 0
    }

    unowned let cpu: PPCCPU
    private let state: CPUState
    private let native: NativeEngine
    private let recorder: PieceRecorder
    private let sample: Int
    private let onDivergence: (Divergence) -> Void
    private var countdown: Int
    /// Executions of a translation that are checked whatever the sample.
    private static var firstRuns: Int { 8 }
    package private(set) var counts = Counts()
    /// Set with the first difference; only the interpreter executes from then on.
    package private(set) var divergence: Divergence?

    private let before = StateSnapshot()
    private let result = StateSnapshot()
    private var path: [UInt64] = []

    /// - Parameters:
    ///   - native: The engine to check; it is made to execute in pieces.
    ///   - sample: Every so many pieces one is checked, and the first executions of each translation; 1 checks all.
    ///   - onDivergence: Told the first difference, on the vCPU's thread.
    init(_ native: NativeEngine, sample: Int = 1, onDivergence: @escaping (Divergence) -> Void) {
        self.native = native
        cpu = native.cpu
        state = native.state
        self.sample = max(sample, 1)
        countdown = self.sample
        self.onDivergence = onDivergence
        let recorder = PieceRecorder(clock: native.cpu.time.clock)
        self.recorder = recorder
        cpu.time.clock = { recorder.now() }
        cpu.mmu.recorder = recorder
        native.makePiecewise()
    }

    package var statistics: EngineStatistics { native.statistics }
    package func forgetTranslations() { native.forgetTranslations() }
    package func stopsChanged(at addresses: Set<UInt64>) { native.stopsChanged(at: addresses) }

    package func execute(_ cpu: PPCCPU) -> Int32 {
        // Now and then the run loop must look at the decrementer.
        for _ in 0..<256 {
            // The run loop stops there, or calls a hook, or goes past.
            if cpu.mustLook(limit: .max) { return Outcome.branch }
            let outcome = divergence == nil ? piece() : interpret(1)
            if outcome == Outcome.stop || state.pointee.halted != 0 { return outcome }
            if state.pointee.exit_request != 0 || cpu.needsAttention { return outcome }
        }
        return Outcome.next
    }

    private func interpret(_ count: Int) -> Int32 {
        var outcome = Outcome.next
        for _ in 0..<count {
            counts.interpreted += 1
            outcome = step()
            if outcome == Outcome.stop || state.pointee.exit_request & ~UInt32(PPC_EXIT_INTERRUPT) != 0 { break }
        }
        return outcome
    }

    private func step() -> Int32 {
        var one: UInt64 = 1
        return cpu.executeSlice(&one)
    }

    private func piece() -> Int32 {
        guard let piece = native.preparePiece() else { return interpret(1) }
        countdown -= 1
        if countdown > 0, piece.runs > Self.firstRuns {
            counts.unchecked += 1
            let start = state.pointee.nip
            guard let outcome = native.executePiece() else { return Outcome.next }
            // Nothing done: the first instruction is for the interpreter.
            return state.pointee.nip == start && outcome == Outcome.next ? interpret(1) : outcome
        }
        let start = state.pointee.nip
        before.take(from: state)
        let told = cpu.onInterrupt
        cpu.onInterrupt = nil
        rehearse(piece)
        guard !recorder.metDevice else {
            cpu.onInterrupt = told
            recorder.end()
            before.restore(to: state)
            return interpret(path.count + 1)
        }
        recorder.replay(.replaying)
        before.restore(to: state)
        let outcome = native.executePiece()
        guard outcome != nil else {
            // A block became a region instead of running.
            cpu.onInterrupt = told
            recorder.end()
            before.restore(to: state)
            return Outcome.next
        }
        result.take(from: state)
        recorder.keepNativeResult()
        recorder.undo()
        before.restore(to: state)
        cpu.onInterrupt = told
        if result.nip == start, result.matches(state) {
            recorder.end()
            Context.update(state)
            return interpret(1)
        }
        countdown = sample
        commit(piece, start)
        return outcome ?? Outcome.next
    }

    /// Lets the interpreter go as far as native code can, and undoes it.
    private func rehearse(_ piece: NativePiece) {
        path.removeAll(keepingCapacity: true)
        recorder.begin()
        Context.update(state)
        while path.count < piece.limit {
            let address = state.pointee.nip
            guard piece.contains(address) else { break }
            let outcome = step()
            if recorder.metDevice { break }
            path.append(address)
            if outcome == Outcome.stop { break }
        }
        recorder.undo()
    }

    /// Lets the interpreter go to where native code left, for good, and compares.
    private func commit(_ piece: NativePiece, _ start: UInt64) {
        recorder.replay(.committing)
        Context.update(state)
        for done in 0..<path.count {
            _ = step()
            guard state.pointee.nip == result.nip else { continue }
            if result.matches(state), recorder.memoryMatches() {
                recorder.end()
                Context.update(state)
                counts.pieces += 1
                counts.instructions += done + 1
                return
            }
        }
        diverged(piece, start)
    }

    /// Says how native code differs from the interpreter, which goes its way once more for that: it came nowhere to
    /// where native code left with the same registers and memory.
    private func diverged(_ piece: NativePiece, _ start: UInt64) {
        recorder.undo()
        before.restore(to: state)
        recorder.replay(.committing)
        Context.update(state)
        var nearest: ([RegisterDifference], [MemoryDifference], String)?
        for _ in 0..<path.count {
            _ = step()
            guard state.pointee.nip == result.nip else { continue }
            let registers = result.differences(from: state)
            if nearest == nil || registers.count < nearest?.0.count ?? 0 {
                nearest = (registers, recorder.memoryDifferences(), StateSnapshot.text(state))
            }
        }
        recorder.end()
        Context.update(state)
        let found = Divergence(
            address: start, isRegion: piece.isRegion, path: path.map(instructionText), nativeEnd: result.nip,
            wasReached: nearest != nil, registers: nearest?.0 ?? result.differences(from: state),
            memory: nearest?.1 ?? recorder.memoryDifferences(), before: before.text,
            expected: nearest?.2 ?? StateSnapshot.text(state), found: result.text)
        divergence = found
        counts.differences += 1
        onDivergence(found)
    }

    private func instructionText(_ address: UInt64) -> String { GuestCode(cpu).line(at: address) }
}
