import EmuCore

// Runtime services that hand events to the guest, and the event of the power button (PAPR, "RTAS Error/Event
// Classes", "EPOW").

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
        event.summary & 0xff == hotplugType ? .hotplug : .epow
    }
    private static let epowType: UInt32 = 0x40
    private static let hotplugType: UInt32 = 0xe5

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

    // MARK: Power button

    /// Tells the guest to shut down in good order.
    static func postPowerDown(_ machine: SpaprMachine) {
        var log = EventLog(machine: machine, sections: 3)
        // Main section B: external environment, informational, normal shutdown.
        log.section(0x5548, length: 24, [0xa0, 0, 0, 0xd0])
        // EPOW: shut down the system, for this partition alone.
        log.section(0x4550, length: 20, version: 2, [3, 1, 1, 0])
        let summary: UInt32 = 0x0600_0000 | 0x0020_0000 | 0x0010_0000 | 0x0004_0000 | epowType
        machine.events.post(PendingEvent(summary: summary, log: log.bytes), as: .epow)
    }
}

/// An extended event log of version 6 under construction (PAPR, "Platform Event Log").
private struct EventLog {
    private(set) var bytes: [UInt8] = []

    init(machine: SpaprMachine, sections: UInt8) {
        // Valid, new, big-endian; PowerPC format, platform event; "IBM".
        bytes = [0x86, 0, 0x8e] + [UInt8](repeating: 0, count: 9) + [0x49, 0x42, 0x4d, 0]
        let time = CalendarTime(seconds: machine.rtc.now.quotientFloor(1_000_000_000))
        var main: [UInt8] = [time.year / 100, time.year % 100, time.month, time.day].map(Self.decimal)
        main += [time.hour, time.minute, time.second].map(Self.decimal) + [0]
        main += [UInt8](repeating: 0, count: 8)
        main += [0x48, 0, 0, sections]  // created by the hypervisor
        section(0x5048, length: 48, main)
    }

    /// A section: header and contents, filled up with zeros.
    mutating func section(_ id: UInt16, length: Int, version: UInt8 = 0, _ contents: [UInt8]) {
        let header: [UInt8] = [
            UInt8(id >> 8), UInt8(truncatingIfNeeded: id), UInt8(length >> 8), UInt8(truncatingIfNeeded: length),
            version, 0, 0, 0,
        ]
        bytes += header + contents + [UInt8](repeating: 0, count: max(length - 8 - contents.count, 0))
    }

    /// Two decimal digits in a byte.
    private static func decimal(_ value: Int64) -> UInt8 {
        UInt8(truncatingIfNeeded: value / 10 % 10 << 4 | value % 10)
    }
}
