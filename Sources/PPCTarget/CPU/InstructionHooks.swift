import CPPCState

// Closures that an embedder puts in front of single instructions. Each has a C entry point, which generated code calls
// straight where the instruction stands; everything else runs as fast as before.
extension PPCCPU {
    /// Called before an instruction; GPRs and all other registers are up to date, and what it changes counts. Returns an
    /// ``Outcome``: `.next` to execute the instruction, `.branch` to go on at the `nip` that it has set, `.stop` to leave
    /// ``run(limit:)`` in front of the instruction, which the next run executes without asking again.
    public typealias InstructionHook = (PPCCPU) -> Int32

    /// Calls a closure before the instruction at an effective address, in every address space, in place of one that was
    /// there. Call it while the CPU does not run, or from a hook or hypercall.
    ///
    /// - Throws: ``NativeEntry/Failure`` if the host gives no entry point.
    public func addHook(at address: UInt64, _ body: @escaping InstructionHook) throws {
        hooks[address] = try NativeEntry { [unowned self] _ in
            let outcome = body(self)
            if outcome == Outcome.stop { passedHook = address }
            return outcome
        }
        stopsChanged(at: [address])
    }

    /// Takes out the hook at an effective address; without one nothing happens.
    public func removeHook(at address: UInt64) {
        guard let old = hooks.removeValue(forKey: address) else { return }
        // The hook may be what is executing.
        retiredHooks.append(old)
        stopsChanged(at: [address])
    }

    /// Calls the hook in front of `nip`, for engines that do not call it from their code. Nil to execute the instruction.
    func askHook() -> Int32? {
        let address = state.pointee.nip
        guard let hook = hooks[address] else { return nil }
        if passedHook == address {
            passedHook = nil
            return nil
        }
        let outcome = hook.function(state)
        if outcome == Outcome.exception { ExceptionDelivery.deliver(state) }
        return outcome == Outcome.next ? nil : outcome
    }
}
