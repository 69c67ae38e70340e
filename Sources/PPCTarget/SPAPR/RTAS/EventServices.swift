import EmuCore

// Runtime services that hand events to the guest (PAPR, "RTAS Error/Event Classes").

enum EventServices {
    static func register(_ table: RTASTable) {
        table.register(0x0e, "check-exception", checkException)
        table.register(0x0f, "event-scan") { call in
            guard call.has(arguments: 4, results: 1) else { return call.setStatus(RTASStatus.parameterError) }
            remind(call.machine)
            call.setStatus(RTASStatus.noErrorsFound)
        }
    }

    private static func eventClass(_ event: PendingEvent) -> SpaprEvents.Class {
        event.summary & 0xff == SpaprEvents.hotplugType ? .hotplug : .epow
    }

    /// Class a guest asks for with a bit of its mask: bit 0 is the most significant of a cell.
    private static func mask(_ kind: SpaprEvents.Class) -> UInt32 { 1 << UInt32(31 - kind.rawValue) }

    /// The class that an event is delivered by: hot-plug events without an interrupt of their own come with EPOW's.
    private static func delivery(_ machine: SpaprMachine, _ event: PendingEvent) -> SpaprEvents.Class {
        let kind = eventClass(event)
        guard kind == .hotplug else { return kind }
        return machine.events.sources[.hotplug] != nil && machine.negotiatedVector5[.hotplugEvents] ? .hotplug : .epow
    }

    private static func checkException(_ call: RTASFrame) {
        guard (6...7).contains(call.argumentCount), call.resultCount == 1 else {
            return call.setStatus(RTASStatus.parameterError)
        }
        let (wanted, buffer, length) = (call.argument(2), UInt64(call.argument(4)), Int(call.argument(5)))
        guard
            let index = call.machine.events.pending.firstIndex(where: {
                wanted & mask(delivery(call.machine, $0)) != 0
            })
        else { return call.setStatus(RTASStatus.noErrorsFound) }
        let event = call.machine.events.pending.remove(at: index)
        var bytes: [UInt8] = []
        for cell in [event.summary, UInt32(truncatingIfNeeded: event.log.count)] {
            withUnsafeBytes(of: cell.bigEndian) { bytes.append(contentsOf: $0) }
        }
        bytes += event.log
        try? call.memory.writeBytes(Array(bytes.prefix(length)), at: buffer)
        call.setStatus(RTASStatus.success)
        remind(call.machine)
    }

    /// Interrupts are edges: what is still pending is signalled again.
    private static func remind(_ machine: SpaprMachine) {
        var kinds: Set<Int> = []
        for event in machine.events.pending { kinds.insert(delivery(machine, event).rawValue) }
        for kind in SpaprEvents.Class.allCases where kinds.contains(kind.rawValue) {
            if let number = machine.events.sources[kind] { machine.interrupts.line(number).pulse() }
        }
    }
}
