import EmuCore
import Glibc

/// The partition's time of day: the host's clock and an offset that travels.
package final class SpaprRTC: Device {
    /// Guest's time less host's time, in nanoseconds.
    package var offset: Int64 = 0
    /// Host time in nanoseconds since 1970, UTC; replaceable for reproducible tests.
    package var hostTime: () -> Int64 = {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }

    init(machine: SpaprMachine) { super.init(type: SpaprTypes.rtc, machine: machine) }

    package override func realize() throws {
        // The clock starts on a full second of the host's time, as a battery-backed one would be read.
        let now = hostTime()
        offset = now / 1_000_000_000 * 1_000_000_000 &- now
    }

    /// Guest time in nanoseconds since 1970, UTC.
    package var now: Int64 {
        get { hostTime() &+ offset }
        set { offset = newValue &- hostTime() }
    }

    package override var stateDescription: StateDescription? { Self.description }
    package override var statePath: String { "" }

    private static let description = StateDescription(
        // Before 2.3 the `spapr` section had it, in seconds.
        "spapr/rtc", of: SpaprRTC.self, absentBefore: Release(2, 3), fields: [.value("ns_offset", \.offset)])
}
