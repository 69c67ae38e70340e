import EmuCore

// Runtime services that route interrupts of the XICS architecture (PAPR, "Interrupt Controller Services").

enum InterruptServices {
    static func register(_ table: RTASTable, machine: SpaprMachine) {
        guard machine.interrupts.xics != nil else { return }
        table.register(0x0a, "ibm,set-xive") { call in
            guard let source = source(call, arguments: 3, results: 1) else { return }
            let (number, server, priority) = (call.argument(0), call.argument(1), call.argument(2))
            guard source.interrupt(number) != nil, priority <= 0xff,
                call.services.thread(server: UInt64(server)) != nil
            else { return call.setStatus(RTASStatus.parameterError) }
            let byte = UInt8(truncatingIfNeeded: priority)
            source.configure(number, server: server, priority: byte, savedPriority: byte)
            call.setStatus(RTASStatus.success)
        }
        table.register(0x0b, "ibm,get-xive") { call in
            guard let source = source(call, arguments: 1, results: 3) else { return }
            guard let interrupt = source.interrupt(call.argument(0)) else {
                return call.setStatus(RTASStatus.parameterError)
            }
            call.setStatus(RTASStatus.success)
            call.setResult(1, interrupt.server)
            call.setResult(2, UInt32(interrupt.priority))
        }
        table.register(0x0c, "ibm,int-off") { call in
            mask(call) { ($0.server, 0xff, $0.priority) }
        }
        table.register(0x0d, "ibm,int-on") { call in
            mask(call) { ($0.server, $0.savedPriority, $0.savedPriority) }
        }
    }

    /// The source controller, if the guest uses it and the call has the right form.
    private static func source(_ call: RTASFrame, arguments: UInt32, results: UInt32) -> XICSSourceController? {
        guard !call.machine.negotiatedVector5[.xiveExploitation], let source = call.services.xics else {
            call.setStatus(RTASStatus.hardwareError)
            return nil
        }
        guard call.has(arguments: arguments, results: results) else {
            call.setStatus(RTASStatus.parameterError)
            return nil
        }
        return source
    }

    private static func mask(_ call: RTASFrame, _ change: (XICSInterrupt) -> (UInt32, UInt8, UInt8)) {
        guard let source = source(call, arguments: 1, results: 1) else { return }
        let number = call.argument(0)
        guard let interrupt = source.interrupt(number) else { return call.setStatus(RTASStatus.parameterError) }
        let (server, priority, saved) = change(interrupt)
        source.configure(number, server: server, priority: priority, savedPriority: saved)
        call.setStatus(RTASStatus.success)
    }
}
