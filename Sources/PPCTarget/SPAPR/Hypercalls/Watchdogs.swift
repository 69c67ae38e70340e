import EmuCore

/// A watchdog timer of a partition (PAPR ACR "H_WATCHDOG"): ends or restarts a guest that does not rearm it in time.
final class Watchdog: Device {
    enum Action: UInt8 { case powerOff = 1, reset = 2, dumpAndReset = 3 }
    var action: UInt8 = 0
    /// Other timers go on when this one expires.
    var leavesOthers = false
    private(set) var timer: VirtualTimer?

    init(machine: SpaprMachine, expired: @escaping (Watchdog) -> Void) {
        super.init(
            type: machine.types.type("spapr-wdt") ?? ObjectType("spapr-wdt", parent: nil), machine: machine)
        timer = VirtualTimer("watchdog", on: machine.timers) { [unowned self] in expired(self) }
    }

    override var stateDescription: StateDescription? { Self.description }

    static let description = StateDescription(
        "spapr_watchdog", of: Watchdog.self, versionsSince: [1: Release(7, 2)], isNeeded: { $0.timer?.deadline != nil },
        fields: [
            .scalar(
                "timer", .timer, get: { UInt64(bitPattern: $0.timer?.deadline ?? -1) },
                set: { watchdog, bits in
                    let deadline = Int64(bitPattern: bits)
                    if deadline >= 0 { watchdog.timer?.arm(at: deadline) } else { watchdog.timer?.cancel() }
                }),
            .value("action", \.action),
            .scalar(
                "leave_others", .uint8, get: { $0.leavesOthers ? 1 : 0 }, set: { $0.leavesOthers = $1 != 0 }),
        ])
}

/// The watchdog timers of a machine.
final class Watchdogs {
    private static let count = 4
    /// Milliseconds.
    private static let minimum: UInt64 = 1
    private var timers: [Watchdog] = []

    func build(_ machine: SpaprMachine, systemReset: @escaping () -> Void) throws {
        for number in 1...Self.count {
            let watchdog = Watchdog(machine: machine) { [unowned self, unowned machine] watchdog in
                switch Watchdog.Action(rawValue: watchdog.action) {
                case .powerOff: machine.requestShutdown(.guestShutdown)
                case .reset: machine.requestReset(guestInitiated: true)
                case .dumpAndReset: systemReset()
                case nil: break
                }
                if !watchdog.leavesOthers { reset() }
            }
            try machine.add(child: watchdog, name: "wdt\(number)")
            try watchdog.realizeDevice()
            timers.append(watchdog)
        }
    }

    /// Stops all of them.
    func reset() {
        for watchdog in timers { watchdog.timer?.cancel() }
    }

    private func watchdog(_ number: UInt64) -> Watchdog? {
        number >= 1 && number <= UInt64(timers.count) ? timers[Int(number) - 1] : nil
    }

    func serve(_ call: HypercallFrame) -> Int64 {
        let (flags, number, timeout) = (call[0], call[1], call[2])
        guard flags >> 17 == 0 else { return HypercallStatus.parameter }
        switch flags >> 8 & 0xff {
        case 1: return start(call, flags, number, timeout)
        case 2: return stop(number)
        case 3:
            call[0] = Self.minimum << 48 | UInt64(Self.count) << 32
            return HypercallStatus.success
        case 4:
            guard watchdog(number) != nil else { return HypercallStatus.parameter2 }
            call[0] = 2  // need not be stopped before the partition moves
            return HypercallStatus.success
        default: return HypercallStatus.parameter
        }
    }

    private func start(_ call: HypercallFrame, _ flags: UInt64, _ number: UInt64, _ timeout: UInt64) -> Int64 {
        guard let watchdog = watchdog(number) else { return HypercallStatus.parameter2 }
        guard timeout > Self.minimum else { return HypercallStatus.parameter3 }
        guard let action = Watchdog.Action(rawValue: UInt8(truncatingIfNeeded: flags)) else {
            return HypercallStatus.parameter
        }
        watchdog.action = action.rawValue
        watchdog.leavesOthers = flags >> 16 & 1 != 0
        let delay = Int64(clamping: min(timeout, UInt64(Int64.max) / 4_000_000)) * 1_000_000
        watchdog.timer?.arm(at: call.machine.clock.now &+ delay)
        return HypercallStatus.success
    }

    private func stop(_ number: UInt64) -> Int64 {
        if number == .max {
            reset()
            return HypercallStatus.noop
        }
        guard let watchdog = watchdog(number) else { return HypercallStatus.parameter2 }
        guard watchdog.timer?.deadline != nil else { return HypercallStatus.noop }
        watchdog.timer?.cancel()
        return HypercallStatus.success
    }
}
