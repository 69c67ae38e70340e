import EmuCore

/// One event that waits for the guest to fetch it (`check-exception`, `event-scan`).
package final class PendingEvent {
    /// First word of the log: version, severity, disposition, type.
    package var summary: UInt32
    package var log: [UInt8]
    package init(summary: UInt32 = 0, log: [UInt8] = []) {
        self.summary = summary
        self.log = log
    }
}

/// The event log and its interrupts.
package final class SpaprEvents {
    /// Classes of events, in PAPR's order.
    package enum Class: Int, Sendable, CaseIterable {
        case internalErrors, epow, reserved, hotplug, io

        var treeName: String {
            switch self {
            case .internalErrors: "internal-errors"
            case .epow: "epow-events"
            case .reserved: "ibm,io-events-reserved"
            case .hotplug: "hot-plug-events"
            case .io: "ibm,io-events"
            }
        }
    }

    package var pending: [PendingEvent] = []
    package private(set) var sources: [Class: Int] = [:]
    /// Number of the next log made here.
    var nextLogNumber: UInt32 = 0
    unowned let machine: SpaprMachine

    init(machine: SpaprMachine) throws {
        self.machine = machine
        try register(.epow, SpaprInterrupts.epow)
        if machine.hasHotplugEvents { try register(.hotplug, SpaprInterrupts.hotplug) }
    }

    private func register(_ kind: Class, _ place: Int) throws {
        let number =
            machine.version.hasLegacyInterruptAllocation
            ? try machine.interrupts.allocateMessages(1, aligned: false) : place
        try machine.interrupts.claim(number, isLevel: false)
        sources[kind] = number
    }

    /// Adds an event and tells the guest.
    package func post(_ event: PendingEvent, as kind: Class) {
        pending.append(event)
        if let number = sources[kind] { machine.interrupts.line(number).pulse() }
    }

    func describe(_ tree: DeviceTree) {
        let node = tree.addNode(DeviceTree.root, "event-sources")
        var ranges: [UInt32] = []
        for kind in Class.allCases {
            guard let number = sources[kind] else { continue }
            let cells = SpaprInterrupts.cells(number, isLevel: false)
            let child = tree.addNode(node, kind.treeName)
            tree.set(child, "interrupts", cells: cells)
            ranges += [cells[0], 1]
        }
        tree.set(node, "interrupt-controller")
        tree.set(node, "#interrupt-cells", cell: 2)
        tree.set(node, "interrupt-ranges", cells: ranges)
    }

    static let pendingState = StateDescription(
        "spapr_pending_events", of: SpaprMachine.self, versionsSince: [1: Release(2, 10)],
        isNeeded: { !($0.events?.pending.isEmpty ?? true) },
        fields: [
            // A list: each element after a byte 1, the end after a byte 0.
            .custom(
                "pending_events", typeName: "qtailq",
                save: { machine, output in
                    for event in machine.events?.pending ?? [] {
                        try output.write(UInt8(1))
                        try output.write(event.summary)
                        try output.write(UInt32(truncatingIfNeeded: event.log.count))
                        try output.write(event.log)
                    }
                    try output.write(UInt8(0))
                },
                load: { machine, input in
                    machine.events?.pending = []
                    while try input.read(UInt8.self) != 0 {
                        let event = PendingEvent(summary: try input.read())
                        let length = try input.read(UInt32.self)
                        guard length <= 0x1_0000 else {
                            throw StateError("an event log of \(length) bytes is not plausible")
                        }
                        event.log = try input.readBytes(Int(length))
                        machine.events?.pending.append(event)
                    }
                })
        ])
}
