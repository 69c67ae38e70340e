import EmuCore
import Foundation

extension OptionTexts {
    /// `-rtc [base=]utc|DATE[,clock=host|vm]`: the guest's time of day in nanoseconds since 1970; nil for the host's.
    static func timeOfDay(_ text: String, _ clock: VirtualClock) throws -> (() -> Int64)? {
        let list = try KeyValueList(text, impliedKey: "base")
        try list.check(known: ["base", "clock"], option: "-rtc")
        let base = list.string("base") ?? "utc"
        let source = list.string("clock") ?? "host"
        guard ["host", "vm"].contains(source) else {
            throw ObjectError("-rtc clock=\(source) is not supported", hint: "Use clock=host or clock=vm.")
        }
        let now = hostTimeOfDay()
        var start = now
        if base != "utc" {
            guard let date = seconds(base) else {
                throw ObjectError(
                    "-rtc base=\(base) is not supported",
                    hint: "Use base=utc, or a date such as 2026-11-26T14:30:00 or 2026-11-26; the guest's clock is UTC."
                )
            }
            start = date &* 1_000_000_000
        }
        if source == "vm" { return { start &+ clock.now } }
        return base == "utc" ? nil : { start &+ (hostTimeOfDay() &- now) }
    }

    private static func hostTimeOfDay() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }

    /// Seconds since 1970 of a date with or without time.
    private static func seconds(_ text: String) -> Int64? {
        let halves = text.split(separator: "T", omittingEmptySubsequences: false)
        let date = halves[0].split(separator: "-", omittingEmptySubsequences: false).compactMap { Int32($0) }
        let time = halves.count > 1 ? halves[1].split(separator: ":").compactMap { Int32($0) } : [0, 0, 0]
        guard halves.count <= 2, date.count == 3, time.count == 3, (1970...9999).contains(date[0]),
            (1...12).contains(date[1]), (1...31).contains(date[2]), (0...23).contains(time[0]),
            (0...59).contains(time[1]), (0...59).contains(time[2])
        else { return nil }
        var fields = tm()
        (fields.tm_year, fields.tm_mon, fields.tm_mday) = (date[0] - 1900, date[1] - 1, date[2])
        (fields.tm_hour, fields.tm_min, fields.tm_sec) = (time[0], time[1], time[2])
        return Int64(timegm(&fields))
    }
}
