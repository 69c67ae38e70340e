import CPPCState
import EmuCore

// QEMU before 8.1 neither sends the decrementer of an emulated processor nor starts it at the destination: a guest that
// arrives there never gets a timer interrupt again, unless it sets the decrementer anew. It does so when the interrupt
// comes. So each processor leaves with the interrupt just taken, somewhat early: guests compare the time base with the
// time they wait for and set the decrementer to what is left.

extension SpaprMachine {
    /// Instructions that a processor may take to leave a part in which it keeps interrupts off.
    private static var patience: Int { 200_000 }

    /// Lets every processor that runs take its decrementer interrupt, with all of them stopped and the last memory still
    /// to be sent.
    func handOverDecrementers() {
        guard !isAsLoaded else { return }
        for thread in threads where thread.hasRun {
            let cpu = thread.cpu
            var left = Self.patience
            while left > 0, !cpu.isHalted, cpu.state.pointee.msr & MSR.ee == 0 {
                left -= 1
                _ = cpu.run(limit: 1)
            }
            Interrupts.takeDecrementerEarly(cpu.state)
        }
    }
}

extension Interrupts {
    /// Takes the decrementer interrupt before its time, if it is unmasked and armed or pending. Whatever else is pending
    /// stays so.
    fileprivate static func takeDecrementerEarly(_ cpu: CPUState) {
        let owner = PPCCPU.of(cpu)
        guard cpu.pointee.msr & MSR.ee != 0 else { return }
        // A halted processor may have been told to wait for something else.
        if cpu.pointee.halted != 0 {
            let pending = cpu.pointee.pending_interrupts
            owner.raise(interrupt: PendingInterrupt.decrementer)
            let wakes = nextUnmasked(cpu) != 0
            if pending & PendingInterrupt.decrementer == 0 { owner.lower(interrupt: PendingInterrupt.decrementer) }
            guard wakes else { return }
        }
        cpu.pointee.halted = 0
        cpu.pointee.excp_flags = 0
        cpu.pointee.excp_srr1 = 0
        cpu.pointee.excp_vector = InterruptVector.decrementer.rawValue
        ExceptionDelivery.deliver(cpu)
    }
}
