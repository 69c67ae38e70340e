import EmuCore
import OrderedCollections

/// The monitor's migration commands, bound to one controller.
public enum MigrationCommands {
    /// Every migration command, acting on one controller.
    public static func all(for controller: MigrationController) -> [MonitorCommand] {
        outgoing(controller) + incoming(controller) + settings(controller) + refused
    }

    private static func outgoing(_ controller: MigrationController) -> [MonitorCommand] {
        [
            MonitorCommand("migrate", optional: ["uri", "channels", "blk", "inc", "detach", "resume"]) { _, arguments in
                try reporting {
                    for name in ["blk", "inc"] where arguments[name]?.boolValue == true {
                        throw MigrationError("Parameter '\(name)' cannot be set: block migration is not supported")
                    }
                    if arguments["resume"]?.boolValue == true {
                        throw MigrationError("Cannot resume if there is no paused migration")
                    }
                    try controller.startOutgoing(ChannelAddress(arguments: arguments))
                }
            },
            MonitorCommand("migrate_cancel") { _, _ in try reporting { controller.cancel() } },
            MonitorCommand("migrate-continue", required: ["state"]) { _, arguments in
                try reporting {
                    let name = arguments["state"]?.stringValue ?? ""
                    guard let status = MigrationStatus(rawValue: name) else {
                        throw MigrationError("Parameter 'state' does not accept value '\(name)'")
                    }
                    try controller.continueMigration(from: status)
                }
            },
            MonitorCommand("query-migrate") { _, _ in description(of: controller) },
        ]
    }

    private static func incoming(_ controller: MigrationController) -> [MonitorCommand] {
        [
            MonitorCommand("migrate-incoming", optional: ["uri", "channels", "exit-on-error"]) { _, arguments in
                try reporting {
                    try controller.startDeferredIncoming(
                        ChannelAddress(arguments: arguments),
                        exitOnError: arguments["exit-on-error"]?.boolValue ?? true)
                }
            }
        ]
    }

    private static func settings(_ controller: MigrationController) -> [MonitorCommand] {
        [
            MonitorCommand("migrate-set-capabilities", required: ["capabilities"]) { _, arguments in
                try reporting {
                    var changes: [(name: String, on: Bool)] = []
                    for item in arguments["capabilities"]?.arrayValue ?? [] {
                        guard let name = item["capability"]?.stringValue, let on = item["state"]?.boolValue else {
                            throw MigrationError("Parameter 'capabilities' expects objects of 'capability' and 'state'")
                        }
                        changes.append((name, on))
                    }
                    try controller.set(capabilities: changes)
                }
            },
            MonitorCommand("query-migrate-capabilities") { _, _ in
                let on = controller.capabilities
                return .array(
                    CapabilityTable.rows.map { row -> Value in
                        ["state": .bool(on.contains(row.name)), "capability": .string(row.name)]
                    })
            },
            MonitorCommand("migrate-set-parameters", optional: nil) { _, arguments in
                try reporting { try controller.set(parameters: arguments.objectValue ?? [:]) }
            },
            MonitorCommand("query-migrate-parameters") { _, _ in .object(controller.parameters) },
        ]
    }

    /// Known by name, with the reason why they are refused.
    private static var refused: [MonitorCommand] {
        [
            refuse(
                "migrate-start-postcopy", "Enable postcopy with migrate_set_capability before the start of migration"),
            refuse("migrate-recover", "Migrate recover can only be run when postcopy is paused."),
            refuse(
                "migrate-pause",
                "migrate-pause is currently only supported during postcopy-active or postcopy-recover state"),
            refuse("x-colo-lost-heartbeat", "COLO is not supported"),
        ]
    }

    private static func refuse(_ name: String, _ reason: String) -> MonitorCommand {
        MonitorCommand(name, optional: nil) { _, _ in throw ObjectError(reason) }
    }

    /// Runs `body` and turns its errors into the monitor's form.
    private static func reporting(_ body: () throws -> Void) throws -> Value {
        do { try body() } catch let error as MigrationError {
            throw ObjectError(
                error.lines.joined(separator: ": "),
                hint: error.hints.isEmpty ? nil : error.hints.joined(separator: " "))
        }
        return [:]
    }

    /// QMP's `MigrationInfo`.
    static func description(of controller: MigrationController) -> Value {
        let info = controller.info
        var result: OrderedDictionary<String, Value> = [:]
        if let address = info.listeningAddress { result["socket-address"] = .array([address]) }
        guard info.status != .none else { return .object(result) }
        result["status"] = .string(info.status.rawValue)
        switch info.status {
        case .active, .cancelling, .preSwitchover, .device, .completed:
            guard !info.isIncoming else { break }
            result["total-time"] = .integer(info.totalTime)
            result["setup-time"] = .integer(info.setupTime)
            if info.status == .completed {
                result["downtime"] = .integer(info.downtime)
            } else {
                result["expected-downtime"] = .integer(info.expectedDowntime)
            }
            result["ram"] = .object(ramDescription(info))
            if controller.capabilities.contains("xbzrle") {
                result["xbzrle-cache"] = xbzrleDescription(info.ram.xbzrle, controller.parameter("xbzrle-cache-size"))
            }
        case .failed:
            if let error = info.error { result["error-desc"] = .string(error.lines.joined(separator: ": ")) }
        case .none, .setup, .cancelled: break
        }
        return .object(result)
    }

    private static func ramDescription(_ info: MigrationInfo) -> OrderedDictionary<String, Value> {
        let ram = info.ram
        var result: OrderedDictionary<String, Value> = [
            "total": Value(unsigned: ram.totalBytes),
            "postcopy-requests": 0,
            "dirty-sync-count": Value(unsigned: ram.dirtySyncCount),
            "multifd-bytes": 0,
            "pages-per-second": Value(unsigned: info.pagesPerSecond),
            "downtime-bytes": Value(unsigned: info.downtimeBytes),
            "page-size": .integer(Int64(RAMLiveState.pageSize)),
            "remaining": Value(unsigned: ram.remainingBytes),
            "postcopy-bytes": 0,
            "mbps": .number(info.mbps),
            "transferred": Value(unsigned: ram.transferredBytes),
            "dirty-sync-missed-zero-copy": 0,
            "precopy-bytes": Value(unsigned: info.precopyBytes),
            "duplicate": Value(unsigned: ram.zeroPages),
            "dirty-pages-rate": Value(unsigned: ram.dirtyPagesRate),
            "skipped": 0,
        ]
        result["normal-bytes"] = Value(unsigned: ram.normalPages &* UInt64(RAMLiveState.pageSize))
        result["normal"] = Value(unsigned: ram.normalPages)
        return result
    }

    private static func xbzrleDescription(_ statistics: XBZRLEStatistics, _ size: UInt64) -> Value {
        [
            "cache-size": Value(unsigned: size),
            "bytes": Value(unsigned: statistics.bytes),
            "pages": Value(unsigned: statistics.pages),
            "cache-miss": Value(unsigned: statistics.cacheMisses),
            "cache-miss-rate": 0,
            "encoding-rate": 0,
            "overflow": Value(unsigned: statistics.overflows),
        ]
    }
}
