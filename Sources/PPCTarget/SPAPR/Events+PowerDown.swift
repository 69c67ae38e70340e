import EmuCore
import Glibc

/// Event logs of version 6 (LoPAPR, "Platform Event Log Format, Version 6").
extension SpaprEvents {
    /// Asks the guest to switch itself off: an environmental and power warning for this partition.
    func postPowerDown() {
        var log: [UInt8] = []
        log += Self.header
        log += mainA(sectionCount: 3)
        log += Self.section("UH", [0xa0, 0, 0, 0xd0] + [UInt8](repeating: 0, count: 12))
        // Shut the system down, normal reason, this partition alone.
        log += Self.section("EP", version: 2, [3, 1, 1, 0] + [UInt8](repeating: 0, count: 8))
        post(PendingEvent(summary: Self.powerDownSummary, log: log), as: .epow)
    }

    /// Version 6, severity "event", not recovered, log follows, EPOW.
    private static var powerDownSummary: UInt32 { 0x0600_0000 | 0x0020_0000 | 0x0010_0000 | 0x0004_0000 | 0x40 }

    /// Valid, new, big-endian; a platform event in Power format, of IBM.
    private static let header: [UInt8] = [0x86, 0, 0x8e] + [UInt8](repeating: 0, count: 9) + Array("IBM\0".utf8)

    private static func section(_ name: String, version: UInt8 = 0, _ body: [UInt8]) -> [UInt8] {
        let length = UInt16(truncatingIfNeeded: body.count + 8)
        return Array(name.utf8) + [UInt8(length >> 8), UInt8(length & 0xff), version, 0, 0, 0] + body
    }

    /// When and by whom the event was made.
    private func mainA(sectionCount: UInt8) -> [UInt8] {
        var seconds = time_t(machine.rtc.now / 1_000_000_000)
        var date = tm()
        gmtime_r(&seconds, &date)
        let year = Int(date.tm_year) + 1900
        let numbers = [
            year / 100, year % 100, Int(date.tm_mon) + 1, Int(date.tm_mday), Int(date.tm_hour), Int(date.tm_min),
            Int(date.tm_sec), 0,
        ]
        nextLogNumber &+= 1
        var body = numbers.map { UInt8(truncatingIfNeeded: $0 / 10 % 10 << 4 | $0 % 10) }
        body += [UInt8](repeating: 0, count: 8)
        body += [UInt8(ascii: "H"), 0, 0, sectionCount] + [UInt8](repeating: 0, count: 12)
        body += withUnsafeBytes(of: nextLogNumber.bigEndian) { Array($0) }
        return Self.section("PH", body + [0, 0, 0, 0])
    }
}
