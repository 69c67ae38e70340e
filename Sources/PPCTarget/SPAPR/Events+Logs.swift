import EmuCore

/// Event logs of version 6 (LoPAPR, "Platform Event Log Format, Version 6").
extension SpaprEvents {
    /// Asks the guest to switch itself off: an environmental and power warning for this partition.
    func postPowerDown() {
        // Shut the system down, normal reason, this partition alone.
        let warning = Self.section("EP", version: 2, [3, 1, 1, 0] + [UInt8](repeating: 0, count: 8))
        post(PendingEvent(summary: Self.summary | 0x40, log: log(subsystem: 0xa0, subtype: 0xd0, warning)), as: .epow)
    }

    /// What a hot-plug event is about (LoPAPR, "Hotplug Event Log").
    enum Resource: UInt8 { case cpu = 1, memory, slot, bridge }
    enum Change: UInt8 { case add = 1, remove }

    /// Tells the guest of a device that has come, or that is wanted back.
    ///
    /// - Parameters:
    ///   - index: The connector; for memory the first of `count` neighbours.
    ///   - count: How many neighbours, for guests that understand ranges; `nil` for a single connector.
    func postChange(_ change: Change, of resource: Resource, index: UInt32, count: UInt32?) {
        func cell(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { Array($0) } }
        // Identified by index, by count, or by count and index.
        let kind: UInt8
        let identifier: [UInt8]
        switch (count, hasOwnInterrupt) {
        case (nil, _): (kind, identifier) = (2, cell(index) + cell(0))
        case (let count?, false): (kind, identifier) = (3, cell(count) + cell(0))
        case (let count?, true): (kind, identifier) = (4, cell(count) + cell(index))
        }
        let body = Self.section("HP", version: 1, [resource.rawValue, change.rawValue, kind, 0] + identifier)
        // Initiated by hot-plug, of type hot-plug.
        let event = PendingEvent(
            summary: Self.summary | 0x6000 | Self.hotplugType, log: log(subsystem: 0x80, subtype: 0, body))
        post(event, as: hasOwnInterrupt ? .hotplug : .epow)
    }

    /// Last byte of a hot-plug event's summary.
    static let hotplugType: UInt32 = 0xe5

    /// Whether guest and platform agreed on an interrupt for hot-plug alone. Such guests know ranges of connectors, too.
    private var hasOwnInterrupt: Bool { sources[.hotplug] != nil && machine.negotiatedVector5[.hotplugEvents] }

    /// Version 6, severity "event", not recovered, a log follows.
    private static let summary: UInt32 = 0x0600_0000 | 0x0020_0000 | 0x0010_0000 | 0x0004_0000

    /// Valid, new, big-endian; a platform event in Power format, of IBM.
    private static let header: [UInt8] = [0x86, 0, 0x8e] + [UInt8](repeating: 0, count: 9) + Array("IBM\0".utf8)

    /// A whole log: header, the two main sections, and one that says what happened.
    private func log(subsystem: UInt8, subtype: UInt8, _ body: [UInt8]) -> [UInt8] {
        let mainB = [subsystem, 0, 0, subtype] + [UInt8](repeating: 0, count: 12)
        return Self.header + mainA(sectionCount: 3) + Self.section("UH", mainB) + body
    }

    private static func section(_ name: String, version: UInt8 = 0, _ body: [UInt8]) -> [UInt8] {
        let length = UInt16(truncatingIfNeeded: body.count + 8)
        return Array(name.utf8) + [UInt8(length >> 8), UInt8(length & 0xff), version, 0, 0, 0] + body
    }

    /// When and by whom the event was made.
    private func mainA(sectionCount: UInt8) -> [UInt8] {
        let now = CalendarTime(seconds: machine.rtc.now.quotientFloor(1_000_000_000))
        let numbers = [now.year / 100, now.year % 100, now.month, now.day, now.hour, now.minute, now.second, 0]
        // Two decimal digits in a byte.
        var body = numbers.map { UInt8(truncatingIfNeeded: ($0 / 10 % 10) << 4 | $0 % 10) }
        body += [UInt8](repeating: 0, count: 8)
        body += [UInt8(ascii: "H"), 0, 0, sectionCount] + [UInt8](repeating: 0, count: 12)
        body += withUnsafeBytes(of: nextLogNumber.bigEndian) { Array($0) }
        nextLogNumber &+= 1
        return Self.section("PH", body + [0, 0, 0, 0])
    }
}
