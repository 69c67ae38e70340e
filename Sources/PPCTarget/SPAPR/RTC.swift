import EmuCore
import Glibc

/// The partition's time of day: the host's clock and an offset that travels.
public final class SpaprRTC: Device {
    /// Guest's time less host's time, in nanoseconds.
    public var offset: Int64 = 0
    /// Host time in nanoseconds since 1970, UTC; replaceable for reproducible tests.
    public var hostTime: () -> Int64 = {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }

    init(machine: SpaprMachine) { super.init(type: SpaprTypes.rtc, machine: machine) }

    public override func realize() throws {
        // The clock starts on a full second of the host's time, as a battery-backed one would be read.
        let now = hostTime()
        offset = now / 1_000_000_000 * 1_000_000_000 &- now
    }

    /// Guest time in nanoseconds since 1970, UTC.
    public var now: Int64 {
        get { hostTime() &+ offset }
        set { offset = newValue &- hostTime() }
    }

    public override var stateDescription: StateDescription? { Self.description }
    public override var statePath: String { "" }

    private static let description = StateDescription(
        // Before 2.3 the `spapr` section had it, in seconds.
        "spapr/rtc", of: SpaprRTC.self, absentBefore: Release(2, 3), fields: [.value("ns_offset", \.offset)])
}
