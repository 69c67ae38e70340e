import CPPCState
import EmuCore

// Runtime services that start and stop processors (PAPR, "Symmetric Multiprocessing Support").

enum ProcessorServices {
    static func register(_ table: RTASTable) {
        table.register(0x05, "query-cpu-stopped-state", queryStopped)
        table.register(0x06, "start-cpu", start)
        table.register(0x07, "stop-self", stopSelf)
        table.register(0x2a, "ibm,suspend-me", suspend)
    }

    private static func queryStopped(_ call: RTASFrame) {
        guard call.has(arguments: 1, results: 2) else { return call.setStatus(RTASStatus.parameterError) }
        guard let thread = call.services.thread(server: UInt64(call.argument(0))) else {
            return call.setStatus(RTASStatus.parameterError)
        }
        call.setStatus(RTASStatus.success)
        call.setResult(1, thread.cpu.isHalted ? 0 : 2)
    }

    private static func start(_ call: RTASFrame) {
        guard call.has(arguments: 3, results: 1) else { return call.setStatus(RTASStatus.parameterError) }
        guard let thread = call.services.thread(server: UInt64(call.argument(0))) else {
            return call.setStatus(RTASStatus.parameterError)
        }
        guard thread !== call.thread, thread.cpu.isHalted, let runner = call.services.runner(of: thread) else {
            return call.setStatus(RTASStatus.hardwareError)
        }
        let (address, argument) = (UInt64(call.argument(1)), UInt64(call.argument(2)))
        let caller = call.thread.cpu
        let callerLPCR = caller.lpcr
        let callerOffset = caller.time.timeBaseOffset
        let usesRadix = caller.mmu.usesRadix
        let body = {
            let cpu = thread.cpu
            Context.storeMSR(cpu.state, MSR.sf | MSR.me)
            var lpcr = cpu.lpcr & ~(LPCR.ile | LPCR.ail) | callerLPCR & (LPCR.ile | LPCR.ail)
            if cpu.model.hasRadix {
                // The partition has one kind of translation.
                lpcr &= ~(LPCR.uprt | LPCR.gtse | LPCR.hr)
                if usesRadix { lpcr |= LPCR.uprt | LPCR.gtse | LPCR.hr }
                spr(cpu.state)[SPRegister.psscr] &= ~PSSCR.ec
            }
            cpu.setLPCR(lpcr)
            cpu.time.timeBaseOffset = callerOffset
            cpu.setEntry(nip: address, r3: argument)
        }
        // A thread that has just stopped itself may still be on its way to sleep.
        if !runner.performAtRest(body) { runner.post(body) }
        call.setStatus(RTASStatus.success)
    }

    private static func stopSelf(_ call: RTASFrame) {
        let cpu = call.thread.cpu
        // Nothing but start-cpu may wake it.
        spr(cpu.state)[SPRegister.psscr] |= PSSCR.ec
        cpu.isHalted = true
        cpu.setLPCR(cpu.lpcr & ~cpu.model.lpcrPowerManagement)
    }

    private static func suspend(_ call: RTASFrame) {
        guard call.has(arguments: 0, results: 1) else { return call.setStatus(RTASStatus.parameterError) }
        for thread in call.services.threads where thread !== call.thread {
            guard thread.cpu.isHalted, thread.cpu.state.pointee.msr & MSR.ee == 0 else {
                return call.setStatus(Int32(HypercallStatus.multipleThreadsActive))
            }
        }
        call.setStatus(RTASStatus.success)
        call.machine.postEvent { machine in
            guard machine.runState.isRunning else { return }
            machine.setRunState(.suspended)
            machine.monitor.emit("SUSPEND")
        }
    }
}
